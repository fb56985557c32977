"""What the audit of many runs costs a run, and that of one from a cold start, in processor time.

Usage: bench_audit.py [RUNS [STEPS]]: RUNS sealed runs (200) of ten metrics and STEPS records
(1,000) each, of a hundred packages, once where there is no repository and no checkpoint, once in
one repository with two checkpoints of 2 MB a run. Their documents come from the writer that
trainings use; only the numbers are made. Processor time is that of the process and of the git
processes that it started.
"""

from __future__ import annotations

import io
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from measure import Row, machine, print_rows

PACKAGES = {f"package-{number:03d}": f"1.{number}.0" for number in range(98)}
NAMES = ("train/loss", "train/lr", "train/grad_norm", "train/accuracy", "train/perplexity")
METRICS = (*NAMES, "val/loss", "val/accuracy", "val/f1", "val/precision", "val/recall")
CHECKPOINT = 2 * 2**20


@dataclass(frozen=True, slots=True)
class Spent:
    """What one process cost: processor seconds with its children's, and peak memory in MB."""

    seconds: float
    megabytes: float


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000
    with tempfile.TemporaryDirectory() as folder:
        measure_in(Path(folder), runs, steps)


def measure_in(folder: Path, runs: int, steps: int) -> None:
    plain, whole, alone = folder / "plain", folder / "lab", folder / "alone" / "run"
    write_runs(whole, plain, runs, steps)
    shutil.copytree(next(plain.rglob("run.yaml")).parent, alone)
    audit = [sys.executable, "-m", "reportgen", "audit"]
    bare = median_of([sys.executable, "-c", "pass"], rounds=9)
    cold = median_of([*audit, str(alone)], rounds=9)
    without = median_of([*audit, str(plain)], rounds=3)
    within = median_of([*audit, str(whole)], rounds=3)
    hashing = hash_seconds(whole)
    each = (without.seconds - cold.seconds) / (runs - 1)
    each_lab = (within.seconds - cold.seconds) / (runs - 1)
    rows = [
        Row("bare python", f"{bare.seconds * 1e3:.0f} ms"),
        Row(
            "one run, cold process",
            f"{cold.seconds * 1e3:.0f} ms",
            f"{cold.seconds / bare.seconds:.1f} x bare python",
            "<= 300 ms",
        ),
        Row(
            f"{runs} runs without git and checkpoints",
            f"{without.seconds:.2f} s",
            f"{without.seconds / bare.seconds:.0f} x bare python",
            f"<= {5 * runs / 200:.1f} s",
        ),
        Row("  each run more", f"{each * 1e3:.1f} ms", "", "<= 5 ms"),
        Row("  peak memory", f"{without.megabytes:.0f} MB"),
        Row(
            f"{runs} runs with git and 4 MB of checkpoints each",
            f"{within.seconds:.2f} s",
            f"{within.seconds / bare.seconds:.0f} x bare python",
        ),
        Row("  each run more", f"{each_lab * 1e3:.1f} ms", "", "<= 25 ms"),
        Row("  of it, hashing the same files", f"{hashing / runs * 1e3:.1f} ms"),
        Row("  peak memory", f"{within.megabytes:.0f} MB"),
    ]
    print_rows(f"Audit, {runs} runs x {len(METRICS)} metrics x {steps} steps, all checks", rows)
    print(f"  {machine()}")


def write_runs(lab: Path, plain: Path, runs: int, steps: int) -> None:
    """Write runs of many settings, three seeds each, and a copy of each without its checkpoints.

    Args:
        lab: The repository that the runs lie in, made around them.
        plain: Takes the copies; it lies in no repository.
        runs: How many.
        steps: Records of each.
    """
    from reportgen.runs.reader import open_reader
    from reportgen.runs.writer import seal
    from reportgen.testing import make_repository, make_run
    from reportgen.testing.repositories import FILES, lock_file

    packages = {**PACKAGES, "numpy": "2.4.6", "torch": "2.13.0"}
    lock = lock_file(packages)
    make_repository(lab, {**FILES, "uv.lock": lock})
    code: dict[str, Any] = {}
    for number in range(runs):
        files = {
            "requirements.txt": "".join(f"{n}=={v}  # index\n" for n, v in packages.items()),
            "lock/uv.lock": lock,
        }
        run = make_run(
            lab / "runs",
            f"mlp_digits_lr{number // 3}_seed{number}",
            seed=number,
            repository=None if code else lab,
            git=code,
            config={"lr": 0.1 + number // 3},
            metrics=records(steps, number),
            environment={"packages": packages},
            captured={"modules": {"third_party": {name: name for name in packages}}},
            run={"planned": {"steps": steps, "epochs": None}},
            files=files | checkpoints(number, steps),
            checkpoints=False,
        )
        code = code or open_reader(run).raw("git_info.yaml")
        copy = plain / run.relative_to(lab)
        shutil.copytree(run, copy, ignore=shutil.ignore_patterns("checkpoints"))
        seal(copy)


def records(steps: int, number: int) -> list[dict[str, Any]]:
    """Records of a training: what falls falls, what rises rises, no value is round."""
    return [
        {
            "step": step,
            "time": 1_767_323_045.0 + step / 4,
            "metrics": {
                name: math.exp(-step / 300) * (1 + index / 7) + math.sin(step + number) / 1e3
                for index, name in enumerate(METRICS)
            },
        }
        for step in range(steps)
    ]


def checkpoints(number: int, steps: int) -> dict[str, bytes]:
    """Two files of 2 MB and 60 tensors, with their descriptions, that no other run has."""
    from reportgen.testing.media import checkpoint_bytes

    found = {}
    for epoch in (8, 9):
        archive = io.BytesIO(checkpoint_bytes(epoch, tensors=60))
        with zipfile.ZipFile(archive, "a") as members:
            members.writestr("archive/data/60", number.to_bytes(4, "big") * (CHECKPOINT // 4))
        data = archive.getvalue()
        described = {
            "epoch": epoch,
            "step": (epoch + 1) * steps // 10 - 1,
            "metric": {"name": "val/accuracy", "value": 0.5},
            "bytes": len(data),
            "sha256": sha256(data).hexdigest(),
            "format": "torch",
            "tensors": 60,
        }
        found[f"checkpoints/checkpoint_epoch_{epoch}.pt"] = data
        found[f"checkpoints/checkpoint_epoch_{epoch}.json"] = json.dumps(described).encode()
    return found


def hash_seconds(root: Path) -> float:
    """Return the processor seconds of hashing every file below a folder."""
    program = (
        "import hashlib, pathlib, sys\n"
        "for path in pathlib.Path(sys.argv[1]).rglob('*'):\n"
        "    if path.is_file():\n"
        "        hashlib.file_digest(path.open('rb'), 'sha256')\n"
    )
    return median_of([sys.executable, "-c", program, str(root)], rounds=3).seconds


def median_of(command: Sequence[str], *, rounds: int) -> Spent:
    """Return the median of some rounds of a process, after one that warms the file cache up."""
    spent = [once(command) for _ in range(rounds + 1)][1:]
    return Spent(
        statistics.median(one.seconds for one in spent), max(one.megabytes for one in spent)
    )


def once(command: Sequence[str]) -> Spent:
    """Run a process to its end; its output goes to a file, as in a job."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1):
            said.seek(0)
            sys.exit(f"{' '.join(command)}: {process.returncode}\n{said.read().decode()[-2000:]}")
    return Spent(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
