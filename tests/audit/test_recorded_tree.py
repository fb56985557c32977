from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from reportgen.audit.interface import AuditContext
from reportgen.audit.policy import load_policy
from reportgen.audit.recorded_tree import recorded_tree
from reportgen.audit.repository import Repositories
from reportgen.errors import UnavailableError, UnreadableError
from reportgen.runs.view import RunView
from reportgen.testing import git, make_repository, make_run

CONFIG = "configs/mlp.yaml"


def file_of(run: Path, path: str) -> bytes | None:
    """A file of the tree that a run recorded."""
    with Repositories() as repositories:
        repository = repositories.around(run)
        context = AuditContext(RunView(run), policy=load_policy(), repository=repository)
        return repository.blob(recorded_tree(context), path)


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "lab")


def test_a_clean_work_tree_is_the_commit_without_runs(lab: Path) -> None:
    run = make_run(lab / "runs", repository=lab)
    git(lab, "add", "--all")
    git(lab, "commit", "--quiet", "--message", "Keep the run")
    again = make_run(lab / "runs", "again", repository=lab)
    read = partial(file_of, again)
    assert read(CONFIG) == (lab / CONFIG).read_bytes()
    assert read(f"runs/digits/baseline/{run.name}/run.yaml") is None
    assert read("configs") is None
    assert read("../lab/train.py") is None


def test_what_was_not_committed_is_in_it_as_it_was(lab: Path) -> None:
    (lab / CONFIG).write_text("lr: 0.5\n")
    (lab / "helper.py").write_text("WIDTH = 64\n")
    run = make_run(lab / "runs", repository=lab)
    (lab / CONFIG).write_text("lr: 0.7\n")
    assert file_of(run, CONFIG) == b"lr: 0.5\n"
    assert file_of(run, "helper.py") == b"WIDTH = 64\n"


def test_after_a_squash_another_commit_of_the_same_tree_stands_for_it(lab: Path) -> None:
    run = make_run(lab / "runs", repository=lab)
    text = (lab / CONFIG).read_bytes()
    (run / "git_info.yaml").write_text(
        (run / "git_info.yaml").read_text().replace(git(lab, "rev-parse", "HEAD"), "ab" * 20)
    )
    assert file_of(run, CONFIG) == text


def test_what_cannot_be_put_together_says_why(lab: Path, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="no repository"):
        file_of(make_run(tmp_path / "runs"), CONFIG)
    elsewhere = make_run(lab / "runs")
    with pytest.raises(UnavailableError, match="not in the repository"):
        file_of(elsewhere, CONFIG)
    (lab / "train.py").write_text("print()\n")
    changed = make_run(lab / "runs", "changed", repository=lab)
    (changed / "git_diff.patch").write_text("diff --git a/x b/x\nnot a patch\n")
    with pytest.raises(UnreadableError):
        file_of(changed, CONFIG)
