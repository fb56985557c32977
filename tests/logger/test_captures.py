"""The captured documents: made at the start, completed at the end, each on its own."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from forked_programs import document

from reportgen import seeds
from reportgen.capture.code import CodeCapture
from reportgen.logger import captures
from reportgen.logger.captures import Captures
from reportgen.logger.context import RunContext
from reportgen.runs.schema import Environment, GitInfo, LeftOut


@pytest.fixture
def made(context: RunContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Captures:
    def environment(**given: Any) -> Environment:
        return Environment(packages={"orjson": "3"}, determinism={"threads": 2})

    monkeypatch.setattr(captures, "capture_environment", environment)
    monkeypatch.setattr(captures, "requirements", lambda top: ["a==1  # index", "b==2  # index"])
    monkeypatch.setattr(captures, "imported_packages", lambda: {"numpy": "2"})
    return Captures(context, top=tmp_path, start=tmp_path, run_root=tmp_path / "runs")


def captured_code(monkeypatch: pytest.MonkeyPatch, **git: Any) -> None:
    found = CodeCapture(
        GitInfo(commit="a" * 40, **git),
        b"diff" if git.get("dirty") else b"",
        None,
        [LeftOut(what="remote", where="git_info", rule="url-userinfo")],
    )
    monkeypatch.setattr(captures, "capture_code", lambda *args, **given: found)


def test_a_dirty_tree_is_said_once_with_its_patch_kept(
    made: Captures,
    context: RunContext,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    captured_code(monkeypatch, dirty=True, untracked=["new.py"])
    with caplog.at_level(logging.WARNING, "reportgen"):
        made.code()
    assert (context.folder / "git_diff.patch").read_bytes() == b"diff"
    assert [record.getMessage() for record in caplog.records] == [
        "the work tree is not committed: 4 bytes of changes are kept in git_diff.patch, "
        "1 untracked files among them"
    ]
    assert context.run.left_out[0].rule == "url-userinfo"


def test_the_end_tells_whether_the_tree_changed(
    made: Captures, context: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    captured_code(monkeypatch, dirty=False)
    made.code()
    monkeypatch.setattr(captures, "dirty_now", lambda *args, **given: True)
    made.dirty_end()
    made.complete([])
    info = document(context.folder, "git_info.yaml")
    assert (info["dirty"], info["dirty_end"]) == (False, True)


@pytest.mark.parametrize("unfinished", [[], ["work tree"]])
def test_a_state_that_git_could_not_tell_has_a_reason(
    made: Captures, context: RunContext, monkeypatch: pytest.MonkeyPatch, unfinished: list[str]
) -> None:
    captured_code(monkeypatch, dirty=False)
    made.code()
    monkeypatch.setattr(captures, "dirty_now", lambda *args, **given: None)
    if not unfinished:
        made.dirty_end()
    made.complete(unfinished)
    assert "dirty_end" in document(context.folder, "git_info.yaml")["not_available"]


def test_environment_requirements_and_lock_files(
    made: Captures, context: RunContext, tmp_path: Path
) -> None:
    (tmp_path / "uv.lock").write_text("version = 1\n")
    seeds.set_seed(11)
    made.environment()
    assert (context.folder / "requirements.txt").read_text() == "a==1  # index\nb==2  # index\n"
    assert (context.folder / "lock" / "uv.lock").read_text() == "version = 1\n"
    environment = document(context.folder, "environment.yaml")
    assert environment["seeds"]["python"] == 11
    assert environment["packages"] == {"orjson": "3"}


def test_a_lock_file_that_holds_a_secret_is_left_out(
    made: Captures, context: RunContext, tmp_path: Path
) -> None:
    address = "https://user:" + "hunter2Zx91" + "@example.org/simple"
    (tmp_path / "uv.lock").write_text(f'source = "{address}"\n')
    made.environment()
    assert not (context.folder / "lock").exists()
    assert context.run.left_out[0].where == "lock/uv.lock"


def test_what_was_imported_since_is_in_the_end(made: Captures, context: RunContext) -> None:
    made.environment()
    made.packages()
    made.complete([])
    assert document(context.folder, "environment.yaml")["packages"] == {"numpy": "2"}


def test_a_framework_that_was_imported_since_is_asked_anew(
    made: Captures, context: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.environment()
    monkeypatch.setitem(sys.modules, "mxnet", ModuleType("mxnet"))
    monkeypatch.setattr(
        captures, "capture_environment", lambda **given: Environment(packages={"mxnet": "1"})
    )
    made.packages()
    made.complete([])
    assert document(context.folder, "environment.yaml")["packages"] == {"mxnet": "1"}


def test_what_took_too_long_says_so_everywhere(made: Captures, context: RunContext) -> None:
    made.complete(["code", "environment", "modules", "opened files"])
    for place, key in (
        ("git_info.yaml", "commit"),
        ("environment.yaml", "python"),
        ("captured/modules.json", "local"),
        ("captured/opens.json", "files"),
    ):
        assert "took too long" in document(context.folder, place)["not_available"][key]
    assert document(context.folder, "environment.yaml")["compute"]["wall_seconds"] >= 0


def test_code_that_is_found_after_the_end_changes_nothing(
    made: Captures, context: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    captured_code(monkeypatch, dirty=True)
    made.complete(["code", "work tree"])
    made.code()
    info = document(context.folder, "git_info.yaml")
    assert (info["commit"], info["dirty_end"]) == (None, None)
    assert info["not_available"].keys() == {"commit", "dirty_end"}
    assert not (context.folder / "git_diff.patch").exists()


def test_a_state_at_the_end_that_nobody_looked_for_has_a_reason(
    made: Captures, context: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    captured_code(monkeypatch, dirty=False)
    made.code()
    made.complete([])
    info = document(context.folder, "git_info.yaml")
    assert (info["dirty"], info["dirty_end"]) == (False, None)
    assert "took too long" in info["not_available"]["dirty_end"]


def test_an_environment_that_is_still_looked_for_holds_nothing_up(
    made: Captures, context: RunContext
) -> None:
    with made._turn:
        made.complete(["environment"])
    found = document(context.folder, "environment.yaml")
    assert "took too long" in found["not_available"]["python"]
    assert found["compute"]["peak_memory_bytes"] > 0


class _Cuda:
    def __init__(self, used: list[int]) -> None:
        self.used = used

    def is_initialized(self) -> bool:
        return bool(self.used)

    def device_count(self) -> int:
        return len(self.used)

    def max_memory_allocated(self, index: int) -> int:
        return self.used[index]


@pytest.mark.parametrize(("used", "count"), [([], 0), ([5, 0], 1), ([5, 7], 2), ([0], 0)])
def test_device_seconds_count_the_devices_that_held_memory(
    monkeypatch: pytest.MonkeyPatch, used: list[int], count: int
) -> None:
    torch = ModuleType("torch")
    torch.cuda = _Cuda(used)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    assert captures._devices_used() == count
