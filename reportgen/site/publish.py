"""What becomes public when a site is published, looked at before anything leaves the machine.

A site is text that others can read for ever. So every file is searched for secrets of known
shape, and for what tells of a person: addresses of mail, home folders, and the names by which this
machine and its user go. Sizes are held to what GitHub Pages takes.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.errors import UsageError
from reportgen.fs.regular import open_regular
from reportgen.runs.redact import holds_secret
from reportgen.site.output import MARKER

FILE_BYTES = 100 * 1000**2
"""GitHub refuses a larger file."""

SITE_BYTES = 1000**3
"""GitHub Pages serves no larger site."""

_SEARCHED = 64 * 2**20
_CURVE_HEAD = 4_096
_PIECE = 1 << 20
_EXAMPLES = 3
_TEXTS = frozenset(
    {".html", ".js", ".json", ".csv", ".txt", ".log", ".yaml", ".yml", ".sh", ".patch"}
    | {".diff", ".xml", ".md", ".svg", ".toml", ".lock"}
)
_MAIL = re.compile(
    rb"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24}"
)
_HOME = re.compile(rb"(?:/home/|/Users/|[A-Za-z]:\\{1,2}Users\\{1,2})[A-Za-z0-9._-]{1,64}")
_PAD = 4_096
"""What pieces of a file share, so that nothing is cut in two."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person may not want to be public.

    Attributes:
        kind: ``mail``, ``home``, ``name`` or ``secret``.
        what: The words found; for a secret the name of its rule, never the secret.
        files: How many files hold it.
        examples: Some of them.
    """

    kind: str
    what: str
    files: int
    examples: tuple[str, ...]


@dataclass(slots=True)
class Inspection:
    """What a site would make public.

    Attributes:
        files: Number of files.
        bytes: Their size.
        runs: Names of the folders of the runs' pages.
        folders: Files and bytes by what they are.
        personal: Facts on a person, the most frequent first.
        secrets: Files that hold a secret of known shape.
        too_large: Files over 100 MB, with their size.
    """

    files: int = 0
    bytes: int = 0
    runs: list[str] = field(default_factory=list)
    folders: dict[str, tuple[int, int]] = field(default_factory=dict)
    personal: list[Finding] = field(default_factory=list)
    secrets: list[Finding] = field(default_factory=list)
    too_large: list[tuple[str, int]] = field(default_factory=list)

    @property
    def refusals(self) -> list[str]:
        """Why the site must not be published as it is."""
        found = [
            f"{one.examples[0]} holds what looks like a secret ({one.what})"
            + (f", and {one.files - 1} more files" if one.files > 1 else "")
            for one in self.secrets
        ]
        found += [
            f"{path} has {size / 1e6:.0f} MB; GitHub takes at most 100 MB a file"
            for path, size in self.too_large
        ]
        if self.bytes > SITE_BYTES:
            found.append(
                f"the site has {self.bytes / 1e9:.2f} GB; GitHub Pages serves at most 1 GB"
            )
        return found


def inspect_site(
    site: Path,
    names: Mapping[str, str],
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> Inspection:
    """Return what a site would make public.

    Args:
        site: The folder.
        names: Names by which this machine and its user go, and what each is.
        advance: Called with how many files are searched, and of how many.

    Raises:
        UsageError: The folder is no site, or holds something other than files and folders.
    """
    if not (site / MARKER).is_file():
        raise UsageError(
            "is no site",
            where=str(site),
            expected=f"a folder with {MARKER}",
            fix="Build one: `reportgen build runs -o site`",
        )
    found = Inspection()
    places: dict[tuple[str, str], list[str]] = {}
    paths = sorted(_files(site))
    wanted = {
        what: re.compile(rb"(?<![\w-])" + re.escape(name.encode()) + rb"(?![\w-])", re.IGNORECASE)
        for name, what in names.items()
        if len(name) > 2
    }
    sizes: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for done, (path, size) in enumerate(paths, 1):
        found.files += 1
        found.bytes += size
        sizes[_part(path)] += size
        counts[_part(path)] += 1
        if size > FILE_BYTES:
            found.too_large.append((path, size))
        elif not path.startswith("assets/"):  # ours, the same in every site
            for key in _facts(site, path, wanted):
                places.setdefault(key, []).append(path)
        advance(done, len(paths))
    found.runs = sorted(
        {p.split("/")[1] for p, _ in paths if re.fullmatch(r"runs/[^/]+/index\.html", p)}
    )
    found.folders = {part: (counts[part], sizes[part]) for part in sorted(sizes)}
    for (kind, what), held in sorted(places.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        one = Finding(kind, what, len(held), tuple(held[:_EXAMPLES]))
        (found.secrets if kind == "secret" else found.personal).append(one)
    return found


def _files(site: Path) -> Iterator[tuple[str, int]]:
    pending = [site]
    while pending:
        for entry in os.scandir(pending.pop()):
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                if entry.name != ".git":
                    pending.append(path)
            elif entry.is_file(follow_symlinks=False):
                yield path.relative_to(site).as_posix(), entry.stat(follow_symlinks=False).st_size
            else:
                raise UsageError(
                    "is no regular file, and is not published",
                    where=str(path),
                    fix="Build the site again",
                )


def _part(path: str) -> str:
    if re.match(r"runs/[^/]+/(files|logs)/", path):
        return "files and logs of runs"
    if re.match(r"runs/[^/]+/figures/", path):
        return "figures of runs"
    if path.startswith("data/"):
        return "data of charts and tables"
    return "libraries and styles" if path.startswith("assets/") else "pages"


def _facts(site: Path, path: str, names: Mapping[str, re.Pattern[bytes]]) -> set[tuple[str, str]]:
    """Return what of a person or a secret a file holds, as pairs of kind and words."""
    found: set[tuple[str, str]] = set()
    text = Path(path).suffix.lower() in _TEXTS
    for piece in _pieces(site, path):
        found.update(("secret", rule) for rule in holds_secret(piece))
        if not text:
            continue
        found.update(("mail", _word(match)) for match in _MAIL.findall(piece) if b"@" in match)
        found.update(("home", _word(match)) for match in _HOME.findall(piece))
        found.update(("name", what) for what, pattern in names.items() if pattern.search(piece))
    return {(kind, what) for kind, what in found if not _is_example(kind, what)}


def _word(match: bytes) -> str:
    return match.decode("utf-8", "replace")


def _is_example(kind: str, what: str) -> bool:
    """Tell whether an address is reserved for documents (RFC 2606), or one of git over ssh."""
    if kind != "mail":
        return False
    name, _, host = what.rpartition("@")
    return (
        name == "git" or re.search(r"(?:^|\.)(?:example(?:\.\w+)?|test|invalid)$", host) is not None
    )


def _pieces(site: Path, path: str) -> Iterator[bytes]:
    """Yield a file in overlapping pieces; of a curve its head, for the rest of it is numbers."""
    limit = _CURVE_HEAD if path.startswith("data/curves/") else _SEARCHED
    with open_regular(site, path) as descriptor:
        kept = b""
        read = 0
        while read < limit and (piece := os.read(descriptor, min(_PIECE, limit - read))):
            read += len(piece)
            yield kept + piece
            kept = piece[-_PAD:]
