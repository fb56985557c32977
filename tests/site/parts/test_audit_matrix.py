from __future__ import annotations

from pathlib import Path

from site_parts import again, row

from reportgen.audit.registry import CHECKS
from reportgen.audit.report import CATEGORIES, Outcome
from reportgen.site.parts.audit_matrix import MARKS, Matrix, matrix_of
from reportgen.site.parts.findings import check_info

INFOS = [check_info(check) for check in CHECKS]
FINITE, EXISTS = "metrics.series-finite", "code.commit-exists"


def column(matrix: Matrix, check: str) -> int:
    return [one.info.id for one in matrix.columns].index(check)


def test_every_outcome_has_a_sign_of_its_own() -> None:
    assert MARKS.keys() == set(Outcome)
    assert len({mark.sign for mark in MARKS.values()}) == len(Outcome)
    assert MARKS[Outcome.NOT_APPLICABLE].sign == ""


def test_a_run_has_a_mark_for_each_check(tmp_path: Path) -> None:
    rows = [
        row(tmp_path, "a", {FINITE: Outcome.FAIL}),
        row(tmp_path, "b", {FINITE: Outcome.PARTIAL, EXISTS: Outcome.INCONCLUSIVE}),
    ]
    matrix = matrix_of(rows, INFOS)
    finite, exists = column(matrix, FINITE), column(matrix, EXISTS)
    signs = [(one.marks[finite].sign, one.marks[exists].sign) for one in matrix.rows]
    assert signs == [("✕", "✓"), ("½", "?")]
    assert all(len(one.marks) == len(CHECKS) for one in matrix.rows)
    telling = {one.info.id for one in matrix.columns if not one.quiet}
    assert telling == {FINITE, EXISTS}


def test_columns_stand_under_their_category(tmp_path: Path) -> None:
    matrix = matrix_of([row(tmp_path, "a", {FINITE: Outcome.FAIL})], INFOS)
    assert [band.name.lower() for band in matrix.bands] == list(CATEGORIES)
    assert sum(band.columns for band in matrix.bands) == len(CHECKS)
    assert {band.name: band.telling for band in matrix.bands if band.telling} == {"Metrics": 1}
    order = [one.info.category for one in matrix.columns]
    assert order == sorted(order, key=CATEGORIES.index)


def test_of_many_runs_the_stopped_and_the_lowest_have_a_row(tmp_path: Path) -> None:
    one = row(tmp_path, "a")
    many = [again(one, number, low=number % 90) for number in range(300)]
    many.append(again(one, 300, low=99, passed=False))
    matrix = matrix_of(many, INFOS)
    assert (len(matrix.rows), matrix.left) == (200, 101)
    few = matrix_of(many[:200], INFOS)
    assert (len(few.rows), few.left) == (200, 0)


def test_a_check_that_an_audit_does_not_know_is_blank(tmp_path: Path) -> None:
    from msgspec.structs import replace

    record, judged = row(tmp_path, "a")
    older = replace(judged, checks=judged.checks[:3])
    (found,) = matrix_of([(record, older)], INFOS).rows
    assert {mark.sign for mark in found.marks} == {"✓", ""}
