"""One case of one check: a run that differs from the golden one in one thing, and its outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reportgen.audit.interface import CheckResult
from reportgen.audit.policy import Policy
from reportgen.testing import git, make_repository, make_run, run_check

KINDS = ("passes", "fails", "cheats", "partly", "not-applicable", "inconclusive")


@dataclass(frozen=True)
class Case:
    """A case.

    Attributes:
        check: Id of the check.
        kind: One of KINDS; ``cheats`` has what the check asks for by name, and must fail.
        says: What the message holds.
        golden: Arguments of make_run.
        change: What happens to the folder after the seal.
        before: What happens to the repository before the run; there is one if this is given.
        after: What happens to the repository after the run.
        name: Tells cases of one kind apart.
        more: Further expectations, by attribute of the result.
        policy: The built-in one by default.
        network: Answers what is asked of the network.
    """

    check: str
    kind: str
    says: str = ""
    golden: Mapping[str, Any] = field(default_factory=dict)
    change: Callable[[Path], None] | None = None
    before: Callable[[Path], None] | None = None
    after: Callable[[Path], None] | None = None
    name: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    policy: Policy | None = None
    network: Any = None

    @property
    def id(self) -> str:
        return f"{self.check.partition('.')[2]}-{self.kind}" + (
            f"-{self.name}" if self.name else ""
        )

    @property
    def outcome(self) -> str:
        return {"passes": "pass", "fails": "fail", "cheats": "fail", "partly": "partial"}.get(
            self.kind, self.kind
        )


def unchanged(_: Path) -> None:
    """A repository as it is made."""


def judged(case: Case, folder: Path) -> CheckResult:
    """Build the run of a case in a folder and return what the check says of it."""
    repository = None
    if case.before is not None:
        repository = make_repository(folder / "lab")
        case.before(repository)
    root = folder / "runs" if repository is None else repository / "runs"
    run = make_run(root, repository=repository, **case.golden)
    if case.change is not None:
        case.change(run)
    if case.after is not None and repository is not None:
        case.after(repository)
    return run_check(case.check, run, policy=case.policy, network=case.network)


def assert_case(case: Case, folder: Path) -> None:
    """The outcome is the expected one, and its message says why."""
    result = judged(case, folder)
    found = (result.outcome.value, result.message)
    assert result.outcome.value == case.outcome, found
    assert case.says in result.message, found
    for name, value in case.more.items():
        assert getattr(result, name) == value
    if result.outcome.value == "not-applicable":
        assert result.inspected == 0
    if result.is_finding and result.blocked_by is None:
        assert result.remedy


def cases(*every: Case) -> Any:
    """Return the mark that runs a test once a case."""
    return pytest.mark.parametrize("case", every, ids=lambda case: case.id)


__all__ = ["Case", "assert_case", "cases", "git", "judged", "unchanged"]
