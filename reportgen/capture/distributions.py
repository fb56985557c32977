"""What is installed, and which distribution a module belongs to.

``importlib.metadata.packages_distributions`` parses the list of files of every distribution, which
takes most of a second beside torch. Here the small ``top_level.txt`` answers where there is one,
the lists are searched as text, and both are read once for each distribution.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from functools import cached_property, lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

_FIRST_PART = re.compile(
    r"(?m)^(?:([^/,\s\"]{1,200})/|([^/,\s\".]{1,200})\.(?:[^/,\s]{1,80}\.)?(?:py|so|pyd),)"
)
_NOT_MODULES = (".dist-info", ".data", ".egg-info", "..")


class Installed:
    """One installed distribution.

    Args:
        distribution: As importlib.metadata gives it.
        name: Its name as written in its metadata.
    """

    def __init__(self, distribution: metadata.Distribution, name: str) -> None:
        self._distribution = distribution
        self.name = name
        self.version = distribution.version or ""

    def read(self, file: str) -> str | None:
        """Return a file of the distribution's metadata, or None."""
        try:
            return self._distribution.read_text(file)
        except (OSError, ValueError):
            return None

    def locate(self, path: str) -> Path:
        """Return where a file of the distribution lies, by its path in the list of its files."""
        return Path(str(self._distribution.locate_file(path)))

    @cached_property
    def direct_url(self) -> dict[str, Any]:
        """direct_url.json (PEP 610); empty when it came from an index."""
        try:
            value = orjson.loads(self.read("direct_url.json") or "{}")
        except orjson.JSONDecodeError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def folder(self) -> Path | None:
        """The local folder that it was installed from, or None."""
        url = str(self.direct_url.get("url", ""))
        is_folder = isinstance(self.direct_url.get("dir_info"), dict)
        return Path(unquote(urlsplit(url).path)) if is_folder and url.startswith("file:") else None

    @property
    def is_editable(self) -> bool:
        """Whether its modules are used from the folder that it was installed from."""
        info = self.direct_url.get("dir_info")
        return isinstance(info, dict) and bool(info.get("editable"))

    @cached_property
    def modules(self) -> frozenset[str]:
        """Top-level modules that it installs."""
        listed = self.read("top_level.txt")
        if listed:
            return frozenset(listed.split())
        record = self.read("RECORD") or self.read("installed-files.txt") or ""
        names = {match[1] or match[2] for match in _FIRST_PART.finditer(record)}
        return frozenset(name for name in names if not name.endswith(_NOT_MODULES))

    def console_scripts(self) -> set[str]:
        """Names of the programs that it installs."""
        try:
            entries = self._distribution.entry_points.select(group="console_scripts")
        except (OSError, ValueError):
            return set()
        return {entry.name for entry in entries}


def normal(name: str) -> str:
    """Return a distribution's name in the one spelling that indexes compare by (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed_distributions() -> dict[str, Installed]:
    """Return every installed distribution by its normalised name; the first on the path counts."""
    return _distributions(tuple(sys.path))


@lru_cache(maxsize=4)
def _distributions(path: tuple[str, ...]) -> dict[str, Installed]:
    found: dict[str, Installed] = {}
    for distribution in metadata.distributions(path=list(path)):
        try:
            name = distribution.metadata["Name"]
            if name and normal(name) not in found:
                found[normal(name)] = Installed(distribution, name)
        except (OSError, ValueError, KeyError):
            continue
    return found


def owner_of(module: str) -> str | None:
    """Return the normalised name of the distribution that a top-level module belongs to.

    A module that is used from the folder its distribution was installed from belongs to it too.
    """
    installed = installed_distributions()
    own = installed.get(normal(module))
    if own is not None and (module in own.modules or own.is_editable):
        return normal(module)
    for name, distribution in installed.items():
        if module in distribution.modules:
            return name
    return _owner_by_folder(module, installed)


def _owner_by_folder(module: str, installed: dict[str, Installed]) -> str | None:
    file = getattr(sys.modules.get(module), "__file__", None)
    if not isinstance(file, str):
        return None
    real = os.path.realpath(file)
    for name, distribution in installed.items():
        folder = distribution.folder if distribution.is_editable else None
        if folder is not None and real.startswith(os.path.join(os.path.realpath(folder), "")):
            return name
    return None


def is_installed(file: str) -> bool:
    """Tell whether a file lies in a folder of installed packages."""
    return os.path.realpath(file).startswith(package_folders())


def package_folders() -> tuple[str, ...]:
    """Return the folders of installed packages, each ending in a separator."""
    paths = sysconfig.get_paths()
    folders = {paths[key] for key in ("purelib", "platlib") if key in paths}
    folders |= {entry for entry in sys.path if entry.rstrip("/").endswith("-packages")}
    return tuple(os.path.join(os.path.realpath(folder), "") for folder in sorted(folders))
