"""Mirrors of a run: equal to the folder, harmless when they fail."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata
from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_SUCCESS

import reportgen
from reportgen.errors import UnavailableError, UsageError
from reportgen.logger import extras as module
from reportgen.logger.extras import check_extras
from reportgen.runs.view import RunView

CONFIG = {
    "lr": 0.1,
    "model": {"name": "mlp", "width": 64},
    "amp": True,
    "layers": [8, 8],
    "x": None,
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(run: Any) -> Any:
    folder = str(run.folder / "tensorboard")
    return EventAccumulator(folder, {"scalars": 0, "images": 0, "tensors": 0}).Reload()


def session(found: Any, tag: str) -> bytes:
    content: bytes = found.SummaryMetadata(tag).plugin_data.content
    return content


def test_tensorboard_shows_what_the_folder_holds() -> None:
    with reportgen.start_run(CONFIG, name="r", mirror=["tensorboard"]) as run:
        for step in range(20):
            run.log({"train/loss": 1 / (step + 1), "train/lr": np.float32(0.1)}, step=step)
        run.log({"val/accuracy": math.nan})
        figure = Figure(figsize=(2, 2))
        figure.subplots().plot([1, 2])
        path = run.log_figure("curve", figure, step=5)
    view, found = RunView(run.folder).load(), read(run)
    assert sorted(found.Tags()["scalars"]) == sorted(view.series)
    for name, series in view.series.items():
        mirrored = found.Scalars(name)
        assert [event.step for event in mirrored] == list(series.steps)
        values = np.array([event.value for event in mirrored], np.float32)
        assert np.array_equal(values, np.array(series.values, np.float32), equal_nan=True)
    (image,) = found.Images("curve")
    assert path is not None
    assert (image.step, image.encoded_image_string) == (5, path.read_bytes())
    begin = metadata.parse_session_start_info_plugin_data(
        session(found, metadata.SESSION_START_INFO_TAG)
    )
    shown = {
        name: getattr(value, value.WhichOneof("kind")) for name, value in begin.hparams.items()
    }
    assert shown == {
        "lr": 0.1,
        "model.name": "mlp",
        "model.width": 64.0,
        "amp": True,
        "layers": "[8, 8]",
    }
    end = metadata.parse_session_end_info_plugin_data(session(found, metadata.SESSION_END_INFO_TAG))
    assert end.status == STATUS_SUCCESS
    assert end.end_time_secs >= begin.start_time_secs
    assert view.manifest is not None
    assert any(entry.path.startswith("tensorboard/") for entry in view.manifest.files)
    assert view.problems == []
    assert view.run.overhead_seconds["mirrors"] > 0


def test_a_run_that_breaks_is_shown_as_broken() -> None:
    with (
        pytest.raises(RuntimeError),
        reportgen.start_run(CONFIG, name="r", mirror="tensorboard") as run,
    ):
        raise RuntimeError("out of memory")
    found = read(run)
    end = metadata.parse_session_end_info_plugin_data(session(found, metadata.SESSION_END_INFO_TAG))
    assert end.status == STATUS_FAILURE


@pytest.mark.parametrize("nth", [1, 2, 5])
@pytest.mark.parametrize("for_good", [True, False])
def test_a_mirror_that_raises_at_any_call_harms_nothing(
    nth: int, for_good: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Fragile:
        name = "fragile"

        def __init__(self) -> None:
            self.calls = 0
            self.heard: list[int] = []
            self.closed = False

        def metrics(self, values: Any, step: int) -> None:
            self._count()
            self.heard.append(step)

        def figure(self, name: str, path: Path, step: int | None) -> None:
            self._count()

        def close(self, status: str = "finished") -> None:
            self.closed = True
            self._count()

        def _count(self) -> None:
            self.calls += 1
            if self.calls == nth or (for_good and self.calls > nth):
                raise ConnectionError("the server is gone")

    sink = Fragile()
    monkeypatch.setattr(module, "open_mirror", lambda *arguments, **named: sink)
    with reportgen.start_run(name="r", mirror="tensorboard") as run:
        for step in range(4):
            run.log({"a": float(step)}, step=step)
        run.log_figure("f", np.zeros((2, 2), np.uint8), step=3)
    view = RunView(run.folder).load()
    assert list(view.series["a"].values) == [0, 1, 2, 3]
    assert (view.run.status, view.problems) == ("finished", [])
    assert sink.closed
    lost = len(range(nth, 6)) if for_good else 1
    assert view.run.dropped == {"fragile": lost}
    assert sum("fragile: " in text for text in caplog.messages) == 1
    if not for_good:
        assert len(sink.heard) == 4 - (nth < 5)


def test_a_mirror_that_cannot_be_opened_is_said_and_the_run_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*arguments: Any, **named: Any) -> Any:
        raise UnavailableError("nobody is logged in to wandb", fix="Run `wandb login`")

    monkeypatch.setattr(module, "open_mirror", refuse)
    with reportgen.start_run(name="r", mirror=["wandb"]) as run:
        run.log({"a": 1.0})
    assert "mirror wandb: nobody is logged in to wandb" in caplog.text
    assert "Run `wandb login`" in caplog.text
    assert len(RunView(run.folder).series["a"]) == 1


@pytest.mark.parametrize("mirror", [["tensorbord"], "mlflow", 3, [None]])
def test_a_mirror_that_is_none_is_refused_before_anything_is_written(
    tmp_path: Path, mirror: Any
) -> None:
    with pytest.raises(UsageError, match="mirror"):
        reportgen.start_run(name="r", mirror=mirror)
    assert list(tmp_path.iterdir()) == []


def test_without_mirrors_the_call_stays_the_bare_one() -> None:
    with reportgen.start_run(name="r") as run:
        assert run.log is run._session.metrics.log
    assert check_extras((), ("tensorboard", "tensorboard"), None).mirrors == ("tensorboard",)
