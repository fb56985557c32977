"""Going on with a run in its own folder: one run, attempts told apart, nothing lost of before."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from forked_programs import Programs, document, metrics_of, only_run

import reportgen
from reportgen.errors import UsageError
from reportgen.fs.hashing import sha256_file
from reportgen.logger.resume import read_tail
from reportgen.runs.schema import Compute, Environment, Modules
from reportgen.runs.view import RunView
from reportgen.runs.writer import build_manifest


@pytest.fixture(autouse=True)
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    captures = "reportgen.logger.captures"
    monkeypatch.setattr(f"{captures}.capture_environment", lambda **given: Environment())
    monkeypatch.setattr(f"{captures}.capture_modules", lambda top: Modules())
    monkeypatch.setattr(f"{captures}.requirements", lambda top: ["a==1  # index"])
    monkeypatch.setattr(f"{captures}.imported_packages", dict)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def first_attempt(config: Any = None, **given: Any) -> Path:
    with reportgen.start_run(config or {"lr": 0.1, "epochs": 2}, name="r", **given) as run:
        run.define_metric("val/accuracy", goal="maximize", unit="fraction")
        for step in range(5):
            run.log({"train/loss": 1 / (step + 1)}, step)
            print("first", step)
            if step in (1, 3):
                run.log({"val/accuracy": step / 10}, step)
                run.save_checkpoint(b"weights", epoch=step // 2, metric=("val/accuracy", step / 10))
    return run.folder


def test_one_folder_and_one_run(quick: Path) -> None:
    folder = first_attempt(notes="Why?", tags={"a": 1})
    before = document(folder)
    with reportgen.start_run({"lr": 0.1, "epochs": 2}, resume=folder, tags=["again"]) as run:
        run.log({"train/loss": 0.05})
        print("second")
    assert run.folder == folder == only_run(quick)
    after = document(folder)
    for key in ("id", "name", "created", "notes", "checkpoints"):
        assert after[key] == before[key]
    assert (after["attempt"], after["resumed_from"]) == (2, None)
    assert (after["status"], after["exit_code"]) == ("finished", 0)
    assert after["ended"] > before["ended"]
    assert after["tags"] == {"a": 1, "again": True}
    assert (folder / "stdout.log").read_text().splitlines()[-2:] == ["first 4", "second"]
    log = (folder / "training.log").read_text()
    assert log.count("started: r") == 1
    assert log.count("attempt 2: r") == 1


def test_the_marker_parts_the_attempts(quick: Path) -> None:
    folder = first_attempt()
    with reportgen.start_run(resume=folder) as run:
        run.log({"train/loss": 0.05})
    *_, marker, record = metrics_of(folder)
    assert (marker["event"], marker["step"], marker["attempt"]) == ("resume", 5, 2)
    assert record["step"] == 5, "a step that is left out goes on"
    series = RunView(folder).series["train/loss"]
    assert list(series.attempts) == [1] * 5 + [2]


def test_from_a_checkpoint_the_later_points_are_replaced(quick: Path) -> None:
    folder = first_attempt()
    checkpoint = folder / "checkpoints" / "checkpoint_epoch_0.bin"
    with reportgen.start_run(resume=checkpoint) as run:
        run.log({"train/loss": 9.0})
        run.log({"train/loss": 8.0})
        kept = run.save_checkpoint(b"other", epoch=0, metric=("val/accuracy", 0.9))
    assert document(folder)["resumed_from"] == "checkpoints/checkpoint_epoch_0.bin"
    view = RunView(folder)
    assert view.series["train/loss"].settled() == [(0, 1.0), (1, 0.5), (2, 9.0), (3, 8.0)]
    assert kept is not None
    assert checkpoint.read_bytes() == b"weights", "a checkpoint is never overwritten"
    assert view.summary.metrics["val/accuracy"].last == 0.3


def test_the_old_seal_and_the_new_one_hold(quick: Path) -> None:
    folder = first_attempt()
    old = document(folder, "manifest.json")
    with reportgen.start_run({"lr": 0.2, "epochs": 2}, resume=folder) as run:
        run.log({"train/loss": 0.05})
    assert document(folder, "manifest.1.json") == old
    new = document(folder, "manifest.json")
    assert new["files"] == [
        {"path": entry.path, "bytes": entry.bytes, "sha256": entry.sha256}
        for entry in build_manifest(folder).files
    ]
    prefix = next(entry for entry in old["files"] if entry["path"] == "metrics.jsonl")
    (folder / "prefix").write_bytes((folder / "metrics.jsonl").read_bytes()[: prefix["bytes"]])
    assert sha256_file(folder, "prefix")[0] == prefix["sha256"]
    for name in ("config.yaml", "environment.yaml"):
        entry = next(entry for entry in old["files"] if entry["path"] == name)
        assert sha256_file(folder, f"attempts/1/{name}")[0] == entry["sha256"]


def test_a_changed_configuration_is_said_and_both_are_kept(
    quick: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = first_attempt()
    with caplog.at_level(logging.WARNING, "reportgen"):
        reportgen.start_run({"lr": 0.1, "epochs": 9, "new": "x"}, resume=folder).finish()
    (said,) = [text for text in caplog.messages if "configuration" in text]
    assert "epochs 2 -> 9, new absent -> 'x'" in said
    assert document(folder, "config.yaml") == {"lr": 0.1, "epochs": 9, "new": "x"}
    assert document(folder, "attempts/1/config.yaml") == {"lr": 0.1, "epochs": 2}
    assert document(folder, "attempts/1/attempt.yaml")["attempt"] == 1


def test_what_an_attempt_did_not_change_stands_once(
    quick: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = first_attempt()
    with caplog.at_level(logging.WARNING, "reportgen"):
        reportgen.start_run({"lr": 0.1, "epochs": 2}, resume=folder).finish()
    assert not [text for text in caplog.messages if "configuration" in text]
    left = {path.name for path in (folder / "attempts" / "1").iterdir()}
    assert "attempt.yaml" in left
    assert not left & {"config.yaml", "requirements.txt", "data.yaml"}


def test_without_a_configuration_that_of_the_run_stays(quick: Path) -> None:
    folder = first_attempt()
    with reportgen.start_run(resume="r") as run:
        assert run.config.lr == 0.1
    assert document(folder, "config.yaml") == {"lr": 0.1, "epochs": 2}


def test_what_is_counted_adds_up(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = first_attempt(data=[{"name": "api", "url": "https://example.org/d"}])
    run = reportgen.start_run(resume=folder, checkpoints={"keep_last": 1, "best": "val/accuracy"})
    run.log({"train/loss": None}, 9)
    run.log({"val/accuracy": "x"}, 9)
    run.save_checkpoint(b"third", epoch=5, metric=("val/accuracy", 0.1))
    run.finish()
    first = document(folder)
    assert first["dropped"] == {"metric values": 2}, "names of earlier attempts are known"
    assert [entry["rule"] for entry in first["left_out"]] == ["keep_last"]
    seconds = document(folder, "environment.yaml")["compute"]["wall_seconds"]
    run = reportgen.start_run(resume=folder)
    assert run.context.definitions["val/accuracy"].unit == "fraction"
    run.log({"val/accuracy": None}, 10)
    run.finish()
    last = document(folder)
    assert last["dropped"] == {"metric values": 3}
    assert last["left_out"] == first["left_out"]
    assert last["overhead_seconds"]["captures"] > first["overhead_seconds"]["captures"]
    assert document(folder, "environment.yaml")["compute"]["wall_seconds"] > seconds


def test_what_is_thinned_stays_thinned_and_is_said(quick: Path) -> None:
    with reportgen.start_run(name="r") as run:
        run.define_metric("often", every=10)
        for step in range(20):
            run.log({"often": step}, step)
    assert document(run.folder)["left_out"] == [
        {"what": "all but one of every 10 points", "where": "metrics.jsonl: often", "rule": "every"}
    ]
    with reportgen.start_run(resume="r") as run:
        for step in range(20, 40):
            run.log({"often": step}, step)
    assert list(RunView(run.folder).series["often"].values) == [0, 10, 20, 30]
    assert len(document(run.folder)["left_out"]) == 1
    assert document(run.folder, "metrics.yaml")["metrics"]["often"]["every"] == 10


def test_files_kept_elsewhere_stay_in_the_seal(quick: Path) -> None:
    with reportgen.start_run(name="r") as run:
        (quick / "big.bin").write_bytes(b"big")
        run.log_artifact(quick / "big.bin", uri="https://example.org/big.bin")
    reportgen.start_run(resume="r").finish()
    listed = document(run.folder, "manifest.json")["files"]
    assert [entry["uri"] for entry in listed if entry.get("uri")] == ["https://example.org/big.bin"]


def test_a_run_that_is_written_is_refused(quick: Path) -> None:
    with reportgen.start_run({"a": 1}, name="r") as run:
        before = {path: path.read_bytes() for path in quick.rglob("*.yaml")}
        with pytest.raises(UsageError, match="still writes this run"):
            reportgen.start_run({"a": 2}, resume="r")
        assert document(run.folder)["attempt"] == 1
        assert before.keys() <= set(quick.rglob("*.yaml"))
        run.log({"a": 1.0})
    assert document(run.folder)["status"] == "finished"
    assert len(metrics_of(run.folder)) == 1


def test_a_folder_that_cannot_be_written_to_is_refused(
    quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = first_attempt()
    content = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (folder / "metrics.jsonl").rename(folder / "elsewhere")
    (folder / "metrics.jsonl").mkdir()
    with pytest.raises(UsageError, match="cannot be gone on with: Is a directory"):
        reportgen.start_run(resume=folder)
    (folder / "metrics.jsonl").rmdir()
    (folder / "elsewhere").rename(folder / "metrics.jsonl")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == content


def test_a_killed_run_with_a_torn_tail(tmp_path: Path) -> None:
    programs = Programs()
    try:
        ended = programs.run(
            tmp_path,
            """
            import os, time, reportgen
            run = reportgen.start_run({"lr": 1}, name="r", root="runs")
            for step in range(50):
                run.log({"a": float(step)}, step)
            time.sleep(0.2)
            run.log({"a": 50.0}, 50)
            os.kill(os.getpid(), 9)
            """,
            captures=False,
        )
    finally:
        programs.close()
    assert ended.status == -signal.SIGKILL
    folder = tmp_path / "runs" / "r"
    with open(folder / "metrics.jsonl", "ab") as file:
        file.write(b'{"step":51,"ti')
    with reportgen.start_run({"lr": 1}, resume="r", root="runs") as run:
        run.log({"a": 51.0})
    view = RunView(folder)
    series = view.series["a"]
    assert list(series.steps) == list(range(52))
    assert list(series.attempts) == [1] * 51 + [2]
    assert [problem.id for problem in view.metrics.problems] == ["log.torn_tail"]
    assert view.environment is not None
    assert isinstance(view.environment.compute, Compute)
    assert (view.environment.compute.wall_seconds or 0) > 0.2, "up to its last record"
    assert (folder / "manifest.json").exists()
    assert not (folder / "manifest.1.json").exists()


def test_a_marker_that_the_disk_refuses_comes_before_the_next_record(
    quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = first_attempt()
    real, left = os.write, [2]

    def write(descriptor: int, data: Any) -> int:
        if left[0] and b'"resume"' in bytes(data):
            left[0] -= 1
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    with reportgen.start_run(resume=folder) as run:
        run.log({"train/loss": 0.1}, 5)
        run.log({"train/loss": 0.2}, 6)
    *_, marker, record = metrics_of(folder)
    assert marker["event"] == "resume"
    assert record["step"] == 6
    assert document(folder)["dropped"] == {"metrics": 1}


def test_many_attempts_and_each_is_told_apart(quick: Path) -> None:
    folder = first_attempt()
    for attempt in range(2, 6):
        with reportgen.start_run({"lr": 0.1 * attempt}, resume=folder) as run:
            run.log({"train/loss": 1.0 * attempt}, step=attempt)
    view = RunView(folder)
    assert view.run.attempt == 5
    assert view.series["train/loss"].settled() == [(0, 1.0), (1, 0.5)] + [
        (attempt, float(attempt)) for attempt in range(2, 6)
    ]
    kept = [document(folder, f"attempts/{n}/config.yaml")["lr"] for n in range(1, 5)]
    assert kept == [0.1, 0.2, 0.1 * 3, 0.4]
    assert sorted(path.name for path in folder.glob("manifest.*")) == [
        *(f"manifest.{n}.json" for n in range(1, 5)),
        "manifest.json",
    ]
    assert view.load().problems == []


def test_a_program_that_was_sent_to_a_folder_leaves_the_run_alone(
    quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = first_attempt()
    content = (folder / "metrics.jsonl").read_bytes()
    monkeypatch.setenv("REPORTGEN_RUN_DIR", str(quick / "replay"))
    with reportgen.start_run({"lr": 0.1}, resume=folder) as run:
        run.log({"train/loss": 1.0}, 5)
    assert run.folder == quick / "replay"
    assert (folder / "metrics.jsonl").read_bytes() == content
    told = document(run.folder)
    assert (told["attempt"], told["parent"]) == (1, document(folder)["id"])


def test_two_programs_resume_one_run_at_once(quick: Path) -> None:
    folder = first_attempt()
    program = (
        "import sys, time, reportgen\n"
        "from reportgen.errors import UsageError\n"
        "try:\n    run = reportgen.start_run({'lr': 1}, resume='r')\n"
        "except UsageError as error:\n    print('refused', error); sys.exit(3)\n"
        "run.log({'train/loss': 0.0})\nprint('have it', flush=True)\nsys.stdin.read()\nrun.finish()"
    )
    command = [sys.executable, "-c", program]
    first = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    assert first.stdout.readline() == "have it\n"
    second = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    first.communicate()
    assert (first.returncode, second.returncode) == (0, 3)
    assert "still writes this run" in second.stdout
    assert [record["attempt"] for record in metrics_of(folder) if "event" in record] == [2]


@pytest.mark.parametrize(
    ("lines", "last"),
    [
        ([], -1),
        ([{"step": 3, "metrics": {"a": 1}}], 3),
        ([{"step": 3, "metrics": {"a": 1}}, {"event": "resume", "step": 2}], 1),
        ([{"event": "resume", "step": None}, {"step": "x", "metrics": {}}], -1),
        ([[1], 7, {"metrics": 3}, {"step": 2, "metrics": {"b": 1}}], 2),
    ],
)
def test_the_tail_tells_the_last_step(tmp_path: Path, lines: list[Any], last: int) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text("garbage\n" + "".join(json.dumps(line) + "\n" for line in lines))
    descriptor = os.open(path, os.O_RDONLY)
    try:
        assert read_tail(descriptor).last_step == last
    finally:
        os.close(descriptor)
