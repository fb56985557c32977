"""Paths as they are recorded: relative to the repository, or to a home that is not named."""

from __future__ import annotations

import os
from pathlib import Path


def recorded_path(path: str | os.PathLike[str], top: Path | None) -> str:
    """Return a path as a record may hold it, with forward slashes.

    Below the repository it is relative to its top, below the home directory it begins with
    ``~/``, so that it names neither a user nor where the repository lies; else it is absolute.

    Args:
        path: Relative ones are taken from the working directory.
        top: Top of the repository, or None.
    """
    absolute = os.path.abspath(path)
    if top is not None:
        for base in (os.path.abspath(top), os.path.realpath(top)):
            for place in (absolute, os.path.realpath(absolute)):
                if is_below(place, base):
                    return Path(os.path.relpath(place, base)).as_posix()
    return without_home(absolute)


def without_home(path: str) -> str:
    """Return an absolute path with the home directory as ``~``."""
    home = os.path.expanduser("~")
    if home in ("", "/", "~") or not is_below(path, home):
        return Path(path).as_posix()
    inside = os.path.relpath(path, home)
    return "~" if inside == "." else f"~/{Path(inside).as_posix()}"


def is_below(path: str, folder: str) -> bool:
    """Tell whether ``path`` is ``folder`` or below it; both absolute."""
    return path == folder or path.startswith(os.path.join(folder, ""))
