"""Texts are quoted where a carriage return would end a line for a reader."""

from __future__ import annotations

import csv

import pytest

from reportgen.logger.csv_quoting import quoting_of


@pytest.mark.parametrize(
    ("cells", "quoting"),
    [
        ([], csv.QUOTE_MINIMAL),
        (["a", 1, None, 0.5, "b\nc"], csv.QUOTE_MINIMAL),
        ([1, "a\rb"], csv.QUOTE_NONNUMERIC),
    ],
)
def test_a_carriage_return_has_all_texts_quoted(cells: list[object], quoting: int) -> None:
    assert quoting_of(cells) == quoting
