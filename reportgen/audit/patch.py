"""Which files a git patch changes and creates, read from its text; nothing is applied here.

The format is that of ``git diff`` (git-scm.com/docs/diff-format, "Generating patch text with -p"):
a header line ``diff --git a/old b/new``, then extended headers such as ``new file mode 100644``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_HEADER = b"diff --git "
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_LETTERS = {
    b"n": b"\n",
    b"t": b"\t",
    b"r": b"\r",
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"v": b"\v",
}


def created_files(patch: bytes) -> set[str]:
    """Return the paths of the files that a patch creates; undecodable bytes surrogate-escaped."""
    return {path for path, created in _files(patch) if created}


def changed_files(patch: bytes) -> list[str]:
    """Return the paths of all files of a patch in their order, spelled as those it creates."""
    return list(dict.fromkeys(path for path, _ in _files(patch)))


def _files(patch: bytes) -> Iterator[tuple[str, bool]]:
    """Yield each file of a patch, and once more as created if it is."""
    path: str | None = None
    in_header = False
    for line in patch.split(b"\n"):
        if line.startswith(_HEADER):
            raw = _new_path(line.removeprefix(_HEADER).rstrip(b"\r"))
            path = None if raw is None else raw.decode("utf-8", "surrogateescape")
            in_header = True
            if path is not None:
                yield path, False
        elif in_header and line.startswith((b"@@", b"GIT binary patch", b"Binary files")):
            in_header = False
        elif in_header and path is not None and line.startswith(b"new file mode "):
            yield path, True


def _new_path(rest: bytes) -> bytes | None:
    """Return the second path of a header: quoted if it holds odd bytes, else split in half."""
    if rest.endswith(b'"'):
        start = rest.rfind(b' "b/')
        return None if start < 0 else _unquoted(rest[start + 2 : -1]).removeprefix(b"b/")
    # Both names are the same, as git writes no renames here, so the halves are as long: "a/x b/x".
    middle = len(rest) // 2
    old, new = rest[:middle], rest[middle + 1 :]
    if old.removeprefix(b"a/") == new.removeprefix(b"b/"):
        return new.removeprefix(b"b/")
    return None


def _unquoted(text: bytes) -> bytes:
    def plain(match: re.Match[bytes]) -> bytes:
        code = match[1]
        return bytes([int(code, 8) & 255]) if len(code) == 3 else _LETTERS.get(code, code)

    return _ESCAPE.sub(plain, text)
