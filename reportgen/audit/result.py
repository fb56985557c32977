"""What one check says of one run: outcome, evidence, severity and where it looked."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct


class Outcome(StrEnum):
    """The closed set of outcomes. Only the first three are worth a value of their own."""

    PASS = "pass"  # noqa: S105 - no password
    PARTIAL = "partial"
    FAIL = "fail"
    NOT_APPLICABLE = "not-applicable"
    INCONCLUSIVE = "inconclusive"
    EXEMPT = "exempt"
    ERROR = "error"


_SILENT = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE})


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
        return self.outcome not in _SILENT
