"""Compare a run folder with its seal: every listed file hashed, every other file named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from reportgen.errors import LimitError, NotFoundError, ReportgenError, SchemaError, UnsafePathError
from reportgen.fs.documents import parse_json
from reportgen.fs.hashing import sha256_file
from reportgen.fs.limits import Limits
from reportgen.fs.paths import safe_relpath
from reportgen.fs.regular import read_regular, walk
from reportgen.runs import layout

FILES = 100_000
"""Files that one seal may list."""

_BYTES = 32 * 2**20
_LIMITS = Limits(document_bytes=_BYTES, nodes=8 * FILES)
_SHA256 = re.compile(r"[0-9a-f]{64}")

Fault = Literal["changed", "missing", "unlisted", "unreadable"]


class Difference(NamedTuple):
    """A file that is not as its seal says."""

    path: str
    fault: Fault
    message: str


class Sealed(NamedTuple):
    """An entry of a seal; ``elsewhere`` says that the file is kept at an address."""

    bytes: int
    sha256: str
    elsewhere: bool = False


@dataclass(slots=True)
class SealCheck:
    """What came of comparing.

    Attributes:
        files: Files that are as the seal says.
        bytes: Their sizes together.
        differences: Files that are not.
        elsewhere: Files that are kept elsewhere and were not looked at.
    """

    files: int = 0
    bytes: int = 0
    differences: list[Difference] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


def read_seal(data: bytes, *, name: str, own: str) -> dict[str, Sealed]:
    """Return the files that a seal lists, in its order.

    Args:
        data: The content of a manifest.json or bundle.json.
        name: The file, for messages.
        own: Its own path, which it cannot list.

    Raises:
        UnreadableError: It is no such document, or an entry is not right (SchemaError,
            UnsafePathError).
        LimitError: It is larger, or lists more files, than is accepted.
    """
    value = parse_json(data, name=name, limits=_LIMITS).value
    entries = value.get("files") if isinstance(value, Mapping) else None
    if not isinstance(entries, list):
        raise SchemaError("lists no files", where=name, expected='"files": [...]')
    if len(entries) > FILES:
        raise LimitError(f"lists {len(entries)} files", where=name, expected=f"at most {FILES}")
    found: dict[str, Sealed] = {}
    for position, entry in enumerate(entries):
        path, sealed = _entry(entry, f"{name}: files[{position}]")
        if path == own or path in found:
            what = "lists itself" if path == own else f"lists {path!r:.200} twice"
            raise SchemaError(what, where=name, expected="each file once")
        found[path] = sealed
    return found


def _entry(entry: Any, where: str) -> tuple[str, Sealed]:
    raw = entry if isinstance(entry, Mapping) else {}
    path, size, digest = raw.get("path"), raw.get("bytes"), raw.get("sha256")
    if not isinstance(path, str):
        raise SchemaError("has no path", where=where)
    try:
        safe_relpath(path)
    except UnsafePathError as error:
        raise UnsafePathError(error.what, where=where, expected=error.expected) from None
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise SchemaError(f"{path!r:.200} has no size", where=where, expected="bytes: a number")
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        expected = "sha256: 64 lower-case hexadecimal digits"
        raise SchemaError(f"{path!r:.200} has no SHA-256", where=where, expected=expected)
    return path, Sealed(size, digest, isinstance(raw.get("uri"), str))


def check_hashes(seal: Mapping[str, Sealed], hashes: Mapping[str, tuple[str, int]]) -> SealCheck:
    """Compare the seal of a run with ``path -> (sha256, bytes)`` of all its files."""
    there = ((path, *hashes[path]) for path in seal if path in hashes)
    check = compare(seal, there)
    for path in hashes:
        if path not in seal and not layout.outside_seal(path):
            message = "is a file that the seal does not list"
            check.differences.append(Difference(path, "unlisted", message))
    return check


def check_folder(
    folder: Path,
    seal: Mapping[str, Sealed],
    *,
    own: str,
    outside: Callable[[str], bool] = lambda path: False,
) -> SealCheck:
    """Compare the files of a folder with a seal.

    Args:
        folder: The folder; no link in it is followed.
        seal: What it should hold.
        own: Path of the seal itself, which no seal lists.
        outside: Tells which files need not be listed.

    Raises:
        LimitError: More or deeper files than any seal may list.
        OSError: The folder cannot be listed.
    """
    there = {entry.path: entry.refused for entry in walk(folder)}
    check = compare(seal, _hashes(folder, seal, there))
    for path, refused in there.items():
        if path != own and path not in seal and not outside(path):
            what = f"is a {refused} that" if refused else "is a file that"
            check.differences.append(Difference(path, "unlisted", f"{what} the seal does not list"))
    return check


def _hashes(
    folder: Path, seal: Mapping[str, Sealed], there: Mapping[str, str | None]
) -> Iterator[tuple[str, str, int]]:
    for path in seal:
        if path not in there:
            continue
        try:
            digest, size = sha256_file(folder, path)
        except (OSError, ReportgenError) as error:
            reason = error.what if isinstance(error, ReportgenError) else str(error.strerror)
            yield path, f"cannot be read: {reason}", -1
        else:
            yield path, digest, size


def compare(seal: Mapping[str, Sealed], hashes: Iterable[tuple[str, str, int]]) -> SealCheck:
    """Compare a seal with ``(path, sha256, bytes)`` of the files that are there.

    A file with -1 bytes could not be read, and has the reason in place of its hash.
    """
    check = SealCheck()
    differences = check.differences
    seen = set()
    for path, digest, size in hashes:
        seen.add(path)
        entry = seal[path]
        if size < 0:
            differences.append(Difference(path, "unreadable", digest))
        elif digest != entry.sha256:
            message = f"has SHA-256 {digest}, sealed was {entry.sha256}"
            differences.append(Difference(path, "changed", message))
        elif size != entry.bytes:
            message = f"has {size} bytes, sealed were {entry.bytes}"
            differences.append(Difference(path, "changed", message))
        else:
            check.files += 1
            check.bytes += size
    for path, entry in seal.items():
        if path not in seen and entry.elsewhere:
            check.elsewhere.append(path)
        elif path not in seen:
            differences.append(Difference(path, "missing", "is sealed and not here"))
    return check


def read_run_seal(folder: Path) -> dict[str, Sealed]:
    """Return what the manifest.json of a run lists.

    Raises:
        NotFoundError: There is none.
        ReportgenError: As :func:`read_seal`.
    """
    place = f"{folder}/{layout.MANIFEST}"
    try:
        data = read_regular(folder, layout.MANIFEST, limit=_BYTES)
    except NotFoundError:
        raise NotFoundError(
            "there is no manifest.json, so no hash to compare with",
            where=str(folder),
            fix="A run writes it when it ends by itself",
        ) from None
    return read_seal(data, name=place, own=layout.MANIFEST)


def check_run(folder: Path) -> SealCheck:
    """Compare a run folder with its manifest.json.

    Raises:
        ReportgenError: As :func:`read_run_seal` and :func:`check_folder`.
    """
    seal = read_run_seal(folder)
    return check_folder(folder, seal, own=layout.MANIFEST, outside=layout.outside_seal)
