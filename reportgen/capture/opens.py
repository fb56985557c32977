"""Which files the program read, as an audit hook on ``open`` sees them.

It sees every open of Python code, NumPy and PyTorch included, at a cost below noise; it does not
see opens inside C libraries such as SQLite. An audit hook cannot be taken out again, so it is
put in once and switched by a flag.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident
from typing import Any

from reportgen.runs.schema import Opens

LIMIT = 10_000
_NEVER = ("/proc/", "/sys/", "/dev/")
_NOT_DATA = (".py", ".pyc", ".so", ".pyd")


class _Recorder:
    def __init__(self) -> None:
        self.on = False
        self.installed = False
        self.seen: dict[str, None] = {}
        self.lost = 0
        self.unheard: set[int] = set()

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on or event != "open":
            return
        path, mode, flags = arguments
        if type(path) is not str or path in self.seen or get_ident() in self.unheard:
            return
        if (mode is not None and "r" not in mode) or (flags or 0) & (os.O_WRONLY | os.O_DIRECTORY):
            return
        if len(self.seen) >= LIMIT:
            self.lost += 1
            return
        self.seen[path if os.path.isabs(path) else os.path.abspath(path)] = None
        self.seen[path] = None


_recorder = _Recorder()


@contextmanager
def unheard() -> Iterator[None]:
    """Leave out what this thread opens meanwhile: the captures read files for themselves."""
    thread = get_ident()
    outer = thread in _recorder.unheard
    _recorder.unheard.add(thread)
    try:
        yield
    finally:
        if not outer:
            _recorder.unheard.discard(thread)


def start() -> None:
    """Record the files that are opened for reading from now on."""
    _recorder.seen.clear()
    _recorder.lost = 0
    _recorder.on = True
    if not _recorder.installed:
        sys.addaudithook(_recorder.hook)
        _recorder.installed = True


def stop(*, top: Path | None = None, run_folder: Path | None = None) -> Opens:
    """Stop recording and return what was read.

    Args:
        top: Paths below it are written relative to it, as a rerun needs them.
        run_folder: The run's own folder, which is left out.

    Returns:
        The files, sorted; those of the standard library, of installed packages, of the run
        folder and of the system's virtual folders are left out, as is what cannot be data.
    """
    _recorder.on = False
    left_out = _left_out_folders(run_folder)
    base = os.path.realpath(top) if top else None
    home = os.path.expanduser("~")
    files = set()
    for path in list(_recorder.seen):
        if not os.path.isabs(path) or path.startswith(_NEVER) or path.endswith(_NOT_DATA):
            continue
        real = os.path.realpath(path)
        if any(real.startswith(folder) for folder in left_out) or os.path.isdir(real):
            continue
        files.add(_shown(real, base, home))
    return Opens(hook=True, files=sorted(files), lost=_recorder.lost)


def _left_out_folders(run_folder: Path | None) -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    folders = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib") if key in paths}
    folders |= {sys.prefix, sys.base_prefix}
    folders |= {
        entry for entry in sys.path if entry.rstrip("/").endswith(("-packages", "-packages/"))
    }
    if run_folder is not None:
        folders.add(str(run_folder))
    return tuple(os.path.join(os.path.realpath(folder), "") for folder in folders if folder != "/")


def _shown(path: str, base: str | None, home: str) -> str:
    if base and path.startswith(os.path.join(base, "")):
        return os.path.relpath(path, base).replace(os.sep, "/")
    if home not in ("", "/", "~") and path.startswith(os.path.join(home, "")):
        return "~/" + os.path.relpath(path, home).replace(os.sep, "/")
    return path
