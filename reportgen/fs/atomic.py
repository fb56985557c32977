"""Write beside, then rename: a reader sees the old file or the new one, never half of one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
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
    beside = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.tmp")
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode))
    try:
        yield beside
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Replace ``path`` by ``text`` in UTF-8; lone surrogates become U+FFFD."""
    data = text.encode("utf-8", "surrogateescape" if _escaped_bytes_only(text) else "replace")
    write_bytes(path, data, mode=mode)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write every byte: ``os.write`` may stop short on a full disk without raising.

    Raises:
        OSError: The disk refused.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _escaped_bytes_only(text: str) -> bool:
    """Tell names that came from undecodable bytes (kept) from broken text (replaced)."""
    return all(not "\ud800" <= char <= "\udfff" or "\udc80" <= char <= "\udcff" for char in text)
