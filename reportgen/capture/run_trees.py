"""Which paths of a tree are run folders: they never count as code.

A run folder is one whose run.yaml has a line ``schema: reportgen.run/...``; everything below it
goes, and so do sweep.yaml beside run folders and models.yaml in a folder above one, the top
of the repository excepted. Any other file counts, whatever folder it is in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from reportgen.runs import layout

SCHEMA_LINE = re.compile(rb"""(?m)^schema: ["']?reportgen\.run/\d""")
_SCHEMA_WITHIN = 4_096


def run_folders(paths: Iterable[str], read: Callable[[str], bytes]) -> list[str]:
    """Return the run folders among ``paths``, sorted.

    Args:
        paths: Files, as POSIX paths below the top.
        read: Gives the bytes of one of them.
    """
    suffix = f"/{layout.RUN}"
    marks = [path for path in paths if path.endswith(suffix)]
    found = [path.removesuffix(suffix) for path in marks if is_run_file(read(path))]
    return sorted(found)


def is_run_file(data: bytes) -> bool:
    """Tell whether the bytes of a run.yaml are of this standard."""
    return SCHEMA_LINE.search(data[:_SCHEMA_WITHIN]) is not None


def run_paths(paths: Iterable[str], read: Callable[[str], bytes]) -> list[str]:
    """Return the paths that belong to run folders, in the order given."""
    names = list(paths)
    folders = set(run_folders(names, read))
    if not folders:
        return []
    besides = {f"{parent}/{layout.SWEEP}" for parent in map(_parent, folders) if parent}
    above = {f"{parent}/{layout.MODELS}" for folder in folders for parent in _above(folder)}
    return [
        path
        for path in names
        if path in besides or path in above or any(part in folders for part in _above(path))
    ]


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
