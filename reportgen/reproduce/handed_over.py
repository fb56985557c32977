"""What was handed over with a run: its code, its packages, data that git does not hold.

It lies beside the files of the run or, in an unpacked bundle, around the run folder, as
reproduce.sh has it too (see docs/hand-off.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_BUNDLE = "bundle.json"
_CODE, _WHEELS, _INPUTS = "code.bundle", "wheels", "inputs"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What is there.

    Attributes:
        code: A git bundle of the code.
        wheels: A folder of packages.
        inputs: A folder with inputs at their recorded paths.
    """

    code: Path | None = None
    wheels: Path | None = None
    inputs: Path | None = None

    @classmethod
    def with_run(cls, folder: Path) -> HandedOver:
        """Return what was handed over with the run in ``folder``."""
        around = folder.parent if (folder.parent / _BUNDLE).is_file() else folder
        code, wheels, inputs = (around / name for name in (_CODE, _WHEELS, _INPUTS))
        return cls(
            code if code.is_file() and not code.is_symlink() else None,
            wheels if wheels.is_dir() and not wheels.is_symlink() else None,
            inputs if inputs.is_dir() and not inputs.is_symlink() else None,
        )
