"""Compare the metrics of a replay with the recorded ones, with the standard library alone.

reproduce.sh carries this file as text and runs it as ``python -I comparison.py FOLDER`` from its
new folder, so nothing of reportgen is imported here and no apostrophe may stand in it. FOLDER is
the one that the script lies in. Ends with 0 when all is equal or within the band, 1 when
something differs, 3 when there is nothing to compare.
"""

import json
import math
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BAND = 1e-5
ROWS = 40
MEASURES_THE_MACHINE = re.compile(
    r"(?:^|[/_. -])(?:time|times|sec|secs|seconds|ms|duration|elapsed|eta|wall|wallclock|runtime"
    r"|throughput|fps|latency|mem|memory|rss|util|utilization|power|watts|temperature)"
    r"(?:[/_. -]|$)",
    re.IGNORECASE,
)
NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

Points = list[tuple[int, float]]


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def show(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def plain(value: object, length: int = 200) -> str:
    text = "".join(char if char.isprintable() else "?" for char in str(value))
    return text if len(text) <= length else f"{text[:length]}..."


def fact(name: str) -> Any:
    return json.loads(HERE.joinpath(name).read_text("utf-8"))


def main(beside: Path) -> int:
    before = fact("runs_before.json")
    new = [Path(folder) for folder in fact("runs_after.json") if folder not in before]
    if not new:
        say(f"reproduce.sh: the command ended and wrote no run folder below {plain(HERE)}")
        return 3
    replayed = max(new, key=lambda folder: (same_config(folder, beside), folder))
    say(f"  replayed  {plain(replayed)}")
    compare_seeding(replayed, fact("recorded.json")["seeds"])
    there = read_points(replayed / "metrics.jsonl")
    kept = beside / "metrics.jsonl"
    if kept.is_file():
        return judge(read_points(kept), there, whole=finished(beside))
    say("  note      metrics.jsonl is not beside this script: last values alone are compared")
    last = {name: points[-1:] for name, points in there.items()}
    return judge(last_values(fact("recorded.json")["metrics"]), last, whole=True)


def judge(recorded: dict[str, Points], replayed: dict[str, Points], *, whole: bool) -> int:
    """Compare every series but those that measure the machine."""
    verdict = Verdict()
    for name, points in recorded.items():
        if MEASURES_THE_MACHINE.search(name):
            say(f"  note      {plain(name, 60)} measures the machine and is not compared")
        else:
            verdict.add(name, points, replayed.get(name, []), whole=whole)
    if not verdict.rows:
        say("reproduce.sh: the run recorded no metric to compare")
        return 3
    return verdict.tell()


def last_values(recorded: dict[str, Any]) -> dict[str, Points]:
    """The recorded last value of each series as a series of that one point."""
    last: dict[str, Points] = {}
    for name, (value, step, _) in recorded.items():
        value = number(value)
        if value is not None and step is not None:
            last[name] = [(step, value)]
    return last


def number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return NON_FINITE.get(value) if isinstance(value, str) else None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def same_config(run: Path, beside: Path) -> bool:
    try:
        return (run / "config.yaml").read_bytes() == (beside / "config.yaml").read_bytes()
    except OSError:
        return False


def finished(folder: Path) -> bool:
    try:
        text = folder.joinpath("run.yaml").read_text("utf-8", "replace")
    except OSError:
        return True
    return re.search(r"^status: (?!finished)\w+", text, re.MULTILINE) is None


def compare_seeding(run: Path, seeds: Any) -> None:
    """Seeding shows in the states of the generators right after it, which both sides recorded."""
    states = seeds.get("state_sha256", {})
    try:
        environment = run.joinpath("environment.yaml").read_text("utf-8", "replace")
    except OSError:
        return
    other = [library for library, state in states.items() if state not in environment]
    if other:
        say(f"  note      seeded in another way: {plain(other)}")


def read_points(path: Path) -> dict[str, Points]:
    """The series of a metrics.jsonl; what a resumed attempt repeats replaces what was before."""
    series: dict[str, Points] = {}
    current: dict[str, int] = {}
    attempt = 1
    for line in path.read_bytes().split(b"\n"):
        try:
            record = json.loads(line)
            step, values = record.get("step"), record.get("metrics")
        except (ValueError, AttributeError):
            continue
        attempt += record.get("event") == "resume"
        if not isinstance(values, dict) or not isinstance(step, int):
            continue
        for name, value in values.items():
            value = number(value)
            if value is None:
                continue
            points = series.setdefault(name, [])
            if current.setdefault(name, attempt) != attempt:
                current[name] = attempt
                points[:] = [point for point in points if point[0] < step]
            points.append((step, value))
    return series


def difference(a: float, b: float) -> float:
    """Relative to the larger of both; 0 for two NaN, infinite where only one is finite."""
    if a == b or (math.isnan(a) and math.isnan(b)):
        return 0.0
    if not math.isfinite(a) or not math.isfinite(b):
        return math.inf
    return abs(a / 2 - b / 2) / (max(abs(a), abs(b), 1e-300) / 2)


class Verdict:
    """What the comparison of all series found."""

    def __init__(self) -> None:
        self.values = 0
        self.series = 0
        self.worst = (0.0, "")
        self.first: tuple[int, str] | None = None
        self.faults: list[str] = []
        self.rows: list[tuple[str, str, str, str]] = []

    def add(self, name: str, recorded: Points, replayed: Points, *, whole: bool) -> None:
        """Compare one series; with ``whole``, points beyond the recorded ones are a fault too."""
        label = plain(name, 60)
        if not replayed:
            self.faults.append(f"{label} is missing")
            self.rows.append((label, str(recorded[-1][1]), "-", "missing"))
            return
        self.series += 1
        largest = 0.0
        for (step, a), (other_step, b) in zip(recorded, replayed, strict=False):
            if step != other_step:
                self.faults.append(f"{label} has step {other_step} in place of {step}")
                break
            self.values += 1
            relative = difference(a, b)
            largest = max(largest, relative)
            words = f"{label}, step {step}: recorded {a!r}, replayed {b!r}"
            if relative > self.worst[0]:
                self.worst = (relative, words)
            if relative > BAND and (self.first is None or step < self.first[0]):
                self.first = (step, words)
        if len(replayed) < len(recorded) or (whole and len(replayed) > len(recorded)):
            self.faults.append(f"{label} has {len(replayed)} points in place of {len(recorded)}")
        last = min(len(recorded), len(replayed)) - 1
        self.rows.append(
            (label, repr(recorded[last][1]), repr(replayed[last][1]), f"{largest:.2g}")
        )

    def tell(self) -> int:
        """Print the table and the verdict; return the exit status."""
        head = ("metric (last value)", "recorded", "replayed", "largest difference")
        rows = [head, *self.rows[:ROWS]]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            show("  ".join(cells).rstrip())
        if len(self.rows) > ROWS:
            show(f"and {len(self.rows) - ROWS} more")
        extent = f"{self.series} metrics, {self.values} values"
        if not self.faults and self.worst[0] == 0:
            show(f"identical: {extent}, equal to the last digit")
            return 0
        if not self.faults and self.worst[0] <= BAND:
            show(f"within the band of {BAND:g}: {extent}")
            show(f"largest relative difference {self.worst[0]:.2g}: {self.worst[1]}")
            return 0
        for fault in self.faults[:ROWS]:
            show(f"differs: {fault}")
        if self.first:
            show(f"differs: first beyond {BAND:g} relative at {self.first[1]}")
            show(f"differs: most, by {self.worst[0]:.2g} relative, at {self.worst[1]}")
        return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
