"""Read only regular files below one folder: no link is followed, nothing can block.

Each part of a path is opened relative to its parent's descriptor with ``O_NOFOLLOW``, and the
bytes are read from the descriptor that was checked, so a file swapped for a link between check
and use is refused rather than followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import LimitError, NotFoundError, UnsafePathError
from reportgen.fs.limits import DEFAULT_LIMITS, Limits
from reportgen.fs.paths import safe_relpath

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def open_regular(root: Path, relative: str) -> Iterator[int]:
    """Yield a descriptor of the regular file ``relative`` below ``root``.

    Raises:
        NotFoundError: There is no such file.
        UnsafePathError: The path leaves the folder, or names a link, device, pipe or folder.
        OSError: It exists and may not be read.
    """
    parts = safe_relpath(relative).split("/")
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            below = _open_at(folder, part, _FOLDER, relative)
            os.close(folder)
            folder = below
        descriptor = _open_at(folder, parts[-1], _FILE, relative)
    finally:
        os.close(folder)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnsafePathError("is no regular file", where=relative, expected="a regular file")
        yield descriptor
    finally:
        os.close(descriptor)


def _open_at(folder: int, part: str, flags: int, relative: str) -> int:
    try:
        return os.open(part, flags, dir_fd=folder)
    except FileNotFoundError:
        raise NotFoundError("there is no such file", where=relative) from None
    except OSError as error:
        if error.errno in (40, 62, 20, 6):  # ELOOP on Linux and macOS, ENOTDIR, ENXIO (a socket)
            raise UnsafePathError(
                "is a link or no regular file, and links are not followed",
                where=relative,
                expected="a regular file",
            ) from None
        raise


def read_regular(root: Path, relative: str, *, limit: int) -> bytes:
    """Return the bytes of a regular file below ``root``.

    Args:
        root: The folder that must not be left.
        relative: POSIX path below it.
        limit: Greatest size accepted, in bytes.

    Raises:
        NotFoundError, UnsafePathError, OSError: As :func:`open_regular`.
        LimitError: The file is larger than ``limit``.
    """
    with open_regular(root, relative) as descriptor:
        size = os.fstat(descriptor).st_size
        if size > limit:
            raise LimitError(f"has {size} bytes", where=relative, expected=f"at most {limit}")
        pieces = []
        while piece := os.read(descriptor, 1 << 20):
            pieces.append(piece)
            size += len(piece)
            if sum(map(len, pieces)) > limit + (1 << 20):
                raise LimitError("grew while it was read", where=relative)
        return b"".join(pieces)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry below a folder: a regular file, or something that is refused.

    Attributes:
        path: POSIX path below the root; undecodable bytes are surrogate-escaped.
        bytes: Size of a regular file.
        refused: Why it is not read ("link", "pipe", "socket", "device"), or None for a file.
    """

    path: str
    bytes: int
    refused: str | None = None


def walk(root: Path, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Entry]:
    """Yield every file below ``root`` in sorted order, following no link.

    Raises:
        LimitError: More files, or deeper folders, than ``limits`` allow.
        OSError: A folder may not be listed.
    """
    count = 0
    pending: list[tuple[str, int]] = [("", 0)]
    while pending:
        prefix, depth = pending.pop()
        if depth > limits.folder_depth:
            raise LimitError(
                f"folders are nested deeper than {limits.folder_depth}", where=prefix[:200]
            )
        folders = []
        with os.scandir(root / prefix if prefix else root) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
        for entry in entries:
            path = f"{prefix}{entry.name}"
            count += 1
            if count > limits.files:
                raise LimitError(f"holds more than {limits.files} files", where=str(root))
            info = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(info.st_mode):
                folders.append((f"{path}/", depth + 1))
            else:
                yield Entry(path, info.st_size, _refusal(info.st_mode))
        pending.extend(reversed(folders))


def _refusal(mode: int) -> str | None:
    if stat.S_ISREG(mode):
        return None
    kinds = ((stat.S_ISLNK, "link"), (stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket"))
    return next((name for test, name in kinds if test(mode)), "device")
