from __future__ import annotations

from pathlib import Path

from site_parts import again, row

from reportgen.audit.registry import by_id
from reportgen.audit.report import Outcome
from reportgen.site.parts.check_page import check_views

FINITE = by_id("metrics.series-finite")


def test_the_gravest_come_first_and_every_outcome_is_counted(tmp_path: Path) -> None:
    outcomes = (Outcome.PASS, Outcome.PARTIAL, Outcome.FAIL, Outcome.NOT_APPLICABLE, Outcome.FAIL)
    rows = [row(tmp_path, f"r{n}", {FINITE.id: one}) for n, one in enumerate(outcomes)]
    (view,) = check_views([FINITE], rows)
    assert [one.record.name for one in view.found] == ["r2", "r4", "r1"]
    assert [(one.word, one.runs) for one in view.shares] == [
        ("fails", 2),
        ("in part", 1),
        ("passes", 1),
        ("does not apply", 1),
    ]
    assert (view.findings, view.left, view.worst) == (3, 0, "poor")
    assert view.found[0].row.message == "Found in r2."


def test_a_check_that_judged_nothing_has_no_shares() -> None:
    (view,) = check_views([FINITE], [])
    assert (view.shares, view.found, view.worst) == ((), (), "good")


def test_five_hundred_runs_have_a_row(tmp_path: Path) -> None:
    one = row(tmp_path, "a", {FINITE.id: Outcome.FAIL})
    (view,) = check_views([FINITE], [again(one, number, low=1) for number in range(600)])
    assert (len(view.found), view.findings, view.left) == (500, 600, 100)
