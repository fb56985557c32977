"""Which checkpoint is a run's model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reportgen.fs.documents import dump_yaml
from reportgen.runs.checkpoint_choice import best_checkpoint
from reportgen.runs.view import RunView


def described(epoch: int, metric: str | None = None, value: Any = None) -> dict[str, Any]:
    rating = None if metric is None else {"name": metric, "value": value}
    return {"epoch": epoch, "step": epoch * 10, "metric": rating}


def run_with(
    folder: Path, checkpoints: dict[str, dict[str, Any] | None], best: str | None = None
) -> RunView:
    run: dict[str, Any] = {"schema": "reportgen.run/1", "id": "A", "name": "a"}
    run |= {"status": "finished", "created": "2026-11-23T10:15:00.123Z"}
    if best:
        run["checkpoints"] = {"keep_last": 5, "best": best}
    (folder / "checkpoints").mkdir()
    (folder / "run.yaml").write_text(dump_yaml(run))
    for name, document in checkpoints.items():
        (folder / "checkpoints" / f"{name}.pt").write_bytes(b"x")
        if document is not None:
            (folder / "checkpoints" / f"{name}.json").write_text(json.dumps(document))
    return RunView(folder)


ACCURACY = {name: described(int(name), "val/accuracy", float(f".{name}")) for name in "273"}


@pytest.mark.parametrize(
    ("checkpoints", "best", "chosen"),
    [
        (ACCURACY, "val/accuracy", "7"),
        (ACCURACY, None, "7"),
        ({n: described(int(n), "val/loss", float(n)) for n in "273"}, "val/loss", "2"),
        ({**ACCURACY, "9": described(9, "val/loss", 0.1)}, "val/accuracy", "7"),
        ({**ACCURACY, "8": described(8, "val/accuracy", "NaN")}, "val/accuracy", "7"),
        ({n: described(int(n)) for n in "273"}, None, "7"),
        ({n: described(int(n), "shape", float(n)) for n in "27"}, "shape", "7"),
        ({"checkpoint_epoch_2": None, "best_model": None}, None, "best_model"),
        ({"checkpoint_epoch_2": None, "checkpoint_epoch_9": None}, None, "checkpoint_epoch_9"),
    ],
)
def test_the_best_by_its_metric_else_the_last(
    tmp_path: Path, checkpoints: Any, best: str | None, chosen: str
) -> None:
    view = run_with(tmp_path, checkpoints, best)
    assert best_checkpoint(view) == f"checkpoints/{chosen}.pt"


def test_a_direction_from_the_settings_counts(tmp_path: Path) -> None:
    rated = {name: described(int(name), "shape", float(name)) for name in "27"}
    view = run_with(tmp_path, rated, "shape")
    assert best_checkpoint(view, {"shape": "minimize"}) == "checkpoints/2.pt"


def test_a_run_without_checkpoints_has_none(tmp_path: Path) -> None:
    assert best_checkpoint(run_with(tmp_path, {})) is None
