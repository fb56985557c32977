"""SHA-256 of files and folders, from the descriptor that was opened."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from reportgen.errors import UnreadableError
from reportgen.fs.regular import Entry, open_regular, walk


def sha256_bytes(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_descriptor(descriptor: int) -> tuple[str, int]:
    """Return ``(sha256, bytes read)`` of an open file from its present position."""
    digest = hashlib.sha256()
    size = 0
    while piece := os.read(descriptor, 1 << 20):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def sha256_file(root: Path, relative: str) -> tuple[str, int]:
    """Return ``(sha256, bytes)`` of a regular file below ``root``.

    Raises:
        NotFoundError, UnsafePathError: As :func:`reportgen.fs.regular.open_regular`.
        UnreadableError: The file changed while it was read, so the hash would be of no file
            (problem ``file.changed_while_read``).
    """
    with open_regular(root, relative) as descriptor:
        before = os.fstat(descriptor)
        digest, size = sha256_descriptor(descriptor)
        after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise UnreadableError(
            "changed while it was read", where=relative, problem="file.changed_while_read"
        )
    return digest, size


def sha256_folder(root: Path) -> tuple[str, int, int]:
    """Return ``(sha256, files, bytes)`` of the regular files below ``root``.

    The hash is that of the sorted lines ``<sha256>  <relative path>`` joined by newlines and
    ended by one (the run-folder standard, data.yaml). Links and devices are left out.
    """
    lines = []
    total = 0
    for entry in walk(root):
        if entry.refused is None:
            digest, size = sha256_file(root, entry.path)
            lines.append(f"{digest}  {entry.path}\n")
            total += size
    text = "".join(sorted(lines, key=lambda line: line[66:]))
    return sha256_bytes(text.encode("utf-8", "surrogateescape")), len(lines), total


__all__ = ["Entry", "sha256_bytes", "sha256_descriptor", "sha256_file", "sha256_folder"]
