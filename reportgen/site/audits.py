"""The audit of the runs of a site: each anew, or as it was when nothing it depends on changed."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from reportgen.audit.policy import Policy
from reportgen.audit.report import AuditReport, RunAudit
from reportgen.audit.repository import Repositories
from reportgen.audit.runner import audit_views, report_of
from reportgen.runs import layout
from reportgen.runs.problems import Problem
from reportgen.runs.root import root_of
from reportgen.runs.view import RunView
from reportgen.site.fingerprint import Fingerprint, of_folder, of_work_tree
from reportgen.site.memory import Memory, Verdict, digest_of
from reportgen.site.recalled import input_paths
from reportgen.site.sibling_reads import SiblingReads

_POINTS = 1_000_000


class Audits:
    """Audits the runs of one build.

    Args:
        views: The runs.
        policy: Of the audit.
        repository: In place of the one around each run.
        memory: What an earlier build kept of these runs.
    """

    def __init__(
        self,
        views: Sequence[RunView],
        policy: Policy,
        repository: Path | None,
        memory: Memory | None,
    ) -> None:
        self._views = views
        self._policy = policy
        self._memory = memory
        self._siblings = SiblingReads(list(views))
        self._today = datetime.date.today()
        self._trees: dict[Path, Fingerprint | None] = {}
        self._states: dict[Path, str] = {}
        self._arounds: dict[Path, str | None] = {}
        self._repositories = Repositories(repository)
        self.reused = 0

    def report(self, problems: Sequence[Problem], done: Callable[[RunView], None]) -> AuditReport:
        """Return the report over all runs; see :func:`reportgen.audit.runner.audit_runs`.

        Args:
            problems: Of the search for runs.
            done: Called after each run, while its metrics are in memory.
        """
        judged = []
        points = 0
        with self._repositories:
            for view in self._views:
                audit = self._recalled(view)
                if audit is None:
                    audit = audit_views(
                        [view],
                        policy=self._policy,
                        repositories=self._repositories,
                        today=self._today,
                        siblings=self._siblings,
                    )[0][0]
                else:
                    self.reused += 1
                judged.append((audit, self._policy.judging(view.run.tags)))
                done(view)
                points += sum(map(len, view.series.values())) if "metrics" in vars(view) else 0
                if points > _POINTS:
                    points = 0
                    self._make_room()
        return report_of(judged, self._policy, today=self._today, problems=problems)

    def verdict(self, view: RunView, audit: RunAudit) -> Verdict | None:
        """Return the audit of a run with what it depends on; None when that cannot be told."""
        if self._memory is None:
            return None
        around = self._around(view)
        others = {}
        for folder in self._siblings.of_run.get(view.absolute_folder, ()):
            fingerprint = self._memory.fingerprint(folder)
            if fingerprint is None or not self._memory.is_settled(fingerprint):
                return None
            others[os.fspath(folder)] = fingerprint.digest
        return Verdict(audit, around, others) if around else None

    def _recalled(self, view: RunView) -> RunAudit | None:
        kept = self._memory.known(view.folder) if self._memory else None
        verdict = kept.verdict if kept else None
        if verdict is None or verdict.around != self._around(view):
            return None
        for folder, digest in verdict.others.items():
            fingerprint = self._memory.fingerprint(Path(folder)) if self._memory else None
            if fingerprint is None or fingerprint.digest != digest:
                return None
        self._siblings.of_run[view.absolute_folder] = set(map(Path, verdict.others))
        return verdict.audit

    def _make_room(self) -> None:
        looked_into = set().union(*self._siblings.of_run.values())
        for view in self._views:
            if view.absolute_folder not in looked_into:
                view.forget_metrics()

    # -- what an audit depends on ---------------------------------------------------------

    def _around(self, view: RunView) -> str | None:
        """Return a digest of what decides an audit besides the runs; None when it is not known."""
        if view.folder not in self._arounds:
            self._arounds[view.folder] = self._looked_around(view)
        return self._arounds[view.folder]

    def _looked_around(self, view: RunView) -> str | None:
        top = self._repositories.around(view.folder).top
        tree = self._tree(top) if top else None
        if top is not None and tree is None:
            return None
        exemptions = bool(self._policy.exemptions)
        return digest_of(
            [
                self._policy,
                self._today.isoformat() if exemptions else "",
                os.fspath(view.folder),
                os.fspath(top) if top else "",
                tree.digest if tree else "",
                self._siblings.names_around(view),
                *self._beside(view),
                *self._inputs(view, top),
            ]
        )

    def _tree(self, top: Path) -> Fingerprint | None:
        if top not in self._trees:
            runs = [view.absolute_folder for view in self._views]
            sites = [self._memory.output] if self._memory else []
            found = of_work_tree(top, [*runs, *sites])
            settled = self._memory is not None and self._memory.is_settled(found)
            self._trees[top] = found if settled else None
        return self._trees[top]

    def _beside(self, view: RunView) -> list[str]:
        """Return the state of the files beside a run that checks read."""
        folder = view.absolute_folder.parent
        return [self._state(folder / layout.SWEEP), self._state(root_of(view)[0] / layout.MODELS)]

    def _inputs(self, view: RunView, top: Path | None) -> list[str]:
        """Return the state of every place where an input that the run records may be."""
        bases = [top] if top else list(view.absolute_folder.parents[:4])
        return [self._state(base / path) for path in input_paths(view) for base in bases]

    def _state(self, path: Path) -> str:
        if path not in self._states:
            self._states[path] = _state(path)
        return self._states[path]


def _state(path: Path) -> str:
    try:
        info = path.lstat()
        if path.is_dir():
            found = of_folder(path)
            return found.digest if found else "not listed"
    except (OSError, ValueError):
        return "absent"
    return f"{info.st_size} {info.st_mtime_ns} {info.st_ctime_ns} {info.st_ino} {info.st_mode}"
