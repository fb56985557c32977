"""What an audit against a base says in addition: of each run, of those that are gone, of the base.

Part of the report (see :mod:`reportgen.audit.report`).
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from reportgen.audit.result import Outcome

Change = Literal["added", "changed", "moved", "known"]

CONFIG_CHANGED = "audit.config_changed"
"""Id of the problem that a change touches the rules by which it would be judged."""


class CheckChange(Struct, frozen=True, kw_only=True):
    """A check that says something else of a run than it did on the base.

    Attributes:
        check: Id of the check.
        was: Outcome on the base.
        now: Outcome now.
    """

    check: str
    was: Outcome
    now: Outcome


class Comparison(Struct, frozen=True, kw_only=True):
    """A run beside what it was on the base.

    Attributes:
        change: ``added`` since the base; ``changed``; ``moved`` to another folder; or ``known``,
            when the base is a report, which does not tell what changed.
        score: Low end of its score on the base; None for an added run.
        level: Its level there; None for an added run.
        worse: Checks that say less of it than on the base.
        better: Checks that say more.
        held_over: Checks that stop the gate for an added run, and failed on the base no less.
    """

    change: Change
    score: int | None = None
    level: str | None = None
    worse: tuple[CheckChange, ...] = ()
    better: tuple[CheckChange, ...] = ()
    held_over: tuple[str, ...] = ()


class DeletedRun(Struct, frozen=True, kw_only=True):
    """A run of the base that is no longer there.

    Attributes:
        id: Its id.
        name: Its name.
        place: Its folder from the top of the repository.
        passed: Whether the gate let it through there.
        failing: Ids of the checks that stopped the gate.
    """

    id: str
    name: str
    place: str
    passed: bool
    failing: tuple[str, ...] = ()


class Base(Struct, frozen=True, kw_only=True):
    """What an audit was compared with.

    Attributes:
        revision: As it was asked for: a branch, a commit; None for a report.
        commit: Its full id; policy and exemptions come from there.
        ancestor: The commit from which the change started, if that is another.
        report: Name of the report's file; None for a revision.
        same: Runs that are as they were on the base, which are not reported.
        ignored: Runs that git ignores, which are no part of a change.
        deleted: Runs that are gone.
    """

    revision: str | None = None
    commit: str | None = None
    ancestor: str | None = None
    report: str | None = None
    same: int = 0
    ignored: int = 0
    deleted: tuple[DeletedRun, ...] = ()

    @property
    def label(self) -> str:
        """The base in a few words: ``main (abc1234)``."""
        if self.revision is None:
            return self.report or "the base"
        commit = (self.commit or "")[:9]
        return self.revision if self.revision.startswith(commit) else f"{self.revision} ({commit})"
