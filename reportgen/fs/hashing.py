"""SHA-256 of files and folders, from the descriptor that was opened.

Where somebody else's hash of the same bytes is wanted too, it is taken in the same pass.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from reportgen.errors import UnreadableError
from reportgen.fs.regular import Entry, open_regular, walk


def sha256_bytes(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


class Digest(Protocol):
    """A hash that takes bytes, as those of hashlib."""

    def update(self, data: bytes, /) -> None:
        """Take the next bytes."""

    def hexdigest(self) -> str:
        """Return the hash of the bytes so far in hexadecimal."""


def sha256_descriptor(descriptor: int, also: Digest | None = None) -> tuple[str, int]:
    """Return ``(sha256, bytes read)`` of an open file from its present position.

    Args:
        descriptor: The file.
        also: Another hash that takes the same bytes.
    """
    digest = hashlib.sha256()
    size = 0
    while piece := os.read(descriptor, 1 << 20):
        digest.update(piece)
        if also is not None:
            also.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def sha256_file(root: Path, relative: str, also: Digest | None = None) -> tuple[str, int]:
    """Return ``(sha256, bytes)`` of a regular file below ``root``.

    Args:
        root: The folder that must not be left.
        relative: POSIX path below it.
        also: Another hash that takes the same bytes.

    Raises:
        NotFoundError, UnsafePathError: As :func:`reportgen.fs.regular.open_regular`.
        UnreadableError: The file changed while it was read, so the hash would be of no file
            (problem ``file.changed_while_read``).
    """
    with open_regular(root, relative) as descriptor:
        before = os.fstat(descriptor)
        digest, size = sha256_descriptor(descriptor, also)
        after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise UnreadableError(
            "changed while it was read", where=relative, problem="file.changed_while_read"
        )
    return digest, size


class HashedFile(NamedTuple):
    """A file below a folder, with its hashes; ``also`` is that of the other hash, if any."""

    path: str
    sha256: str
    bytes: int
    also: str | None = None


def hashed_files(root: Path, also: Callable[[], Digest] | None = None) -> Iterator[HashedFile]:
    """Yield the regular files below ``root`` with their hashes; links and devices are left out.

    Args:
        root: The folder.
        also: Makes another hash for each file.

    Raises:
        As :func:`sha256_file` and :func:`reportgen.fs.regular.walk`.
    """
    for entry in walk(root):
        if entry.refused is None:
            other = also() if also is not None else None
            digest, size = sha256_file(root, entry.path, other)
            yield HashedFile(entry.path, digest, size, other.hexdigest() if other else None)


def folder_sha256(files: Iterable[HashedFile]) -> tuple[str, int, int]:
    """Return ``(sha256, files, bytes)`` of a folder.

    The hash is that of the sorted lines ``<sha256>  <relative path>`` joined by newlines and
    ended by one (the run-folder standard, data.yaml).
    """
    listed = sorted(files)
    text = "".join(f"{file.sha256}  {file.path}\n" for file in listed)
    total = sum(file.bytes for file in listed)
    return sha256_bytes(text.encode("utf-8", "surrogateescape")), len(listed), total


def sha256_folder(root: Path) -> tuple[str, int, int]:
    """Return ``(sha256, files, bytes)`` of the regular files below ``root``.

    Raises:
        As :func:`hashed_files`.
    """
    return folder_sha256(hashed_files(root))


__all__ = [
    "Digest",
    "Entry",
    "HashedFile",
    "folder_sha256",
    "hashed_files",
    "sha256_bytes",
    "sha256_descriptor",
    "sha256_file",
    "sha256_folder",
]
