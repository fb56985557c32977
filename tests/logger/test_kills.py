"""Promise 1: what a call logged that returned survives the death of the process.

One interpreter forks the children; each logs as fast as it can, acknowledges every call that
returned by a byte on an unbuffered descriptor, and is killed at a random time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reportgen.runs import lock
from reportgen.runs.metric_log import read_metric_log
from reportgen.runs.view import RunView

KILLS = 200

MOTHER = """
import json, os, random, signal, sys, time
import reportgen.logger.captures as captures
import reportgen.logger.run
from reportgen.runs.schema import Environment, Modules

captures.capture_environment = lambda **given: Environment()
captures.capture_modules = lambda top: Modules()
captures.requirements = lambda top: []

chance = random.Random(7)
for number in range(int(sys.argv[1])):
    kind = ("small", "small", "large", "threads")[number % 4]
    ack = os.open(f"{number}.ack", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        break
    os.close(told)
    os.read(ready, 1)
    time.sleep(chance.uniform(0, 0.005 if kind == "large" else 0.02))
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    os.close(ready)
    os.close(ack)
else:
    sys.exit()

run = reportgen.start_run({"kind": kind}, name=f"kill-{number}", root="runs")
many = {f"layer{i}/gradient_norm_of_the_weights": 0.1234567 * i for i in range(1200)}

def work(thread):
    step = 0
    while True:
        if kind == "large":
            run.log(many, step)
        else:
            run.log({f"loss{thread}": 1 / (step + 1), f"lr{thread}": 0.1}, step)
        os.write(ack, b"%d" % thread)
        step += 1
        if step == 2:
            os.write(told, b".")

if kind == "threads":
    import threading
    for thread in range(1, 8):
        threading.Thread(target=work, args=(thread,), daemon=True).start()
work(0)
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kills")
    ended = subprocess.run(
        [sys.executable, "-c", MOTHER, str(KILLS)], cwd=folder, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return folder


def series_of(folder: Path) -> tuple[dict[str, list[int]], int]:
    """Steps of each thread's records, and how many lines were torn."""
    data = (folder / "metrics.jsonl").read_bytes()
    steps: dict[str, list[int]] = {}
    torn = 0
    for line in data.split(b"\n"):
        if not line:
            continue
        try:
            record: dict[str, Any] = json.loads(line)
        except ValueError:
            torn += 1
            continue
        name = next(iter(record["metrics"]))
        steps.setdefault(name[-1] if name.startswith("loss") else "0", []).append(record["step"])
    return steps, torn


def test_no_acknowledged_record_is_lost(killed: Path) -> None:
    acknowledged = lost = torn = 0
    for number in range(KILLS):
        steps, torn_here = series_of(killed / "runs" / f"kill-{number}")
        acks = (killed / f"{number}.ack").read_text()
        for thread, found in steps.items():
            assert found == list(range(len(found))), "a record stands twice, or is missing"
            lost += max(acks.count(thread) - len(found), 0)
        lost += sum(acks.count(thread) for thread in set(acks) - steps.keys())
        acknowledged += len(acks)
        torn = max(torn, torn_here)
    assert acknowledged > 50 * KILLS
    assert lost == 0
    assert torn <= 1


def test_every_killed_run_is_readable(killed: Path) -> None:
    for number in range(0, KILLS, 10):
        folder = killed / "runs" / f"kill-{number}"
        view = RunView(folder)
        assert view.state == "ended without closing"
        assert view.config == {"kind": ("small", "small", "large", "threads")[number % 4]}
        log = read_metric_log((folder / "metrics.jsonl").read_bytes(), name="m")
        assert {problem.id for problem in log.problems} <= {"log.torn_tail"}
        assert lock.state(folder) == "free"


RESUMED = """
import os, random, signal, sys, time
import reportgen.logger.captures as captures
import reportgen.logger.run
from reportgen.runs.schema import Environment, Modules

captures.capture_environment = lambda **given: Environment()
captures.capture_modules = lambda top: Modules()
captures.requirements = lambda top: []

chance = random.Random(11)
reportgen.start_run({"lr": 1}, name="r", root="runs").finish()
for attempt in range(2, int(sys.argv[1]) + 2):
    ack = os.open(f"{attempt}.ack", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        break
    os.close(told)
    if chance.random() < 0.7:
        os.read(ready, 1)
    time.sleep(chance.uniform(0, 0.02))
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
else:
    reportgen.start_run({"lr": 1}, resume="r", root="runs").finish()
    sys.exit()

run = reportgen.start_run({"lr": attempt}, resume="r", root="runs")
value = 0.0
while True:
    run.log({"loss": value, "attempt": attempt})
    os.write(ack, b".")
    value += 1
    if value == 2:
        os.write(told, b".")
"""


def test_a_run_that_is_killed_and_resumed_over_and_over(tmp_path: Path) -> None:
    kills = 24
    ended = subprocess.run(
        [sys.executable, "-c", RESUMED, str(kills)], cwd=tmp_path, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    folder = tmp_path / "runs" / "r"
    view = RunView(folder).load()
    assert {problem.id for problem in view.problems} <= {"log.torn_tail"}
    assert view.run.status == "finished"
    numbers = view.series["attempt"]
    assert list(numbers.steps) == list(range(len(numbers))), "a step is lost or stands twice"
    for number in {int(number) for number in numbers.values}:
        at = [i for i, value in enumerate(numbers.values) if value == number]
        values = [view.series["loss"].values[i] for i in at]
        assert values == [float(value) for value in range(len(values))]
        assert len(values) >= len((tmp_path / f"{number}.ack").read_bytes())
    acknowledged = [n for n in range(2, kills + 2) if (tmp_path / f"{n}.ack").read_bytes()]
    assert set(acknowledged) <= {int(number) for number in numbers.values}
    assert len(acknowledged) > kills // 2
    told = [event.attempt for event in view.metrics.events]
    assert told == sorted(set(told)), "two attempts have one number"
    assert view.run.attempt == max(told)
