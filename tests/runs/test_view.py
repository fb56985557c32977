from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

from reportgen.fs.limits import Limits
from reportgen.runs import layout
from reportgen.runs.schema import ConfigAccess
from reportgen.runs.view import RunView, flatten


def test_identity_and_edits_made_later(make_run: Any) -> None:
    folder = make_run(
        files={"labels.yaml": {"tags": {"b": 2}, "notes": "later", "group": "g2"}},
        run={"project": "digits", "group": "g1", "tags": {"a": 1, "b": 1}, "notes": "first"},
    )
    view = RunView(folder)
    assert (view.id, view.name, view.project) == ("01JD3W8M7T4QZZZZ", "mlp_digits", "digits")
    assert (view.group, view.tags, view.notes) == ("g2", {"a": 1, "b": 2}, "later")
    assert view.problems == []


def test_without_labels_the_run_speaks_for_itself(make_run: Any) -> None:
    view = RunView(make_run(run={"group": "g1", "notes": "first"}))
    assert (view.group, view.tags, view.notes) == ("g1", {}, "first")


def test_what_is_missing_is_not_recorded(make_run: Any) -> None:
    folder = make_run(files={"config.yaml": None, "metrics.jsonl": None})
    view = RunView(folder).load()
    assert view.problems == []
    absent = (view.config, view.git, view.environment, view.data, view.recorded_summary)
    assert (*absent, view.manifest) == (None,) * 6
    assert (view.series, view.definitions, view.checkpoints) == ({}, {}, {})
    assert (view.headline_metric, view.training_losses, view.flat_config) == (None, [], {})


def test_a_run_whose_writer_is_gone_is_not_running(make_run: Any) -> None:
    view = RunView(make_run(run={"status": "running", "ended": None}))
    with open(view.folder / "metrics.jsonl", "ab") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert view.state == "running"
    assert RunView(view.folder).state == "ended without closing"


@pytest.mark.parametrize("status", ["finished", "failed", "interrupted"])
def test_an_end_that_was_recorded_stands(make_run: Any, status: str) -> None:
    assert RunView(make_run(run={"status": status})).state == status


def test_null_and_absent_differ_in_the_raw_document(make_run: Any) -> None:
    folder = make_run(files={"git_info.yaml": "branch: null\nother: 1\n"})
    raw = RunView(folder).raw(layout.GIT)
    assert raw == {"branch": None, "other": 1}


