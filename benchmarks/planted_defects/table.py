"""What came of the defects, as lines for a terminal, as JSON, and as the page of the documents."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from planted_defects.trial import FalseAlarm, Trial
from reportgen.audit.interface import CheckResult
from reportgen.audit.registry import CHECKS

ENOUGH = 0.95
"""The share of defects that the intended check has to catch."""

_HEAD = """\
# Planted defects

Does the auditor see what it is there for? `python benchmarks/planted.py` plants one defect after
another into copies of golden runs, each in a git repository of its own, covers it up as a careful
author would (what follows from the record is made anew, the run is sealed and signed again), and
audits the run with every check. A defect counts as caught when the check that is meant for it
fails, or is partly met where half of the thing is still there; what other checks say stands in
the last column. The golden runs themselves, untouched, must raise no alarm. What is missed stays in
the tables, marked NO.

This page is written by `python benchmarks/planted.py --markdown docs/planted-defects.md`.
"""


@dataclass(frozen=True)
class Findings:
    """What came of all trials.

    Attributes:
        trials: One a defect.
        alarms: What was held against untouched golden runs.
        golden: How many golden runs there are.
    """

    trials: Sequence[Trial]
    alarms: Sequence[FalseAlarm]
    golden: int

    @property
    def caught(self) -> int:
        """How many defects the intended check caught."""
        return sum(trial.caught for trial in self.trials)

    @property
    def good(self) -> bool:
        """Whether enough defects were caught, and no golden run raised an alarm."""
        return self.caught >= ENOUGH * len(self.trials) and not self.alarms

    @property
    def summary(self) -> str:
        """All of it in one line."""
        count = len(self.trials)
        share = 100 * self.caught / count if count else 0.0
        checks = len({trial.defect.check for trial in self.trials})
        return (
            f"{self.caught} of {count} defects caught by the intended check ({share:.1f} %), "
            f"for {checks} of {len(CHECKS)} checks; {len(self.alarms)} false alarms on "
            f"{self.golden} untouched golden runs"
        )

    def text(self) -> str:
        """Return the table for a terminal."""
        rows = [("caught", "intended check", "defect", "also caught by")]
        rows += [
            (_caught(one), one.defect.check, one.defect.what, ", ".join(one.others))
            for one in self.trials
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines = [
            "  ".join((*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[3]))
            for row in rows
        ]
        alarms = [
            f"false alarm: {one.run} {one.result.id}: {one.result.message}" for one in self.alarms
        ]
        return "\n".join(line.rstrip() for line in [*lines, *alarms, self.summary]) + "\n"

    def json(self) -> str:
        """Return all of it for programs."""
        document = {
            "caught": self.caught,
            "defects": [
                {
                    "defect": one.defect.what,
                    "category": one.defect.category,
                    "base": one.defect.base,
                    "intended": one.defect.check,
                    "outcome": one.result.outcome.value,
                    "message": one.result.message,
                    "caught": one.caught,
                    "caught_by": list(one.caught_by),
                }
                for one in self.trials
            ],
            "false_alarms": [
                {"run": one.run, "check": one.result.id, "message": one.result.message}
                for one in self.alarms
            ],
            "golden_runs": self.golden,
        }
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"

    def markdown(self) -> str:
        """Return the page of the documents: the same bytes for the same findings."""
        return "\n".join([_HEAD, f"**{self.summary}.**", "", *self._unplanted(), *self._tables()])

    def _unplanted(self) -> Iterator[str]:
        planted = {trial.defect.check for trial in self.trials}
        left = [check for check in CHECKS if check.id not in planted]
        if left:
            names = ", ".join(f"`{check.id}`" for check in left)
            yield f"No defect is planted for {names}: what they see, they ask the network for."
            yield ""

    def _tables(self) -> Iterator[str]:
        for category in dict.fromkeys(check.category for check in CHECKS):
            trials = [one for one in self.trials if one.defect.category == category]
            if not trials:
                continue
            yield f"## {category.capitalize()} ({len(trials)})"
            yield ""
            yield "| defect | intended check | caught | also caught by |"
            yield "|---|---|---|---|"
            yield from (_row(one) for one in trials)
            yield ""


def _said(result: CheckResult) -> str:
    return f"{result.id} {result.outcome.value}, {result.message}"


def _caught(trial: Trial) -> str:
    outcome = trial.result.outcome.value
    if trial.caught:
        return outcome
    return f"NO ({outcome}): {trial.defect.beyond}" if trial.defect.beyond else f"NO ({outcome})"


def _row(trial: Trial) -> str:
    others = ", ".join(f"`{one}`" for one in trial.others)
    what = trial.defect.what
    return f"| {what} | `{trial.defect.check}` | {_caught(trial)} | {others} |"
