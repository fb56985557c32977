"""run.yaml at the start of a new run, of one that another process opened, and of one resumed."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.logger import run_document
from reportgen.logger.folder import RunFolder
from reportgen.logger.naming import Place
from reportgen.logger.options import Options, Surroundings
from reportgen.logger.ranks import Rank
from reportgen.logger.resume_target import ResumeTarget
from reportgen.logger.run_document import new_document
from reportgen.runs.schema import RUN_SCHEMA, Command, LeftOut, Run


@pytest.fixture
def options(tmp_path: Path) -> Options:
    argv = ("train.py", "--lr", "0.1", "--token=ghp_" + "Ab3" * 12)
    return Options(
        place=Place("p", "g", "r"),
        surroundings=Surroundings(argv, tmp_path, None, tmp_path, tmp_path),
        config=None,
        plain=None,
        redacted=2,
        config_files=(),
        data=(),
        planned=None,
        checkpoints=None,
        extras=None,  # type: ignore[arg-type]  # nothing of it stands in run.yaml
        tags={"own": 1, "both": "own"},
        notes="own",
        resume=ResumeTarget(tmp_path, "01JPARENT"),
        rank=Rank(0, 4),
    )


def test_a_new_run(options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = Command(argv=list(options.surroundings.argv), cwd=".")
    monkeypatch.setattr(run_document, "capture_command", lambda top: command)
    run, redacted = new_document(options, RunFolder(tmp_path / "r-2"), "r", 1e9)
    assert (run.name, run.project, run.group, run.notes) == ("r-2", "p", "g", "own")
    assert (run.created, run.status, run.attempt) == ("2001-09-09T01:46:40.000Z", "running", 1)
    assert (run.ranks, run.parent) == (4, "01JPARENT")
    assert run.command is not None
    assert run.command.argv[:3] == ["train.py", "--lr", "0.1"]
    assert "ghp_" not in run.command.argv[3]
    assert (redacted, run.redacted) == (1, 3)


def test_a_run_that_a_command_opened_keeps_what_it_was_told(
    options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REPORTGEN_RUN_NAME", raising=False)
    joined = Run(
        schema=RUN_SCHEMA,
        id="01JOUTER",
        name="outer",
        status="running",
        created="2026-01-01T00:00:00.000Z",
        project="outer",
        tags={"both": "outer"},
        redacted=7,
        left_out=[LeftOut(what="a", where="b", rule="secret")],
    )
    run, _ = new_document(options, RunFolder(tmp_path, joined=joined), "r", 1e9)
    assert (run.id, run.created) == ("01JOUTER", "2026-01-01T00:00:00.000Z")
    assert (run.name, run.project, run.group) == ("r", "outer", "g")
    assert run.tags == {"own": 1, "both": "outer"}
    assert (run.notes, run.left_out) == ("own", [])
