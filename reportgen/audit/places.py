"""Where runs lie as other tools name it: from the top of the repository, with forward slashes."""

from __future__ import annotations

import os
from pathlib import Path

from reportgen.capture.shadow import find_top


def place_of(folder: Path) -> str:
    """Return the path of a run's folder from the top of its repository.

    Outside of any repository it is the path from the working directory if the folder lies below
    that, else the folder's name: never an absolute one, which would tell of one machine alone.
    """
    real = Path(os.path.realpath(folder))
    for base in (find_top(real), Path(os.path.realpath(os.getcwd()))):
        if base is not None and real.is_relative_to(base):
            return real.relative_to(base).as_posix()
    return real.name
