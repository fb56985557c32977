"""Which code was really loaded: local files with their hashes, third-party modules by package."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

from reportgen.capture.distributions import owner_of, package_folders
from reportgen.capture.shown_paths import is_below
from reportgen.fs.hashing import sha256_bytes
from reportgen.runs.schema import Modules

_FILE_LIMIT = 16 * 2**20


def capture_modules(top: Path | None) -> Modules:
    """Return the modules loaded now.

    Args:
        top: Top of the repository, or the working folder where there is none. ``local`` has the
            files below it by relative path, ``third_party`` the other top-level modules with the
            distribution they belong to (None when no distribution owns one); the standard
            library is in neither.
    """
    base = os.path.realpath(top or os.getcwd())
    installed = package_folders()
    standard = _standard_folders()
    local: dict[str, str | None] = {}
    third_party: dict[str, str | None] = {}
    for name, module in list(sys.modules.items()):
        path = _file_of(module)
        first = name.partition(".")[0]
        if path is None or (first in ("__main__", "__mp_main__") and not is_below(path, base)):
            continue
        if path.startswith(installed):
            third_party[first] = third_party.get(first) or _owner(first, path, installed)
        elif is_below(path, base):
            local[Path(os.path.relpath(path, base)).as_posix()] = _sha256(path)
        elif not path.startswith(standard):
            third_party[first] = third_party.get(first) or owner_of(first)
    return Modules(
        local=dict(sorted(local.items())),
        third_party=dict(sorted(third_party.items())),
    )


def _owner(module: str, path: str, installed: tuple[str, ...]) -> str | None:
    """Some extension modules load under a bare name, so the folder they lie in tells as well."""
    folder = next(folder for folder in installed if path.startswith(folder))
    return owner_of(module) or owner_of(path[len(folder) :].split(os.sep, 1)[0])


def _standard_folders() -> tuple[str, ...]:
    """Folders of the standard library, which may hold those of installed packages."""
    paths = sysconfig.get_paths()
    folders = {paths[key] for key in ("stdlib", "platstdlib") if key in paths}
    real = {os.path.join(os.path.realpath(folder), "") for folder in folders}
    real |= {os.path.join(os.path.dirname(os.path.realpath(os.__file__)), "")}
    return tuple(sorted(real))


def _file_of(module: object) -> str | None:
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or not file:
        return None
    try:
        path = os.path.realpath(file)
        return path if os.path.isfile(path) else None
    except (OSError, ValueError):
        return None


def _sha256(path: str) -> str | None:
    try:
        if os.path.getsize(path) > _FILE_LIMIT:
            return None
        with open(path, "rb") as file:
            return sha256_bytes(file.read())
    except OSError:
        return None
