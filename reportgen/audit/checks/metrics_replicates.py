"""Was the experiment made more than once?"""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.audit.evidence import counted, listed, unavailable
from reportgen.audit.interface import AuditContext, Check, CheckResult, Severity, Where
from reportgen.errors import ReportgenError
from reportgen.fs.hashing import sha256_bytes, sha256_file
from reportgen.runs import layout
from reportgen.runs.replicates import is_seed
from reportgen.runs.view import RunView

_ENOUGH = 5
_TELLING = 20


class ReplicatesCount(Check):
    """Five finished runs or more differ in nothing but their seeds."""

    id = "metrics.replicates-count"
    severity = Severity.M
    title = "The experiment was made with five seeds or more"
    failure = "The experiment was made with fewer than five seeds"
    why = "The difference of two seeds is often larger than that of two methods."
    fix = "Run it again with other seeds"
    needs = ("folder", "siblings")
    requires = ("hyperparameters.config-parses", "metrics.run-completed")

    def inapplicable(self, context: AuditContext) -> str | None:
        tag = context.run.run.tags.get("debug", False)
        return None if tag is False else "the run is tagged debug"

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        if view.experiment.code is None:
            git = view.git
            reason = unavailable(git.not_available, "tree", "commit") if git else None
            blocker = None if git and git.commit else "code.commit-recorded"
            message = reason or "which code ran is not recorded"
            return self.inconclusive(message, blocked_by=blocker)
        equal = [
            one
            for one in (view, *context.siblings)
            if one.run.status == "finished"
            and one.setting == view.setting  # most differ here, and their code is not read then
            and one.experiment == view.experiment
        ]
        distinct = _distinct(context, equal)
        copies = len(equal) - len(distinct)
        seeds = sorted({seed for one in distinct for seed in _seeds(one)[:1]})
        told = f"{counted(len(distinct), 'finished run')} of these settings, code and data"
        word = "seed" if len(seeds) == 1 else "seeds"
        told += f", {word} {listed(map(str, seeds), limit=8)}" if seeds else ""
        if copies:
            told += f"; {copies} more with a seed or with metrics that another one has"
        if len(distinct) >= _ENOUGH:
            return self.passed(told, inspected=len(equal))
        verdict = self.partial if len(distinct) > 1 else self.failed
        more = counted(_ENOUGH - len(distinct), "more seed")
        return verdict(
            told,
            inspected=len(equal),
            where=[Where(file=layout.ENVIRONMENT, key="seeds")],
            remedy=f"Run it with {more}; each costs what this run did",
        )


def _seeds(view: RunView) -> list[int]:
    """Return the seeds of a run: those of its generators, then those of its configuration."""
    recorded = view.environment.seeds if view.environment else None
    found = [value for value in (recorded or {}).values() if _is_seed(value)]
    found += [value for key, value in view.flat_config.items() if is_seed(key) and _is_seed(value)]
    return found


def _is_seed(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _distinct(context: AuditContext, runs: Sequence[RunView]) -> list[RunView]:
    """Return the runs less those that have the seeds, or value by value the metrics, of another.

    Metrics are only read of runs whose files of metrics are as long, or whose summaries say the
    same.
    """
    drawn: dict[object, RunView] = {}
    for one in runs:
        seeds = sorted(_seeds(one))
        drawn.setdefault(tuple(seeds) if seeds else one.id, one)
    kept: dict[object, RunView] = {}
    sizes = [one.file_sizes.get(layout.METRICS, 0) for one in drawn.values()]
    results = [_results(one) for one in drawn.values()]
    for one, size, result in zip(drawn.values(), sizes, results, strict=True):
        alike = size > 0 and (sizes.count(size) > 1 or (result and results.count(result) > 1))
        kept.setdefault(_fingerprint(context, one) if alike else one.id, one)
    return list(kept.values())


def _results(view: RunView) -> dict[str, tuple[object, ...]]:
    """Return the last and the best value of each metric, as summary.yaml says them."""
    recorded = view.recorded_summary
    return {
        name: (one.last, one.last_step, one.best, one.best_step, one.count)
        for name, one in (recorded.metrics if recorded else {}).items()
    }


def _fingerprint(context: AuditContext, view: RunView) -> str:
    """Return the hash of a run's metrics, made once for all runs of an audit.

    It is that of the values by step, whenever they were logged. Where the values are too few to
    tell runs apart it is that of the file.
    """

    def find() -> str:
        courses = [(one.name, list(one.steps), list(one.values)) for one in view.series.values()]
        if len({value for _, _, values in courses for value in values}) < _TELLING:
            return sha256_file(view.folder, layout.METRICS)[0]
        return sha256_bytes(repr(sorted(courses)).encode("utf-8", "surrogatepass"))

    try:
        return context.repository.remembered(("metrics", view.absolute_folder), find)
    except (ReportgenError, OSError):
        return view.id


CHECKS: tuple[Check, ...] = (ReplicatesCount(),)
