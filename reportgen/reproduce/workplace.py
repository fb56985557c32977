"""A restored tree with an environment, in which the recorded program can be run again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import ReportgenError
from reportgen.reproduce.environment import Environment
from reportgen.reproduce.plan import Plan
from reportgen.reproduce.replay import (
    LOG,
    Progress,
    Replayed,
    command_of,
    replay,
    variables_of,
)
from reportgen.reproduce.restore import Restored
from reportgen.runs.view import RunView


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where the program can be run any number of times.

    Attributes:
        folder: Holds everything.
        restored: The code.
        environment: The environment.
    """

    folder: Path
    restored: Restored
    environment: Environment

    def run(
        self,
        plan: Plan,
        name: str,
        progress: Progress | None = None,
        changed: dict[str, str | None] | None = None,
    ) -> tuple[Replayed, RunView | None]:
        """Run the recorded program once.

        Args:
            plan: What is run and how far.
            name: Of the new run folder.
            progress: Is told of steps.
            changed: Variables that are set otherwise than recorded.

        Raises:
            UnavailableError: The program cannot be started, or takes longer than it may.
        """
        done = replay(
            command_of(plan.facts, self.environment.python),
            variables_of(
                plan.facts,
                self.environment,
                folder=self.folder / name,
                stop=plan.stop,
                changed=changed,
            ),
            tree=self.restored.tree,
            cwd=plan.facts.cwd,
            log=self.folder / LOG,
            stop=plan.stop,
            total=_expected(plan),
            limit=plan.request.limit,
            progress=progress,
        )
        if done.folder is None:
            return done, None
        try:
            return done, RunView(done.folder)
        except ReportgenError:
            return done, None


def _expected(plan: Plan) -> int | None:
    if plan.stop is not None:
        return plan.stop + 1
    return max(plan.view.metrics.columns.steps, default=-1) + 1 or None
