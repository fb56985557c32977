"""The auditor's own audit: does each check catch the defects that it is there for?

Plants defects one at a time into copies of golden runs and prints which check caught each, then
what was held against the golden runs untouched. The exit status is 1 when fewer than 95 % were
caught by the intended check, or on any false alarm.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from planted_defects import DEFECTS
from planted_defects.table import Findings
from planted_defects.trial import Golden, Trial, all_tried


def main() -> int:
    arguments = parser().parse_args()
    started = time.perf_counter()
    chosen = [one for one in DEFECTS if arguments.only in f"{one.check} {one.what}"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        golden = Golden.made(folder / "golden")
        trials = all_tried(chosen, golden, folder / "planted", advance)
    found = Findings(trials, golden.false_alarms(), len(golden.results))
    for form in ("json", "markdown"):
        place = getattr(arguments, form)
        if place is not None:
            write(getattr(found, form)(), place)
    if arguments.json is None and arguments.markdown is None:
        print(found.text(), end="")
    print(f"{found.summary}; {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return 0 if found.good else 1


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    line = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    line.add_argument("--only", default="", help="a part of the check's id or of the defect")
    line.add_argument("--json", metavar="FILE", help="write JSON to a file, - for the terminal")
    line.add_argument("--markdown", metavar="FILE", help="write the page of the documents")
    return line


def advance(trial: Trial) -> None:
    """Say on a terminal what was not caught, as soon as it is known."""
    if not trial.caught:
        print(
            f"missed: {trial.defect.what}: {trial.defect.check} says "
            f"{trial.result.outcome.value}, {trial.result.message}",
            file=sys.stderr,
        )


def write(text: str, place: str) -> None:
    """Write a report to a file, or to the terminal for ``-``."""
    if place == "-":
        print(text, end="")
    else:
        Path(place).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
