"""Did the run end well, and does its summary say what its series say?"""

from __future__ import annotations

import msgspec

from reportgen.audit.evidence import at, counted, last_line, last_step, listed, shown
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.audit.kinds import is_unended
from reportgen.audit.rounding import is_rounded
from reportgen.runs import layout, lock
from reportgen.runs.numbers import from_stored
from reportgen.runs.schema import MetricSummary
from reportgen.runs.view import RunView

_LOG_BYTES = 1 << 20
_IMPORTED = "Import it again once its source has ended, or leave it out of the comparison"
_IMPORT_AGAIN = "reportgen import SOURCE -o RUNS"
_FIELDS = ("last", "last_step", "best", "best_step", "count")


class RunCompleted(Check):
    """The run says that it finished, when, and with which exit status."""

    id = "metrics.run-completed"
    severity = Severity.B
    title = "The run finished"
    failure = "The run did not finish"
    why = "The numbers of a crashed or killed run are those of wherever it happened to stop."
    fix = "Run it again from its last checkpoint, or leave it out of the comparison"
    command = "reportgen.start_run(resume=RUN)"
    evidence = Evidence.E2

    def judge(self, context: AuditContext) -> CheckResult:
        result = self._judged(context.run)
        if result.command is None:
            return result
        # Nothing here wrote an imported run, so nothing here can take it up again.
        if context.run.exists(layout.IMPORT):
            return msgspec.structs.replace(result, remedy=_IMPORTED, command=_IMPORT_AGAIN)
        again = f"reportgen.start_run(resume={context.run.name!r})"
        return msgspec.structs.replace(result, command=again)

    def _judged(self, view: RunView) -> CheckResult:
        if is_unended(view):
            return self._without_end(view)
        status = view.run.status
        if status == "interrupted":
            return self._interrupted(view)
        if view.format == "tracker":
            return self._of_tracker(view)
        code = view.run.exit_code
        where = [at(view, layout.RUN, "status")]
        if status == "failed" or code not in (0, None):
            return self._crashed(view)
        if status == "running":
            return self.failed("status is running, but an end is recorded", where=where)
        lacking = [
            name
            for name, value in (("ended", view.run.ended), ("exit_code", code))
            if value in (None, "")
        ]
        if lacking:
            return self.failed(
                f"status is finished, but {' and '.join(lacking)} are not recorded"
                if len(lacking) > 1
                else f"status is finished, but {lacking[0]} is not recorded",
                where=where,
            )
        return self.passed(f"finished at {view.run.ended}, exit status 0")

    def _without_end(self, view: RunView) -> CheckResult:
        writer = lock.state(view.folder)
        if writer == "held":
            return self.inconclusive(
                f"still being written, last step {last_step(view):,}",
                remedy="Wait until it ends, then audit it again",
            )
        if writer == "unknown" and view.exists(layout.METRICS):
            return self.inconclusive(
                "no end is recorded, and whether somebody still writes cannot be told here",
                remedy="Audit it on the machine that it ran on",
            )
        return self.failed(
            f"no end and no writer: it stopped after step {last_step(view):,} without closing",
            where=[
                at(view, layout.RUN, "status"),
                Where(file=layout.METRICS, step=last_step(view)),
            ],
        )

    def _interrupted(self, view: RunView) -> CheckResult:
        reason = (view.run.stopped_early or "").strip()
        where = [at(view, layout.RUN, "status")]
        if reason:
            return self.partial(f"interrupted at step {last_step(view):,}: {reason}", where=where)
        return self.failed("interrupted, and no reason is recorded", where=where)

    def _of_tracker(self, view: RunView) -> CheckResult:
        where = [Where(file=layout.TRAINING_LOG)]
        if view.run.status == "finished":
            message = "its log ends with the tracker's last line; no exit status, no end time"
            return self.partial(message, where=where)
        return self.failed("its log stops without the tracker's last line", where=where)

    def _crashed(self, view: RunView) -> CheckResult:
        message = f"status {view.run.status}, exit status {view.run.exit_code}"
        where = [at(view, layout.RUN, "status")]
        # A traceback ends with its exception; a log larger than this is not searched for it.
        small = view.file_sizes.get(layout.STDERR, 0) <= _LOG_BYTES
        said = last_line(view.text(layout.STDERR) or "") if small else ""
        if said:
            message += f"; its last words: {shown(said, limit=160)}"
            where.append(Where(file=layout.STDERR))
        return self.failed(message, where=where)


class SummaryRecomputes(Check):
    """summary.yaml says what metrics.jsonl says, number by number."""

    id = "metrics.summary-recomputes"
    severity = Severity.H
    title = "The summary follows from the series"
    failure = "The summary differs from the series"
    why = "Tables are made from summaries: one that was edited changes every comparison."
    fix = "Write the summary again from the metrics, and find out who changed it"
    requires = ("metrics.series-present",)
    at_end = True

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        recorded = view.recorded_summary
        if recorded is None or not recorded.metrics:
            reason = "there is no summary.yaml" if recorded is None else "summary.yaml is empty"
            return self.failed(reason, inspected=0, where=[at(view, layout.SUMMARY)])
        found = view.summary.metrics
        names = sorted(found.keys() ^ recorded.metrics.keys())
        count = len(recorded.metrics)
        if names:
            message = f"summary and series do not name the same metrics: {listed(names)}"
            return self.failed(message, inspected=count, where=[at(view, layout.SUMMARY)])
        worst: dict[str, str] = {}
        rounded: list[str] = []
        for name, summary in recorded.metrics.items():
            for field in _FIELDS:
                difference = _difference(summary, found[name], field)
                if difference == "rounded":
                    rounded.append(f"metrics.{name}.{field}")
                elif difference:
                    worst[f"metrics.{name}.{field}"] = difference
        if worst:
            message = listed(f"{key[8:]} {text}" for key, text in worst.items())
            where = [at(view, layout.SUMMARY, key) for key in list(worst)[:3]]
            return self.failed(message, inspected=count, where=where)
        if rounded:
            message = f"{counted(len(rounded), 'number')} agree only as far as they are printed"
            where = [at(view, layout.SUMMARY, rounded[0])]
            return self.partial(message, inspected=count, where=where)
        return self.passed(f"{counted(count, 'metric')} recomputed, all equal", inspected=count)


def _difference(recorded: MetricSummary, found: MetricSummary, field: str) -> str | None:
    """Return None when equal, ``rounded``, or the two values in words."""
    left, right = getattr(recorded, field), getattr(found, field)
    if left == right:
        return None
    a, b = from_stored(left), from_stored(right)
    if a is not None and b is not None and field in ("last", "best"):
        if a == b:
            return None
        if is_rounded(repr(left), b):
            return "rounded"
    return f"is {shown(left)}, recomputed {shown(right)}"


CHECKS: tuple[Check, ...] = (RunCompleted(), SummaryRecomputes())
