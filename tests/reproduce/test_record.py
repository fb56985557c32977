"""How far a replay goes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reportgen.fs.documents import dump_yaml
from reportgen.reproduce.record import seconds_until, stop_of
from reportgen.runs.view import RunView


def a_run(folder: Path, steps: list[int], status: str = "finished") -> RunView:
    folder.mkdir()
    run = {
        "schema": "reportgen.run/1",
        "id": "01JD3W8M7T4Q",
        "name": "a",
        "status": status,
        "created": "1970-01-01T00:01:40.000Z",
        "ended": "1970-01-01T00:10:00.000Z",
    }
    folder.joinpath("run.yaml").write_text(dump_yaml(run))
    lines = [{"step": step, "time": 100.0 + step, "metrics": {"loss": 1.0}} for step in steps]
    folder.joinpath("metrics.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    return RunView(folder)


@pytest.mark.parametrize(
    ("steps", "wanted", "stop"),
    [
        (range(100), 20, 19),
        (range(1, 101), 20, 20),
        (range(99, 10_000, 100), 20, 199),
        (range(10), 20, None),
        (range(20), 20, None),
        (range(21), 20, 19),
        (range(100), None, None),
        ([], 20, None),
    ],
)
def test_a_prefix_has_something_to_compare(
    steps: range, wanted: int | None, stop: int | None, tmp_path: Path
) -> None:
    assert stop_of(a_run(tmp_path / "run", list(steps)), wanted) == stop


def test_a_run_that_was_cut_off_ends_where_it_ended(tmp_path: Path) -> None:
    view = a_run(tmp_path / "run", list(range(50)), status="failed")
    assert stop_of(view, None) == 49
    assert stop_of(view, 80) == 49
    assert stop_of(view, 20) == 19


def test_the_time_it_took(tmp_path: Path) -> None:
    view = a_run(tmp_path / "run", list(range(50)))
    assert seconds_until(view, 19) == 19.0
    assert seconds_until(view, None) == 500.0
