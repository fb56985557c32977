from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml

from reportgen.audit.evidence import (
    at,
    counted,
    last_line,
    line_of,
    listed,
    number,
    shown,
    unavailable,
    with_lines,
)
from reportgen.audit.report import Where
from reportgen.runs.view import RunView
from reportgen.testing import make_run

CONFIG = "# the lab's\nlr: 0.1\noptim:\n  name: sgd\n  a.b:\n    c: 1\n'x.y': 2\n"


@pytest.mark.parametrize(
    ("key", "line"),
    [("lr", 2), ("optim", 3), ("optim.name", 4), ("optim.a.b.c", 6), ("x.y", 7), ("x", None)],
)
def test_the_line_of_a_dotted_key(tmp_path: Path, key: str, line: int | None) -> None:
    view = RunView(make_run(tmp_path, files={"config.yaml": CONFIG}))
    assert line_of(view, "config.yaml", key) == line
    assert with_lines(view, [at(view, "config.yaml", key)])[0].line == line


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: 2\nlr: 3\n",
        "a: |\n  x\n  lr: no\nlr: 3\n",
        "a: 1\r\nb: 2\r\nlr: 3\r\n",
        "a: 'x\u2028  y'\nlr: 3\n",
        "a: {b: 1,\n  c: 2}\n'lr': 3\n",
        "a: {lr: 1,\n  c: 2}\nlr: 3\n",
    ],
)
def test_the_line_is_that_of_the_parser(tmp_path: Path, text: str) -> None:
    view = RunView(make_run(tmp_path, files={"config.yaml": text.encode()}))
    keys = [key for key, _ in yaml.compose(text, yaml.SafeLoader).value]
    line = next(key.start_mark.line + 1 for key in keys if key.value == "lr")
    assert line_of(view, "config.yaml", "lr") == line


def test_a_place_without_a_line_stays_one(tmp_path: Path) -> None:
    view = RunView(make_run(tmp_path, config=None, files={"data.yaml": "inputs: [\n"}))
    places = [at(view, "config.yaml", "lr"), at(view, "data.yaml", "inputs"), Where(file="x.json")]
    assert [place.line for place in with_lines(view, places)] == [None, None, None]
    assert places[0] == Where(file="config.yaml")


def test_words_for_values() -> None:
    assert [number(value) for value in (0.123456, 1200.0, 1.2e-5, math.nan, -math.inf)] == [
        "0.1235",
        "1200",
        "1.2e-05",
        "NaN",
        "-Infinity",
    ]
    assert (shown("a"), shown(3), len(shown("x" * 500))) == ("'a'", "3", 60)
    assert listed("abcdef") == "a, b, c and 3 more"
    assert (listed("ab"), listed([])) == ("a, b", "")
    assert (counted(1, "run"), counted(1200, "run")) == ("1 run", "1,200 runs")
    assert (last_line("a\n\n b \n\n"), last_line(" \n")) == ("b", "")


def test_a_reason_covers_what_is_below_its_key() -> None:
    reasons = {"hardware": "no permission"}
    assert unavailable(reasons, "hardware.gpus") == "hardware not available: no permission"
    assert unavailable(reasons, "hardwarex", "os") is None
