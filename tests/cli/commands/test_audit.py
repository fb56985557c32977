from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen.audit import runner
from reportgen.audit.registry import CHECKS
from reportgen.cli.main import main
from reportgen.testing import make_golden_group, make_repository, make_run

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
    assert said.out.startswith("The gate passes: 5 runs, nothing fails")
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


def test_colours_on_a_terminal_and_none_in_a_pipe(runs: Path) -> None:
    make_run(runs, "crashed", run={**CRASHED, "name": "a\x1b[31m"})
    words = [sys.executable, "-m", "reportgen", "audit", "runs"]
    piped = subprocess.run(words, capture_output=True, text=True)
    assert "\x1b" not in piped.stdout
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "200"}
    shown = subprocess.Popen(words, stdout=slave, stderr=slave, env=environment)
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
    assert shown.wait() == piped.returncode == 1
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text.decode()).replace("\r\n", "\n")
    assert "\x1b[1;31mThe gate fails\x1b[0m" in text.decode()
    assert "\x1b" not in plain
    assert plain.split() == piped.stdout.split()


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
    assert seen["paths"] == [Path("runs")]
    assert seen["repository"] == Path(".")
