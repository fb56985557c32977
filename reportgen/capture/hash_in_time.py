"""The SHA-256 of a file that may be too large for the time that is left."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from reportgen.capture.git_process import Deadline
from reportgen.fs.regular import open_regular

_PIECE = 1 << 20


def sha256_in_time(root: Path, relative: str, deadline: Deadline) -> str | None:
    """Return the SHA-256 of a regular file, or None when it would take half the time left.

    Args:
        root: The folder that must not be left.
        relative: POSIX path below it.
        deadline: Time for this and for what comes after.

    Raises:
        NotFoundError, UnsafePathError, OSError: As :func:`reportgen.fs.regular.open_regular`.
        UnavailableError: There is no time left at all.
    """
    enough = deadline.left() / 2
    digest = hashlib.sha256()
    with open_regular(root, relative) as descriptor:
        while piece := os.read(descriptor, _PIECE):
            digest.update(piece)
            if deadline.left() < enough:
                return None
    return digest.hexdigest()
