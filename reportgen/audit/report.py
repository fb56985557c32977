"""What an audit says: outcomes, evidence, results and the report.

The report is the JSON of ``reportgen audit --format json`` field by field. Fields may be added,
never renamed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from reportgen.runs.problems import Problem

AUDIT_SCHEMA = "reportgen.audit/1"
RULES = "1"
"""Version of the rule set: raised whenever a check is added or judges otherwise."""

CATEGORIES = ("hyperparameters", "metrics", "artifacts", "code", "environment")
LEVELS = ("L0", "L1", "L2", "L3", "L4", "L5")
LEVEL_WORDS = ("recorded", "complete", "consistent", "retrievable", "replayed", "reproduced")


class Outcome(StrEnum):
    """The closed set of outcomes. Only the first three are worth a value of their own."""

    PASS = "pass"  # noqa: S105 - no password
    PARTIAL = "partial"
    FAIL = "fail"
    NOT_APPLICABLE = "not-applicable"
    INCONCLUSIVE = "inconclusive"
    EXEMPT = "exempt"
    ERROR = "error"


class Evidence(StrEnum):
    """How far a result is backed, from "absent" to "reproduced"; the names sort."""

    E0 = "E0"
    E1 = "E1"
    E2 = "E2"
    E3 = "E3"
    E4 = "E4"
    E5 = "E5"
    E6 = "E6"

    @property
    def words(self) -> str:
        """The level in words."""
        return EVIDENCE_WORDS[self]


EVIDENCE_WORDS = {
    Evidence.E0: "absent",
    Evidence.E1: "declared by the user",
    Evidence.E2: "captured by the logger",
    Evidence.E3: "recomputed from folder and repository",
    Evidence.E4: "confirmed outside",
    Evidence.E5: "replayed in part",
    Evidence.E6: "reproduced in full or by somebody else",
}


class Severity(StrEnum):
    """How much a check matters; blockers fail the default gate."""

    B = "B"
    H = "H"
    M = "M"
    L = "L"

    @property
    def weight(self) -> int:
        """Weight in the score."""
        return SEVERITY_WEIGHTS[self]

    @property
    def words(self) -> str:
        """The severity in words."""
        return SEVERITY_WORDS[self]


SEVERITY_WEIGHTS = {Severity.B: 10, Severity.H: 5, Severity.M: 3, Severity.L: 1}
SEVERITY_WORDS = {
    Severity.B: "blocker",
    Severity.H: "high",
    Severity.M: "medium",
    Severity.L: "low",
}


class Where(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place that a result speaks of.

    Attributes:
        file: Path relative to the run folder; paths of the repository begin with ``repository:``.
        line: Line in it, from 1.
        step: Step of a metric record.
        key: Dotted key of a document.
    """

    file: str
    line: int | None = None
    step: int | None = None
    key: str | None = None


class Exemption(Struct, frozen=True, kw_only=True):
    """Why a finding of these runs is not held against them, who says so and until when.

    Attributes:
        check: Id of a check.
        runs: Pattern of run names (``*`` and ``?``).
        reason: One of four typed reasons.
        by: Who granted it.
        until: Last day that it holds, ISO 8601.
        note: Free text.
    """

    check: str
    reason: Literal["not-applicable", "remediated", "accepted", "test-data"]
    by: str
    until: str
    runs: str = "*"
    note: str = ""


class CheckResult(Struct, frozen=True, kw_only=True):
    """What one check says of one run.

    Attributes:
        id: ``category.check-name``.
        outcome: One of the closed set.
        severity: Of the check.
        evidence: How far this result is backed.
        title: What is true; when it was not judged, what is to be found out.
        message: The values found, in one sentence.
        remedy: What to do about it; empty when nothing is to be done.
        command: The line that settles it, when there is one.
        where: Files, lines and steps that it speaks of.
        inspected: How many things were looked at; 0 goes with not-applicable.
        blocked_by: The check whose outcome kept this one from being judged.
        cause: The check under whose finding this one is shown, having the same cause.
        exemption: What exempts it.
    """

    id: str
    outcome: Outcome
    severity: Severity
    evidence: Evidence
    title: str
    message: str
    remedy: str = ""
    command: str | None = None
    where: tuple[Where, ...] = ()
    inspected: int = 1
    blocked_by: str | None = None
    cause: str | None = None
    exemption: Exemption | None = None

    @property
    def category(self) -> str:
        """The part of the id before the dot."""
        return self.id.partition(".")[0]

    @property
    def applicable(self) -> bool:
        """Whether it stands in the denominator."""
        return self.outcome is not Outcome.NOT_APPLICABLE

    @property
    def is_finding(self) -> bool:
        """Whether a person should read it: everything but pass and not-applicable."""
        return self.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE)


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
        state: Status as a person would put it (``RunView.state``).
        score: Headline.
        level: ``L0`` to ``L5``: the lowest category decides.
        passed: Whether the gate lets it through.
        categories: By name, in the order of ``CATEGORIES``.
        checks: Every check of the rule set, in its order.
        next_step: None when nothing is left to do.
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
        check: The check; None for the minimum score.
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
        problems: Of the search: folders and runs that could not be read.
    """

    schema: str = AUDIT_SCHEMA
    rules: str = RULES
    policy: str = "default"
    gate: Gate
    next_step: NextStep | None = None
    runs: tuple[RunAudit, ...] = ()
    problems: tuple[Problem, ...] = ()
