"""Helpers for authors of checks, importers and pages: whole run folders, and one check over one.

run = make_run(tmp_path, config={"lr": ABSENT})
assert run_check("hyperparameters.config-parses", run).outcome == "pass"
"""

from reportgen.testing.checks import run_check
from reportgen.testing.golden import ABSENT, Overrides, make_run
from reportgen.testing.groups import make_full_group, make_golden_group
from reportgen.testing.repositories import git, make_repository
from reportgen.testing.signing import golden_policy, sign_run

__all__ = [
    "ABSENT",
    "Overrides",
    "git",
    "golden_policy",
    "make_full_group",
    "make_golden_group",
    "make_repository",
    "make_run",
    "run_check",
    "sign_run",
]
