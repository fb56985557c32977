"""Paired measurements: candidates in turn within one run, medians and ratios, never verdicts."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what was measured, how it compares in the same run, and the goal."""

    what: str
    figure: str
    ratio: str = ""
    goal: str = ""


def print_rows(title: str, rows: Sequence[Row]) -> None:
    """Print the rows as an aligned table."""
    header = Row("what", "figure", "ratio in this run", "goal")
    table = [header, *rows]
    widths = [max(len(getattr(row, name)) for row in table) for name in Row.__slots__]
    print(f"\n{title}")
    for index, row in enumerate(table):
        cells = [getattr(row, name).ljust(w) for name, w in zip(Row.__slots__, widths, strict=True)]
        print("  " + "  ".join(cells).rstrip())
        if index == 0:
            print("  " + "  ".join("-" * width for width in widths))


def per_call(function: Callable[[int], object], calls: int) -> list[float]:
    """Return the microseconds of each of ``calls`` calls; the argument is the call's number."""
    clock = time.perf_counter_ns
    spent = []
    for number in range(calls):
        before = clock()
        function(number)
        spent.append((clock() - before) / 1e3)
    return spent


def in_turn(
    candidates: Mapping[str, Callable[[int], object]], *, rounds: int, calls: int
) -> dict[str, list[float]]:
    """Measure candidates A B C A B C ..., so that a drift of the machine hits all alike.

    Returns:
        For each candidate the microseconds of every call after the first round (the warm-up).
    """
    spent: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(rounds + 1):
        for name, function in candidates.items():
            base = turn * calls
            figures = per_call(lambda number, f=function, b=base: f(b + number), calls)  # type: ignore[misc]
            if turn:
                spent[name].extend(figures)
    return spent


def commands_in_turn(
    commands: Mapping[str, Sequence[str]], *, rounds: int
) -> dict[str, list[float]]:
    """Return the wall seconds of whole processes, run in turn after one warm-up each."""
    spent: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            before = time.perf_counter()
            done = subprocess.run(command, capture_output=True, check=False)
            seconds = time.perf_counter() - before
            if done.returncode not in (0, 1):
                sys.exit(f"{name}: exit status {done.returncode}\n{done.stderr.decode()[-2000:]}")
            if turn:
                spent[name].append(seconds)
    return spent


def median(figures: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(figures)


def machine() -> str:
    """Return one line about the machine: without it a figure means nothing."""
    return f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, {sys.platform}"
