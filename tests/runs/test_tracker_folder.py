from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from reportgen.runs import tracker_folder
from reportgen.runs.metric_log import read_metric_log
from reportgen.runs.view import RunView

LOG = (
    "2026-11-23 10:15:00,123 - mlp_digits - INFO - Step 0: {'train/loss': 2.302, 'epoch': 0}\n"
    "2026-11-23 10:15:01,000 - mlp_digits - INFO - New best model saved: val_accuracy=0.1000\n"
    "2026-11-23 10:15:02,500 - mlp_digits - INFO - Step 1: {'train/loss': 1e-05, 'epoch': 1}\n"
)


def values(log: str) -> dict[str, list[tuple[int, float]]]:
    read = read_metric_log(tracker_folder.metric_lines(log), name="training.log")
    assert [p for p in read.problems if p.severity == "error"] == []
    return {name: list(zip(s.steps, s.values, strict=True)) for name, s in read.series.items()}


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        *(("0.5", 0.5), ("7", 7.0), ("1e-05", 1e-05), ("-1.5e+20", -1.5e20), (".5", 0.5)),
        *(("nan", "nan"), ("inf", float("inf")), ("-inf", -float("inf")), ("-0.0", -0.0)),
        *(("np.float64(0.25)", 0.25), ("np.float32(nan)", "nan"), ("numpy.float64(1e-3)", 1e-3)),
        *(("tensor(0.5312)", 0.5312), ("tensor(0.5, device='cuda:0')", 0.5)),
        *(("tensor(-inf, grad_fn=<NllLossBackward0>)", -float("inf")),),
    ],
)
def test_numbers_as_they_are_printed(printed: str, value: float | str) -> None:
    line = f"2026-11-23 10:15:00,123 - x - INFO - Step 3: {{'a': {printed}, 'b': 1.0}}\n"
    found = values(line)
    assert repr(found["a"][0][1]) == (value if value == "nan" else repr(value))
    assert found["b"] == [(3, 1.0)]


@pytest.mark.parametrize(
    "printed",
    [
        "True",
        "None",
        "'text'",
        "'0.5'",
        "tensor([0.5, 0.6])",
        "np.array([1])",
        "0x10",
        "1_0",
        "{'c': 0.5}",
        "[0.5]",
        "array(0.5)",
        "0.5j",
    ],
)
def test_what_is_printed_otherwise_is_no_number(printed: str) -> None:
    found = values(f"Step 3: {{'a': {printed}, 'b': 1.0}}\n")
    assert found["b"] == [(3, 1.0)]
    assert "a" not in found


def test_names_with_quotes_and_slashes() -> None:
    metrics = {"train/loss": 0.5, "it's": 0.25, 'say "x"': 0.125, "a: b": 1.0, "é": 2.0}
    assert values(f"Step 0: {metrics}\n") == {name: [(0, v)] for name, v in metrics.items()}


def test_other_lines_are_passed_over() -> None:
    found = read_metric_log(tracker_folder.metric_lines(LOG), name="training.log")
    assert list(found.series["train/loss"].values) == [2.302, 1e-05]
    assert list(found.columns.times) == [1795428900.123, 1795428902.5]
    assert found.problems == []


def test_a_bad_line_is_told_by_its_number_in_the_log() -> None:
    log = LOG + "Step 1: {'train/loss': 0.5}\n"
    read = read_metric_log(tracker_folder.metric_lines(log), name="training.log")
    assert [(p.id, p.file) for p in read.problems] == [("log.step_order", "training.log")]


def test_a_torn_log_loses_its_last_line() -> None:
    for end in range(len(LOG)):
        found = values(LOG[:end]).get("train/loss", [])
        assert found in ([], [(0, 2.302)], [(0, 2.302), (1, 1e-05)])


@pytest.mark.parametrize("text", ["Step 1: {" + "'a': " * 30_000, "'" * 100_000, "Step " * 30_000])
def test_hostile_lines_take_no_time(text: str) -> None:
    begin = time.process_time()
    tracker_folder.metric_lines(text + "\n" + text + "}")
    assert time.process_time() - begin < 5


