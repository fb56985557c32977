"""Predictions as a table that any reader can check the metrics against."""

from __future__ import annotations

import csv
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import UsageError
from reportgen.logger.context import RunContext
from reportgen.logger.predictions import PredictionStore, columns_of
from reportgen.runs.numbers import from_stored
from reportgen.runs.schema import RUN_SCHEMA, Run


def rows(path: Path | None) -> list[list[str]]:
    assert path is not None
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_split_becomes_a_table(context: RunContext) -> None:
    path = PredictionStore(context).log(
        "val", ids=["a", "b"], labels=[1, 0], predictions=[1, 1], scores={"cat": [0.1, 0.7]}
    )
    assert path == context.folder / "predictions" / "val.csv"
    assert path.read_bytes() == b"id,label,prediction,score_cat\na,1,1,0.1\nb,0,1,0.7\n"
    assert context.run.overhead_seconds["predictions"] > 0


@pytest.mark.parametrize(
    "made",
    [
        [0, 1, 2],
        (0, 1, 2),
        range(3),
        iter([0, 1, 2]),
        np.arange(3),
        np.arange(3, dtype=np.int8),
        torch.arange(3),
        torch.arange(3, dtype=torch.float32, requires_grad=True),
        pandas.Series([0, 1, 2], index=[7, 8, 9]),
        [torch.tensor(0), torch.tensor(1), np.int64(2)],
    ],
    ids=lambda made: type(made).__name__,
)
def test_columns_come_from_sequences_of_every_library(made: Any) -> None:
    columns = columns_of(range(3), made, [0, 1, 2])
    assert columns["label"] == [0, 1, 2]
    assert {type(value) for value in columns["label"]} <= {int, float}


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        (np.array([[0.25, 0.75], [1, 0]]), {"score_0": [0.25, 1.0], "score_1": [0.75, 0.0]}),
        (torch.tensor([[0.25, 0.75], [1, 0]]), {"score_0": [0.25, 1], "score_1": [0.75, 0]}),
        ([[0.25, 0.75], [1, 0]], {"score_0": [0.25, 1], "score_1": [0.75, 0]}),
        (list(torch.tensor([[0.5], [1.0]])), {"score_0": [0.5, 1.0]}),
        ([0.75, 0.0], {"score_1": [0.75, 0.0]}),
        ({"cat": [0.75, 0.0], 3: np.zeros(2)}, {"score_cat": [0.75, 0.0], "score_3": [0, 0]}),
        (None, {}),
    ],
)
def test_scores_have_a_column_a_class(scores: Any, expected: dict[str, list[float]]) -> None:
    columns = columns_of([1, 2], [0, 1], [0, 1], scores)
    assert {name: v for name, v in columns.items() if name.startswith("score")} == expected


def test_there_may_be_no_labels(context: RunContext) -> None:
    path = PredictionStore(context).log("test", ids=[1], labels=None, predictions=["cat"])
    assert rows(path) == [["id", "label", "prediction"], ["1", "", "cat"]]


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
            st.floats(),
        ),
        unique_by=lambda row: row[0],
        max_size=8,
    )
)
def test_every_text_and_number_comes_back(table: list[tuple[str, float]]) -> None:
    run = Run(schema=RUN_SCHEMA, id="x", name="x", status="running", created="")
    with tempfile.TemporaryDirectory() as folder:
        names, values = [row[0] for row in table], [row[1] for row in table]
        path = PredictionStore(RunContext(Path(folder), run)).log(
            "val", ids=names, labels=names, predictions=values
        )
        read = rows(path)[1:]
    assert [row[0] for row in read] == names
    for text, value in zip((row[2] for row in read), values, strict=True):
        again = from_stored(text) if text in ("NaN", "Infinity", "-Infinity") else float(text)
        assert again is not None
        assert again == value or (math.isnan(again) and math.isnan(value))


def test_logging_a_split_again_replaces_it(context: RunContext) -> None:
    store = PredictionStore(context)
    store.log("val", ids=[1], labels=[0], predictions=[1])
    path = store.log("val", ids=[1], labels=[0], predictions=[0])
    assert rows(path)[1:] == [["1", "0", "0"]]
    assert [p.name for p in store.folder.iterdir()] == ["val.csv"]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (([1, 2], [1], [1, 2]), "id 2, label 1, prediction 2"),
        (([1, 1, 2, 2], [1] * 4, [1] * 4), "2 ids stand more than once, such as 1, 2"),
        (([1, "1"], [1, 1], [1, 1]), "1 ids stand more than once"),
        ((None, [1], [1]), "ids is of type NoneType"),
        (("ab", [1, 2], [1, 2]), "ids is of type str"),
        (([1], 3, [1]), "labels is of type int"),
        (([1], [1], [[1, 0]]), "argmax"),
        (([1], [1], torch.zeros(1, 2)), "predictions holds a value of type list"),
        (([1], [object()], [1]), "labels holds a value of type object"),
        (([1, 2], [1, 2], [1, 2], [[1], [1, 2]]), "rows of 1 to 2 values"),
        (([1], [1], [1], {"cat": [1, 2]}), "score_cat 2"),
        (([1], [1], [1], "high"), "scores is of type str"),
    ],
)
def test_what_is_no_table_is_refused(columns: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        columns_of(*columns)


@pytest.mark.parametrize("split", ["", 3, None])
def test_a_split_needs_a_name(context: RunContext, split: Any) -> None:
    with pytest.raises(UsageError, match="the split is"):
        PredictionStore(context).log(split, ids=[1], labels=[1], predictions=[1])


def test_a_fault_leaves_the_table_before_it(
    context: RunContext, caplog: pytest.LogCaptureFixture
) -> None:
    store = PredictionStore(context)
    path = store.log("val", ids=[1], labels=[0], predictions=[1])
    assert store.log("val", ids=[1, 1], labels=[0, 0], predictions=[1, 1]) is None
    assert store.log("val", ids=[1], labels=[object()], predictions=[1]) is None
    assert rows(path)[1:] == [["1", "0", "1"]]
    assert context.run.dropped == {"predictions": 2}
    assert len(caplog.records) == 1


def test_a_fault_of_the_disk_never_raises(context: RunContext) -> None:
    (context.folder / "predictions").write_text("a file stands here")
    assert PredictionStore(context).log("val", ids=[1], labels=[0], predictions=[1]) is None
    assert context.run.dropped == {"predictions": 1}


def test_a_forked_child_keeps_nothing(context: RunContext) -> None:
    context.active = False
    assert PredictionStore(context).log("val", ids=[1], labels=[1], predictions=[1]) is None
    assert list(context.folder.iterdir()) == []


def test_no_array_library_is_imported() -> None:
    program = """
import sys
from reportgen.logger.predictions import columns_of
columns_of([1], [1], [1], [[0.5]])
assert not {"numpy", "torch", "pandas"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
