"""What bundles have in common, whether zip or tar: limits, names, and the members themselves.

A bundle holds regular files in one folder and nothing else. Everything is refused that
`reportgen bundle` does not write: links, devices, folders of their own, modes, encryption, bytes
before, between or behind. So no archive says one thing to one reader and another to the next.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from reportgen.errors import UnreadableError, UnsafePathError
from reportgen.fs.paths import safe_relpath
from reportgen.runs.seal import FILES

MEMBERS = FILES + 1
"""Files in one bundle: what a seal may list, and the seal."""

TOTAL_BYTES = 256 * 2**30
NAME_BYTES = 2_048
DEPTH = 32
RATIO = 200
"""Bytes that may come out of one byte of an archive; 1,000 is the most that deflate makes."""

FREE_BYTES = 64 * 2**20
"""Bytes that may come out of any archive, however small."""

MODE = 0o100644


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive.

    Attributes:
        top: The archive's one folder.
        path: Below it.
        size: Bytes, as the archive states it; ``pieces`` gives no more.
        pieces: Its content; to be read before the next member is asked for.
    """

    top: str
    path: str
    size: int
    pieces: Iterator[bytes]


def refused(what: str, *, expected: str | None = None) -> UnreadableError:
    """Return the error for an archive that is no bundle; whoever knows its name adds it."""
    return UnreadableError(what, expected=expected, problem="bundle.unsafe")


def over_limit(what: str, expected: str) -> UnreadableError:
    """Return the error for an archive over a stated limit: refused, nothing was done."""
    return UnreadableError(what, expected=expected, problem="bundle.limits")


def output_limit(archive_bytes: int) -> int:
    """Return how many bytes an archive of this size may unpack to."""
    return min(TOTAL_BYTES, max(FREE_BYTES, RATIO * archive_bytes))


@dataclass(slots=True)
class Names:
    """The names of an archive so far: each safe, below one folder, and one file on every system.

    Two names that differ by case or by the form of their accents are one file on some systems,
    and what is a file cannot be a folder as well.
    """

    top: str | None = None
    _files: set[str] = field(default_factory=set)
    _folders: dict[str, str] = field(default_factory=dict)

    def take(self, raw: bytes) -> tuple[str, str]:
        """Return the archive's one folder and the path below it that a member's name means.

        Raises:
            UnreadableError: The name is refused, as are more names than the limit.
        """
        if len(self._files) >= MEMBERS:
            raise over_limit("holds too many files", f"at most {MEMBERS}")
        name = _text(raw)
        try:
            safe_relpath(name)
        except UnsafePathError as error:
            raise refused(error.what, expected="a path inside the bundle") from None
        top, _, path = name.partition("/")
        if not path or self.top not in (None, top):
            raise refused(f"{name!r:.200} lies beside the folder of the bundle")
        self.top = top
        self.add(path)
        return top, path

    def add(self, path: str) -> None:
        """Take a path that is known to be safe.

        Raises:
            UnreadableError: It cannot lie beside the others.
        """
        parts = path.split("/")
        if len(parts) > DEPTH or len(path.encode("utf-8", "surrogatepass")) > NAME_BYTES:
            expected = f"at most {DEPTH} levels and {NAME_BYTES} bytes"
            raise over_limit(f"the path {path!r:.200} is too long", expected)
        if any(not char.isprintable() for char in path):
            raise refused(f"the path {path!r:.200} holds a character that cannot be shown")
        folded = _folded(path)
        if folded in self._files:
            raise refused(f"{path!r:.200} is there twice, by its name on some systems")
        if folded in self._folders:
            raise refused(f"{path!r:.200} is both a file and a folder")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            known = self._folders.setdefault(_folded(folder), folder)
            if known != folder:
                raise refused(f"{folder!r:.200} and {known!r:.200} are one folder on some systems")
            if _folded(folder) in self._files:
                raise refused(f"{folder!r:.200} is both a file and a folder")
        self._files.add(folded)


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise refused(f"the name {raw!r:.200} is not UTF-8") from None