def test_every_machine_reads_the_same_times() -> None:
    code = (
        "import sys; from reportgen.runs import tracker_folder\n"
        "sys.stdout.buffer.write(tracker_folder.metric_lines(sys.stdin.read()))\n"
    )
    results = {
        subprocess.run(
            [sys.executable, "-c", code],
            input=LOG.encode(),
            capture_output=True,
            check=True,
            env={**os.environ, "TZ": zone},
        ).stdout
        for zone in ("UTC", "Asia/Tokyo", "America/New_York")
    }
    assert len(results) == 1


@pytest.fixture
def tracked(tmp_path: Path) -> Path:
    folder = tmp_path / "experiments" / "mlp_digits"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "config.yaml").write_text("project: digits\nlr: 0.1\nbetas: !!python/tuple [0.9]\n")
    (folder / "environment.yaml").write_text(
        "python_version: '3.11.7 (main, Dec  5 2023) [GCC 12.2.0]'\ntorch_version: 2.13.0+cpu\n"
        "cuda_version: null\ngpu_name: null\ngpu_count: 0\n"
    )
    (folder / "git_info.yaml").write_text(
        "commit: 1234567890123456789012345678901234567890\nbranch: main\nis_dirty: true\n"
    )
    (folder / "training.log").write_text(
        LOG + "2026-11-23 10:15:09,000 - mlp_digits - INFO - Experiment tracking finished.\n"
    )
    (folder / "checkpoints" / "checkpoint_epoch_1.pt").write_bytes(b"x")
    return folder


def test_the_plain_layout_is_a_run(tracked: Path) -> None:
    view = RunView(tracked).load()
    assert (view.format, view.id, view.name, view.project) == (
        *("tracker", "mlp_digits", "mlp_digits"),
        "digits",
    )
    assert (view.state, view.run.created) == ("finished", "2026-11-23T10:15:00Z")
    assert view.config == {"project": "digits", "lr": 0.1, "betas": [0.9]}
    assert view.environment is not None
    assert view.environment.python is not None
    assert view.environment.hardware is not None
    assert view.environment.python.version == "3.11.7"
    assert view.environment.packages == {"torch": "2.13.0+cpu"}
    assert view.environment.hardware.gpus == []
    assert view.git is not None
    assert (view.git.commit, view.git.branch, view.git.dirty) == ("1234567890" * 4, "main", True)
    assert view.summary.metrics["train/loss"].best == 1e-05
    assert list(view.checkpoints) == ["checkpoints/checkpoint_epoch_1.pt"]
    assert [p.id for p in view.problems if p.severity == "error"] == []


def test_without_its_last_line_it_ended_without_closing(tracked: Path) -> None:
    (tracked / "training.log").write_text(LOG)
    assert RunView(tracked).state == "ended without closing"


def test_nothing_but_a_config_and_an_empty_log(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("just text\n")
    (tmp_path / "training.log").touch()
    view = RunView(tmp_path).load()
    assert (view.run.created, view.series, view.config) == ("", {}, None)


def test_a_folder_of_any_bytes(tmp_path: Path) -> None:
    name = os.fsdecode(b"x\xff")
    (tmp_path / name).mkdir()
    (tmp_path / name / "config.yaml").write_text("a: 1\n")
    (tmp_path / name / "training.log").touch()
    assert RunView(tmp_path / name).id == "x\\xff"


@pytest.mark.parametrize("content", ["- a\n", "7\n", "python_version: 3.11\n", "gpu_count: many\n"])
def test_other_shapes_of_the_plain_documents(tracked: Path, content: str) -> None:
    (tracked / "environment.yaml").write_text(content)
    (tracked / "git_info.yaml").write_text(content)
    view = RunView(tracked).load()
    assert view.environment is not None
    assert view.git is not None
    assert view.git.commit is None
    raw: Any = view.raw("environment.yaml")
    assert isinstance(raw, dict)
