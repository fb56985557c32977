"""Facts of code, environment and data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reportgen.runs.view import RunView
from reportgen.site.model import record_of
from reportgen.site.parts import facts
from reportgen.testing import ABSENT, make_run


def view(root: Path, **given: Any) -> RunView:
    return RunView(make_run(root, **given))


def by_label(rows: list[facts.Fact]) -> dict[str, facts.Fact]:
    return {fact.label: fact for fact in rows}


def test_code_links_only_to_the_web(tmp_path: Path) -> None:
    found = by_label(facts.code_facts(view(tmp_path)))
    assert found["Commit"].url is not None
    assert found["Commit"].url.startswith("https://example.org/lab/digits/commit/")
    assert found["Work tree"].value == "clean"


def test_a_remote_s_token_is_nowhere(tmp_path: Path) -> None:
    run = view(tmp_path, git={"remote": "https://user:hunter2@example.org/a.git"})
    found = facts.code_facts(run)
    assert "hunter2" not in repr(found)
    assert by_label(found)["Remote"].value == "https://example.org/a.git"


def test_an_active_remote_is_text(tmp_path: Path) -> None:
    run = view(tmp_path, git={"remote": "javascript:PWN()", "commit": "x' onclick='y"})
    found = by_label(facts.code_facts(run))
    assert found["Remote"].url is None
    assert found["Commit"].url is None


def test_what_could_not_be_found_out_says_why(tmp_path: Path) -> None:
    run = view(
        tmp_path,
        git={"commit": None, "not_available": {"commit": "git is not installed"}},
    )
    fact = by_label(facts.code_facts(run))["Commit"]
    assert fact.missing
    assert fact.value == "not available: git is not installed"


def test_a_tree_that_changed_during_the_run(tmp_path: Path) -> None:
    run = view(tmp_path, git={"dirty": False, "dirty_end": True})
    words = by_label(facts.code_facts(run))["Work tree"].value
    assert words == "clean at the start, with uncommitted changes at the end"


def test_environment_in_words(tmp_path: Path) -> None:
    found = by_label(facts.environment_facts(view(tmp_path)))
    assert found["Python"].value == "CPython 3.11.7"
    assert found["GPU"].value == "none"
    assert found["Seeds"].value == "python 7, numpy 7, torch 7"
    assert found["Variables"].value == "OMP_NUM_THREADS 1"


def test_data_and_splits(tmp_path: Path) -> None:
    run = view(tmp_path, data={"splits": {"val": ABSENT, "seed": 7}})
    rows = facts.input_rows(run)
    assert [(row.name, row.rows, row.version) for row in rows] == [
        ("digits.csv", "180", "kind git")
    ]
    found = {label: fact.value for label, fact in by_label(facts.split_facts(run)).items()}
    assert found["Split train"] == "144 examples"
    assert (found["Split method"], found["Split seed"]) == ("random", "7")


def test_the_command_line_can_be_read_and_typed(tmp_path: Path) -> None:
    argv = ["train.py", "--name", "a b", "--x=$(touch y)"]
    run = view(tmp_path, run={"command": {"argv": argv}})
    assert facts.command_line(run) == "python3.11 train.py --name 'a b' '--x=$(touch y)'"


def test_identity_of_a_run_that_was_resumed(tmp_path: Path) -> None:
    run = view(tmp_path, run={"attempt": 2, "resumed_from": "01J", "dropped": {"ENOSPC": 3}})
    record = record_of(run, "x", judged=None, goals={})
    found = by_label(facts.identity_facts(record))
    assert found["Attempts"].value == "2"
    assert found["Records dropped"].value == "3 (ENOSPC)"
    assert found["Tag goal"].value == "baseline"


def test_identity_of_a_run_on_several_ranks(tmp_path: Path) -> None:
    run = view(tmp_path, run={"ranks": 7})
    line = '{"step":0,"metrics":{"loss":1}}\n'
    for rank in range(1, 7):
        (run.folder / f"metrics.rank{rank}.jsonl").write_text(line * 1000 * (rank == 1))
    found = by_label(facts.identity_facts(record_of(run, "x", judged=None, goals={})))
    assert found["Ranks"].value == (
        "7; rank 1 logged 1,000 records; rank 2 logged 0 records; rank 3 logged 0 records; "
        "rank 4 logged 0 records; 2 more ranks"
    )


def test_a_bare_run_has_few_facts_and_no_fault(tmp_path: Path) -> None:
    run = view(tmp_path, git=None, environment=None, data=None)
    assert facts.code_facts(run) == facts.environment_facts(run) == facts.split_facts(run) == []
    assert facts.input_rows(run) == facts.packages_of(run) == []
