"""Do runs that are meant as repetitions differ in their seeds?"""

from __future__ import annotations

from reportgen.audit.checks.environment_seeds import seeds_of
from reportgen.audit.evidence import at, counted, listed
from reportgen.audit.interface import AuditContext, Check, CheckResult, Severity
from reportgen.runs import layout
from reportgen.runs.view import RunView


class SeedsReplicatesDistinct(Check):
    """No two finished runs of one configuration, code and data were made with the same seeds."""

    id = "environment.seeds-replicates-distinct"
    severity = Severity.M
    title = "Repetitions differ in their seeds"
    failure = "Repetitions have the same seeds"
    why = "The same run counted twice makes a spread look smaller than it is."
    fix = "Give every repetition a seed of its own"
    command = "for seed in 1 2 3 4 5; do python train.py --seed $seed; done"
    needs = ("folder", "siblings")
    requires = ("environment.seeds-recorded",)

    def inapplicable(self, context: AuditContext) -> str | None:
        if _replicates(context):
            return None
        return "no other finished run has this configuration, code and data"

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        others = _replicates(context)
        own = seeds_of(view)
        same = [other.name for other in others if seeds_of(other) == own]
        count = len(others) + 1
        shown = ", ".join(f"{name} {seed}" for name, seed in own.items())
        if same:
            message = f"{shown}: the same as in {listed(same)}"
            where = [at(view, layout.ENVIRONMENT, "seeds")]
            return self.failed(message, inspected=count, where=where)
        message = f"{counted(count, 'run')} of one configuration, none with the seeds {shown}"
        return self.passed(message, inspected=count)


def _replicates(context: AuditContext) -> list[RunView]:
    """Return the other finished runs that share all but their seeds with this one."""
    view = context.run
    if view.run.status != "finished" or not view.flat_config:
        return []
    return [
        other
        for other in context.siblings
        if other.run.status == "finished"
        and other.setting == view.setting  # most differ here, and their code is not read then
        and other.experiment == view.experiment
    ]


CHECKS: tuple[Check, ...] = (SeedsReplicatesDistinct(),)
