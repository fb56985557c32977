"""Which files the program read, as an audit hook on ``open`` sees them.

It sees every open of Python code, NumPy and PyTorch included, at a cost below noise; it does not
see opens inside C libraries such as SQLite. An audit hook cannot be taken out again, so it is
put in once and switched by a flag. This module loads next to nothing: it may stand in the way of
``import reportgen``.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from reportgen.runs.schema import Opens

LIMIT = 10_000

_NOT_READING = os.O_WRONLY | getattr(os, "O_DIRECTORY", 0)
_SYSTEM = tuple(
    f"/{name}/"
    for name in (
        *("proc", "sys", "dev", "etc", "run", "boot", "bin", "sbin", "lib", "lib32", "lib64"),
        *("usr/bin", "usr/include", "usr/lib", "usr/lib64", "usr/libexec", "usr/sbin", "usr/share"),
        *("System", "Library"),
    )
)
_NO_DATA = (".pyc", ".pyo", ".so", ".pyd", ".dll", ".dylib")


class _Recorder:
    """What was opened; the hook does as little as it can, and never raises."""

    def __init__(self) -> None:
        self.on = False
        self.installed = False
        self.seen: dict[tuple[str, str], None] = {}
        self.lost = 0
        self.unheard: set[int] = set()

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not self.on or get_ident() in self.unheard:
            return
        try:
            self._note(*arguments)
        except Exception:
            # A raise here would reach the program's own open().
            self.lost += 1

    def _note(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, int) or path is None:
            return
        if (mode is not None and "r" not in mode) or (flags or 0) & _NOT_READING:
            return
        name = os.fsdecode(path)
        if name.endswith(_NO_DATA):
            return
        entry = (name, "" if os.path.isabs(name) else os.getcwd())
        if entry in self.seen:
            return
        if len(self.seen) >= LIMIT:
            self.lost += 1
        else:
            self.seen[entry] = None


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
    """Record the files that are opened for reading from now on; already recording, go on."""
    if not _recorder.installed:
        sys.addaudithook(_recorder.hook)
        _recorder.installed = True
    _recorder.on = True


def stop(*, top: Path | None = None, run_folder: Path | None = None) -> Opens:
    """Stop recording, forget what was recorded, and return what was read.

    Args:
        top: Paths below it are written relative to it, as a rerun needs them.
        run_folder: The run's own folder, which is left out.

    Returns:
        The files, sorted; those of the standard library, of installed packages, of the run
        folder, of the system and of its temporary folder are left out, as are modules and
        compiled code, which captured/modules.json has.
    """
    was_on, _recorder.on = _recorder.on, False
    from reportgen.runs.schema import Opens

    seen, _recorder.seen = _recorder.seen, {}
    lost, _recorder.lost = _recorder.lost, 0
    files = _data_files(seen, top, run_folder)
    return Opens(hook=was_on, files=files, lost=lost)


def _data_files(
    seen: dict[tuple[str, str], None], top: Path | None, run_folder: Path | None
) -> list[str]:
    from reportgen.capture.shown_paths import is_below, recorded_path

    base = os.path.realpath(top) if top else None
    left_out = _left_out_folders(run_folder)
    temporary = _temporary_folder()
    modules = _module_files()
    found = set()
    for name, folder in seen:
        path = os.path.realpath(os.path.join(folder, name))
        if path.startswith((*_SYSTEM, *left_out)) or path in modules:
            continue
        inside = base is not None and is_below(path, base)
        # An open that failed was seen too, so what is no file now is not taken for one.
        if (inside or not path.startswith(temporary)) and os.path.isfile(path):
            found.add(recorded_path(path, top))
    return sorted(found)


def _left_out_folders(run_folder: Path | None) -> tuple[str, ...]:
    import sysconfig

    paths = sysconfig.get_paths()
    folders = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib") if key in paths}
    folders |= {sys.prefix, sys.base_prefix}
    folders |= {entry for entry in sys.path if entry.rstrip("/").endswith("-packages")}
    if run_folder is not None:
        folders.add(str(run_folder))
    real = (os.path.join(os.path.realpath(folder), "") for folder in folders)
    return tuple(folder for folder in real if folder not in ("/", "/usr/"))


def _temporary_folder() -> str:
    import tempfile

    return os.path.join(os.path.realpath(tempfile.gettempdir()), "")


def _module_files() -> set[str]:
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return {os.path.realpath(file) for file in files if isinstance(file, str)}
