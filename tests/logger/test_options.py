"""Where a program runs, and what its arguments mean."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.errors import SettingsError, UsageError
from reportgen.logger.options import check_options, seed_of, surroundings_of


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["train.py"])
    return tmp_path


def checked(config: Any = None, **given: Any) -> Any:
    arguments: dict[str, Any] = {
        **dict.fromkeys(["project", "group", "name", "tags", "notes", "planned", "checkpoints"]),
        **{"kind": "training", "config_files": (), "data": (), "alerts": ()},
        **{"require_clean": False, "identify": False, "durable": False},
        **given,
    }
    return check_options(config, surroundings=surroundings_of(None), **arguments)


def test_the_root_is_an_argument_else_a_setting_else_runs(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert surroundings_of("a/b").root == here / "a" / "b"
    assert surroundings_of(Path("/x")).root == Path("/x")
    assert surroundings_of(None).root == here / "runs"
    (here / "reportgen.toml").write_text('roots = ["kept"]\n')
    (here / "deeper").mkdir()
    monkeypatch.chdir(here / "deeper")
    assert surroundings_of(None).root == here / "kept"
    monkeypatch.setenv("REPORTGEN_ROOTS", "told")
    assert surroundings_of(None).root == here / "deeper" / "told"


def test_a_wrong_settings_file_is_said_at_once(here: Path) -> None:
    (here / "reportgen.toml").write_text("rots = 3\n")
    with pytest.raises(SettingsError, match="roots"):
        surroundings_of(None)


def test_code_is_that_of_the_working_directory_else_of_the_script(
    here: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path_factory.mktemp("repository")
    (repository / "src").mkdir()
    (repository / "src" / "train.py").write_text("")
    subprocess.run(["git", "init", "-q"], cwd=repository, check=True)
    monkeypatch.setattr(sys, "argv", [str(repository / "src" / "train.py")])
    found = surroundings_of(None)
    assert (found.top, found.code, found.cwd) == (repository, repository / "src", here)
    monkeypatch.chdir(repository / "src")
    monkeypatch.setattr(sys, "argv", ["-c"])
    assert surroundings_of(None).top == repository


def test_files_named_on_the_command_line_are_kept_once(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.yaml", "b.toml"):
        (here / name).write_text("")
    monkeypatch.setattr(sys, "argv", ["train.py", "--config=a.yaml", "b.toml", "absent.yaml"])
    options = checked(config_files=["a.yaml"])
    assert [path.name for path in options.config_files] == ["a.yaml", "b.toml"]


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        (None, {}),
        ({"a": 1, 2: Path("x")}, {"a": 1, "2": "x"}),
        (["b", "a"], {"b": True, "a": True}),
        ({"b", "a"}, {"a": True, "b": True}),
    ],
)
def test_tags(here: Path, tags: Any, kept: dict[str, Any]) -> None:
    assert checked(tags=tags).tags == kept


def test_secrets_are_counted_wherever_they_stand(here: Path) -> None:
    key = "ghp_" + "Ab3" * 12
    options = checked({"a": key, "b": [key]}, tags={"t": key}, notes=f"see {key}")
    assert options.redacted == 4
    assert key not in f"{options.plain} {options.tags} {options.notes}"
    assert options.config == {"a": key, "b": [key]}


def test_text_that_no_file_could_hold_is_made_to_fit(here: Path) -> None:
    options = checked({"a": "\ud800"}, notes="b\ud800", tags={"c\ud800": "\ud800"})
    assert (options.plain.values, options.notes) == ({"a": "?"}, "b?")
    assert options.tags == {"c?": "?"}


@pytest.mark.parametrize("seed", [0, 2**32 - 1, np.int64(3), True + 1])
def test_seeds(seed: Any) -> None:
    assert seed_of(seed, False) == int(seed)


@pytest.mark.parametrize("seed", [True, 1.0, "1", -1, 2**32, np.float32(1)])
def test_what_is_no_seed(seed: Any) -> None:
    with pytest.raises(UsageError, match="seed"):
        seed_of(seed, False)
