"""Do something as soon as a module has been imported, without importing it.

One finder stands first on ``sys.meta_path``. For a module that somebody waits for it lets the
other finders find it, and has its loader call back after the module's code has run; the loader
is itself again by then. The finder stays: taking an entry out of the list while another thread
walks it would hide a finder from that thread.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Callback = Callable[[ModuleType], None]


def when_imported(name: str, callback: Callback) -> None:
    """Call ``callback(module)`` once: at once when ``name`` is imported, else when it will be.

    What the callback raises is said on standard error and goes no further: the import is the
    program's, the fault is not. Asking twice with one callback is asking once.

    Args:
        name: Full name of the module.
        callback: Called on the thread that imports, before anybody else sees the module.
    """
    module = sys.modules.get(name)
    if module is not None and not _is_loading(module):
        _call([callback], module)
        return
    with _FINDER.lock:
        callbacks = _FINDER.waiting.setdefault(name, [])
        if callback not in callbacks:
            callbacks.append(callback)
        if _FINDER not in sys.meta_path:
            sys.meta_path.insert(0, _FINDER)


def _is_loading(module: ModuleType) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def _call(callbacks: list[Callback], module: ModuleType) -> None:
    for callback in callbacks:
        try:
            callback(module)
        except Exception as error:
            sys.stderr.write(
                f"reportgen: {module.__name__} was loaded and then not set up: "
                f"{type(error).__name__}: {str(error)[:200]}\n"
            )


def _found_by_others(
    own: object, name: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    for finder in list(sys.meta_path):
        find = getattr(finder, "find_spec", None)
        if finder is own or find is None:
            continue
        spec: ModuleSpec | None = find(name, path, target)
        if spec is not None:
            return spec
    return None


class _Finder:
    def __init__(self) -> None:
        self.waiting: dict[str, list[Callback]] = {}
        self.lock = threading.RLock()
        self._asking: set[tuple[str, int]] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        asked = (name, threading.get_ident())
        if name not in self.waiting or asked in self._asking:
            return None
        self._asking.add(asked)  # another finder of this kind asks back
        try:
            spec = _found_by_others(self, name, path, target)
        finally:
            self._asking.discard(asked)
        if spec is not None:
            self._watch(name, spec)
        return spec

    def _watch(self, name: str, spec: ModuleSpec) -> None:
        loader: Any = spec.loader
        run = getattr(loader, "exec_module", None)
        if run is None:
            return

        def exec_module(module: ModuleType) -> None:
            loader.__dict__.pop("exec_module", None)
            run(module)
            with self.lock:
                callbacks = self.waiting.pop(name, [])
            _call(callbacks, module)

        try:
            loader.exec_module = exec_module
        except AttributeError:  # a built-in module's loader; those are imported already
            return


_FINDER: Any = _Finder()
