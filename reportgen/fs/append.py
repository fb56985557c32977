"""Append-only line files: a line that was accepted survives the death of the process.

One ``os.write`` of one whole line on an ``O_APPEND`` descriptor reaches the page cache before it
returns, so only a power loss can take it back. The kernel may accept fewer bytes than asked
without raising; the next record then starts on a line of its own, so that at most the torn
record is lost.
"""

from __future__ import annotations

import os
from pathlib import Path


class LineAppender:
    """Appends whole lines to one file.

    Args:
        path: The file, created when absent.

    Raises:
        OSError: The file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self.descriptor = os.open(path, flags, 0o644)
        self._torn = self._ends_torn()

    def _ends_torn(self) -> bool:
        size = os.fstat(self.descriptor).st_size
        return size > 0 and os.pread(self.descriptor, 1, size - 1) != b"\n"

    def append(self, line: bytes) -> None:
        """Append ``line``, which must end with a newline and hold no other.

        Raises:
            OSError: Nothing, or only a torn part, of the line was written.
        """
        if self._torn:
            line = b"\n" + line
        try:
            written = os.write(self.descriptor, line)
        except OSError:
            self._torn = self._torn or self._tail_is_torn()
            raise
        if written == len(line):
            self._torn = False
            return
        self._torn = True
        raise OSError(28, f"only {written} of {len(line)} bytes were accepted", str(self.path))

    def _tail_is_torn(self) -> bool:
        try:
            return self._ends_torn()
        except OSError:
            return True

    def recheck(self) -> None:
        """Look again whether the file ends in a torn line, after writing around ``append``."""
        self._torn = self._tail_is_torn()

    def sync(self) -> None:
        """Ask the disk to keep everything appended so far (fsync)."""
        os.fsync(self.descriptor)

    def close(self) -> None:
        """Close the descriptor; a second call does nothing."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
