"""The formulas against scikit-learn, on any predictions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reportgen.audit import formulas
from reportgen.audit.formulas import Cell, NotComputableError, Predictions

metrics: Any = pytest.importorskip("sklearn.metrics")

CLASSES = st.integers(0, 4).map(float)
PAIRS = st.lists(st.tuples(CLASSES, CLASSES), min_size=1, max_size=60)
NUMBERS = st.floats(-1e3, 1e3)
CLOSE = pytest.approx


def of(pairs: Sequence[tuple[Cell, Cell]]) -> Predictions:
    return Predictions([label for label, _ in pairs], [told for _, told in pairs])


@given(PAIRS)
def test_shares_of_right_predictions(pairs: list[tuple[float, float]]) -> None:
    labels, told = zip(*pairs, strict=True)
    right = metrics.accuracy_score(labels, told)
    assert formulas.accuracy(of(pairs))[""] == CLOSE(right)
    assert formulas.error_rate(of(pairs))[""] == CLOSE(1 - right)


@given(PAIRS)
@pytest.mark.filterwarnings("ignore")
def test_recall_of_classes(pairs: list[tuple[float, float]]) -> None:
    labels, told = zip(*pairs, strict=True)
    expected = metrics.balanced_accuracy_score(labels, told)
    assert formulas.balanced_accuracy(of(pairs))[""] == CLOSE(expected)


@given(PAIRS, st.sampled_from(["precision", "recall", "f1"]))
def test_averages_over_classes(pairs: list[tuple[float, float]], name: str) -> None:
    labels, told = zip(*pairs, strict=True)
    found = getattr(formulas, name)(of(pairs))
    score = getattr(metrics, f"{name}_score")
    for average in ("macro", "micro", "weighted"):
        assert found[average] == CLOSE(score(labels, told, average=average, zero_division=0))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_two_classes_have_a_positive_one(pairs: list[tuple[bool, bool]]) -> None:
    assume({value for pair in pairs for value in pair} == {True, False})
    expected = metrics.f1_score(*zip(*pairs, strict=True), zero_division=0)
    for spell in (float, str, lambda one: 2.0 * one - 1):
        spelled = [(spell(label), spell(told)) for label, told in pairs]
        assert formulas.f1(of(spelled))["binary"] == CLOSE(expected)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=50))
def test_distances(pairs: list[tuple[float, float]]) -> None:
    labels, told = zip(*pairs, strict=True)
    squared = metrics.mean_squared_error(labels, told)
    assert formulas.mean_absolute_error(of(pairs))[""] == CLOSE(
        metrics.mean_absolute_error(labels, told)
    )
    assert formulas.mean_squared_error(of(pairs))[""] == CLOSE(squared)
    assert formulas.root_mean_squared_error(of(pairs))[""] == CLOSE(math.sqrt(squared))
    assume(max(labels) - min(labels) > 1e-3)
    assert formulas.r2(of(pairs))[""] == CLOSE(metrics.r2_score(labels, told))


SCORES = st.lists(
    st.tuples(st.integers(0, 2), st.lists(st.floats(0.01, 1), min_size=3, max_size=3)),
    min_size=3,
    max_size=30,
)


def scored(rows: list[tuple[int, list[float]]]) -> tuple[Predictions, list[int], list[list[float]]]:
    labels = [label for label, _ in rows]
    shares = [[one / math.fsum(row) for one in row] for _, row in rows]
    columns = {float(at): [row[at] for row in shares] for at in range(3)}
    cells = [float(label) for label in labels]
    return Predictions(cells, cells, columns), labels, shares


@given(SCORES)
def test_likelihoods_of_labels(rows: list[tuple[int, list[float]]]) -> None:
    given_, labels, shares = scored(rows)
    expected = metrics.log_loss(labels, shares, labels=[0, 1, 2])
    assert formulas.log_loss(given_)[""] == CLOSE(expected)
    logits = {one: [math.log(v) + 3 for v in column] for one, column in given_.scores.items()}
    assert formulas.log_loss(Predictions(given_.labels, [], logits))[""] == CLOSE(expected)


@given(SCORES)
def test_areas_of_each_class_against_the_rest(rows: list[tuple[int, list[float]]]) -> None:
    given_, labels, shares = scored(rows)
    assume(set(labels) == {0, 1, 2})
    found = formulas.auc(given_)
    for average in ("macro", "weighted"):
        expected = metrics.roc_auc_score(labels, shares, multi_class="ovr", average=average)
        assert found[average] == CLOSE(expected)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_the_area_of_two_classes_with_ties(rows: list[tuple[bool, int]]) -> None:
    labels, scores = [label for label, _ in rows], [score for _, score in rows]
    assume(len(set(labels)) == 2)
    cells = [float(label) for label in labels]
    found = formulas.auc(Predictions(cells, cells, {1.0: [float(score) for score in scores]}))
    assert found == {"": CLOSE(metrics.roc_auc_score(labels, scores))}


def test_scores_of_the_positive_class_alone_are_enough() -> None:
    given_ = Predictions([0.0, 1.0, 1.0], [], {1.0: [0.2, 0.9, 1.0]})
    assert formulas.log_loss(given_)[""] == CLOSE(metrics.log_loss([0, 1, 1], [0.2, 0.9, 1.0]))


@pytest.mark.parametrize(
    ("formula", "given_", "says"),
    [
        (formulas.r2, of([(1.0, 2.0), (1.0, 3.0)]), "all one value"),
        (formulas.mean_squared_error, of([(1.0, "a")]), "no numbers"),
        (formulas.log_loss, of([(1.0, 1.0)]), "no scores are kept"),
        (formulas.log_loss, Predictions(["b"], ["b"], {"a": [1.0]}), "no scores of the class b"),
        (formulas.auc, of([(1.0, 1.0)]), "all of one class"),
        (formulas.auc, of([(1.0, 1.0), (2.0, 1.0)]), "no scores are kept"),
        (formulas.auc, Predictions(["a", "b"], [], {"a": [1.0, 0.0]}), "no scores of the class b"),
    ],
)
def test_what_cannot_be_computed_says_why(formula: Any, given_: Predictions, says: str) -> None:
    with pytest.raises(NotComputableError, match=says):
        formula(given_)
