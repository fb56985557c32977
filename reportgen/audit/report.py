"""What an audit says: outcomes, evidence, results and the report.

The report is the JSON of ``reportgen audit --format json`` field by field. Fields may be added,
never renamed.
"""

from __future__ import annotations

from msgspec import Struct

from reportgen.audit.change import Base as Base
from reportgen.audit.change import CheckChange as CheckChange
from reportgen.audit.change import Comparison as Comparison
from reportgen.audit.change import DeletedRun as DeletedRun
from reportgen.audit.organisation import Advice as Advice
from reportgen.audit.result import EVIDENCE_WORDS as EVIDENCE_WORDS
from reportgen.audit.result import SEVERITY_WEIGHTS as SEVERITY_WEIGHTS
from reportgen.audit.result import SEVERITY_WORDS as SEVERITY_WORDS
from reportgen.audit.result import CheckResult as CheckResult
from reportgen.audit.result import Evidence as Evidence
from reportgen.audit.result import Exemption as Exemption
from reportgen.audit.result import Outcome as Outcome
from reportgen.audit.result import Severity as Severity
from reportgen.audit.result import Where as Where
from reportgen.runs.problems import Problem

AUDIT_SCHEMA = "reportgen.audit/1"
RULES = "1"
"""Version of the rule set: raised whenever a check is added or judges otherwise."""

CATEGORIES = ("hyperparameters", "metrics", "artifacts", "code", "environment")
LEVELS = ("L0", "L1", "L2", "L3", "L4", "L5")
LEVEL_WORDS = ("recorded", "complete", "consistent", "retrievable", "replayed", "reproduced")


class Score(Struct, frozen=True, kw_only=True):
    """Whole numbers from 0 to 100; None when no check applies.

    Attributes:
        low: With everything that could not be judged counted as 0; this is the headline.
        high: With the same counted as 1.
    """

    low: int | None
    high: int | None


class CategoryScore(Struct, frozen=True, kw_only=True):
    """One category of one run.

    Attributes:
        passed: Passes.
        applicable: Checks that apply.
        low: As in Score.
        high: As in Score.
        level: ``L0`` to ``L2``, as far as a category alone goes; None when no check applies.
        faulty: A check ended in a fault of the auditor: show "?" for the numbers.
    """

    passed: int
    applicable: int
    low: int | None
    high: int | None
    level: str | None
    faulty: bool = False


class NextStep(Struct, frozen=True, kw_only=True):
    """The single most useful thing to do.

    Attributes:
        check: The finding that it settles.
        message: What was found.
        remedy: What to do.
        command: The line to type, when there is one.
        runs: Names of the runs that it helps.
        settles: How many findings it settles at once, those held up by it included.
    """

    check: str
    message: str
    remedy: str
    command: str | None
    runs: tuple[str, ...]
    settles: int


class RunAudit(Struct, frozen=True, kw_only=True):
    """The audit of one run.

    Attributes:
        id: The run's id.
        name: Its name.
        path: Its folder, as it was found below the path asked for.
        place: The same from the top of its repository; never absolute.
        state: Status as a person would put it (``RunView.state``).
        policy: Name of the policy that judged it.
        comparison: What it was on the base, when there is one.
        facts: What is out of the ordinary about it, found by no check: a changed work tree ...
        score: Headline.
        level: ``L0`` to ``L5``: the lowest category decides.
        passed: Whether the gate lets it through.
        categories: By name, in the order of ``CATEGORIES``.
        checks: Every check of the rule set, in its order.
        next_step: None when nothing is left to do.
        advice: On its organisation: name, place, tags, note; not scored.
        problems: What the reader noticed; listed, not scored.
    """

    id: str
    name: str
    path: str
    state: str
    score: Score
    level: str
    passed: bool
    categories: dict[str, CategoryScore]
    checks: tuple[CheckResult, ...]
    next_step: NextStep | None
    place: str = "."
    policy: str = "default"
    comparison: Comparison | None = None
    facts: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def findings(self) -> list[CheckResult]:
        """The results that a person should read."""
        return [result for result in self.checks if result.is_finding]

    def result(self, check: str) -> CheckResult:
        """Return the result of one check.

        Raises:
            KeyError: The rule set of this report has no such check.
        """
        for result in self.checks:
            if result.id == check:
                return result
        raise KeyError(check)


class GateReason(Struct, frozen=True, kw_only=True):
    """One reason why the gate fails.

    Attributes:
        run: Name of the run.
        path: Its folder.
        check: The check; None for the minimum score, and for a run that cannot be read.
        message: What was found.
    """

    run: str
    path: str
    check: str | None
    message: str


class Gate(Struct, frozen=True, kw_only=True):
    """The verdict over all runs.

    Attributes:
        passed: Whether a pull request may go on.
        reasons: Why not.
        warnings: Findings of checks that the policy only warns of.
    """

    passed: bool
    reasons: tuple[GateReason, ...] = ()
    warnings: int = 0


class AuditReport(Struct, frozen=True, kw_only=True):
    """What ``reportgen audit`` says.

    Attributes:
        schema: ``reportgen.audit/1``.
        rules: Version of the rule set.
        policy: Name of the policy that was applied.
        gate: The verdict.
        next_step: The one step that helps most over all runs.
        runs: In the order in which they were found.
        base: What the runs were compared with, None for an audit of all that there are.
        problems: Of the search: folders and runs that could not be read.
    """

    schema: str = AUDIT_SCHEMA
    rules: str = RULES
    policy: str = "default"
    gate: Gate
    next_step: NextStep | None = None
    runs: tuple[RunAudit, ...] = ()
    base: Base | None = None
    problems: tuple[Problem, ...] = ()
