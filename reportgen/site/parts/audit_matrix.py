"""The matrix of runs and checks: one mark for each, and which columns have something to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reportgen.audit.report import CATEGORIES, Outcome, RunAudit
from reportgen.site.model import Record
from reportgen.site.parts.findings import OUTCOME_WORDS, CheckInfo

_RUNS = 200


@dataclass(frozen=True, slots=True)
class Mark:
    """How an outcome stands in a cell: its key for styles, a sign that needs no colour, words."""

    key: str
    sign: str
    words: str


MARKS: Mapping[Outcome, Mark] = {
    outcome: Mark(str(outcome), sign, OUTCOME_WORDS[outcome])
    for outcome, sign in (
        (Outcome.PASS, "✓"),
        (Outcome.PARTIAL, "½"),
        (Outcome.FAIL, "✕"),
        (Outcome.INCONCLUSIVE, "?"),
        (Outcome.EXEMPT, "e"),
        (Outcome.ERROR, "!"),
        (Outcome.NOT_APPLICABLE, ""),
    )
}
_UNKNOWN = Mark("not-applicable", "", "not judged by this rule set")


@dataclass(frozen=True, slots=True)
class Column:
    """A check of the matrix.

    Attributes:
        info: Its words.
        name: Its id without the category.
        quiet: Whether it found nothing in any of the runs.
    """

    info: CheckInfo
    name: str
    quiet: bool


@dataclass(frozen=True, slots=True)
class Band:
    """The columns of one category: how many there are, and how many of them are not quiet."""

    name: str
    columns: int
    telling: int


@dataclass(frozen=True, slots=True)
class Row:
    """A run with one mark for each column."""

    record: Record
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Runs and checks.

    Attributes:
        bands: Categories over the columns.
        columns: The checks, in the order of the rules.
        rows: As :func:`worth_a_row` chooses them.
        left: How many runs have no row.
        legend: What the marks mean, in the order of their gravity.
    """

    bands: tuple[Band, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    left: int
    legend: tuple[Mark, ...] = tuple(MARKS.values())[:-1]


def worth_a_row(
    judged: Sequence[tuple[Record, RunAudit]],
) -> Sequence[tuple[Record, RunAudit]]:
    """Return at most two hundred runs: of more, those that are stopped and the lowest scores."""
    return judged if len(judged) <= _RUNS else sorted(judged, key=_standing)[:_RUNS]


def matrix_of(judged: Sequence[tuple[Record, RunAudit]], checks: Sequence[CheckInfo]) -> Matrix:
    """Return the matrix of some runs.

    Args:
        judged: Runs with their audits.
        checks: The rule set.
    """
    finds = {result.id for _, run in judged for result in run.findings}
    columns = [
        Column(info, info.id.partition(".")[2], info.id not in finds)
        for category in CATEGORIES
        for info in checks
        if info.category == category
    ]
    kept = worth_a_row(judged)
    return Matrix(
        bands=tuple(_band(category, columns) for category in CATEGORIES),
        columns=tuple(columns),
        rows=tuple(Row(record, _marks(run, columns)) for record, run in kept),
        left=len(judged) - len(kept),
    )


def _standing(pair: tuple[Record, RunAudit]) -> tuple[bool, int]:
    run = pair[1]
    return run.passed, run.score.low or 0


def _band(category: str, columns: Sequence[Column]) -> Band:
    own = [column for column in columns if column.info.category == category]
    return Band(category.capitalize(), len(own), sum(not column.quiet for column in own))


def _marks(run: RunAudit, columns: Sequence[Column]) -> tuple[Mark, ...]:
    outcomes = {result.id: result.outcome for result in run.checks}
    return tuple(
        MARKS[outcomes[column.info.id]] if column.info.id in outcomes else _UNKNOWN
        for column in columns
    )
