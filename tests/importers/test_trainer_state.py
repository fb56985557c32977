from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reportgen.importers import by_name, detected
from reportgen.importers.interface import ImportedRun, ImportOptions, Unreadable


def read(source: Path) -> list[Any]:
    return list(by_name("hf-trainer").read(source, ImportOptions()))


def values(run: ImportedRun) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    points = run.points
    for name, step, value in zip(points.name_of, points.steps, points.values, strict=True):
        found.setdefault(points.names[name], []).append((int(step), repr(float(value))))
    return found


def write(path: Path, **state: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"log_history": [], **state}))


def test_real_files(fixtures_dir: Path) -> None:
    source = fixtures_dir / "hf-trainer"
    assert detected(source) is by_name("hf-trainer")
    (run,) = read(source)
    found = values(run)
    assert len(found["loss"]) == 30
    for at in range(6):
        assert len(found[f"eval_g{at}_accuracy"]) == 31
    assert found["eval_g5_accuracy"][-1][1] == "0.2518703241895262"
    assert run.config is not None
    assert run.config["max_steps"] == 12030
    assert (run.status, run.created) == ("running", None)


def test_of_several_checkpoints_the_last_one_counts(tmp_path: Path) -> None:
    for steps in (100, 20):
        rows = [{"step": step, "loss": 1.0} for step in range(10, steps + 1, 10)]
        path = tmp_path / "out" / f"checkpoint-{steps}" / "trainer_state.json"
        write(path, global_step=steps, log_history=rows)
    (run,) = read(tmp_path)
    assert (run.name, len(values(run)["loss"])) == ("out", 10)


def test_numbers_that_json_does_not_have(tmp_path: Path) -> None:
    rows = [{"step": 1, "loss": float("nan"), "x": float("inf"), "note": "a"}, {"loss": 1.0}, 3]
    write(tmp_path / "trainer_state.json", log_history=rows)
    (run,) = read(tmp_path / "trainer_state.json")
    assert values(run) == {"loss": [(1, "nan")], "x": [(1, "inf")]}
    assert run.left_out[0].what == "3 values that are no numbers"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"log_history": 3}', "[" * 100_000])
def test_what_is_no_state(tmp_path: Path, text: str) -> None:
    (tmp_path / "trainer_state.json").write_text(text)
    (found,) = read(tmp_path)
    assert isinstance(found, Unreadable)
