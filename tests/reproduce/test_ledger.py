"""Each attempt is an entry that the audit reads and the seal does not know."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reportgen.audit.runner import audit_runs
from reportgen.errors import UsageError
from reportgen.reproduce.attempt import Attempt, reproduce
from reportgen.reproduce.ledger import document_of, entry_of, write_entry
from reportgen.reproduce.plan import Request, make_plan
from reportgen.runs.schema import Reproduction
from reportgen.runs.view import RunView

NOW = 1_795_455_191.5


def attempt_of(view: RunView, steps: int | None = 20) -> Attempt:
    return reproduce(make_plan(view, Request(steps=steps, environment="current")))


def outcome_of(view: RunView, check: str) -> tuple[str, str]:
    (run,) = audit_runs([view.folder]).runs
    (found,) = [result for result in run.checks if result.id == check]
    return found.outcome, found.message


def test_the_audit_takes_it_into_account(recorded: RunView) -> None:
    prefix = "environment.replay-prefix"
    assert outcome_of(recorded, prefix)[0] == "inconclusive"
    attempt = attempt_of(recorded)
    entry = entry_of(attempt, now=NOW)
    place = write_entry(entry, recorded.folder)
    assert place.parent == recorded.folder / "reproductions"
    outcome, message = outcome_of(recorded, prefix)
    assert (outcome, "identical over 20 steps" in message) == ("partial", True), message
    attempt.cold = True
    write_entry(entry_of(attempt, now=NOW + 1), recorded.folder)
    outcome, message = outcome_of(recorded, prefix)
    assert outcome == "pass", message
    assert outcome_of(recorded, "artifacts.manifest-matches")[0] == "pass"


def test_what_an_entry_holds(recorded: RunView) -> None:
    entry = entry_of(attempt_of(recorded, steps=None), now=NOW, signer="A. Reader")
    place = write_entry(entry, recorded.folder)
    read = RunView(recorded.folder).captured(
        place.relative_to(recorded.folder).as_posix(), Reproduction
    )
    assert read == entry
    assert (read.run, read.verdict, read.steps) == (recorded.id, "identical", None)
    assert read.created == "2026-11-23T17:33:11.500Z"
    assert (read.signer, read.environment, read.cold) == ("A. Reader", "current", False)
    assert read.conclusion is not None
    assert read.conclusion["same"] is None
    assert recorded.environment is not None
    assert read.host == recorded.environment.host
    assert read.writer is not None
    assert read.writer.name == "reportgen"
    assert RunView(recorded.folder).load().problems == []


def test_reasons_and_paths_of_one_machine_stay_out(recorded: RunView) -> None:
    attempt = attempt_of(recorded)
    home = Path.home()
    attempt.reason = f"{attempt.folder}/tree and {home}/x: it said password=hunter2hunter2"
    entry = entry_of(attempt, now=NOW)
    assert entry.reason is not None
    assert entry.reason.startswith(".../tree and ~/x: it said password=")
    assert "hunter2" not in entry.reason
    text = write_entry(entry, recorded.folder).read_text()
    assert str(attempt.folder) not in text
    assert document_of(entry, attempt)["folder"] == str(attempt.folder)


def test_a_ledger_elsewhere(recorded: RunView, tmp_path: Path) -> None:
    entry = entry_of(attempt_of(recorded), now=NOW)
    before = sorted(path.name for path in recorded.folder.iterdir())
    place = write_entry(entry, recorded.folder, tmp_path / "ledger" / "of others")
    assert place.parent == tmp_path / "ledger" / "of others"
    assert sorted(path.name for path in recorded.folder.iterdir()) == before
    shutil.rmtree(tmp_path / "ledger")
    (tmp_path / "ledger").write_text("a file")
    with pytest.raises(UsageError, match="--ledger"):
        write_entry(entry, recorded.folder, tmp_path / "ledger" / "below")
