"""Which code was really loaded: local files with their hashes, third-party modules by package."""

from __future__ import annotations

import sys
import sysconfig
from importlib import metadata
from pathlib import Path

from reportgen.capture.environment import normal
from reportgen.fs.hashing import sha256_bytes
from reportgen.runs.schema import Modules

_FILE_LIMIT = 16 * 2**20


def capture_modules(top: Path | None) -> Modules:
    """Return the modules loaded now.

    Args:
        top: Top of the repository, or the working folder where there is none. ``local`` has the
            files below it by relative path, ``third_party`` the top-level modules of installed
            packages with their distribution (None when no distribution owns one).
    """
    base = (top or Path.cwd()).resolve()
    installed = _installed_folders()
    local: dict[str, str | None] = {}
    third_party: set[str] = set()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str):
            continue
        path = _real(file)
        if any(path.is_relative_to(folder) for folder in installed):
            third_party.add(name.partition(".")[0])
        elif path.is_relative_to(base) and path.is_file():
            local[path.relative_to(base).as_posix()] = _sha256(path)
    owners = metadata.packages_distributions() if third_party else {}
    return Modules(
        local=dict(sorted(local.items())),
        third_party={name: _owner(name, owners) for name in sorted(third_party)},
    )


def _installed_folders() -> tuple[Path, ...]:
    """Folders of installed packages; the standard library is in neither list."""
    paths = sysconfig.get_paths()
    folders = {_real(paths[key]) for key in ("purelib", "platlib") if key in paths}
    for entry in sys.path:
        if entry.rstrip("/").endswith(("site-packages", "dist-packages")):
            folders.add(_real(entry))
    return tuple(folders)


def _real(path: str) -> Path:
    try:
        return Path(path).resolve()
    except (OSError, RuntimeError, ValueError):
        return Path(path)


def _owner(module: str, owners: object) -> str | None:
    names = owners.get(module) if isinstance(owners, dict) else None
    return normal(names[0]) if names else None


def _sha256(path: Path) -> str | None:
    try:
        if path.stat().st_size > _FILE_LIMIT:
            return None
        return sha256_bytes(path.read_bytes())
    except OSError:
        return None
