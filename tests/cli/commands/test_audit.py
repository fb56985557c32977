from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from reportgen.audit import runner
from reportgen.audit.formats.json import schema
from reportgen.audit.registry import CHECKS
from reportgen.cli.main import main
from reportgen.testing import git, make_golden_group, make_repository, make_run

CRASHED = {"status": "failed", "exit_code": 1}


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with one golden run in its repository, seen from the repository's top."""
    lab = make_repository(tmp_path / "lab")
    make_run(lab / "runs", repository=lab)
    monkeypatch.chdir(lab)
    return lab / "runs"


def test_a_gate_that_passes_is_0(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_golden_group(runs, repository=runs.parent, group="more_seeds", seeds=(8, 9, 10, 11))
    assert main(["audit", "runs"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("The gate passes: 5 runs")
    assert said.err == ""


def test_without_a_path_the_roots_are_audited(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit"]) == 0
    assert "The gate passes: 1 run" in capsys.readouterr().out


def test_a_gate_that_fails_is_1(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_run(runs, "crashed", run=CRASHED)
    assert main(["audit", "runs"]) == 1
    assert "The gate fails: 1 of 2 runs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["audit", "none"], "none: there is no such folder"),
        (["audit", "data"], "data: no run found"),
        (["audit", "train.py"], "train.py: is no folder"),
        (["audit", "runs", "--format", "yaml"], "no format 'yaml'"),
        (["audit", "runs", "--format", "text,json"], "two formats would go to standard output"),
        (["audit", "runs", "--format", "json=none/audit.json"], "cannot be written"),
        (["audit", "runs", "--policy", "none.yaml"], "none.yaml: cannot be read"),
        (["audit", "runs", "--fail-on", "metrics.run"], "Did you mean metrics.run-completed"),
        (["audit", "runs", "--min-score", "101"], "expected 0 to 100"),
        (["audit", "runs", "--repository", ".."], "is no git repository"),
        (["audit", "--explain", "code.comit"], "Did you mean code.commit"),
        (["audit", "runs", "--formt", "json"], "Did you mean --format"),
    ],
)
def test_misuse_is_2_with_nothing_printed(
    runs: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    assert main(words) == 2
    said = capsys.readouterr()
    assert (said.out, says in said.err) == ("", True)
    assert said.err.count("\n") == 1


def test_input_that_cannot_be_read_is_3(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newer = make_run(runs, "newer")
    (newer / "run.yaml").write_text("schema: reportgen.run/2\n")
    assert main(["audit", "runs"]) == 3
    assert "newer" in capsys.readouterr().out
    assert main(["audit", str(newer)]) == 2


def test_a_torn_tail_is_no_error(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lab = runs.parent
    run = make_run(
        runs,
        "torn",
        repository=lab,
        metrics=(next(runs.rglob("metrics.jsonl")).read_bytes() + b'{"step": 120, "metr'),
    )
    assert main(["audit", str(run)]) == 0
    assert "the last record was cut off" in capsys.readouterr().out


def test_a_fault_of_the_auditor_is_4(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(context: object) -> None:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(CHECKS[0], "judge", broken)
    make_run(runs, "crashed", run=CRASHED)
    assert main(["audit", "runs"]) == 4
    text = capsys.readouterr().out
    assert "fault" in text
    assert "?        L0 recorded" in text
    assert "ZeroDivisionError" in text


def test_json_and_text_at_once(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "runs", "--format", "text,json=audit.json"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("The gate passes")
    assert said.err == "Wrote audit.json\n"
    document = json.loads(Path("audit.json").read_text())
    assert (document["schema"], document["runs"][0]["level"]) == ("reportgen.audit/1", "L2")
    assert main(["audit", "runs", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == document


def test_policy_fail_on_and_min_score(runs: Path) -> None:
    make_run(runs, "unseeded", repository=runs.parent, environment={"seeds": None})
    assert main(["audit", "runs"]) == 0
    assert main(["audit", "runs", "--fail-on", "environment.seeds-recorded"]) == 1
    assert main(["audit", "runs", "--fail-on", "warn"]) == 1
    assert main(["audit", "runs", "--min-score", "99"]) == 1
    assert main(["audit", "runs", "--min-score", "99", "--fail-on", "none"]) == 1
    Path("lab.yaml").write_text("gate: {environment.seeds-recorded: error}\n")
    assert main(["audit", "runs", "--policy", "lab.yaml"]) == 1
    Path("reportgen.toml").write_text('policy = "lab.yaml"\n')
    assert main(["audit", "runs"]) == 1
    make_run(runs, "crashed", run=CRASHED)
    assert main(["audit", "runs", "--policy", "lab.yaml", "--fail-on", "none"]) == 0


def test_a_reason_that_no_check_gave_is_said(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(runs, "unseeded", repository=runs.parent, environment={"seeds": None})
    assert main(["audit", str(run), "--min-score", "99"]) == 1
    assert "stops   unseeded: the score is 90, the policy asks for 99" in capsys.readouterr().out


def test_a_profile_by_its_name(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_run(runs, "unseeded", repository=runs.parent, environment={"seeds": None})
    assert main(["audit", "runs", "--policy", "strict"]) == 1
    assert "policy strict" in capsys.readouterr().out
    Path("reportgen.toml").write_text('policy = "strict"\n')
    assert main(["audit", "runs"]) == 1
    assert main(["audit", "runs", "--policy", "default"]) == 0


def branch_off(lab: Path) -> None:
    git(lab, "add", "--all")
    git(lab, "commit", "--quiet", "--message", "runs")
    git(lab, "checkout", "--quiet", "-b", "work")


def test_a_change_beside_its_base(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_run(runs, "crashed", run=CRASHED)
    branch_off(runs.parent)
    for words in (["audit", "runs"], ["audit"]):
        assert main([*words, "--base", "main"]) == 0
        assert capsys.readouterr().out.startswith(
            "The gate passes: no run was added or changed since main ("
        )
    make_run(runs, "new", repository=runs.parent, run=CRASHED)
    assert main(["audit", "--base", "main"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("The gate fails: new added or changed since main (")
    assert "crashed" not in said
    assert len(said.splitlines()) < 55  # a screen
    assert main(["audit", "--base", "main", "--fail-on", "none"]) == 0
    capsys.readouterr()
    assert main(["audit", "--base", "main", "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [run["name"] for run in document["runs"]] == ["new"]
    assert document["runs"][0]["comparison"]["change"] == "added"
    assert (document["base"]["revision"], document["base"]["same"]) == ("main", 2)
    jsonschema.validate(document, schema())


def test_a_repository_without_any_run_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(make_repository(tmp_path / "lab"))
    assert main(["audit", "runs", "--base", "HEAD"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("The gate passes: no run was added or changed since HEAD (")
    assert "warning  runs: there is no such folder, neither here nor on the base" in said


def test_a_relaxed_policy_is_named_and_not_in_force(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("audit.yaml").write_text("minimum_score: 10\n")
    Path("reportgen.toml").write_text('policy = "audit.yaml"\n')
    branch_off(runs.parent)
    make_run(runs, "new", run=CRASHED)
    Path("audit.yaml").write_text('gate: {"*": off}\n')
    assert main(["audit", "--base", "main"]) == 1
    said = capsys.readouterr().out
    assert "audit.config_changed" in said
    assert "minimum_score 10 → None" in said


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["--base", "none"], 2, "no commit 'none'"),
        (["--base", "--output=x"], 2, "expected one argument"),
        (["--base=--output=x"], 2, "no commit '--output=x'"),
        (["--base", "main", "--base-report", "x.json"], 2, "not allowed with"),
        (["--base", "main", "--repository", "."], 2, "not together with --base"),
        (["--base-report", "none.json"], 2, "none.json: cannot be read"),
        (["--base-report", "runs/base.json"], 2, "lies inside what is audited"),
        (["--base-report", "train.py"], 2, "expected a report of an audit"),
    ],
)
def test_a_base_that_is_none_is_refused(
    runs: Path, capsys: pytest.CaptureFixture[str], words: list[str], status: int, says: str
) -> None:
    (runs / "base.json").write_text("{}")
    assert main(["audit", "runs", *words]) == status
    said = capsys.readouterr()
    assert (said.out, says in said.err) == ("", True)


def test_runs_outside_git_beside_an_earlier_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "runs", "good")
    make_run(tmp_path / "runs", "crashed", run=CRASHED)
    make_run(tmp_path / "runs", "gone", run=CRASHED)
    assert main(["audit", "runs", "--format", "json=base.json"]) == 1
    shutil.rmtree(next((tmp_path / "runs").rglob("gone")))
    assert main(["audit", "runs", "--base-report", "base.json"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("The gate passes: 2 runs beside base.json")
    assert "gone     gone   failed there: metrics.run-completed" in said
    make_run(tmp_path / "runs", "new", run=CRASHED)
    assert main(["audit", "runs", "--base-report", "base.json"]) == 1
    capsys.readouterr()
    shutil.rmtree(next((tmp_path / "runs").rglob("new")))
    (next((tmp_path / "runs").rglob("good")) / "stdout.log").write_text("other words")
    assert main(["audit", "runs", "--base-report", "base.json"]) == 1
    assert "worse: manifest-matches pass → fail" in capsys.readouterr().out


def test_a_policy_inside_a_run_or_root_is_never_read(runs: Path, tmp_path: Path) -> None:
    crashed = make_run(runs, "crashed", run=CRASHED)
    for folder in (runs, crashed):
        (folder / "reportgen.toml").write_text('policy = "lax.yaml"\n')
        (folder / "lax.yaml").write_text('gate: {"*": off}\n')
    assert main(["audit", "runs"]) == 1


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--explain", "code.patch-restores-tree"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("code.patch-restores-tree\n  severity  high, weight 5\n")
    assert "repository" in text
    assert "after     code.commit-exists" in text


def on_a_terminal(words: list[str], **environment: str) -> tuple[int, str]:
    """Run a command whose output is a terminal; return its status and what it wrote."""
    master, slave = pty.openpty()
    known = {**os.environ, "TERM": "xterm-256color", **environment}
    shown = subprocess.Popen(words, stdout=slave, stderr=slave, env=known)
    os.close(slave)
    text = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:
            break
        if not piece:
            break
        text += piece
    return shown.wait(), text.decode().replace("\r\n", "\n")


def test_colours_on_a_terminal_and_none_in_a_pipe(runs: Path) -> None:
    make_run(runs, "crashed", run={**CRASHED, "name": "a\x1b[31m"})
    words = [sys.executable, "-m", "reportgen", "audit", "runs"]
    piped = subprocess.run(words, capture_output=True, text=True)
    assert "\x1b" not in piped.stdout
    status, text = on_a_terminal(words, COLUMNS="200")
    assert status == piped.returncode == 1
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert "\x1b[1;31mThe gate fails\x1b[0m" in text
    assert "\x1b" not in plain
    assert plain.split() == piped.stdout.split()


def test_a_narrow_terminal_gets_lines_that_hang_below_their_words(runs: Path) -> None:
    make_run(runs, "crashed", run=CRASHED)
    words = [sys.executable, "-m", "reportgen", "audit", "runs"]
    piped = subprocess.run(words, capture_output=True, text=True)
    _, text = on_a_terminal(words, COLUMNS="60", NO_COLOR="1")
    assert "\x1b" not in text
    assert text.split() == piped.stdout.split()
    lines = text.splitlines()
    command = re.compile(r" {2}(?:\$|>>>) ")
    assert max(len(line) for line in lines if not command.match(line)) <= 60
    assert [line for line in lines if command.match(line)] == [
        line for line in piped.stdout.splitlines() if command.match(line)
    ]
    remedy = next(number for number, line in enumerate(lines) if line.startswith("  do     "))
    assert re.match(r" {9}\S", lines[remedy + 1])


def test_one_audit_loads_nothing_heavy(runs: Path) -> None:
    code = (
        "import sys; from reportgen.cli.main import main; main(['audit', 'runs']); "
        "print([m for m in ('numpy','pandas','altair','jinja2','git','torch','rich') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_audit_is_the_runners(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths, policy and repository reach the audit as they were given."""
    seen = {}
    real = runner.audit_runs

    def spy(paths: object, **options: object) -> object:
        seen.update(paths=paths, **options)
        return real(paths, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(runner, "audit_runs", spy)
    assert main(["audit", "runs", "--repository", "."]) == 0
    assert seen["online"] is False
    assert seen["paths"] == [Path("runs")]
    assert seen["repository"] == Path(".")
