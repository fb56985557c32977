"""The same project with an audit that no rule change touches, for golden pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from site_tree import Node, tree_of

from reportgen.audit.report import (
    CATEGORIES,
    AuditReport,
    CategoryScore,
    CheckResult,
    Evidence,
    Gate,
    NextStep,
    Outcome,
    RunAudit,
    Score,
    Severity,
    Where,
)
from reportgen.config import Settings, SiteSettings
from reportgen.runs.view import RunView
from reportgen.site.build import build_site
from reportgen.site.gather import Gathered, read_runs

SETTINGS = Settings(site=SiteSettings(title="Digits", links={"Source": "https://example.org/d"}))


def fixed_audit(view: RunView) -> RunAudit:
    """Three checks; the run named dirty fails one of them."""
    dirty = "dirty" in view.name
    checks = (
        CheckResult(
            id="metrics.series-finite",
            outcome=Outcome.PASS,
            severity=Severity.H,
            evidence=Evidence.E3,
            title="Every value is finite",
            message="600 values",
        ),
        CheckResult(
            id="code.untracked-captured",
            outcome=Outcome.FAIL if dirty else Outcome.PASS,
            severity=Severity.H,
            evidence=Evidence.E3,
            title="Untracked files are lost" if dirty else "Untracked files are kept",
            message="augment.py is in no commit" if dirty else "there are none",
            remedy="Commit augment.py" if dirty else "",
            command="git add augment.py && git commit" if dirty else None,
            where=(Where(file="git_info.yaml", key="untracked"),),
        ),
        CheckResult(
            id="code.commit-exists",
            outcome=Outcome.INCONCLUSIVE,
            severity=Severity.H,
            evidence=Evidence.E0,
            title="The commit exists",
            message="the run lies in no repository",
        ),
    )
    return RunAudit(
        id=view.id,
        name=view.name,
        path=view.folder.as_posix(),
        state=view.state,
        score=Score(low=58 if dirty else 91, high=100),
        level="L0" if dirty else "L1",
        passed=not dirty,
        categories={
            name: CategoryScore(passed=2, applicable=3, low=81, high=93, level="L1")
            for name in CATEGORIES
        },
        checks=checks,
        next_step=None,
    )


def fixed_report(views: tuple[RunView, ...]) -> AuditReport:
    step = NextStep(
        check="code.untracked-captured",
        message="1 run used augment.py, which no commit holds",
        remedy="Commit augment.py",
        command="git add augment.py && git commit",
        runs=("mlp_dirty",),
        settles=1,
    )
    audits = tuple(fixed_audit(view) for view in views)
    return AuditReport(gate=Gate(passed=False), next_step=step, runs=audits)


@pytest.fixture(scope="session")
def golden_site(runs_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose every word follows from the runs and the fixed audit."""
    views, problems = read_runs([runs_root])
    views = tuple(view.load() for view in views)
    folder = tmp_path_factory.mktemp("golden") / "site"
    gathered = Gathered(views, fixed_report(views), problems)
    build_site([], folder, settings=SETTINGS, gathered=gathered)
    return folder


@pytest.fixture(scope="session")
def page(golden_site: Path):  # type: ignore[no-untyped-def]
    """A page of that site by its path, or a run's by a word of its name."""

    def find(path: str) -> Node:
        if path.endswith(".html"):
            return tree_of(golden_site / path)
        found = [f for f in (golden_site / "runs").iterdir() if path in f.name]
        assert len(found) == 1
        return tree_of(found[0] / "index.html")

    return find
