"""Two real processes of one job: one run, written by rank 0, or metrics of both ranks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from forked_programs import document, metrics_of, only_run

import reportgen
from reportgen.errors import UsageError
from reportgen.logger import rank_mark, rank_run
from reportgen.logger.rank_run import RankRun
from reportgen.logger.silent import SilentRun
from reportgen.runs.schema import Environment, Modules
from reportgen.runs.view import RunView

QUICK = """
import os, sys, time
import reportgen
import reportgen.logger.captures as captures
from reportgen.runs.schema import Environment, Modules

captures.capture_environment = lambda **given: Environment()
captures.capture_modules = lambda top: Modules()
captures.requirements = lambda top: []
rank = int(os.environ["RANK"])

def meet(run):
    # rank 0 must not be over before rank 1 has begun
    deadline = time.monotonic() + 30
    while rank == 0 and time.monotonic() < deadline:
        own = run.folder / "metrics.rank1.jsonl"
        if own.exists() and own.read_bytes().count(b'"resume"') == run.context.run.attempt - 1:
            return
        time.sleep(0.01)
"""
EVERY_RANK = (
    QUICK
    + """
given = {"name": "p/r"} if "TORCHELASTIC_RUN_ID" not in os.environ else {}
if rank == 0:
    time.sleep(0.3)
with reportgen.start_run({"lr": 1}, root="runs", ranks="all", **given) as run:
    for step in range(20):
        run.log({"loss": float(rank), "step": step}, step)
    run.log({"loss": None})
    run.save_checkpoint(b"weights", epoch=1)
    meet(run)
    print("printed by", rank)
    if rank == 1:
        time.sleep(0.5)
"""
)
GLOO = """
import sys
import torch, torch.distributed as dist, torch.multiprocessing as mp
import reportgen

def train(rank, ranks, address):
    dist.init_process_group("gloo", init_method=address, rank=rank, world_size=2)
    with reportgen.start_run({"lr": 1}, name=f"run-{ranks}", root="runs", ranks=ranks) as run:
        total = torch.tensor(float(rank + 1))
        dist.all_reduce(total)
        run.log({"total": total, "own": rank}, step=0)
    dist.destroy_process_group()

if __name__ == "__main__":
    for ranks in ("first", "all"):
        mp.spawn(train, (ranks, f"file://{sys.argv[1]}/meet-{ranks}"), nprocs=2)
