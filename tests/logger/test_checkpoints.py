"""The checkpoints of a run: what is written, what stays, what a fault does."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
import torch

from reportgen.errors import UsageError
from reportgen.logger import checkpoints as module
from reportgen.logger.checkpoints import CheckpointStore
from reportgen.logger.context import RunContext
from reportgen.runs.schema import CheckpointPolicy, MetricDefinition


@pytest.fixture
def model() -> torch.nn.Module:
    return torch.nn.Linear(3, 2)


def described(path: Path) -> Any:
    return json.loads(path.with_suffix(".json").read_bytes())


def names(store: CheckpointStore) -> list[str]:
    return sorted(path.name for path in store.folder.iterdir() if path.suffix != ".json")


def test_a_checkpoint_and_its_description(context: RunContext, model: torch.nn.Module) -> None:
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    store = CheckpointStore(context, config={"lr": 0.001})
    path = store.save(model, optimizer, epoch=7, step=840, metric=("val/accuracy", 0.93))
    assert path == context.folder / "checkpoints" / "checkpoint_epoch_7.pt"
    data = path.read_bytes()
    assert described(path) == {
        "epoch": 7,
        "step": 840,
        "metric": {"name": "val/accuracy", "value": 0.93},
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "format": "torch",
        "tensors": 2 + 2 * 3,
    }
    loaded = torch.load(path, weights_only=True)
    assert loaded["config"] == {"lr": 0.001}
    assert (loaded["epoch"], loaded["step"], loaded["global_step"]) == (7, 840, 840)
    assert loaded["val/accuracy"] == 0.93
    assert context.run.overhead_seconds["checkpoints"] > 0


def test_the_newest_and_the_best_stay_and_the_rest_is_recorded(
    context: RunContext, model: torch.nn.Module
) -> None:
    store = CheckpointStore(context, {"keep_last": 2})
    for epoch, accuracy in enumerate([0.5, 0.9, 0.6, 0.7, 0.8]):
        store.save(model, epoch=epoch, metric=("val/accuracy", accuracy))
    kept = ["checkpoint_epoch_1.pt", "checkpoint_epoch_3.pt", "checkpoint_epoch_4.pt"]
    assert names(store) == kept
    assert sorted(path.stem for path in store.folder.glob("*.json")) == [
        name.removesuffix(".pt") for name in kept
    ]
    assert context.run.checkpoints == CheckpointPolicy(keep_last=2, best="val/accuracy")
    left_out = [(e.what, e.where, e.rule) for e in context.run.left_out]
    assert left_out == [("2 older checkpoints", "checkpoints", "keep_last")]
    assert "2 older checkpoints" in (context.folder / "run.yaml").read_text()
    assert store.latest == store.folder / "checkpoint_epoch_4.pt"
    assert store.best == store.folder / "checkpoint_epoch_1.pt"
    assert len(store) == 3
    assert store.total_bytes == sum((store.folder / name).stat().st_size for name in kept)


def test_the_declared_goal_decides_what_is_best(
    context: RunContext, model: torch.nn.Module
) -> None:
    context.definitions["val/gap"] = MetricDefinition(goal="minimize")
    store = CheckpointStore(context, {"keep_last": 1, "best": "val/gap"})
    for epoch, gap in enumerate([3.0, 1.0, 2.0]):
        store.save(model, epoch=epoch, metric=("val/gap", gap))
    assert names(store) == ["checkpoint_epoch_1.pt", "checkpoint_epoch_2.pt"]


def test_a_metric_without_direction_is_said_once(
    context: RunContext, model: torch.nn.Module, caplog: pytest.LogCaptureFixture
) -> None:
    store = CheckpointStore(context, {"keep_last": 1})
    for epoch in range(3):
        store.save(model, epoch=epoch, metric=("val/gap", 1.0))
    assert names(store) == ["checkpoint_epoch_2.pt"]
    assert [("define_metric" in text) for text in caplog.messages] == [True]
    assert context.run.dropped == {}


def test_the_best_without_optimizer_is_a_file_of_its_own(
    context: RunContext, model: torch.nn.Module
) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    store = CheckpointStore(context, {"keep_last": 1, "best_without_optimizer": True})
    for epoch, accuracy in enumerate([0.5, 0.9, 0.6]):
        store.save(model, optimizer, epoch=epoch, metric=("val/accuracy", accuracy))
    assert names(store) == ["best_epoch_1.pt", "checkpoint_epoch_2.pt"]
    best = torch.load(store.folder / "best_epoch_1.pt", weights_only=True)
    assert "optimizer_state_dict" not in best
    assert (best["epoch"], best["val/accuracy"]) == (1, 0.9)
    assert described(store.folder / "best_epoch_1.pt")["metric"]["value"] == 0.9
    assert store.best == store.folder / "best_epoch_1.pt"
    assert "optimizer_state_dict" in torch.load(
        store.folder / "checkpoint_epoch_2.pt", weights_only=True
    )
    assert [e.what for e in context.run.left_out] == ["2 older checkpoints"]


def test_one_epoch_saved_twice_overwrites_nothing(
    context: RunContext, model: torch.nn.Module
) -> None:
    store = CheckpointStore(context)
    first = store.save(model, epoch=1, step=10)
    assert first is not None
    before = first.read_bytes()
    with torch.no_grad():
        next(model.parameters()).add_(1)
    second = store.save(model, epoch=1, step=20)
    assert second == store.folder / "checkpoint_epoch_1_step_20.pt"
    assert first.read_bytes() == before != second.read_bytes()


def test_a_value_that_is_not_finite_is_written_as_text(
    context: RunContext, model: torch.nn.Module
) -> None:
    path = CheckpointStore(context).save(model, epoch=1, metric=("val/loss", float("nan")))
    assert path is not None
    assert described(path)["metric"] == {"name": "val/loss", "value": "NaN"}


def test_a_resumed_run_counts_the_checkpoints_of_before(
    context: RunContext, model: torch.nn.Module
) -> None:
    first = CheckpointStore(context, {"keep_last": 2})
    for epoch, accuracy in enumerate([0.9, 0.5, 0.6]):
        first.save(model, epoch=epoch, metric=("val/accuracy", accuracy))
    again = CheckpointStore(context)
    assert again.retention.keep_last == 2
    again.save(model, epoch=3, metric=("val/accuracy", 0.7))
    assert names(again) == [
        "checkpoint_epoch_0.pt",
        "checkpoint_epoch_2.pt",
        "checkpoint_epoch_3.pt",
    ]


def test_bad_arguments_raise_until_one_checkpoint_was_accepted(
    context: RunContext, model: torch.nn.Module, caplog: pytest.LogCaptureFixture
) -> None:
    store = CheckpointStore(context)
    with pytest.raises(UsageError, match="epoch= or step="):
        store.save(model)
    with pytest.raises(UsageError, match="state_dict"):
        store.save(object(), epoch=1)
    with pytest.raises(UsageError, match="plain values") as caught:
        store.save(model, epoch=1, extra={"scheduler": lambda: 0})
    assert "serialised" in caught.value.what
    assert list(context.folder.rglob(".*.tmp")) == []
    assert store.save(model, epoch=1) is not None
    assert store.save(None, epoch=2) is None
    assert store.save(model, epoch=3, metric=("val/accuracy", "high")) is None  # type: ignore[arg-type]
    assert context.run.dropped == {"checkpoints": 2}
    assert len(caplog.records) == 1


def test_a_full_disk_is_said_once_and_the_training_goes_on(tmp_path: Path) -> None:
    """With a real limit on file sizes, in a process of its own."""
    program = f"""
