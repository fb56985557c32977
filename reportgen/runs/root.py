"""Where the folder of all runs is, seen from one of them.

The root is above the folders that the run names as its group and project, as far as it lies in
folders of those names.
"""

from __future__ import annotations

from pathlib import Path

from reportgen.fs.paths import portable_component
from reportgen.runs.view import RunView


def root_of(view: RunView) -> tuple[Path, int]:
    """Return the folder of all runs, and how many levels below it runs may be."""
    folder = view.absolute_folder.parent
    root = folder
    for name in (view.run.group, view.run.project):
        if name is None:
            continue
        if not _is_called(root, name):
            return folder, 1
        root = root.parent
    return root, 3


def _is_called(folder: Path, name: str) -> bool:
    return folder.name in (name, portable_component(name)) and folder.parent != folder
