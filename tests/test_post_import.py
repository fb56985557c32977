"""Calls back when a module has been imported, and changes nothing else about the import."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from reportgen.post_import import when_imported

Write = Callable[[str, str], str]
_COUNT = iter(range(1_000_000))


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write a module under a name that no other test has; return the name."""
    monkeypatch.syspath_prepend(str(tmp_path))
    made = []

    def make(stem: str, code: str) -> str:
        name = f"{stem}_{next(_COUNT)}"
        (tmp_path / f"{name}.py").write_text(code)
        importlib.invalidate_caches()
        made.append(name)
        return name

    yield make
    for name in made:
        sys.modules.pop(name, None)


def test_a_callback_comes_once_after_the_modules_code(write: Write) -> None:
    name = write("plain", "value = 3\n")
    seen: list[int] = []
    when_imported(name, lambda module: seen.append(module.value))
    assert seen == []
    importlib.import_module(name)
    importlib.import_module(name)
    importlib.reload(sys.modules[name])
    assert seen == [3]


def test_a_module_that_is_imported_calls_back_at_once() -> None:
    seen: list[ModuleType] = []
    when_imported("json", seen.append)
    assert seen == [sys.modules["json"]]


def test_everybody_who_waits_is_called_and_a_failure_is_said(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    name = write("shared", "")
    seen: list[str] = []

    def fails(module: ModuleType) -> None:
        raise RuntimeError("not today")

    when_imported(name, fails)
    when_imported(name, lambda module: seen.append("second"))
    importlib.import_module(name)
    assert seen == ["second"]
    assert capsys.readouterr().err == (
        f"reportgen: {name} was loaded and then not set up: RuntimeError: not today\n"
    )


def test_one_callback_is_called_once_however_often_it_asked(write: Write) -> None:
    name = write("asked", "")
    seen: list[ModuleType] = []
    callback = seen.append
    for _ in range(3):
        when_imported(name, callback)
    importlib.import_module(name)
    assert len(seen) == 1


def test_the_module_keeps_its_loader(write: Write) -> None:
    name = write("kept", "")
    when_imported(name, lambda module: None)
    module = importlib.import_module(name)
    assert type(module.__loader__) is SourceFileLoader
    assert "exec_module" not in vars(module.__loader__)
    assert module.__loader__.get_source(name) == ""


def test_an_import_that_fails_fails_as_ever_and_may_be_tried_again(write: Write) -> None:
    name = write("failing", "raise ValueError('first')\n")
    seen: list[str] = []
    when_imported(name, lambda module: seen.append(module.__name__))
    with pytest.raises(ValueError, match="first"):
        importlib.import_module(name)
    assert seen == []
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"{name}_absent")
    spec_file = importlib.util.find_spec(name)
    assert spec_file is not None
    assert spec_file.origin is not None
    Path(spec_file.origin).write_text("\n# a longer text, for the cache\n")
    importlib.invalidate_caches()
    importlib.import_module(name)
    assert seen == [name]


def test_a_module_within_a_package_is_waited_for(tmp_path: Path, write: Write) -> None:
    package = tmp_path / "outer_package_of_a_test"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "inner.py").write_text("deep = 1\n")
    importlib.invalidate_caches()
    seen: list[int] = []
    when_imported(f"{package.name}.inner", lambda module: seen.append(module.deep))
    importlib.import_module(package.name)
    assert seen == []
    importlib.import_module(f"{package.name}.inner")
    assert seen == [1]


def test_two_finders_that_ask_the_others_do_not_ask_for_ever(write: Write) -> None:
    class Other:
        """Another tool's finder of the same kind."""

        def __init__(self) -> None:
            self.asking = False

        def find_spec(self, name: str, path: object = None, target: object = None) -> object:
            if self.asking:
                return None
            self.asking = True
            try:
                for finder in sys.meta_path:
                    if finder is not self and (spec := finder.find_spec(name, path, target)):
                        return spec
                return None
            finally:
                self.asking = False

    name = write("mutual", "")
    seen: list[str] = []
    when_imported(name, lambda module: seen.append(module.__name__))
    other = Other()
    sys.meta_path.insert(0, other)
    sys.meta_path.append(other)
    try:
        importlib.import_module(name)
    finally:
        while other in sys.meta_path:
            sys.meta_path.remove(other)
    assert seen == [name]


def test_imports_on_many_threads_call_back_once(write: Write) -> None:
    name = write("threads", "import time\ntime.sleep(0.02)\n")
    seen: list[str] = []
    when_imported(name, lambda module: seen.append(module.__name__))
    threads = [threading.Thread(target=importlib.import_module, args=(name,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [name]


def test_nothing_is_imported_to_wait() -> None:
    program = """
import sys
from reportgen.post_import import when_imported
when_imported("xml.dom.minidom", print)
assert "xml" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert done.stdout == b""
