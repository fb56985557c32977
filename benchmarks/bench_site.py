"""What a site costs: cold, after one run was touched, and what a browser loads before a curve.

Usage: bench_site.py [RUNS [STEPS]]: RUNS synthetic runs of ten metrics, written by the writer that
trainings use. Beside them, in the same run of this program: parsing the same bytes with orjson.
"""

from __future__ import annotations

import gzip
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_audit_build import METRICS, parse_seconds, touch, write_runs
from measure import Row, machine, print_rows

REST_SECONDS = 2.1
"""A run that was written to within two seconds is not kept from build to build."""


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000
    with tempfile.TemporaryDirectory() as folder:
        os.environ["REPORTGEN_CACHE_DIR"] = str(Path(folder, "cache"))
        measure_in(Path(folder), runs, steps)
    print(f"  {machine()}")


def measure_in(folder: Path, runs: int, steps: int) -> None:
    root, site = folder / "runs", folder / "site"
    write_runs(root, runs, steps)
    floor = parse_seconds(root)
    start = build(folder / "none", root, "--help")
    time.sleep(REST_SECONDS)
    cold = build(site, root)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    idle = build(site, root)
    touch(next(path.parent for path in sorted(root.rglob("run.yaml"))))
    touched = build(site, root)
    loaded = before_a_curve(site)
    rows = [
        Row(f"orjson alone, {runs} x {METRICS} x {steps}", f"{floor:.2f} s"),
        Row("cold, processor time", f"{cold:.2f} s", f"{cold / floor:.0f} x orjson", "<= 4 x"),
        Row("cold, a run", f"{(cold - start) / runs * 1e3:.1f} ms"),
        Row("after nothing changed", f"{idle:.2f} s", f"{idle / cold:.1%} of cold"),
        Row(
            "after one run was touched",
            f"{touched:.2f} s",
            f"{touched / cold:.1%} of cold",
            "<= 5 %",
        ),
        Row("  less the start of the program", f"{touched - start:.2f} s"),
        Row("peak memory", f"{peak:.0f} MB", "", "<= 500 MB"),
        Row("compressed, before the overview's curves", f"{loaded / 1e6:.2f} MB", "", "<= 1 MB"),
    ]
    print_rows(f"Site of {runs} runs", rows)


def build(site: Path, root: Path, *more: str) -> float:
    """Build, and return the processor time of it in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "reportgen", "build", str(root), "-o", str(site), *more]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode not in (0, 3):
        sys.exit(f"exit status {done.returncode}\n{done.stderr.decode()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def before_a_curve(site: Path) -> int:
    """Return the compressed bytes of the overview, its scripts, styles and drawn curves."""
    page = (site / "index.html").read_text(encoding="utf-8")
    paths = set(re.findall(r'(?:src|href)="((?:assets|data)/[^"]+)"', page))
    for attribute in ("data-vega", "data-charts"):
        paths |= set(re.findall(rf'{attribute}="([^"]*)"', page)[0].split())
    paths |= set(re.findall(r"&#34;path&#34;:&#34;([^&]+)&#34;", page))
    files = [site / "index.html", *(site / path for path in paths)]
    return sum(len(gzip.compress(file.read_bytes(), 6)) for file in files)


if __name__ == "__main__":
    main()
