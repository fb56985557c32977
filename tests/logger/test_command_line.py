"""The configuration of a command that says none, from its files and options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen.logger.command_line import config_of


@pytest.mark.parametrize(
    ("words", "config"),
    [
        (["train.py"], {"lr": 0.1, "model": {"width": 8}}),
        (["train.py", "--config", "c.yaml"], {"lr": 0.1, "model": {"width": 8}}),
        (["train.py", "--lr", "1"], {"lr": 1, "model": {"width": 8}}),
        (["train.py", "model.width=4"], {"lr": 0.1, "model": {"width": 4}}),
        (["train.py", "--width", "4"], {"lr": 0.1, "model": {"width": 4}}),
        (
            ["train.py", "--seed=3", "--amp"],
            {"lr": 0.1, "model": {"width": 8}, "seed": 3, "amp": True},
        ),
    ],
)
def test_options_override_and_complete_the_files(
    tmp_path: Path, words: list[str], config: dict[str, Any]
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("lr: 0.1\nmodel: {width: 8}\n")
    assert config_of(words, [path]) == config


def test_without_a_file_the_options_are_the_configuration() -> None:
    assert config_of(["train.py", "--lr", "0.5", "--name", "x"], []) == {"lr": 0.5, "name": "x"}


def test_later_files_win_and_what_is_no_settings_is_passed_over(tmp_path: Path) -> None:
    texts = {"a.yaml": "lr: 1\nwidth: 2\n", "b.json": '{"lr": 3}', "c.yaml": "- 1\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    assert config_of(["t"], [tmp_path / name for name in texts]) == {"lr": 3, "width": 2}


def test_a_key_with_dots_stays_one(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("a.b: 1\n")
    assert config_of(["t", "a.b=2"], [path]) == {"a.b": 2}
