"""What a check offers and what it may look at, with the types of the report beside them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec

from reportgen.audit.report import (
    AUDIT_SCHEMA,
    CATEGORIES,
    LEVEL_WORDS,
    LEVELS,
    RULES,
    AuditReport,
    CategoryScore,
    CheckResult,
    Evidence,
    Exemption,
    Gate,
    GateReason,
    NextStep,
    Outcome,
    RunAudit,
    Score,
    Severity,
    Where,
)
from reportgen.errors import LimitError
from reportgen.fs.hashing import sha256_file
from reportgen.runs import layout
from reportgen.runs.beside import Promotion, read_promotions, read_sweep
from reportgen.runs.root import root_of

if TYPE_CHECKING:
    from reportgen.audit.network import Network
    from reportgen.audit.policy import Policy
    from reportgen.audit.repository import Repository
    from reportgen.runs.schema import Sweep
    from reportgen.runs.view import RunView

__all__ = [
    "AUDIT_SCHEMA",
    "CATEGORIES",
    "LEVELS",
    "LEVEL_WORDS",
    "RULES",
    "AuditContext",
    "AuditReport",
    "CategoryScore",
    "Check",
    "CheckResult",
    "Evidence",
    "Exemption",
    "Gate",
    "GateReason",
    "Need",
    "NextStep",
    "Outcome",
    "RunAudit",
    "Score",
    "Severity",
    "Where",
]

Need = Literal["folder", "repository", "data", "siblings", "network", "replay"]


class AuditContext:
    """Everything that a check may look at, each part read on first use.

    Attributes:
        run: The run's folder, read-only.
        policy: What the gate does, tolerances and exemptions; a lighter one for a run tagged
            ``debug``.
        repository: The enclosing repository, or the reason why there is none to read.
        network: Answers questions to the network; None when it may not be asked.
    """

    def __init__(
        self,
        run: RunView,
        *,
        policy: Policy,
        repository: Repository,
        siblings: Callable[[], Sequence[RunView]] = tuple,
        network: Network | None = None,
    ) -> None:
        self.run = run
        self.policy = policy.judging(run.run.tags)
        self.repository = repository
        self.network = network
        self._find_siblings = siblings
        self._digests: dict[str, str] = {}
        self._hashed = 0

    @cached_property
    def siblings(self) -> Sequence[RunView]:
        """The other runs of the same root, whatever paths were asked for."""
        return self._find_siblings()

    @cached_property
    def group(self) -> Sequence[RunView]:
        """The runs of the same group's folder, this one too, in path order."""
        # As text: paths are slow to compare, and there may be thousands of siblings.
        folder = str(self._group_folder)
        dirname = os.path.dirname
        beside = [one for one in self.siblings if dirname(str(one.absolute_folder)) == folder]
        return sorted([self.run, *beside], key=lambda one: one.folder.name)

    @cached_property
    def sweep(self) -> Sweep | None:
        """The search that the run's group is, by the sweep.yaml beside the run; None without one.

        Raises:
            UnreadableError, LimitError: As :func:`reportgen.runs.beside.read_sweep`.
        """
        return read_sweep(self._group_folder)

    @cached_property
    def promotions(self) -> Sequence[Promotion]:
        """What the models.yaml of the run's root binds to names.

        Raises:
            UnreadableError, LimitError: As :func:`reportgen.runs.beside.read_promotions`.
        """
        return read_promotions(root_of(self.run)[0])

    @property
    def sweep_place(self) -> Where:
        """Where the sweep.yaml of the run's group is, or would be."""
        return self._place(self._group_folder / layout.SWEEP)

    @property
    def promotions_place(self) -> Where:
        """Where the models.yaml of the run's root is, or would be."""
        return self._place(root_of(self.run)[0] / layout.MODELS)

    def _place(self, path: Path) -> Where:
        """Return the place of a file outside of the run: from the top of the repository."""
        top = self.repository.top
        real = Path(os.path.realpath(path))
        base = None if top is None else Path(os.path.realpath(top))
        if base is not None and real.is_relative_to(base):
            return Where(file=f"repository:{real.relative_to(base).as_posix()}")
        return Where(file=os.path.relpath(path, self.run.absolute_folder).replace(os.sep, "/"))

    @property
    def _group_folder(self) -> Path:
        return self.run.absolute_folder.parent

    def digest(self, path: str) -> str:
        """Return the SHA-256 of a file of the run, computed once.

        Raises:
            LimitError: More bytes than the policy lets one audit of a run hash.
            NotFoundError, UnsafePathError, UnreadableError, OSError: As
                :func:`reportgen.fs.hashing.sha256_file`.
        """
        if path not in self._digests:
            size = self.run.file_sizes.get(path, 0)
            if size > self.policy.tolerances.hash_bytes - self._hashed:
                raise LimitError(f"is too large to hash again ({size:,} bytes)", where=path)
            self._hashed += size
            self._digests[path] = sha256_file(self.run.folder, path)[0]
        return self._digests[path]


