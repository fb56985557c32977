"""Predictions as a confusion matrix."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.runs.view import RunView
from reportgen.site.parts.predictions import Predictions, predictions_of
from reportgen.testing import make_run


def predictions(root: Path, content: str | bytes, name: str = "val.csv") -> Predictions:
    files = {"predictions/val.csv": None, f"predictions/{name}": content}
    found = predictions_of(RunView(make_run(root, files=files)), 10)
    assert len(found) == 1
    return found[0]


def test_counts_recall_and_mistakes(tmp_path: Path) -> None:
    rows = ["10,10", "10,9", "9,9", "9,9", "2,2.0", "2,9", "2,9"]
    found = predictions(tmp_path, "id,label,prediction\n" + "".join(f"x,{r}\n" for r in rows))
    assert found.classes == ("2", "9", "10")
    assert [[cell.count for cell in row.cells] for row in found.matrix] == [
        [1, 2, 0],
        [0, 2, 0],
        [0, 1, 1],
    ]
    assert [row.recall for row in found.matrix] == ["33.3 %", "100.0 %", "50.0 %"]
    assert [cell.level for cell in found.matrix[0].cells] == [3, 6, None]
    assert (found.rows, found.right, found.share) == (7, 4, "57.14 %")
    assert found.mistakes == ("2 taken for 9: 2", "10 taken for 9: 1")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("id,label,prediction\n", "empty"),
        ("id,label\n1,2\n", "no columns"),
        ("", "no columns"),
        ("id,label,prediction\n" + "".join(f"{i},{i},{i}\n" for i in range(40)), "40 distinct"),
        ('id,label,prediction\n1,"' + "x" * 200_000 + '",2\n', "field larger"),
    ],
)
def test_what_makes_no_matrix_says_why(tmp_path: Path, content: str, words: str) -> None:
    found = predictions(tmp_path, content)
    assert found.matrix == ()
    assert words in found.problem


def test_a_parquet_file_is_named(tmp_path: Path) -> None:
    assert "Parquet" in predictions(tmp_path, b"PAR1", "val.parquet").problem


def test_odd_tables_are_read(tmp_path: Path) -> None:
    table = b"\xef\xbb\xbfid,label,prediction,score\n1,a,b\n2,b,b,0.5,9\n\xff,a,a,1\n"
    assert predictions(tmp_path, table).rows == 3
