"""What auditing and building cost a run, beside parsing the same bytes with orjson.

Usage: bench_audit_build.py [RUNS [STEPS]]: RUNS synthetic runs of ten metrics; the documents come
from the same writer that trainings use, so that their shape is real and only the numbers are made.
"""

from __future__ import annotations

import math
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
from measure import Row, commands_in_turn, machine, median, print_rows

METRICS = 10


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000
    with tempfile.TemporaryDirectory() as folder:
        measure_in(Path(folder), runs, steps)


def measure_in(folder: Path, runs: int, steps: int) -> None:
    root = folder / "runs"
    write_runs(root, runs, steps)
    floor = parse_seconds(root)
    command = [sys.executable, "-m", "reportgen"]
    one = next(path.parent for path in sorted(root.rglob("run.yaml")))
    spent = commands_in_turn(
        {
            "bare python": [sys.executable, "-c", "pass"],
            "audit one run": [*command, "audit", str(one)],
        },
        rounds=5,
    )
    bare, single = median(spent["bare python"]), median(spent["audit one run"])
    audit_all = seconds_of([*command, "audit", str(root)])
    site = folder / "site"
    cold = seconds_of([*command, "build", str(root), "-o", str(site)])
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    shutil.rmtree(folder / "again", ignore_errors=True)
    touch(one)
    warm = seconds_of([*command, "build", str(root), "-o", str(site)])
    rows = [
        Row(f"orjson alone, {runs} x {METRICS} x {steps}", f"{floor:.2f} s"),
        Row(
            "audit of one run, cold process",
            f"{single * 1e3:.0f} ms",
            f"{single / bare:.1f} x bare python",
            "<= 300 ms",
        ),
        Row("audit, a run", f"{(audit_all - bare) / runs * 1e3:.1f} ms", "", "<= 25 ms with git"),
        Row("build, cold", f"{cold:.2f} s", f"{cold / floor:.1f} x orjson", "<= 4 x a core"),
        Row("build, a run", f"{cold / runs * 1e3:.1f} ms"),
        Row("build after one run changed", f"{warm:.2f} s", f"{warm / cold:.0%} of cold", "<= 5 %"),
        Row("peak memory of any of these", f"{peak:.0f} MB", "", "<= 500 MB"),
    ]
    print_rows(f"Audit and build, {runs} runs", rows)
    print(f"  {machine()}")


def write_runs(root: Path, runs: int, steps: int) -> None:
    from reportgen.testing import make_run

    for number in range(runs):
        records = [
            {
                "step": step,
                "time": 1.7e9 + step,
                "metrics": {
                    f"{split}/m{index}": math.exp(-step / 300 * (index + 1)) + number / 1e3
                    for split in ("train", "val")
                    for index in range(METRICS // 2)
                },
            }
            for step in range(steps)
        ]
        make_run(root, name=f"run{number:05d}", metrics=records, config={"lr": number / 10})


def parse_seconds(root: Path) -> float:
    files = sorted(root.rglob("metrics.jsonl"))
    before = time.process_time()
    for path in files:
        for line in path.read_bytes().split(b"\n"):
            if line:
                orjson.loads(line)
    return time.process_time() - before


def touch(run: Path) -> None:
    with open(run / "metrics.jsonl", "ab") as file:
        file.write(b'{"step":1000000,"time":1.7e9,"metrics":{"train/m0":0.5}}\n')


def seconds_of(command: list[str]) -> float:
    before = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode not in (0, 1, 3):
        sys.exit(f"{command[3]}: exit status {done.returncode}\n{done.stderr.decode()[-2000:]}")
    return time.perf_counter() - before


if __name__ == "__main__":
    main()
