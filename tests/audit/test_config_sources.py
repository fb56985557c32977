from __future__ import annotations

import datetime
from typing import Any

import pytest

from reportgen.audit.config_sources import (
    Source,
    compared,
    is_source,
    named_files,
    read_source,
    same_value,
)
from reportgen.errors import UnreadableError


def source(path: str, **values: Any) -> Source:
    return Source(path, b"", values)


@pytest.mark.parametrize(
    ("argv", "cwd", "found"),
    [
        (["train.py", "--config", "configs/a.yaml"], ".", ["configs/a.yaml"]),
        (
            ["train.py", "--cfg=../a.toml", "-c", "b.json"],
            "examples",
            ["a.toml", "examples/b.json"],
        ),
        (["train.py", "fit", "a.yaml"], None, ["a.yaml"]),
        (["train.py", "--data", "table.json", "--verbose"], ".", []),
        (["train.py", "--config", "../../etc/a.yaml", "/a.yaml", "~/b.yaml"], ".", []),
        (["train.py", "model.file=a.yaml", "--config-name", "mlp"], ".", []),
    ],
)
def test_a_command_line_names_files_of_the_repository(
    argv: list[str], cwd: str | None, found: list[str]
) -> None:
    assert named_files(argv, cwd) == found


def test_files_of_three_formats_are_read() -> None:
    for path, data in (
        ("a.yaml", b"model:\n  width: 3\n"),
        ("a.json", b'{"model": {"width": 3}}'),
        ("a.toml", b"[model]\nwidth = 3\n"),
    ):
        read = read_source(data, path)
        assert read is not None
        assert read.values == {"model.width": 3}


@pytest.mark.parametrize("path", ["a.yaml", "a.json", "a.toml"])
def test_a_file_of_another_form_says_so(path: str) -> None:
    with pytest.raises(UnreadableError):
        read_source(b"[[[\xff", path)


@pytest.mark.parametrize("data", [b"- 1\n", b"", b"just text\n"])
def test_a_file_without_names_is_no_source(data: bytes) -> None:
    assert read_source(data, "a.yaml") is None


def test_a_deep_toml_file_is_refused() -> None:
    with pytest.raises(UnreadableError):
        read_source(b"a = " + b"[" * 100_000, "a.toml")


def test_a_file_is_a_source_by_its_name_or_by_half_of_its_keys() -> None:
    config = {"lr": 0.1, "model.width": 3}
    assert is_source(source("a.yaml", other=1), config, ["a.yaml"])
    assert is_source(source("a.yaml", width=3, x=1), config, [])
    assert not is_source(source("a.yaml", x=1, y=2, lr=3), config, [])
    assert not is_source(source("a.yaml", defaults=["x"]), config, [])


def differing(config: dict[str, Any], *sources: Source, argv: str = "train.py") -> list[str]:
    keys, found = compared(sources, config, argv.split())
    assert keys >= len(found)
    return [one.key for one in found]


def test_sections_that_a_composer_adds_are_found() -> None:
    config = {"model.width": 64, "optim.width": 3, "lr": 0.1}
    files = (source("config.yaml", defaults=["a"], lr=0.1), source("model/mlp.yaml", width=64))
    assert differing(config, *files) == []
    assert differing({**config, "model.width": 65}, *files) == ["width"]


def test_of_several_files_that_name_a_key_one_has_to_agree() -> None:
    base, own = source("base.yaml", lr=0.1, width=3), source("own.yaml", lr=0.5)
    assert differing({"lr": 0.5, "width": 3}, base, own) == []
    assert differing({"lr": 0.1, "width": 3}, base, own) == []
    assert differing({"lr": 0.7, "width": 3}, base, own) == ["lr"]


def test_what_says_nothing_of_the_value_is_passed_over() -> None:
    file = source("a.yaml", lr="${base}", width="???", layers=["${w}"], token="***", _base_="x")
    assert compared([file], {"lr": 1, "width": 2, "layers": [3], "token": "***"}, ["a"])[1] == []


def test_an_option_of_another_name_may_have_set_the_value_and_one_of_a_key_may_not() -> None:
    file = source("a.yaml", width=32)
    config = {"width": 64, "epochs": 64}
    assert differing(config, file, argv="train.py --hidden 64") == []
    assert differing(config, file, argv="train.py --epochs 64") == ["width"]


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, 1.0, True),
        ("1e-3", 0.001, True),
        (True, 1, False),
        (None, None, True),
        (None, 0, False),
        ([1, "a"], [1.0, "a"], True),
        ([1], [1, 2], False),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1}, {"b": 1}, False),
        (datetime.date(2026, 1, 2), "2026-01-02", True),
        ("sgd", "SGD", False),
    ],
)
def test_values_are_the_same_across_formats(left: Any, right: Any, same: bool) -> None:
    assert same_value(left, right) is same
