"""histograms.jsonl, as the run writes it and its reader reads it."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import orjson
import pytest
import torch

from reportgen.errors import UsageError
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.logger.context import RunContext
from reportgen.logger.histograms import HistogramStore
from reportgen.runs.histogram_log import HistogramLog, read_histograms


def written(context: RunContext) -> HistogramLog:
    path = context.folder / "histograms.jsonl"
    return read_histograms([path.read_bytes()] if path.exists() else [])


def test_a_distribution_over_steps(context: RunContext) -> None:
    store = HistogramStore(context)
    assert store.log("weights/fc1", np.arange(8.0), 0, bins=4)
    assert store.log("weights/fc1", torch.arange(16.0), np.int64(10), bins=4)
    assert store.log("gradients/fc1", [1.0, 2.0], 10)
    store.close()
    log = written(context)
    assert log.problems == []
    assert {name: [step for step, _ in points] for name, points in log.series.items()} == {
        "weights/fc1": [0, 10],
        "gradients/fc1": [10],
    }
    _, last = log.series["weights/fc1"][1]
    assert (last.counts, last.low, last.high, last.count) == ([4, 4, 4, 4], 0, 15, 16)
    assert len(log.series["gradients/fc1"][0][1].counts) == 64
    assert context.run.overhead_seconds["histograms"] > 0
    line = orjson.loads((context.folder / "histograms.jsonl").read_bytes().split(b"\n")[0])
    assert list(line) == ["step", "time", "histograms"]
    assert line["time"] > 1.7e9


@pytest.mark.parametrize(
    ("name", "values", "step", "bins"),
    [
        ("", [1], 0, 4),
        (3, [1], 0, 4),
        ("a" * 2001, [1], 0, 4),
        ("a", "text", 0, 4),
        ("a", [], 0, 4),
        ("a", [1], -1, 4),
        ("a", [1], 0.5, 4),
        ("a", [1], 0, 0),
        ("a", [1], 0, 4097),
        ("a", [1], 0, 2.0),
        ("a", [1], 0, True),
    ],
)
def test_misuse_is_refused_at_first_and_counted_later(
    context: RunContext, name: Any, values: Any, step: Any, bins: Any
) -> None:
    store = HistogramStore(context)
    with pytest.raises(UsageError):
        store.log(name, values, step, bins)
    assert context.run.dropped == {}
    store.log("a", [1], 0)
    if name == "a":
        assert not store.log(name, values, step, bins)
        assert context.run.dropped == {"histograms.jsonl": 1}
    assert len(written(context).series["a"]) == 1


def test_a_library_that_breaks_harms_nothing(context: RunContext) -> None:
    class Broken(torch.Tensor):
        def detach(self) -> Any:
            raise RuntimeError("CUDA error: out of memory")

    store = HistogramStore(context)
    assert not store.log("a", torch.zeros(2).as_subclass(Broken), 0)
    assert context.run.dropped == {"histograms.jsonl": 1}


def test_many_at_one_step_stand_in_lines_that_are_read(context: RunContext) -> None:
    store = HistogramStore(context)
    one = {"low": 0.0, "high": 1.0, "counts": [123456] * 4096, "count": 505675776, "not_finite": 0}
    assert store.keep({f"layer{at}": one for at in range(100)}, 7)
    data = (context.folder / "histograms.jsonl").read_bytes()
    assert data.count(b"\n") > 1
    assert max(map(len, data.split(b"\n"))) <= DEFAULT_LIMITS.line_bytes
    log = written(context)
    assert log.problems == []
    assert {points[0][0] for points in log.series.values()} == {7}
    assert len(log.series) == 100


def test_a_full_disk_and_a_name_that_is_no_text_are_counted(
    context: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = HistogramStore(context)
    assert not store.log("a\ud800", [1], 0)
    assert store.log("a", [1, 2], 0)

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        assert not store.log("a", [1, 2], 1)
    assert store.log("a", [1, 2], 2)
    assert context.run.dropped == {"histograms.jsonl": 2}
    assert [step for step, _ in written(context).series["a"]] == [0, 2]


def test_nothing_comes_after_the_end(context: RunContext, caplog: pytest.LogCaptureFixture) -> None:
    store = HistogramStore(context)
    store.log("a", [1, 2], 0)
    store.close()
    assert not store.keep({}, 1)
    context.close()
    assert not store.log("a", [1, 2], 1)
    assert ["histograms came after the end" in text for text in caplog.messages] == [True]
    assert len(written(context).series["a"]) == 1