import logging, resource, signal, sys
from pathlib import Path
import torch
from reportgen.logger.checkpoints import CheckpointStore
from reportgen.logger.context import RunContext
from reportgen.runs.schema import RUN_SCHEMA, Run
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
run = Run(schema=RUN_SCHEMA, id="x", name="x", status="running", created="2026-01-01T00:00:00Z")
context = RunContext(Path({str(tmp_path)!r}), run)
store = CheckpointStore(context)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
big, small = torch.nn.Linear(400, 400), torch.nn.Linear(2, 2)
assert store.save(big, epoch=1) is None
assert store.save(big, epoch=2) is None
assert store.save(small, epoch=3) is not None
print(context.run.dropped)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == [
        "WARNING checkpoints: File too large; the training goes on, this is said once",
        "{'checkpoints': 2}",
    ]
    kept = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert kept == ["checkpoint_epoch_3.json", "checkpoint_epoch_3.pt"]


def test_a_folder_that_cannot_be_made_is_a_fault_of_the_disk(
    context: RunContext, model: torch.nn.Module
) -> None:
    (context.folder / "checkpoints").write_text("a file stands here")
    assert CheckpointStore(context).save(model, epoch=1) is None
    assert context.run.dropped == {"checkpoints": 1}


def test_a_checkpoint_that_cannot_be_removed_is_no_lost_checkpoint(
    context: RunContext, model: torch.nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = CheckpointStore(context, {"keep_last": 1, "best": None})
    store.save(model, epoch=1)

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise OSError(30, os.strerror(30), str(self))

    monkeypatch.setattr(Path, "unlink", refuse)
    assert store.save(model, epoch=2) is not None
    assert context.run.dropped == {}


def test_a_forked_child_saves_nothing(context: RunContext, model: torch.nn.Module) -> None:
    store = CheckpointStore(context)
    context.active = False
    assert store.save(model, epoch=1) is None
    assert not store.folder.exists()


def test_a_checkpoint_after_the_end_is_said_and_not_kept(
    context: RunContext, model: torch.nn.Module, caplog: pytest.LogCaptureFixture
) -> None:
    store = CheckpointStore(context)
    context.close()
    assert store.save(model, epoch=1) is None
    assert ["after the end" in text for text in caplog.messages] == [True]


def test_the_loggers_of_the_store_do_not_speak_of_a_good_save(
    context: RunContext, model: torch.nn.Module, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        CheckpointStore(context).save(model, epoch=1)
    assert Counter(caplog.messages) == Counter()


def test_the_description_of_a_copied_file_names_its_format(
    context: RunContext, tmp_path: Path, model: torch.nn.Module
) -> None:
    torch.save(model.state_dict(), tmp_path / "mine.pt")
    path = CheckpointStore(context).save(tmp_path / "mine.pt", step=5)
    assert path is not None
    assert path.name == "checkpoint_step_5.pt"
    found = orjson.loads(path.with_suffix(".json").read_bytes())
    assert (found["format"], found["tensors"], found["epoch"]) == ("torch", 2, None)


def test_nothing_of_torch_is_imported_by_the_module() -> None:
    program = f"import sys, {module.__name__}; assert not {{'torch','numpy'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
