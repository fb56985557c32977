"""Do the clocks agree, and is the cost of the run known?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from reportgen.audit.evidence import at, listed, number, unavailable
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.capture.git_objects import is_full_id
from reportgen.errors import ReportgenError
from reportgen.runs import layout
from reportgen.runs.schema import Environment, GitInfo
from reportgen.runs.times import from_iso
from reportgen.runs.view import RunView

_LEAST_MEMORY = 2**20
_ROUNDING = 1.0


class ClockSane(Check):
    """Commit, start, metrics and end follow one another, and the time between is what was spent."""

    id = "environment.clock-sane"
    severity = Severity.M
    title = "The times of the run fit together"
    failure = "The times of the run do not fit together"
    why = "Times that contradict each other come from a wrong clock or from a changed record."
    fix = "Set the machine's clock by the network, and let the run write its times itself"
    command = "timedatectl status"
    needs = ("folder", "repository")
    at_end = True

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        moments, with_commit = _moments(context)
        where = [at(view, layout.RUN, "created"), at(view, layout.RUN, "ended")]
        if len(moments) < 2:
            known = listed(name for name, _ in moments) or "none"
            message = f"times recorded: {known}"
            return self.failed(message, inspected=0, where=where)
        tolerance = context.policy.tolerances.clock_seconds
        skews = {
            f"{later} is {_duration(before - after)} before {earlier}": before - after
            for (earlier, before), (later, after) in pairwise(moments)
            if before - after > _ROUNDING
        }
        spent = _spent(view)
        if spent is not None and abs(spent) > tolerance:
            words = "more" if spent > 0 else "less"
            skews[f"{_duration(abs(spent))} {words} measured than from start to end"] = abs(spent)
        worst = {text: skew for text, skew in skews.items() if skew > tolerance}
        some = [text for text in skews if text not in worst]
        count = len(moments) + (spent is not None)
        level = Evidence.E3 if with_commit else Evidence.E2
        if worst:
            return self.failed(listed(worst), inspected=count, where=where, evidence=level)
        if some:
            return self.partial(listed(some), inspected=count, where=where, evidence=level)
        order = ", ".join(name for name, _ in moments)
        return self.passed(f"{order}: in this order", inspected=count, evidence=level)


def _moments(context: AuditContext) -> tuple[list[tuple[str, float]], bool]:
    """Return what is known of when things happened, in the order that they must have had, in
    seconds since 1970, and whether the commit is among it.
    """
    view = context.run
    first, last = _first_and_last(view.metrics.columns.times)
    commit = _commit_time(context)
    known = {
        "the commit": commit,
        "the start": from_iso(view.run.created),
        "the first metric": first,
        "the last metric": last,
        "the end": from_iso(view.run.ended),
    }
    return [(name, time) for name, time in known.items() if time is not None], commit is not None


def _first_and_last(times: Sequence[float]) -> tuple[float | None, float | None]:
    """Return the least and the greatest time, None without any; NaN stands for none recorded."""
    first, last = min(times, default=math.nan), max(times, default=math.nan)
    if math.isnan(first) or math.isnan(last):
        # A NaN in the first place hides all others.
        known = [time for time in times if not math.isnan(time)]
        return (min(known), max(known)) if known else (None, None)
    return first, last


def _commit_time(context: AuditContext) -> float | None:
    git = context.run.git or GitInfo()
    commit = (git.commit or "").strip().lower()
    if not is_full_id(commit) or context.run.format != "standard":
        return None  # the times of the plain layout are of no known zone
    try:
        if not context.repository.commit_exists(commit):
            return None
        seconds = context.repository.asked(
            ("time", commit), lambda shadow: shadow.commit_time(commit)
        )
    except ReportgenError:
        return None
    return float(seconds) if seconds > 0 else None


def _spent(view: RunView) -> float | None:
    """Return by how much the measured time exceeds that from start to end, in seconds.

    Over several attempts the pauses between them are not measured, so less is no contradiction.
    """
    compute = view.environment.compute if view.environment else None
    start, end = from_iso(view.run.created), from_iso(view.run.ended)
    if compute is None or compute.wall_seconds is None or start is None or end is None:
        return None
    excess = compute.wall_seconds - (end - start)
    return max(0.0, excess) if view.run.attempt > 1 else excess


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{number(seconds)} s"
    if seconds < 7200:
        return f"{number(seconds / 60)} min"
    return f"{number(seconds / 3600)} h"


class ComputeRecorded(Check):
    """Wall time, peak memory and device time."""

    id = "environment.compute-recorded"
    severity = Severity.L
    title = "The cost of the run is recorded"
    failure = "The cost of the run is not recorded"
    why = "Whoever wants to repeat a run needs to know what it takes."
    fix = "Let the run end by itself, which records it"
    command = "run.finish()"
    evidence = Evidence.E2
    at_end = True

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        environment = view.environment or Environment()
        where = [at(view, layout.ENVIRONMENT, "compute")]
        if view.environment is None:
            where = [Where(file=layout.ENVIRONMENT)]
        compute = environment.compute
        wall = compute.wall_seconds if compute else None
        memory = compute.peak_memory_bytes if compute else None
        device = compute.device_seconds if compute else None
        facts = {
            "wall_seconds": wall is not None and wall > 0,
            "peak_memory_bytes": memory is not None and memory >= _LEAST_MEMORY,
            "device_seconds": device is not None and device >= 0,
        }
        lacking = [name for name, known in facts.items() if not known]
        if not lacking:
            cost = (
                f"{number(wall or 0)} s, {memory or 0:,} bytes, {number(device or 0)} s of devices"
            )
            return self.passed(cost, inspected=len(facts))
        excused = [unavailable(environment.not_available, f"compute.{name}") for name in lacking]
        if not facts["wall_seconds"]:
            if all(excused):
                return self.inconclusive(listed(dict.fromkeys(filter(None, excused))))
            message = f"not recorded: {', '.join(lacking)}"
            return self.failed(message, inspected=0, where=where)
        reasons = listed(dict.fromkeys(filter(None, excused)))
        message = f"{number(wall or 0)} s; not {', '.join(lacking)}"
        message += f" ({reasons})" if reasons else ""
        return self.partial(message, inspected=len(facts), where=where)


CHECKS: tuple[Check, ...] = (ClockSane(), ComputeRecorded())
