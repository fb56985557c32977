"""docs/pitfalls.md: thirty rows, each with an answer that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from documented_names import exists, unknown_names
from published_checks import check_ids, named_in

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "pitfalls.md").read_text(encoding="utf-8")
SECTIONS = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
OTHERS = {
    "final_final",
    "test2",
    "best_model.pt",
    "overhead_seconds",
    "make bench",
    "print",
    "debug",
}


def rows(section: str) -> list[list[str]]:
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.split("\n")[0])
def test_ten_rows_each_answered_or_said_to_be_not_observable(section: str) -> None:
    table = rows(section)
    assert len(table) == 10
    for row in table:
        answer = " ".join(row[1:])
        features = [name for name in re.findall(r"`([^`]+)`", answer) if exists(name)]
        assert features or "not observable" in answer or "audit" in answer, row[0]


@pytest.mark.parametrize("section", SECTIONS[:1], ids=["pitfalls"])
def test_what_looks_is_a_check_or_said_not_to_be_one(section: str) -> None:
    for row in rows(section):
        looks = row[-1]
        assert named_in(looks) or looks.startswith(("not observable", "unscored advice")), row[0]


def test_everything_that_is_named_exists() -> None:
    assert unknown_names(TEXT, OTHERS) == []
    assert named_in(TEXT) <= check_ids()
    assert len(named_in(TEXT)) >= 25


@pytest.mark.parametrize(
    "name",
    [
        "code.no-such-check",
        "reportgen nonsense",
        "reportgen label --nonsense",
        "reportgen.nonsense",
        "run.nonsense",
        "start_run(nonsense=)",
        "nonsense(seed=)",
        "nonsense.yaml",
    ],
)
def test_a_name_that_is_not_there_is_noticed(name: str) -> None:
    assert unknown_names(f"see `{name}`") == [name]
