"""The program that installs packages: uv where it is, else a pip."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib import metadata

_LEAST = (22, 3)
"""pip takes ``--python`` from this version on."""
_ASK_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"
_ASK_SECONDS = 60


def installer_into(python: str) -> list[str]:
    """Return the command, up to the requirements, that installs for an interpreter.

    The pip of this process serves where it can: putting one into every environment takes longer
    than most installations.

    Args:
        python: The interpreter of the environment.
    """
    if shutil.which("uv"):
        return ["uv", "pip", "install", "--quiet", "--python", python]
    quiet = ["--disable-pip-version-check", "install", "--quiet"]
    if own_pip_serves(python):
        return [sys.executable, "-I", "-m", "pip", "--python", python, *quiet]
    return [python, "-I", "-m", "pip", *quiet]


def own_pip_serves(python: str) -> bool:
    """Tell whether the pip of this process can install for an interpreter: it has its version."""
    try:
        here = tuple(map(int, metadata.version("pip").split(".")[:2]))
    except (metadata.PackageNotFoundError, ValueError):
        return False
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return here >= _LEAST and version_of(python) == own


def version_of(python: str) -> str | None:
    """Return the version of an interpreter, such as 3.11; None when it is none that runs."""
    try:
        asked = subprocess.run(
            [python, "-I", "-c", _ASK_VERSION], capture_output=True, timeout=_ASK_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.decode("ascii", "replace").strip() if asked.returncode == 0 else None
