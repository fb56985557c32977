"""What TensorBoard itself, and the import, make of what is exported."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

from reportgen.exporters import by_name
from reportgen.importers import by_name as importer_of
from reportgen.importers.interface import ImportedRun, ImportOptions
from reportgen.runs.view import RunView
from reportgen.testing import make_run

RECORDS = [
    {"step": 0, "time": 1.7e9, "metrics": {"loss": 0.2, "val/accuracy": 0.5}},
    {"step": 1, "metrics": {"loss": "NaN"}},
    {"step": 2, "time": 1.7e9 + 2, "metrics": {"loss": "-Infinity", "big": 1e300}},
    {"event": "resume", "step": 1, "time": 1.7e9 + 3, "attempt": 2},
    {"step": 1, "time": 1.7e9 + 4, "metrics": {"loss": 0.1}},
    {"step": 2**40, "time": 1.7e9 + 5, "metrics": {"loss": 1e-30}},
]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(
        tmp_path / "runs", "odd/name", metrics=RECORDS, config={"flag": True, "list": [1, "a"]}
    )


def exported(run: Path, target: Path) -> Path:
    (file,) = by_name("tensorboard").export([RunView(run)], target)
    assert file.parent.parent == target
    return file


def test_tensorboard_reads_it(run: Path, tmp_path: Path) -> None:
    file = exported(run, tmp_path / "out")
    reader = EventAccumulator(str(file.parent), size_guidance={"scalars": 0})
    reader.Reload()
    assert set(reader.Tags()["scalars"]) == {"loss", "val/accuracy", "big"}
    loss = reader.Scalars("loss")
    assert [(event.step, np.float32(event.value)) for event in loss] == [
        (0, np.float32(0.2)),
        (1, np.float32(0.1)),
        (2**40, np.float32(1e-30)),
    ]
    assert [event.wall_time for event in loss] == [1.7e9, 1.7e9 + 4, 1.7e9 + 5]
    content = reader.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    start = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info
    assert start.hparams["lr"].number_value == 0.1
    assert start.hparams["flag"].bool_value is True
    assert start.hparams["list"].string_value == "[1, 'a']"
    content = reader.SummaryMetadata("_hparams_/session_end_info").plugin_data.content
    end = plugin_data_pb2.HParamsPluginData.FromString(content).session_end_info
    assert end.status == 1


def test_there_and_back(run: Path, tmp_path: Path) -> None:
    exported(run, tmp_path / "out")
    (found,) = importer_of("tensorboard").read(tmp_path / "out", ImportOptions())
    assert isinstance(found, ImportedRun)
    assert found.problems == []
    points = found.points
    rows: dict[str, list[tuple[int, Any]]] = {}
    for name, step, value in zip(points.name_of, points.steps, points.values, strict=True):
        rows.setdefault(points.names[name], []).append((int(step), float(value)))
    assert rows == {
        "loss": [(0, 0.2), (1, 0.1), (2**40, 1e-30)],
        "val/accuracy": [(0, 0.5)],
    }
    assert (found.status, found.config is not None) == ("finished", True)
    view = RunView(run)
    assert found.created == 1.7e9
    assert view.config is not None
    assert found.config is not None
    assert found.config["lr"] == view.config["lr"]


def test_numbers_that_are_not_finite(tmp_path: Path) -> None:
    records = [
        {"step": at, "metrics": {"x": value}} for at, value in enumerate(["NaN", "Infinity", 1e300])
    ]
    file = exported(make_run(tmp_path / "runs", metrics=records), tmp_path / "out")
    reader = EventAccumulator(str(file.parent))
    reader.Reload()
    values = [event.value for event in reader.Scalars("x")]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, math.inf]


def test_runs_of_one_name_stay_apart(tmp_path: Path) -> None:
    views = [RunView(make_run(tmp_path / place, "same", run={"id": place})) for place in ("a", "b")]
    files = by_name("tensorboard").export(views, tmp_path / "out")
    assert len({file.parent for file in files}) == 2
