"""Are the numbers that documents quote those of the run and of its group?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from reportgen.audit.claims_files import (
    Quoted,
    claims_of_group,
    claims_of_run,
    loose_beside,
)
from reportgen.audit.evidence import counted, listed, number, stated
from reportgen.audit.interface import AuditContext, Check, CheckResult, Severity, Where
from reportgen.audit.rounding import is_printed
from reportgen.errors import UnavailableError
from reportgen.runs.numbers import from_stored
from reportgen.runs.replicates import is_seed
from reportgen.runs.view import RunView

if TYPE_CHECKING:
    from reportgen.runs.claims import Claim, Loose

_REPOSITORY = "Name the repository of the documents: `reportgen audit --repository DIR`"


class ClaimsCellBound(Check):
    """Each number that a document links to the run is that of the run, as far as it is printed."""

    id = "metrics.claims-cell-bound"
    severity = Severity.M
    title = "The numbers that documents quote are those of the run"
    failure = "A document quotes another number than the run has"
    why = "Tables are typed by hand and runs are made again: numbers in prose fall behind."
    fix = "Link each number to its run, and correct those that differ"
    command = "{{run:NAME METRIC best}}"
    needs = ("repository", "siblings")
    requires = ("metrics.series-present",)

    def inapplicable(self, context: AuditContext) -> str | None:
        try:
            return None if claims_of_run(context) else "no claims file quotes this run"
        except UnavailableError:
            return None

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        try:
            quoted = claims_of_run(context)
        except UnavailableError as error:
            return self.inconclusive(error.what, remedy=_REPOSITORY)
        wrong = [(one, text) for one in quoted if (text := _differs(one.claim, view))]
        count = len(quoted)
        if wrong:
            message = stated(f"{one.place}: {text}" for one, text in wrong)
            where = [_where(one) for one, _ in wrong[:3]]
            return self.failed(message, inspected=count, where=where)
        loose = loose_beside(quoted)
        faults = [f"{path}:{one.line}: {one.text} has no link" for path, one in loose]
        places = [_at(path, one) for path, one in loose]
        for path, text, line in _dangling(context, quoted):
            faults.append(f"{path}:{line}: {text}")
            places.append(Where(file=f"repository:{path}", line=line))
        typed = sum(one.claim.printed is not None for one in quoted)
        told = f"{counted(count, 'link')} to this run, {typed} with a number, all equal as printed"
        if faults:
            message = f"{told}; {stated(faults)}"
            return self.partial(message, inspected=count, where=places[:3])
        return self.passed(told, inspected=count)


def _differs(claim: Claim, view: RunView) -> str | None:
    """Return what is wrong with a claim of a run, None when it is as printed."""
    summary = view.summary.metrics.get(claim.metric)
    if summary is None:
        return f"the run has no {claim.metric}"
    value = from_stored(summary.best if claim.of == "best" else summary.last)
    if value is None or not math.isfinite(value):
        return f"{claim.metric} has no {claim.of} value"
    return _otherwise(claim, value, f"{claim.of} {claim.metric}")


def _otherwise(claim: Claim, value: float, what: str) -> str | None:
    if claim.printed is None:
        return None
    if claim.percent:
        value *= 100
    if is_printed(claim.printed, value):
        return None
    unit = " %" if claim.percent else ""
    return f"{claim.printed}{unit} is quoted, {what} is {number(value)}{unit}"


def _dangling(context: AuditContext, quoted: Sequence[Quoted]) -> list[tuple[str, str, int]]:
    """Return the links of the same files that lead nowhere."""
    runs = [context.run, *context.siblings]
    known = {name for one in runs for name in (one.name, one.id)}
    groups = {one.group for one in runs} | {f"{one.project}/{one.group}" for one in runs}
    found = []
    for file in {one.file.path: one.file for one in quoted}.values():
        for claim in file.claims.claims:
            if claim.name not in (known if claim.kind == "run" else groups):
                found.append((file.path, f"there is no {claim.kind} {claim.name}", claim.line))
        for loose in file.claims.malformed:
            found.append((file.path, f"{loose.text} is no link that can be read", loose.line))
    return found


def _where(one: Quoted) -> Where:
    return Where(file=f"repository:{one.file.path}", line=one.claim.line)


def _at(path: str, loose: Loose) -> Where:
    return Where(file=f"repository:{path}", line=loose.line)


class ReplicatesDispersionRecomputes(Check):
    """A mean, a deviation and a count that documents quote of the group are those of its runs."""

    id = "metrics.replicates-dispersion-recomputes"
    severity = Severity.M
    title = "The quoted mean and deviation are those of the runs"
    failure = "The quoted mean or deviation is not that of the runs"
    why = "A mean says something only with its spread, over how many runs, and over what."
    fix = "Quote mean, deviation and count by link, with what differs among the runs"
    command = "{{group:NAME METRIC mean by seed}}"
    needs = ("repository", "siblings")
    requires = ("metrics.series-present",)

    def inapplicable(self, context: AuditContext) -> str | None:
        try:
            return None if claims_of_group(context) else "no claims file quotes the run's group"
        except UnavailableError:
            return None

    def judge(self, context: AuditContext) -> CheckResult:
        try:
            quoted = claims_of_group(context)
        except UnavailableError as error:
            return self.inconclusive(error.what, remedy=_REPOSITORY)
        runs = _runs_of_group(context)
        wrong: list[tuple[Quoted, str]] = []
        vague: list[tuple[Quoted, str]] = []
        for one in quoted:
            fault = _wrong_aggregate(one.claim, runs) or _wrong_factor(one.claim, runs)
            if fault:
                wrong.append((one, fault))
            elif doubt := _vague_factor(one.claim, runs):
                vague.append((one, doubt))
        count = len(quoted)
        if wrong or vague:
            verdict = self.failed if wrong else self.partial
            message = stated(f"{one.place}: {text}" for one, text in wrong or vague)
            where = [_where(one) for one, _ in (wrong or vague)[:3]]
            return verdict(message, inspected=count, where=where)
        factors = listed(sorted({one.claim.factor or "" for one in quoted}))
        message = (
            f"{counted(count, 'number')} over {counted(len(runs), 'run')} by {factors}, all equal"
        )
        return self.passed(message, inspected=count)


def _runs_of_group(context: AuditContext) -> list[RunView]:
    """Return the finished runs of the run's group, wherever in the root they lie."""
    view = context.run
    return [
        one
        for one in (view, *context.siblings)
        if one.group == view.group and one.project == view.project and one.run.status == "finished"
    ]


