from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.audit import prediction_file
from reportgen.audit.formulas import accuracy
from reportgen.audit.prediction_file import averages_of, formula_of, of_split, read_predictions
from reportgen.errors import LimitError, UnreadableError
from reportgen.runs.schema import MetricDefinition


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("val/accuracy", "accuracy"),
        ("val_acc", "accuracy"),
        ("val/error_rate", "error_rate"),
        ("val/err", "error_rate"),
        ("val/balanced_accuracy", "balanced_accuracy"),
        ("val/f1_macro", "f1"),
        ("dev/F1Score", "f1"),
        ("val/precision", "precision"),
        ("val/recall_weighted", "recall"),
        ("val/mae", "mean_absolute_error"),
        ("val/rmse", "root_mean_squared_error"),
        ("val/root_mean_squared_error", "root_mean_squared_error"),
        ("val/mse", "mean_squared_error"),
        ("val/r2", "r2"),
        ("val/log_loss", "log_loss"),
        ("val/roc_auc", "auc"),
        ("val/AUC", "auc"),
        ("val/top5_accuracy", None),
        ("val/precision@5", None),
        ("val/pr_auc", None),
        ("val/average_precision", None),
        ("val/token_accuracy", None),
        ("val/layer2_score", None),
        ("val/bleu", None),
        ("val/loss", None),
    ],
)
def test_a_metric_is_known_by_its_name(name: str, formula: str | None) -> None:
    found = formula_of(name, None)
    assert (found.__name__ if found else None) == formula


def test_or_by_what_computes_it() -> None:
    for implementation, formula in (
        ("sklearn.metrics.f1_score(average='macro')", "f1"),
        ("torch.nn.functional.cross_entropy", "log_loss"),
        ("numpy.mean", None),
        ("", None),
    ):
        found = formula_of("val/score", MetricDefinition(implementation=implementation))
        assert (found.__name__ if found else None) == formula


def test_what_computes_it_is_believed_before_its_name() -> None:
    for name, implementation, formula in (
        ("val/accuracy", "sklearn.metrics.balanced_accuracy_score", "balanced_accuracy"),
        ("val/accuracy", "numpy.mean", "accuracy"),
        ("val/accuracy", "train.py: share of right ones", "accuracy"),
        ("val/accuracy", "sklearn.metrics.top_k_accuracy_score", None),
        ("val/token_accuracy", "sklearn.metrics.accuracy_score", None),
        ("val/precision@5", "sklearn.metrics.precision_score", None),
    ):
        found = formula_of(name, MetricDefinition(implementation=implementation))
        assert (found.__name__ if found else None) == formula


def test_the_average_is_said_by_name_or_definition() -> None:
    assert averages_of("val/f1_macro", None) == ["macro"]
    assert averages_of("val/f1", MetricDefinition(aggregation="weighted")) == ["weighted"]
    assert averages_of("val/f1", MetricDefinition(implementation="f1(average='micro')")) == [
        "micro"
    ]
    assert averages_of("val/f1", MetricDefinition(aggregation="mean")) == []


def test_files_of_a_split_have_its_name_or_one_that_means_it() -> None:
    assert [stem for stem in ("val", "valid", "dev", "test", "fold1") if of_split(stem, "val")] == [
        "val",
        "valid",
        "dev",
    ]
    assert of_split("fold1", "fold1")


def test_cells_are_numbers_where_they_can_be() -> None:
    found = read_predictions("id,label,prediction,score_a\na,1,1.0,0.5\nb,x, y ,1e-3\n")
    assert (found.labels, found.predictions) == ([1.0, "x"], [1.0, "y"])
    assert {one: list(column) for one, column in found.scores.items()} == {"a": [0.5, 0.001]}
    assert accuracy(found) == {"": 0.5}


def test_order_of_columns_marks_and_quoted_ends_of_lines_do_not_matter() -> None:
    found = read_predictions('\ufeffprediction,label,id\r\n"a\nb","a\nb",1\r\n\r\n3,,2\r\n')
    assert (found.labels, found.predictions) == (["a\nb"], ["a\nb"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no column label"),
        ("id,label\n1,2\n", "no column prediction"),
        ("id,label,prediction\n", "has no row"),
        ("id,label,prediction\n1,2\n", "a row of 2 cells under 3 columns"),
        ("id,label,prediction,score_1\n1,2,3,high\n", "finite numbers in score_1"),
        ('id,label,prediction\n1,"' + "x" * 200_000 + '",2\n', "is no CSV"),
    ],
)
def test_another_table_says_so(text: str, says: str) -> None:
    with pytest.raises(UnreadableError, match=says):
        read_predictions(text)


def test_rows_beyond_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prediction_file, "ROWS", 2)
    head = "id,label,prediction\n"
    assert read_predictions(f"{head}1,2,3\n\n4,5,6\n").labels == [2.0, 5.0]
    with pytest.raises(LimitError, match="more than 2 rows"):
        read_predictions(f"{head}1,2,3\n4,5,6\n7,8,9\n")


def test_scores_that_nobody_asked_for_are_not_read() -> None:
    table = "id,label,prediction,score_1\n1,2,3,high\n"
    assert read_predictions(table, scores=False).scores == {}


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for table in (text, f"id,label,prediction\n{text}"):
        try:
            read_predictions(table)
        except UnreadableError:
            continue
