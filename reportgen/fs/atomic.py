"""Write beside, then rename: a reader sees the old file or the new one, never half of one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def write_bytes(path: Path, data: bytes, *, durable: bool = False, mode: int = 0o644) -> None:
    """Replace ``path`` by ``data`` in one step.

    Args:
        path: Target; its folder must exist.
        data: The whole new content.
        durable: Also ask the disk to keep it through a power loss (fsync).
        mode: Permission bits of a new file, less the umask.

    Raises:
        OSError: The disk refused; the old file, if any, is untouched.
    """
    with replacing(path, mode=mode) as beside:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CLOEXEC)
        try:
            write_all(descriptor, data)
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    if durable:
        _keep_name(path.parent)


@contextmanager
def replacing(path: Path, *, mode: int = 0o644) -> Iterator[Path]:
    """Yield an empty file beside ``path`` that takes its place when the block ends well.

    For content too large to be held in memory. When the block raises, the file beside is
    removed and ``path`` is untouched.

    Args:
        path: Target; its folder must exist.
        mode: Permission bits of a new file, less the umask.

    Raises:
        OSError: The disk refused.
    """
    start = path.name.encode("utf-8", "surrogateescape")[:200].decode("utf-8", "ignore")
    beside = path.with_name(f".{start}.{secrets.token_hex(4)}.tmp")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        os.close(descriptor)
        yield beside
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):  # the first fault is the one to report
            beside.unlink()
        raise


def _keep_name(folder: Path) -> None:
    """Ask the disk to keep a folder's names: a rename alone may be lost in a power loss."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Replace ``path`` by ``text`` in UTF-8.

    Bytes that Python holds as lone surrogates (PEP 383), as in undecodable file names and
    arguments, are written as those bytes; any other lone surrogate becomes U+FFFD.

    Raises:
        OSError: As :func:`write_bytes`.
    """
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode("utf-8")
    write_bytes(path, data, mode=mode)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write every byte: ``os.write`` may stop short on a full disk without raising.

    Raises:
        OSError: The disk refused.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
