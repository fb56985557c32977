import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from audit.case import Case, assert_case

from reportgen.runs import lock
from reportgen.testing import ABSENT, make_run, run_check

COMPLETED = "metrics.run-completed"
SUMMARY = "metrics.summary-recomputes"
KILLED = {"run": {"status": "running", "ended": None, "exit_code": None}, "sealed": False}

CASES = (
    Case(COMPLETED, "passes", "exit status 0"),
    Case(COMPLETED, "fails", "no end and no writer: it stopped after step 119", KILLED),
    Case(
        COMPLETED,
        "fails",
        "its last words: 'RuntimeError: out of memory'",
        {
            "run": {"status": "failed", "exit_code": 1},
            "files": {"stderr.log": "Traceback\n  File\nRuntimeError: out of memory\n\n"},
        },
        name="crashed",
    ),
    Case(COMPLETED, "fails", "exit status 137", {"run": {"exit_code": 137}}, name="bad-exit"),
    Case(
        COMPLETED,
        "fails",
        "no reason",
        {"run": {"status": "interrupted", "exit_code": 130}},
        name="interrupted",
    ),
    Case(
        COMPLETED,
        "partly",
        "SIGTERM",
        {"run": {"status": "interrupted", "stopped_early": "SIGTERM", "exit_code": 143}},
    ),
    # The word alone: nothing says when it ended and how.
    Case(COMPLETED, "cheats", "ended and exit_code", {"run": {"ended": None, "exit_code": None}}),
    Case(COMPLETED, "cheats", "exit_code is not", {"run": {"exit_code": ABSENT}}, name="no-exit"),
    Case(COMPLETED, "cheats", "an end is recorded", {"run": {"status": "running"}}, name="both"),
    Case(SUMMARY, "passes", "5 metrics recomputed, all equal"),
    Case(SUMMARY, "fails", "there is no summary.yaml", {"summary": None}),
    Case(
        SUMMARY,
        "fails",
        "do not name the same metrics: val/loss",
        {"summary": {"metrics": {"val/loss": ABSENT}}},
        name="a-metric-less",
    ),
    Case(
        SUMMARY,
        "fails",
        "val/accuracy.best_step is 7",
        {"summary": {"metrics": {"val/accuracy": {"best_step": 7}}}},
        name="another-step",
    ),
    # Everything is there; one accuracy is a little better than what was logged.
    Case(
        SUMMARY,
        "cheats",
        "val/accuracy.best is 0.9351, recomputed 0.916",
        {"summary": {"metrics": {"val/accuracy": {"best": 0.9351}}}},
    ),
    Case(SUMMARY, "cheats", "is empty", {"summary": {"metrics": ABSENT}}, name="empty"),
    Case(
        SUMMARY,
        "partly",
        "agree only as far as they are printed",
        {"summary": {"metrics": {"val/accuracy": {"best": 0.9167}}}},
    ),
    Case(SUMMARY, "inconclusive", "no end", KILLED, more={"blocked_by": COMPLETED}),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Path]:
    """A run that somebody writes at this moment."""
    run = make_run(tmp_path, summary=None, **KILLED)  # type: ignore[arg-type]
    descriptor = os.open(run / "metrics.jsonl", os.O_RDWR)
    assert lock.hold(descriptor)
    yield run
    os.close(descriptor)


def test_a_live_run_is_open_and_holds_up_what_its_end_settles(live: Path) -> None:
    result = run_check(COMPLETED, live)
    assert (result.outcome, "still being written" in result.message) == ("inconclusive", True)
    for check in (SUMMARY, "artifacts.manifest-matches", "artifacts.logs-captured"):
        held = run_check(check, live)
        assert (held.outcome, held.blocked_by) == ("inconclusive", COMPLETED)


def test_what_a_live_run_already_settles_is_judged(live: Path) -> None:
    assert run_check("environment.python-recorded", live).outcome == "pass"
    assert run_check("metrics.series-finite", live).outcome == "pass"


def test_a_file_still_to_come_is_no_failure_of_a_run_without_end(live: Path) -> None:
    (live / "environment.yaml").unlink()
    result = run_check("environment.python-recorded", live)
    assert (result.outcome, result.blocked_by) == ("inconclusive", COMPLETED)


def test_an_imported_run_is_imported_again_not_resumed(tmp_path: Path) -> None:
    record = '{"kind": "tensorboard", "reader": 1, "digest": "0", "files": []}'
    imported = make_run(tmp_path / "a", files={"captured/import.json": record}, **KILLED)
    own = make_run(tmp_path / "b", **KILLED)
    there, here = run_check(COMPLETED, imported), run_check(COMPLETED, own)
    assert (there.outcome, here.outcome) == ("fail", "fail")
    assert (there.remedy or "").startswith("Import it again once its source has ended")
    assert there.command == "reportgen import SOURCE -o RUNS"
    assert (here.command or "").startswith("reportgen.start_run(resume=")


def test_a_traceback_in_a_huge_log_is_not_searched_for(tmp_path: Path) -> None:
    run = make_run(
        tmp_path, run={"status": "failed", "exit_code": 1}, files={"stderr.log": "x" * (2 << 20)}
    )
    result = run_check(COMPLETED, run)
    assert result.message == "status failed, exit status 1"
