from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.compare import Predictions, agreement, read_predictions
from reportgen.errors import LimitError, UnreadableError


def table(*rows: tuple[str, str, str]) -> Predictions:
    ids, labels, predictions = zip(*rows, strict=True)
    return Predictions(ids=ids, labels=labels, predictions=predictions)


FIRST = table(("1", "a", "a"), ("2", "a", "b"), ("3", "b", "b"), ("4", "b", "a"), ("5", "a", "a"))
SECOND = table(("5", "a", "b"), ("1", "a", "a"), ("2", "a", "a"), ("3", "b", "a"), ("4", "b", "a"))


def test_agreement_by_id() -> None:
    found = agreement(FIRST, SECOND, split="val")
    assert (found.examples, found.rate) == (5, 0.4)
    assert (found.both, found.first_only, found.second_only, found.neither) == (1, 2, 1, 1)
    assert [(c.first, c.second, c.count) for c in found.confusion] == [("b", "a", 2), ("a", "b", 1)]
    assert found.test is not None
    assert found.test.p_value == pytest.approx(1.0)


def test_mcnemar_s_exact_p_value() -> None:
    right = [(str(at), "a", "a") for at in range(12)]
    wrong = [(str(at), "a", "b" if at < 10 else "a") for at in range(12)]
    found = agreement(table(*right), table(*wrong))
    assert found.test is not None
    assert (found.test.first_only, found.test.second_only) == (10, 0)
    assert found.test.p_value == pytest.approx(2 * 0.5**10)


def test_without_scipy_there_is_no_p_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    found = agreement(FIRST, SECOND)
    assert found.test is not None
    assert (found.test.p_value, found.test.first_only) == (None, 2)


def test_other_labels_leave_open_who_is_right() -> None:
    other = table(("1", "b", "a"), ("2", "a", "b"))
    found = agreement(table(("1", "a", "a"), ("2", "a", "b")), other)
    assert (found.other_labels, found.rate, found.both, found.test) == (1, 1.0, None, None)


def test_numbers_are_compared_as_numbers() -> None:
    found = agreement(table(("1", "0.5", "0.25")), table(("1", "0.5", "0.75")))
    assert (found.kind, found.mean_difference, found.rate) == ("numbers", 0.5, 0.0)
    assert found.confusion == ()


def test_an_id_that_occurs_twice_pairs_twice_and_no_id_pairs_by_position() -> None:
    twice = table(("1", "a", "a"), ("1", "a", "b"))
    assert agreement(twice, twice).examples == 2
    assert agreement(twice, table(("1", "a", "a"))).first_only_examples == 1
    bare = Predictions(ids=(), labels=("a", "a"), predictions=("a", "b"))
    assert agreement(bare, twice).rate == 1.0


@given(
    st.lists(st.tuples(st.text(max_size=2), st.text(max_size=2), st.text(max_size=2)), min_size=1)
)
def test_a_model_agrees_with_itself(rows: list[tuple[str, str, str]]) -> None:
    found = agreement(table(*rows), table(*rows))
    assert (found.rate, found.examples, found.first_only_examples) == (1.0, len(rows), 0)


def test_reading() -> None:
    found = read_predictions("\ufeffID,label,prediction,score_1\n7,3.0,3,0.5\n\n8,x\n")
    assert found.ids == ("7", "8")
    assert found.labels == ("3", "x")
    assert found.predictions == ("3", "")
    assert read_predictions("prediction\n1\n").labels == ("",)


@pytest.mark.parametrize("text", ["", "id,label\n1,2\n", "prediction\n" + '"' + "x" * 200_000])
def test_what_is_no_table(text: str) -> None:
    with pytest.raises(UnreadableError):
        read_predictions(text)


def test_too_many_rows() -> None:
    with pytest.raises(LimitError):
        read_predictions("prediction\n1\n2\n3\n", rows=2)
