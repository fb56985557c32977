"""The gate of a pull request, in real repositories with real branches."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path

import pytest
from audit.branches import CRASHED, GROUP, commit, run

from reportgen.audit import base_runs
from reportgen.audit.base_revision import Differences, open_base
from reportgen.audit.change import DeletedRun
from reportgen.audit.policy import Policy, load_policy
from reportgen.audit.report import AuditReport
from reportgen.audit.since import audit_since
from reportgen.errors import NotFoundError, UnavailableError, UsageError
from reportgen.runs.writer import seal
from reportgen.testing import git

TODAY = datetime.date(2026, 6, 1)


def since(lab: Path, revision: str = "main", policy: Policy | None = None) -> AuditReport:
    with open_base(lab, revision) as base:
        return audit_since(base, [lab / "runs"], policy=policy or load_policy(), today=TODAY)


def changes(report: AuditReport) -> dict[str, str]:
    return {one.name: one.comparison.change for one in report.runs if one.comparison}


def stopping(report: AuditReport) -> set[tuple[str, str | None]]:
    return {(reason.run, reason.check) for reason in report.gate.reasons}


# -- what is part of a change --------------------------------------------------------------


def test_a_change_without_runs_says_so_and_passes(lab: Path) -> None:
    (lab / "train.py").write_text("x = 1\n")
    commit(lab)
    report = since(lab)
    assert (report.gate.passed, report.runs) == (True, ())
    assert report.base is not None
    assert (report.base.same, report.base.deleted) == (2, ())
    assert report.base.commit == git(lab, "rev-parse", "main")


def test_only_added_and_changed_runs_are_reported(lab: Path) -> None:
    run(lab, "new")
    (lab / GROUP / "good" / "labels.yaml").write_text("notes: looked at\n")
    commit(lab)
    report = since(lab)
    assert changes(report) == {"new": "added", "good": "changed"}
    assert report.base is not None
    assert report.base.same == 1


def test_runs_that_are_not_committed_yet_count(lab: Path) -> None:
    run(lab, "new")
    (lab / GROUP / "good" / "labels.yaml").write_text("notes: looked at\n")
    assert changes(since(lab)) == {"new": "added", "good": "changed"}


def test_runs_that_git_ignores_are_no_part_of_a_change_unless_they_are_forced_in(
    lab: Path,
) -> None:
    (lab / ".gitignore").write_text("secret*/\n")
    commit(lab)
    run(lab, "secret1", **CRASHED)
    run(lab, "secret2", **CRASHED)
    report = since(lab)
    assert report.gate.passed
    assert (report.runs, report.base and report.base.ignored) == ((), 2)
    git(lab, "add", "--force", f"{GROUP}/secret2")
    git(lab, "commit", "--quiet", "--message", "forced")
    report = since(lab)
    assert changes(report) == {"secret2": "added"}
    assert report.base is not None
    assert report.base.ignored == 1


def test_what_main_got_since_is_neither_deleted_nor_changed(lab: Path) -> None:
    git(lab, "checkout", "--quiet", "main")
    run(lab, "later")
    (lab / GROUP / "good" / "labels.yaml").write_text("notes: looked at\n")
    commit(lab, "on main")
    git(lab, "checkout", "--quiet", "work")
    report = since(lab)
    assert report.runs == ()
    assert report.base is not None
    assert report.base.deleted == ()
    assert report.base.ancestor == git(lab, "rev-parse", "main~1")


def test_what_main_has_by_a_squash_is_no_change(lab: Path) -> None:
    """The branch goes on after its first half was merged as another commit."""
    run(lab, "first", **CRASHED)
    commit(lab, "first half")
    git(lab, "checkout", "--quiet", "main")
    git(lab, "merge", "--quiet", "--squash", "work")
    git(lab, "commit", "--quiet", "--message", "first half, squashed")
    git(lab, "checkout", "--quiet", "work")
    assert since(lab).runs == ()
    run(lab, "second")
    commit(lab, "second half")
    assert changes(since(lab)) == {"second": "added"}
    # What came by the squash and is changed now is held to what the squash brought.
    (lab / GROUP / "first" / "labels.yaml").write_text("notes: looked at\n")
    commit(lab, "more")
    report = since(lab)
    assert changes(report) == {"second": "added", "first": "changed"}
    assert report.gate.passed


def test_a_squashed_run_is_judged_by_its_tree_in_a_clone_without_its_commit(
    lab: Path, tmp_path: Path
) -> None:
    """The commit that a run recorded is gone after the squash; its tree is not."""
    (lab / "train.py").write_text("print(1)\n")
    commit(lab, "code")
    run(lab, "new")
    commit(lab, "run")
    git(lab, "checkout", "--quiet", "main")
    git(lab, "merge", "--quiet", "--squash", "work")
    git(lab, "commit", "--quiet", "--message", "all of it")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--single-branch", lab.as_uri(), str(clone))
    report = since(clone, "HEAD~1")
    (new,) = report.runs
    result = new.result("code.commit-exists")
    assert (result.outcome, report.gate.passed) == ("partial", True)
    assert git(clone, "rev-parse", "HEAD")[:12] in result.message


def test_a_base_without_common_history(lab: Path) -> None:
    git(lab, "checkout", "--quiet", "--orphan", "alone")
    run(lab, "new")
    commit(lab)
    assert changes(since(lab)) == {"new": "added"}


# -- what the gate says --------------------------------------------------------------------


def test_a_badly_recorded_run_fails_and_the_mended_one_passes(lab: Path) -> None:
    run(lab, "new", **CRASHED)
    commit(lab)
    report = since(lab)
    assert stopping(report) == {("new", "metrics.run-completed")}
    shutil.rmtree(lab / GROUP / "new")
    run(lab, "new")
    commit(lab)
    assert since(lab).gate.passed


def test_a_failure_that_was_there_before_is_held_over(lab: Path) -> None:
    (lab / GROUP / "crashed" / "labels.yaml").write_text("notes: a crash\n")
    report = since(lab)
    (crashed,) = report.runs
    assert crashed.result("metrics.run-completed").outcome == "fail"
    assert crashed.comparison is not None
    assert crashed.comparison.held_over == ("metrics.run-completed",)
    assert (report.gate.passed, crashed.passed) == (True, True)


def test_nothing_may_get_worse_though_the_gate_only_warns_of_it(lab: Path) -> None:
    good = lab / GROUP / "good"
    (good / "environment.yaml").write_text(
        (good / "environment.yaml").read_text().replace("  torch: 7\n", "  torch: 8\n", 1)
    )
    (good / "manifest.json").unlink()
    seal(good)
    report = since(lab)
    (audit,) = report.runs
    assert audit.comparison is not None
    worse = {(one.check, one.was.value, one.now.value) for one in audit.comparison.worse}
    assert ("environment.seeds-rng-state-verified", "pass", "fail") in worse
    assert ("good", "environment.seeds-rng-state-verified") in stopping(report)
    assert "(on the base: pass)" in report.gate.reasons[0].message
    assert not audit.passed


@pytest.mark.parametrize(("level", "passes"), [("error", False), ("warn", True), ("off", True)])
def test_the_policy_says_what_getting_worse_means(
    lab: Path, tmp_path: Path, level: str, passes: bool
) -> None:
    (tmp_path / "lab.yaml").write_text(f"worse_than_base: {level}\n")
    (lab / GROUP / "good" / "requirements.txt").write_text("")
    (lab / GROUP / "good" / "manifest.json").unlink()
    seal(lab / GROUP / "good")
    report = since(lab, policy=load_policy(tmp_path / "lab.yaml"))
    assert report.gate.passed is passes
    assert report.runs[0].comparison is not None
    assert report.runs[0].comparison.worse


def test_a_check_that_is_turned_off_may_get_worse(lab: Path, tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_text('gate: {"*": off}\n')
    (lab / GROUP / "good" / "requirements.txt").write_text("")
    assert since(lab, policy=load_policy(tmp_path / "lab.yaml")).gate.passed


def test_what_got_better_is_said(lab: Path) -> None:
    shutil.rmtree(lab / GROUP / "crashed")
    run(lab, "crashed")
    report = since(lab)
    (audit,) = report.runs
    assert report.gate.passed
    assert audit.comparison is not None
    assert "metrics.run-completed" in {one.check for one in audit.comparison.better}
    assert (audit.comparison.level, audit.level > "L0") == ("L0", True)


def test_a_run_that_can_no_longer_be_read_does_not_pass(lab: Path) -> None:
    (lab / GROUP / "good" / "run.yaml").write_text("schema: reportgen.run/9\n")
    report = since(lab)
    assert not report.gate.passed
    assert stopping(report) == {("good", None)}
    assert report.problems[0].id == "run.unreadable"


# -- runs that are gone or moved -----------------------------------------------------------


def test_deleted_runs_are_listed_with_what_they_failed(lab: Path) -> None:
    shutil.rmtree(lab / GROUP)
    commit(lab)
    report = since(lab)
    assert report.gate.passed
    assert report.base is not None
    found = {one.name: (one.passed, one.failing) for one in report.base.deleted}
    assert found == {"good": (True, ()), "crashed": (False, ("metrics.run-completed",))}
    assert isinstance(report.base.deleted[0], DeletedRun)
    assert {one.place for one in report.base.deleted} == {f"{GROUP}/good", f"{GROUP}/crashed"}


def test_what_main_deleted_as_well_is_not_the_change_s(lab: Path) -> None:
    shutil.rmtree(lab / GROUP / "crashed")
    commit(lab)
    git(lab, "checkout", "--quiet", "main")
    shutil.rmtree(lab / GROUP / "crashed")
    commit(lab, "on main")
    git(lab, "checkout", "--quiet", "work")
    report = since(lab)
    assert report.base is not None
    assert report.base.deleted == ()


def test_a_run_is_gone_when_what_makes_it_one_is(lab: Path) -> None:
    (lab / GROUP / "crashed" / "run.yaml").unlink()
    (lab / GROUP / "crashed" / "config.yaml").unlink()
    report = since(lab)
    assert report.base is not None
    assert [one.name for one in report.base.deleted] == ["crashed"]


def test_a_run_in_another_folder_is_moved_and_compared(lab: Path) -> None:
    (lab / "runs/other").mkdir()
    (lab / GROUP / "crashed").rename(lab / "runs/other/renamed")
    commit(lab)
    report = since(lab)
    assert changes(report) == {"crashed": "moved"}
    assert report.base is not None
    assert (report.gate.passed, report.base.deleted) == (True, ())


def test_another_run_under_the_id_of_one_that_failed_takes_nothing_over(lab: Path) -> None:
    """Else a bad run would pass by the failures of one that it takes the place of."""
    old = lab / GROUP / "crashed"
    name = old.name
    shutil.rmtree(old)
    forged = run(lab, name, metrics=[{"step": 0, "time": 1.0, "metrics": {"a": 1}}], **CRASHED)
    forged.rename(lab / GROUP / "elsewhere")
    report = since(lab)
    assert changes(report) == {"crashed": "added"}
    assert ("crashed", "metrics.run-completed") in stopping(report)
    assert report.base is not None
    assert [one.name for one in report.base.deleted] == ["crashed"]


def test_another_run_in_the_folder_of_one_that_failed_takes_nothing_over(lab: Path) -> None:
    shutil.rmtree(lab / GROUP / "crashed")
    run(lab, "other", **CRASHED).rename(lab / GROUP / "crashed")
    report = since(lab)
    assert changes(report) == {"other": "added"}
    assert ("other", "metrics.run-completed") in stopping(report)
    assert report.base is not None
    assert [one.name for one in report.base.deleted] == ["crashed"]


def test_a_copy_is_no_move(lab: Path) -> None:
    shutil.copytree(lab / GROUP / "crashed", lab / GROUP / "copy")
    report = since(lab)
    assert changes(report) == {"crashed": "added"}
    assert stopping(report) == {("crashed", "metrics.run-completed")}


# -- how the base is read ------------------------------------------------------------------


def test_files_that_git_ignores_are_missed_on_neither_side(lab: Path) -> None:
    git(lab, "checkout", "--quiet", "main")
    (lab / "runs/.gitignore").write_text("*.pt\n")
    git(lab, "rm", "--quiet", "--cached", "-r", "runs")
    commit(lab, "without weights")
    git(lab, "checkout", "--quiet", "-B", "work")
    (lab / GROUP / "good" / "labels.yaml").write_text("notes: looked at\n")
    for file in (lab / GROUP / "good").rglob("*.pt"):
        file.unlink()
    report = since(lab)
    (audit,) = report.runs
    assert audit.result("artifacts.manifest-matches").outcome == "inconclusive"
    assert audit.comparison is not None
    assert audit.comparison.worse == ()
    assert report.gate.passed


def test_links_of_the_base_are_not_followed(lab: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the content of a file outside")
    git(lab, "checkout", "--quiet", "main")
    stdout = lab / GROUP / "good" / "stdout.log"
    stdout.unlink()
    stdout.symlink_to(tmp_path / "secret")
    commit(lab, "a link")
    git(lab, "checkout", "--quiet", "-B", "work")
    (lab / GROUP / "good" / "labels.yaml").write_text("notes: looked at\n")
    with open_base(lab, "main") as base:
        taken = tmp_path / "taken"
        taken.mkdir()
        runs = base_runs.BaseRuns(base, Differences(base, ["runs"]), taken)
    assert f"{GROUP}/good" in runs.views
    assert not (taken / GROUP / "good" / "stdout.log").exists()
    assert (taken / GROUP / "good" / "run.yaml").is_file()
    assert not any(path.is_symlink() for path in taken.rglob("*"))


def test_a_base_that_is_too_large_is_said_not_to_be_compared(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base_runs, "BYTES", 1_000)
    (lab / GROUP / "crashed" / "labels.yaml").write_text("notes: a crash\n")
    report = since(lab)
    (problem,) = [one for one in report.problems if one.id == "base.unreadable"]
    assert (problem.severity, "more than 1,000 bytes" in problem.message) == ("error", True)
    assert not report.gate.passed  # without the base nothing is held over


def test_a_repository_of_sha256(tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    lab.mkdir()
    git(lab, "init", "--quiet", "--object-format=sha256")
    (lab / "train.py").write_text("x = 1\n")
    commit(lab, "first")
    git(lab, "checkout", "--quiet", "-b", "work")
    run(lab, "new")
    commit(lab)
    report = since(lab)
    assert changes(report) == {"new": "added"}
    assert report.base is not None
    assert len(report.base.commit or "") == 64


def test_the_repository_stays_as_it_was(lab: Path) -> None:
    run(lab, "new")
    shutil.rmtree(lab / GROUP / "crashed")
    before = sorted((str(path), path.lstat().st_mtime_ns) for path in lab.rglob("*"))
    since(lab)
    assert sorted((str(path), path.lstat().st_mtime_ns) for path in lab.rglob("*")) == before


def test_what_cannot_be_compared_is_refused(lab: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no commit 'none'"):
        since(lab, "none")
    with pytest.raises(NotFoundError, match="is in no git repository"):
        since(tmp_path, "main")
    with open_base(lab, "main") as base, pytest.raises(UsageError, match="--base-report"):
        audit_since(base, [tmp_path], policy=load_policy())


def test_a_shallow_clone_is_told_to_fetch_the_rest(lab: Path, tmp_path: Path) -> None:
    run(lab, "new")
    commit(lab)
    git(lab, "checkout", "--quiet", "main")
    (lab / "train.py").write_text("x = 1\n")
    commit(lab, "on main")
    clone = tmp_path / "clone"
    url = lab.as_uri()
    git(tmp_path, "clone", "--quiet", "--depth=1", "--no-single-branch", url, str(clone))
    git(clone, "checkout", "--quiet", "work")
    with pytest.raises(UnavailableError, match="fetch-depth: 0"):
        since(clone, "origin/main")


def test_a_folder_that_is_nowhere_is_said_to_be(lab: Path) -> None:
    with open_base(lab, "main") as base:
        report = audit_since(base, [lab / "rnus"], policy=load_policy(), today=TODAY)
    assert report.gate.passed
    assert [one.id for one in report.problems] == ["path.missing"]


def test_all_runs_may_be_deleted_with_their_root(lab: Path) -> None:
    shutil.rmtree(lab / "runs")
    report = since(lab)
    assert report.base is not None
    assert len(report.base.deleted) == 2
    assert report.problems == ()