def _wrong_aggregate(claim: Claim, runs: Sequence[RunView]) -> str | None:
    """Return what is wrong with a number over runs, None when it is as printed."""
    values = []
    for one in runs:
        summary = one.summary.metrics.get(claim.metric)
        value = (
            from_stored(summary.best if claim.of == "best" else summary.last) if summary else None
        )
        if value is not None and math.isfinite(value):
            values.append(value)
    of = f"{claim.of} {claim.metric} of {counted(len(values), 'finished run')}"
    if claim.statistic == "n":
        return _otherwise(claim, float(len(values)), f"the number of runs with {claim.metric}")
    if len(values) < (2 if claim.statistic == "sd" else 1):
        return f"there is no {claim.statistic} of the {of}"
    value = stdev(values) if claim.statistic == "sd" else fmean(values)
    return _otherwise(claim, value, f"the {claim.statistic} of the {of}")


def _values_of(key: str, runs: Sequence[RunView]) -> set[str]:
    return {
        repr(value)
        for one in runs
        for name, value in one.flat_config.items()
        if name == key or name.endswith(f".{key}")
    }


def _wrong_factor(claim: Claim, runs: Sequence[RunView]) -> str | None:
    if claim.factor is None or len(runs) < 2 or len(_values_of(claim.factor, runs)) > 1:
        return None
    return f"{claim.factor} is the same in all {len(runs)} runs"


def _vague_factor(claim: Claim, runs: Sequence[RunView]) -> str | None:
    """Return that it is not said what differs among the runs, or not all of it."""
    if claim.factor is None:
        return "what differs among the runs is not said"
    seeds = is_seed(claim.factor)
    keys = {key for one in runs for key in one.flat_config}
    others = sorted(
        key
        for key in keys
        if not (key == claim.factor or key.endswith(f".{claim.factor}") or (seeds and is_seed(key)))
        and len({repr(one.flat_config.get(key)) for one in runs}) > 1
    )
    return f"{listed(others)} differ as well as {claim.factor}" if others else None


CHECKS: tuple[Check, ...] = (ReplicatesDispersionRecomputes(), ClaimsCellBound())