class Check:
    """One rule. A subclass states what it is in class attributes and judges in :meth:`judge`.

    Attributes:
        id: ``category.check-name``, stable once released.
        severity: How much it matters.
        title: What is true when it passes.
        failure: What is true when it does not.
        why: Why a person should care, in one or two sentences.
        fix: What to do, as a sentence with its cost.
        command: The line that settles it, when one line does.
        needs: What it reads.
        evidence: Best evidence it can reach offline.
        online_evidence: Best evidence with ``--online``, where that is better.
        requires: Checks whose failure keeps this one from being judged.
        at_end: It reads what a run writes when it ends.
    """

    id: ClassVar[str]
    severity: ClassVar[Severity]
    title: ClassVar[str]
    failure: ClassVar[str]
    why: ClassVar[str]
    fix: ClassVar[str]
    command: ClassVar[str | None] = None
    needs: ClassVar[tuple[Need, ...]] = ("folder",)
    evidence: ClassVar[Evidence] = Evidence.E3
    online_evidence: ClassVar[Evidence | None] = None
    requires: ClassVar[tuple[str, ...]] = ()
    at_end: ClassVar[bool] = False

    @property
    def category(self) -> str:
        """The part of the id before the dot."""
        return self.id.partition(".")[0]

    def inapplicable(self, context: AuditContext) -> str | None:
        """Return why the check does not apply to this run, by a rule over the record, or None."""
        return None

    def judge(self, context: AuditContext) -> CheckResult:
        """Return the result; only called when the check applies and nothing blocks it."""
        raise NotImplementedError

    def passed(
        self,
        message: str,
        *,
        evidence: Evidence | None = None,
        inspected: int = 1,
        where: Sequence[Where] = (),
    ) -> CheckResult:
        """Return a pass, at the check's best evidence unless told otherwise."""
        return self._result(Outcome.PASS, message, evidence, inspected, where)

    def partial(
        self,
        message: str,
        *,
        evidence: Evidence | None = None,
        inspected: int = 1,
        where: Sequence[Where] = (),
        remedy: str | None = None,
        command: str | None = None,
        cause: str | None = None,
    ) -> CheckResult:
        """Return a result that is worth half; a remedy of its own replaces the check's."""
        result = self._result(Outcome.PARTIAL, message, evidence, inspected, where)
        return self._advised(result, remedy, command, cause)

    def failed(
        self,
        message: str,
        *,
        evidence: Evidence | None = None,
        inspected: int = 1,
        where: Sequence[Where] = (),
        remedy: str | None = None,
        command: str | None = None,
        cause: str | None = None,
    ) -> CheckResult:
        """Return a failure; without anything inspected its evidence is E0, absent."""
        level = evidence or (self.evidence if inspected else Evidence.E0)
        result = self._result(Outcome.FAIL, message, level, inspected, where)
        return self._advised(result, remedy, command, cause)

    def not_applicable(self, message: str) -> CheckResult:
        """Return a result that stands outside the score, with the rule that says so."""
        return self._result(Outcome.NOT_APPLICABLE, message, Evidence.E0, 0, ())

    def inconclusive(
        self,
        message: str,
        *,
        blocked_by: str | None = None,
        remedy: str | None = None,
        command: str | None = None,
    ) -> CheckResult:
        """Return a result for evidence that cannot be reached from here."""
        result = self._result(Outcome.INCONCLUSIVE, message, Evidence.E0, 0, ())
        if blocked_by is None:
            return self._advised(result, remedy, command, None)
        return msgspec.structs.replace(result, blocked_by=blocked_by, cause=blocked_by)

    def _advised(
        self, result: CheckResult, remedy: str | None, command: str | None, cause: str | None
    ) -> CheckResult:
        return msgspec.structs.replace(
            result,
            remedy=remedy or self.fix,
            command=command or (None if remedy else self.command),
            cause=cause,
        )

    def _result(
        self,
        outcome: Outcome,
        message: str,
        evidence: Evidence | None,
        inspected: int,
        where: Sequence[Where],
    ) -> CheckResult:
        return CheckResult(
            id=self.id,
            outcome=outcome,
            severity=self.severity,
            evidence=evidence or self.evidence,
            title=self.failure if outcome in (Outcome.FAIL, Outcome.PARTIAL) else self.title,
            message=message,
            where=tuple(where),
            inspected=inspected,
        )