def test_a_document_is_read_once(make_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    view = RunView(make_run(files={"captured/config_access.json": {"tracking": True}}))
    assert view.captured(layout.CONFIG_ACCESS, ConfigAccess) == ConfigAccess(tracking=True)
    (view.folder / layout.CONFIG_ACCESS).unlink()
    assert view.captured(layout.CONFIG_ACCESS, ConfigAccess) == ConfigAccess(tracking=True)
    assert view.config is view.config


def test_the_spelling_of_the_config(make_run: Any) -> None:
    view = RunView(make_run(files={"config.yaml": "a:\n  b: [no, {v: 3.10}]\nc: 0.5\n"}))
    assert view.config_sources == {"a.b.0": "no", "a.b.1.v": "3.10"}
    assert view.flat_config == {"a.b": [False, {"v": 3.1}], "c": 0.5}


def test_flat_keys() -> None:
    assert flatten({"a": {"b": 1, "c": {}}, "d": [{"e": 1}], "f": None}) == {
        "a.b": 1,
        "a.c": {},
        "d": [{"e": 1}],
        "f": None,
    }


def test_series_summary_goal_and_split(make_run: Any) -> None:
    view = RunView(make_run(files={"metrics.yaml": {"metrics": {"x": {"goal": "minimize"}}}}))
    assert list(view.series) == ["train/loss", "val/accuracy"]
    assert view.summary.metrics["train/loss"].best == 0.2
    assert view.summary.metrics["train/loss"].best_step == 4
    assert (view.goal("x"), view.goal("val/accuracy"), view.goal("lr")) == (
        "minimize",
        "maximize",
        None,
    )
    assert view.goal("lr", {"lr": "maximize"}) == "maximize"
    assert (view.split("val/accuracy"), view.split("x")) == ("val", None)
    assert [series.name for series in view.training_losses] == ["train/loss"]


@pytest.mark.parametrize(
    ("metrics", "policy", "headline"),
    [
        (["val/loss", "val/accuracy"], None, "val/accuracy"),
        (["val/loss", "train/accuracy"], None, "val/loss"),
        (["val/loss", "val/accuracy"], "val/loss", "val/loss"),
        (["val/loss", "val/accuracy"], "val/gone", "val/accuracy"),
        (["train/loss", "test/accuracy"], None, None),
        (["val/thing"], None, None),
    ],
)
def test_the_metric_a_person_judges_by(
    make_run: Any, metrics: list[str], policy: str | None, headline: str | None
) -> None:
    line = '{"step": 0, "metrics": {' + ", ".join(f'"{name}": 0.5' for name in metrics) + "}}\n"
    view = RunView(make_run(files={"metrics.jsonl": line}, run={"checkpoints": {"best": policy}}))
    assert view.headline_metric == headline


def test_checkpoints_with_and_without_a_description(make_run: Any) -> None:
    files = {
        "checkpoints/checkpoint_epoch_1.pt": b"x",
        "checkpoints/checkpoint_epoch_2.pt": b"y",
        "checkpoints/checkpoint_epoch_2.json": {
            "epoch": 2,
            "metric": {"name": "val/accuracy", "value": 0.9},
        },
        "checkpoints/epochs.json": {"epoch": 7},
    }
    found = RunView(make_run(files=files)).checkpoints
    assert list(found) == ["checkpoints/checkpoint_epoch_1.pt", "checkpoints/checkpoint_epoch_2.pt"]
    first, second = found.values()
    assert (first.epoch, first.metric) == (None, None)
    assert second.metric is not None
    assert (second.epoch, second.metric.value) == (2, 0.9)


def test_files_are_listed_with_what_is_odd_about_them(make_run: Any) -> None:
    folder = make_run(files={"stdout.log": "x", "figures/a.png": b"x"})
    os.symlink("/etc/passwd", folder / "artifacts")
    os.mkfifo(folder / "pipe")
    os.link(folder / "stdout.log", folder / "copy.log")
    os.close(os.open(os.fsencode(folder) + b"/x\xff\n", os.O_CREAT))
    view = RunView(folder)
    assert view.file_sizes["figures/a.png"] == 1
    assert view.below("figures") == ["figures/a.png"]
    assert view.exists("stdout.log")
    assert not view.exists("artifacts")
    assert sorted((p.id, p.severity, p.file) for p in view.problems) == [
        ("file.hardlink", "info", "copy.log"),
        ("file.hardlink", "info", "stdout.log"),
        ("file.not_regular", "warning", "pipe"),
        ("name.unportable", "info", "x\\xff\n"),
        ("path.symlink", "warning", "artifacts"),
    ]


def test_too_many_files_are_listed_in_part(make_run: Any) -> None:
    folder = make_run(files={f"artifacts/{number}": b"" for number in range(30)})
    view = RunView(folder, limits=Limits(files=20))
    assert 0 < len(view.files) <= 20
    assert [(p.id, p.severity) for p in view.problems] == [("limits.files", "error")]


def test_many_odd_files_are_counted(make_run: Any) -> None:
    folder = make_run()
    for number in range(30):
        os.symlink("x", folder / f"link{number}")
    problems = RunView(folder).load().problems
    assert len(problems) == 21
    assert problems[-1].message == "10 more like these"


def test_a_folder_that_may_not_be_listed(make_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_run(files={"figures/a.png": b"x", "artifacts/b": b"y"})
    real = os.open

    def refuse(path: object, *args: Any, **options: Any) -> int:
        if path == "figures":
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", refuse)
    view = RunView(folder)
    assert view.exists("artifacts/b")
    assert [(p.id, p.severity, p.file) for p in view.problems] == [
        ("path.unreadable", "error", "figures")
    ]


def test_a_folder_that_vanished(make_run: Any) -> None:
    view = RunView(make_run())
    for path in view.folder.iterdir():
        path.unlink()
    view.folder.rmdir()
    assert view.files == []
    assert [problem.id for problem in view.problems] == ["path.unreadable"]


def test_text_of_any_bytes(make_run: Any) -> None:
    view = RunView(make_run(files={"stdout.log": b"a\xffb\x00\x1b[2J"}))
    assert view.text("stdout.log") == "a\ufffdb\x00\x1b[2J"
    assert view.text("stdout.log", limit=3) is None
    assert view.text("gone.log") is None
    assert [problem.id for problem in view.problems] == ["limits.bytes"]


def test_a_view_says_where_it_is(make_run: Any) -> None:
    folder: Path = make_run()
    assert str(folder) in repr(RunView(folder))


def test_what_the_ranks_of_a_job_logged(make_run: Any) -> None:
    line = b'{"step":0,"time":1.0,"metrics":{"loss":%d}}\n'
    end = b'{"event":"end","step":0,"time":2.0,"status":"finished","dropped":{}}\n'
    folder = make_run(
        files={
            "metrics.rank10.jsonl": line % 10 + end,
            "metrics.rank2.jsonl": line % 2 + b"garbage\n" + line.replace(b":0", b":1") % 3,
            "metrics.rank0.jsonl": line % 0,
            "metrics.rank01.jsonl": line % 1,
            "tables/metrics.rank5.jsonl": line % 5,
        }
    )
    view = RunView(folder)
    assert list(view.rank_metrics) == [2, 10]
    assert list(view.rank_metrics[2].series["loss"].values) == [2.0, 3.0]
    assert [event.kind for event in view.rank_metrics[10].events] == ["end"]
    assert [(p.id, p.file, p.line) for p in view.problems] == [
        ("log.bad_line", "metrics.rank2.jsonl", 2)
    ]
