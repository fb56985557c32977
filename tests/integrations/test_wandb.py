"""The calls that reach wandb; a stand-in for the package takes them down.

wandb itself wants an account or 125 MB for this; its signatures are those of wandb 0.31.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import UnavailableError
from reportgen.logger.mirrors import open_mirror

Calls = list[tuple[Any, ...]]


class FakeRun:
    def __init__(self, calls: Calls) -> None:
        self.calls = calls

    def log(self, values: dict[str, Any], step: int | None = None) -> None:
        self.calls.append(("log", values, step))

    def save(
        self,
        glob_str: str,
        base_path: str | None = None,
        policy: str = "live",
        glob: bool = True,
    ) -> None:
        self.calls.append(("save", glob_str, base_path, policy))

    def finish(self, exit_code: int | None = None) -> None:
        self.calls.append(("finish", exit_code))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    """Install the stand-in; nobody is logged in."""
    made: Calls = []
    module = types.ModuleType("wandb")

    def init(**facts: Any) -> FakeRun:
        made.append(("init", facts))
        return FakeRun(made)

    def login(*, prompt: bool = True, verify: bool = True) -> bool:
        assert not prompt, "a training must never wait for a login"
        made.append(("login",))
        return False

    vars(module).update(init=init, login=login, Image=lambda path: ("image", path))
    monkeypatch.setitem(sys.modules, "wandb", module)
    monkeypatch.delitem(sys.modules, "reportgen.integrations.wandb", raising=False)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    yield made
    sys.modules.pop("reportgen.integrations.wandb", None)


def open_wandb(tmp_path: Path) -> Any:
    return open_mirror("wandb", tmp_path, project="cifar", name="a", config={"lr": 0.1})


def test_a_run_is_opened_fed_and_ended(
    calls: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    sink = open_wandb(tmp_path)
    sink.metrics({"loss": 0.5}, 3)
    sink.figure("confusion", tmp_path / "a.png", 3)
    sink.figure("drawing", tmp_path / "a.svg", 3)
    sink.best("val_accuracy", 0.9, tmp_path / "best_model.pt")
    sink.close()
    assert calls == [
        ("init", {"project": "cifar", "name": "a", "config": {"lr": 0.1}}),
        ("log", {"loss": 0.5}, 3),
        ("log", {"confusion": ("image", str(tmp_path / "a.png"))}, 3),
        ("log", {"best_val_accuracy": 0.9}, None),
        ("save", str(tmp_path / "best_model.pt"), str(tmp_path), "now"),
        ("finish", 0),
    ]


def test_somebody_who_is_logged_in_needs_no_setting(
    calls: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["wandb"], "login", lambda **how: True)
    open_wandb(tmp_path)
    assert [call[0] for call in calls] == ["init"]


def test_nobody_is_asked_to_log_in(calls: Calls, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"nobody is logged in.*wandb login"):
        open_wandb(tmp_path)
    assert calls == [("login",)]


@pytest.mark.parametrize("key", ["x" * 40, None])
def test_an_older_wandb_is_asked_in_its_way(
    calls: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    wandb = sys.modules["wandb"]
    monkeypatch.setattr(wandb, "login", lambda relogin=None: True)
    monkeypatch.setattr(wandb, "api", types.SimpleNamespace(api_key=key), raising=False)
    if key is None:
        with pytest.raises(UnavailableError):
            open_wandb(tmp_path)
    else:
        open_wandb(tmp_path)
        assert calls[0][0] == "init"


def test_the_folder_that_wandb_leaves_behind_is_not_wandb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("wandb") is not None:
        pytest.skip("wandb is installed, so its folder hides nothing")
    (tmp_path / "wandb" / "latest-run").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        with pytest.raises(UnavailableError, match="wandb is not installed"):
            open_wandb(tmp_path)
    finally:
        sys.modules.pop("wandb", None)


def test_a_run_that_broke_is_marked_as_such(
    calls: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    open_wandb(tmp_path).close("failed")
    assert calls[-1] == ("finish", 1)
