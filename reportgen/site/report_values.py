"""Numbers that reports link to: looked up by the same grammar that the audit checks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fnmatch import fnmatchcase
from statistics import fmean, stdev

from reportgen.audit.rounding import is_printed
from reportgen.runs.claims import Claim
from reportgen.site.figures import number, plural
from reportgen.site.model import Record
from reportgen.site.report_text import Filled


class Values:
    """The runs that a report may speak of.

    Args:
        records: Those that are not archived.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = list(records)

    def named(self, names: Sequence[str], group: str | None = None) -> list[Record]:
        """Return the runs whose name, id, label or slug matches one of the patterns."""
        found = []
        for record in self.records:
            own = (record.view.name, record.view.id, record.label, record.slug)
            wanted = not names or any(fnmatchcase(o, n) for o in own for n in names)
            if wanted and (group is None or record.group == group):
                found.append(record)
        return found

    def of(self, claim: Claim) -> Filled:
        """Return the number of a link, or what is wrong with it."""
        return self._of_run(claim) if claim.kind == "run" else self._of_group(claim)

    def _of_run(self, claim: Claim) -> Filled:
        runs = [r for r in self.records if claim.name in (r.view.name, r.view.id, r.label)]
        if len(runs) != 1:
            many = f"{len(runs)} runs are called so" if runs else "no such run is in this site"
            return Filled(many, "", "differs")
        value = _value(runs[0], claim)
        if value is None:
            return Filled(f"the run has no {claim.of} {claim.metric}", runs[0].page, "differs")
        return _judged(claim, value, runs[0].page)

    def _of_group(self, claim: Claim) -> Filled:
        members = [
            r
            for r in self.records
            if claim.name in (r.group, f"{r.project}/{r.group}") and r.view.run.status == "finished"
        ]
        values = [v for r in members if (v := _value(r, claim)) is not None]
        if claim.statistic == "n":
            return _judged(claim, float(len(values)), "")
        if len(values) < (2 if claim.statistic == "sd" else 1):
            told = plural(len(values), "finished run")
            return Filled(f"{told} of {claim.name} have {claim.metric}", "", "differs")
        return _judged(claim, stdev(values) if claim.statistic == "sd" else fmean(values), "")


def _value(record: Record, claim: Claim) -> float | None:
    metric = record.metrics.get(claim.metric)
    if metric is None:
        return None
    value = metric.best if claim.of == "best" else metric.last
    return value if value is not None and math.isfinite(value) else None


def _judged(claim: Claim, value: float, page: str) -> Filled:
    shown = number(100 * value if claim.percent else value)
    if claim.printed is None:
        return Filled(shown, page, "filled")
    if is_printed(claim.printed, 100 * value if claim.percent else value):
        return Filled("as logged", page, "same")
    return Filled(f"is {shown} in the record", page, "differs")
