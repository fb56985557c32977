"""What `import reportgen`, `start_run` and the command line cost, beside bare Python."""

from __future__ import annotations

import subprocess
import sys
import tempfile

from measure import Row, commands_in_turn, machine, median, print_rows

ROUNDS = 9
START = """
import sys, time
before = time.perf_counter()
import reportgen
imported = time.perf_counter()
run = reportgen.start_run(config={"lr": 0.1}, name="bench", root=sys.argv[1])
print(imported - before, time.perf_counter() - imported)
run.finish()
"""


def main() -> None:
    python = sys.executable
    spent = commands_in_turn(
        {
            "bare python": [python, "-c", "pass"],
            "import reportgen": [python, "-c", "import reportgen"],
            "reportgen --version": [python, "-m", "reportgen", "--version"],
        },
        rounds=ROUNDS,
    )
    bare = median(spent["bare python"])
    importing = median(spent["import reportgen"])
    version = median(spent["reportgen --version"])
    with tempfile.TemporaryDirectory() as folder:
        starts = [started(folder) for _ in range(ROUNDS)]
    rows = [
        Row("bare python -c pass", f"{bare * 1e3:.0f} ms"),
        Row(
            "import reportgen, above bare",
            f"{(importing - bare) * 1e3:.0f} ms",
            f"{importing / bare:.2f} x bare",
            "<= 60 ms",
        ),
        Row(
            "reportgen --version, whole process",
            f"{version * 1e3:.0f} ms",
            f"{version / bare:.2f} x bare",
            "<= 3 x bare",
        ),
        Row("start_run, first in a process", f"{median(starts) * 1e3:.0f} ms", "", "<= 250 ms"),
    ]
    print_rows(f"Import and start, medians of {ROUNDS}", rows)
    print(f"  {machine()}")


def started(folder: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", START, folder], capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[1])


if __name__ == "__main__":
    main()