"""


def both(folder: Path, program: str, **environ: str) -> list[subprocess.CompletedProcess[str]]:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=folder,
            env={**os.environ, "RANK": rank, "WORLD_SIZE": "2", **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in ("0", "1")
    ]
    ended = []
    for process in started:
        out, err = process.communicate(timeout=120)
        ended.append(subprocess.CompletedProcess(process.args, process.returncode, out, err))
    for result in ended:
        assert result.returncode == 0, result.stderr
    return ended


def rank_1_of(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "metrics.rank1.jsonl").read_bytes().splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    captures = "reportgen.logger.captures"
    monkeypatch.setattr(f"{captures}.capture_environment", lambda **given: Environment())
    monkeypatch.setattr(f"{captures}.capture_modules", lambda top: Modules())
    monkeypatch.setattr(f"{captures}.requirements", lambda top: [])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("environ", [{}, {"TORCHELASTIC_RUN_ID": "job-1"}])
def test_every_rank_logs_into_the_one_folder(tmp_path: Path, environ: Mapping[str, str]) -> None:
    both(tmp_path, EVERY_RANK, **environ)
    folder = only_run(tmp_path)
    run = document(folder)
    assert (run["ranks"], run["status"], run["dropped"]) == (2, "finished", {"metric values": 1})
    assert [record["metrics"]["loss"] for record in metrics_of(folder)] == [0.0] * 20
    *records, end = rank_1_of(folder)
    assert [record["metrics"]["loss"] for record in records] == [1.0] * 20
    assert [record["step"] for record in records] == list(range(20))
    assert (end["event"], end["status"], end["step"]) == ("end", "finished", 19)
    assert end["dropped"] == {"metric values": 1}
    assert (folder / "stdout.log").read_text() == "printed by 0\n"
    assert len(list((folder / "checkpoints").glob("*.bin"))) == 1
    listed = {entry["path"] for entry in document(folder, "manifest.json")["files"]}
    assert "metrics.rank1.jsonl" in listed, "rank 0 waits for the others before it seals"
    assert not list(folder.glob(".*"))


def test_the_folder_a_killed_job_left_is_not_taken(quick: Path) -> None:
    killed = QUICK + (
        "run = reportgen.start_run({'lr': 1}, name='p/r', root='runs', ranks='all')\n"
        "run.log({'loss': 5.0}, 0)\nos.kill(os.getpid(), 9)"
    )
    environ = {**os.environ, "RANK": "0", "WORLD_SIZE": "2"}
    subprocess.run([sys.executable, "-c", killed], cwd=quick, env=environ, capture_output=True)
    left = quick / "runs" / "p" / "r"
    assert (left / ".ranks.tmp").exists()
    both(quick, EVERY_RANK)
    assert not (left / "metrics.rank1.jsonl").exists()
    assert len(rank_1_of(quick / "runs" / "p" / "r-2")) == 21

    resume = QUICK + (
        "with reportgen.start_run({'lr': 1}, resume='r', root='runs', ranks='all') as run:\n"
        "    run.log({'loss': 6.0})\n    meet(run)\n"
    )
    for attempt in (2, 3):
        both(quick, resume)
        assert document(left)["attempt"] == attempt
    events = [(r.get("event"), r["step"], r.get("attempt")) for r in rank_1_of(left)]
    assert events == [
        *[("resume", 0, 2), (None, 0, None), ("end", 0, None)],
        *[("resume", 1, 3), (None, 1, None), ("end", 1, None)],
    ]


@pytest.mark.slow
def test_two_processes_of_gloo(tmp_path: Path) -> None:
    pytest.importorskip("torch.distributed")
    script = tmp_path / "train.py"
    script.write_text(GLOO)
    environ = {name: value for name, value in os.environ.items() if name != "RANK"}
    ended = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["run-all", "run-first"]
    for ranks in ("first", "all"):
        folder = tmp_path / "runs" / f"run-{ranks}"
        assert document(folder)["ranks"] == 2
        assert [r["metrics"] for r in metrics_of(folder)] == [{"total": 3.0, "own": 0}]
        assert (folder / "metrics.rank1.jsonl").exists() == (ranks == "all")
    assert rank_1_of(folder)[0]["metrics"] == {"total": 3.0, "own": 1}
    assert set(RunView(folder).rank_metrics) == {1}


def test_without_name_and_launcher_they_could_not_meet(
    quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        monkeypatch.setenv("WORLD_SIZE", "2")
        with pytest.raises(UsageError, match="Pass name=, or start with torchrun"):
            reportgen.start_run(ranks="all")
    monkeypatch.setenv("WORLD_SIZE", "1")
    monkeypatch.setenv("RANK", "0")
    reportgen.start_run(ranks="all").finish()


def test_a_rank_that_finds_nothing_goes_on_without_a_run(
    quick: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rank_run, "WAIT_SECONDS", 0.2)
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    run = reportgen.start_run(name="r", ranks="all")
    assert type(run) is SilentRun
    assert [message for message in caplog.messages if "no run of rank 0" in message]


def test_rank_0_does_not_wait_for_ever_for_one_that_goes_on(
    quick: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rank_mark, "END_SECONDS", 0.2)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    first = reportgen.start_run({"lr": 1}, name="r", ranks="all")
    monkeypatch.setenv("RANK", "1")
    second = reportgen.start_run({"lr": 1}, name="r", ranks="all")
    assert type(second) is RankRun
    assert (second.name, second.id) == ("r", first.id)
    second.log({"a": 1.0}, 0)
    first.finish()
    second.log({"a": 2.0}, 1)
    second.finish()
    second.finish()
    listed = {entry["path"] for entry in document(first.folder, "manifest.json")["files"]}
    assert "metrics.rank1.jsonl" not in listed
    assert [message for message in caplog.messages if "not under the seal" in message]
    assert [record["step"] for record in rank_1_of(first.folder)] == [0, 1, 1]


def test_a_rank_that_is_replayed_stops_with_the_others(
    quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    first = reportgen.start_run(name="r", ranks="all")
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("REPORTGEN_STOP_AFTER_STEP", "1")
    second = reportgen.start_run(name="r", ranks="all")
    second.log({"a": 1.0}, 0)
    second.log({"a": 1.0}, 1)
    with pytest.raises(SystemExit), second:
        second.log({"a": 1.0}, 2)
    first.finish()
    *records, end = rank_1_of(first.folder)
    assert [record["step"] for record in records] == [0, 1]
    assert end["status"] == "finished"


def test_a_mark_of_another_host_counts_while_it_is_new(
    quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = quick / "runs" / "r"
    folder.mkdir(parents=True)
    rank_mark.invite_ranks(folder, "job")
    place = rank_mark.Place(None, None, "r")
    find = rank_mark.folder_of_job
    assert find("job", quick / "runs", place, None) is None, "nobody holds the lock"
    monkeypatch.setattr(rank_mark, "_host", lambda: "elsewhere")
    assert find("job", quick / "runs", place, None) == folder
    assert find("other", quick / "runs", place, None) is None
    past = time.time() - 3600
    os.utime(folder / ".ranks.tmp", (past, past))
    assert find("job", quick / "runs", place, None) is None
    (folder / ".ranks.tmp").write_text("{")
    assert find("job", quick / "runs", place, None) is None
