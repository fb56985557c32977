"""Read only regular files below one folder: no link is followed, nothing can block.

Each part of a path is opened relative to its parent's descriptor with ``O_NOFOLLOW``, and the
bytes are read from the descriptor that was checked, so a file swapped for a link between check
and use is refused rather than followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import LimitError, NotFoundError, UnsafePathError
from reportgen.fs.limits import DEFAULT_LIMITS, Limits
from reportgen.fs.paths import safe_relpath

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
PIECE = 1 << 20
"""Bytes read at a time."""


@contextmanager
def open_regular(root: Path, relative: str) -> Iterator[int]:
    """Yield a descriptor of the regular file ``relative`` below ``root``.

    Raises:
        NotFoundError: There is no such file.
        UnsafePathError: The path leaves the folder (problem ``path.unsafe``), meets a link
            (``path.symlink``) or names a folder, pipe, socket or device
            (``file.not_regular``).
        OSError: It exists and may not be read.
    """
    parts = safe_relpath(relative).split("/")
    folder = _open_folder(root, parts[:-1], relative)
    try:
        descriptor = _open_at(folder, parts[-1], _FILE, relative)
    finally:
        os.close(folder)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise _not_regular(mode, relative)
        yield descriptor
    finally:
        os.close(descriptor)


def _open_folder(root: Path, parts: Sequence[str], shown: str) -> int:
    folder = os.open(root, _ROOT)
    for part in parts:
        try:
            below = _open_at(folder, part, _FOLDER, shown)
        finally:
            os.close(folder)
        folder = below
    return folder


def _open_at(folder: int, part: str, flags: int, relative: str) -> int:
    try:
        return os.open(part, flags, dir_fd=folder)
    except FileNotFoundError:
        raise NotFoundError("there is no such file", where=relative) from None
    except OSError:
        # The error numbers for a link and for a socket differ among systems; the kind does not.
        try:
            mode = os.stat(part, dir_fd=folder, follow_symlinks=False).st_mode
        except OSError:
            mode = 0
        if stat.S_ISLNK(mode):
            raise UnsafePathError(
                "is a link, and links are not followed",
                where=relative,
                expected="a regular file",
                problem="path.symlink",
            ) from None
        if mode and flags & os.O_DIRECTORY and not stat.S_ISDIR(mode):
            raise NotFoundError("there is no such file", where=relative) from None
        if mode and not flags & os.O_DIRECTORY and not stat.S_ISREG(mode):
            raise _not_regular(mode, relative) from None
        raise


def _not_regular(mode: int, relative: str) -> UnsafePathError:
    return UnsafePathError(
        f"is a {_kind(mode)}, no regular file",
        where=relative,
        expected="a regular file",
        problem="file.not_regular",
    )


def read_regular(root: Path, relative: str, *, limit: int) -> bytes:
    """Return the bytes of a regular file below ``root``.

    Args:
        root: The folder that must not be left.
        relative: POSIX path below it.
        limit: Greatest size accepted, in bytes.

    Raises:
        NotFoundError, UnsafePathError, OSError: As :func:`open_regular`.
        LimitError: The file is larger than ``limit`` (problem ``limits.bytes``).
    """
    return b"".join(read_pieces(root, relative, limit=limit))


def read_pieces(root: Path, relative: str, *, limit: int) -> Iterator[bytes]:
    """Yield the bytes of a regular file below ``root`` in pieces of at most :data:`PIECE`.

    A file that somebody still appends to is read up to where it ends by then.

    Raises:
        As :func:`read_regular`, at the first piece or later.
    """
    with open_regular(root, relative) as descriptor:
        size = os.fstat(descriptor).st_size
        if size > limit:
            raise _too_large(size, relative, limit)
        read = 0
        while piece := os.read(descriptor, PIECE):
            read += len(piece)
            if read > limit:
                raise _too_large(read, relative, limit)
            yield piece


def _too_large(size: int, relative: str, limit: int) -> LimitError:
    return LimitError(
        f"has {size} bytes", where=relative, expected=f"at most {limit}", problem="limits.bytes"
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry below a folder: a regular file, or something that is refused.

    Attributes:
        path: POSIX path below the root; undecodable bytes are surrogate-escaped.
        bytes: Size of a regular file.
        refused: What it is when it is not read ("link", "pipe", "socket", "device",
            "folder that may not be listed"), or None for a file.
        links: Names that the file has; more than one means hard links.
    """

    path: str
    bytes: int
    refused: str | None = None
    links: int = 1


def walk(root: Path, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Entry]:
    """Yield every file below ``root`` in sorted order, following no link.

    Raises:
        LimitError: More files (problem ``limits.files``), or deeper folders
            (``limits.depth``), than ``limits`` allow; what was yielded stands.
        OSError: ``root`` may not be listed; a folder below it that may not is an entry.
    """
    count = 0
    pending: list[tuple[str, ...]] = [()]
    while pending:
        parts = pending.pop()
        prefix = "".join(f"{part}/" for part in parts)
        if len(parts) > limits.folder_depth:
            raise LimitError(
                f"folders are nested deeper than {limits.folder_depth}",
                where=prefix[:200],
                problem="limits.depth",
            )
        try:
            listing = _listing(root, parts)
        except (OSError, UnsafePathError, NotFoundError):
            if not parts:
                raise
            yield Entry(prefix.rstrip("/"), 0, "folder that may not be listed")
            continue
        below = []
        for name, info in listing:
            count += 1
            if count > limits.files:
                raise LimitError(
                    f"holds more than {limits.files} files",
                    where=str(root),
                    problem="limits.files",
                )
            if stat.S_ISDIR(info.st_mode):
                below.append((*parts, name))
            else:
                regular = stat.S_ISREG(info.st_mode)
                kind = None if regular else _kind(info.st_mode)
                yield Entry(prefix + name, info.st_size, kind, info.st_nlink)
        pending.extend(reversed(below))


def _listing(root: Path, parts: Sequence[str]) -> list[tuple[str, os.stat_result]]:
    descriptor = _open_folder(root, parts, "/".join(parts))
    try:
        found = []
        with os.scandir(descriptor) as entries:
            for entry in entries:
                try:
                    found.append((entry.name, entry.stat(follow_symlinks=False)))
                except FileNotFoundError:  # removed since it was listed, as temporary files are
                    continue
    finally:
        os.close(descriptor)
    return sorted(found, key=lambda pair: pair[0])


def _kind(mode: int) -> str:
    kinds = (
        (stat.S_ISLNK, "link"),
        (stat.S_ISDIR, "folder"),
        (stat.S_ISFIFO, "pipe"),
        (stat.S_ISSOCK, "socket"),
    )
    return next((name for test, name in kinds if test(mode)), "device")
