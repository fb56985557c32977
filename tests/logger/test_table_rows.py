"""Tables of every form become names and rows; what is none is refused with its place."""

from __future__ import annotations

import datetime
import decimal
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from reportgen.errors import UsageError
from reportgen.logger.table_rows import cell_of, table_of

ROWS = [[1, "a"], [2, "b"]]


class Polars:
    """What a polars frame can do (docs.pola.rs, DataFrame.columns and iter_rows)."""

    columns = ("id", "word")

    def iter_rows(self) -> Iterator[tuple[Any, ...]]:
        return iter([(1, "a"), (2, "b")])


class Arrow:
    """What a pyarrow table can do (arrow.apache.org, Table.to_pydict)."""

    def to_pydict(self) -> dict[str, list[Any]]:
        return {"id": [1, 2], "word": ["a", "b"]}


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (["id", "word"], ROWS),
        (("id", "word"), ((n, w) for n, w in ROWS)),
        (["id", "word"], [{"id": 1, "word": "a"}, {"word": "b", "id": 2}]),
        ({"id": [1, 2], "word": ["a", "b"]}, None),
        ({"id": np.array([1, 2]), "word": ("a", "b")}, None),
        ({"id": torch.tensor([1, 2]), "word": pd.Series(["a", "b"])}, None),
        ([{"id": 1, "word": "a"}, {"id": 2, "word": "b"}], None),
        (pd.DataFrame({"id": [1, 2], "word": ["a", "b"]}), None),
        (pd.DataFrame({"word": ["a", "b"]}, index=pd.Index([1, 2], name="id")), None),
        (Polars(), None),
        (Arrow(), None),
    ],
)
def test_every_form_is_the_same_table(columns: Any, rows: Any) -> None:
    table = table_of(columns, rows)
    assert table.columns == ["id", "word"]
    assert [[cell_of(value) for value in row] for row in table.rows] == ROWS


def test_arrays_as_rows_and_absent_keys() -> None:
    assert list(table_of(["a", "b"], np.eye(2)).rows) == [[1.0, 0.0], [0.0, 1.0]]
    assert list(table_of(["a"], torch.ones(2, 1)).rows) == [[1.0], [1.0]]
    assert list(table_of([{"a": 1}, {"b": 2}]).rows) == [[1, None], [None, 2]]
    assert list(table_of([1, 2], [[3, 4]]).columns) == ["1", "2"]


@pytest.mark.parametrize(
    ("columns", "rows", "words"),
    [
        ("id", ROWS, "list of names"),
        (None, ROWS, "list of names"),
        ([], ROWS, "0 columns"),
        (["a", "a"], ROWS, "'a' stands 2 times"),
        (["a", "b"], 5, "rows is of type int"),
        (["a", "b"], [[1, 2], [1]], "row 1 has 1 values"),
        (["a", "b"], ["ab"], "row 0 is no row"),
        (["a", "b"], [None], "row 0 is no row"),
        (["a", "b"], [{"a": 1, "c": 2}], "row 0 has 'c'"),
        ({"a": [1], "b": [1, 2]}, None, "1 to 2 values"),
        ({"a": "text"}, None, "column 'a' is of type str"),
        ({"a": 5}, None, "column 'a' is of type int"),
        ("text", None, "type str"),
        (["a", "b"], None, "a data frame"),
        (3, None, "a data frame"),
        ({}, None, "0 columns"),
    ],
)
def test_what_is_no_table_is_refused(columns: Any, rows: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        list(table_of(columns, rows).rows)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (2**70, 2**70),
        (0.5, 0.5),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (np.float32(0.25), 0.25),
        (torch.tensor(7), 7),
        (decimal.Decimal("1.5"), 1.5),
        (pd.NA, None),
        (pd.NaT, None),
        (datetime.date(2026, 11, 23), "2026-11-23"),
        (pd.Timestamp("2026-11-23T10:00"), "2026-11-23T10:00:00"),
        ({"a": [1, 2]}, '{"a":[1,2]}'),
        ([1, "x"], '[1,"x"]'),
    ],
    ids=str,
)
def test_a_cell_is_plain(value: Any, cell: Any) -> None:
    found = cell_of(value)
    assert found == cell
    assert type(found) is type(cell)
