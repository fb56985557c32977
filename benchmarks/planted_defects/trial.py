"""Plant each defect into a copy of its golden group, audit that, and see what changed."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from planted_defects.defect import Defect
from planted_defects.lab import BASES, Base, Lab, golden_lab
from reportgen.audit.interface import AuditContext, Check, CheckResult, Outcome
from reportgen.audit.judge import audit_run
from reportgen.audit.registry import CHECKS, by_id
from reportgen.audit.repository import Repositories
from reportgen.audit.siblings import Siblings
from reportgen.runs.view import RunView
from reportgen.testing import golden_policy

Results = Mapping[str, CheckResult]

_TODAY = datetime.date(2026, 3, 1)
_CAUGHT = (Outcome.FAIL, Outcome.PARTIAL)
_QUIET = (Outcome.PASS, Outcome.NOT_APPLICABLE)
_OUT_OF_REACH = ("network", "replay")


@dataclass(frozen=True)
class Trial:
    """What became of one defect.

    Attributes:
        defect: The defect.
        result: What the intended check says.
        caught_by: Every check that says less than of the golden run: fails, or is partly so.
    """

    defect: Defect
    result: CheckResult
    caught_by: tuple[str, ...]

    @property
    def caught(self) -> bool:
        """Whether the intended check caught it."""
        enough = (Outcome.FAIL,) if self.defect.least == "fail" else _CAUGHT
        return self.result.outcome in enough

    @property
    def others(self) -> tuple[str, ...]:
        """The other checks that caught it."""
        return tuple(one for one in self.caught_by if one != self.defect.check)


@dataclass(frozen=True)
class FalseAlarm:
    """Something that a check holds against an untouched golden run."""

    base: Base
    run: str
    result: CheckResult


@dataclass(frozen=True)
class Golden:
    """The golden groups, untouched, and what each check says of their runs."""

    labs: Mapping[Base, Lab]
    results: Mapping[tuple[Base, int], Results]

    @classmethod
    def made(cls, folder: Path) -> Golden:
        """Make and audit the golden groups in a folder."""
        labs = {base: golden_lab(base, folder / base) for base in BASES}
        results = {}
        for base, lab in labs.items():
            for index in range(len(lab.runs)):
                results[base, index] = audited(Lab(lab.repository, lab.runs, index))
        return cls(labs, results)

    def false_alarms(self) -> list[FalseAlarm]:
        """Return what is held against the golden runs.

        That a check of the network or of replays is inconclusive is none: nothing was asked and
        nobody replayed them.
        """
        return [
            FalseAlarm(base, self.labs[base].runs[index].name, result)
            for (base, index), results in self.results.items()
            for result in results.values()
            if result.outcome not in _QUIET and not _is_out_of_reach(result)
        ]


def audited(lab: Lab, checks: Sequence[Check] = CHECKS) -> Results:
    """Return what each check says of the run of a lab that is judged."""
    view = RunView(lab.run)
    with Repositories() as repositories:
        context = AuditContext(
            view,
            policy=golden_policy(),
            repository=repositories.around(view.folder),
            siblings=partial(Siblings().of, view),
        )
        found = audit_run(context, checks=checks, today=_TODAY).checks
    return {result.id: result for result in found}


def planted(defect: Defect, lab: Lab, folder: Path) -> Lab:
    """Return a copy of a golden lab with a defect, covered up as its author would."""
    copy = lab.copied(folder, defect.run)
    defect.plant(copy)
    if defect.cover == "all":
        copy.remake()
    if defect.cover != "nothing":
        copy.reseal()
    return copy


def tried(defect: Defect, golden: Golden, folder: Path) -> Trial:
    """Plant a defect, audit the run, remove the copy, and return what was found."""
    try:
        results = audited(planted(defect, golden.labs[defect.base], folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    before = golden.results[defect.base, defect.run]
    worse = [
        check
        for check, result in results.items()
        if result.outcome in _CAUGHT and result.outcome is not before[check].outcome
    ]
    return Trial(defect, results[defect.check], tuple(worse))


def all_tried(
    defects: Iterable[Defect],
    golden: Golden,
    folder: Path,
    advance: Callable[[Trial], None] = lambda trial: None,
) -> list[Trial]:
    """Try one defect after another."""
    trials = []
    for number, defect in enumerate(defects):
        trials.append(tried(defect, golden, folder / str(number)))
        advance(trials[-1])
    return trials


def _is_out_of_reach(result: CheckResult) -> bool:
    needs = by_id(result.id).needs
    asked = any(need in needs for need in _OUT_OF_REACH)
    return result.outcome is Outcome.INCONCLUSIVE and asked
