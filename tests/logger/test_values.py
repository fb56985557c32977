"""Which values count as numbers, and that no foreign method is ever called."""

from __future__ import annotations

import enum
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import UsageError
from reportgen.logger.values import number_of, step_of, stored_number


class Level(enum.IntEnum):
    HIGH = 3


class Hostile:
    """Would hang or raise if the logger asked it for anything."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __float__(self) -> float:
        raise AssertionError("was asked for its float")

    def __repr__(self) -> str:
        raise AssertionError("was asked for its text")


class LyingFloat(float):
    def __float__(self) -> float:
        raise AssertionError("was asked for its float")


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3),
        (True, 1),
        (Level.HIGH, 3),
        (0.1, 0.1),
        (LyingFloat(2.5), 2.5),
        (2**63, 2**63),
        (2**64, float(2**64)),
        (-(10**400), -math.inf),
        (np.float32(1.5), 1.5),
        (np.float16(0.5), 0.5),
        (np.longdouble(0.25), 0.25),
        (np.int64(-7), -7),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.bool_(True), 1),
        (np.array(4.0), 4.0),
        (torch.tensor(1.5), 1.5),
        (torch.tensor(2, dtype=torch.bfloat16), 2.0),
        (torch.tensor(True), 1),
        (torch.nn.Parameter(torch.tensor(3.0)), 3.0),
        (Decimal("1.5"), 1.5),
        (Decimal("1e999"), math.inf),
        (Fraction(1, 4), 0.25),
    ],
)
def test_numbers(value: object, number: float) -> None:
    found = number_of(value)
    assert found == number
    assert type(found) in (int, float)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "3",
        b"3",
        [1.0],
        {},
        1j,
        np.array([3.0]),
        np.str_("3"),
        np.datetime64("2026-01-01", "ns"),
        np.timedelta64(1, "ns"),
        np.complex64(1),
        torch.tensor([1.0]),
        torch.tensor(1j),
        torch.empty((), device="meta"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_numbers(value: object) -> None:
    assert number_of(value) is None
    assert stored_number(value) is None


def test_a_value_that_answers_nothing_is_no_number_and_no_step() -> None:
    value = Hostile()
    assert number_of(value) is None
    with pytest.raises(UsageError, match="Hostile"):
        step_of(value)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (torch.tensor(math.nan), "NaN"),
        (Decimal("sNaN"), "NaN"),
        (10**400, "Infinity"),
    ],
)
def test_what_is_not_finite_is_stored_as_text(value: object, stored: str) -> None:
    assert stored_number(value) == stored


@given(st.floats() | st.integers())
def test_numpy_and_plain_values_agree(value: float) -> None:
    assert (
        number_of(value) == number_of(np.float64(value)) or math.isnan(value) or abs(value) > 2**53
    )


@pytest.mark.parametrize("step", [0, 12, np.int64(12), torch.tensor(12), 2**63 - 1])
def test_steps(step: Any) -> None:
    found = step_of(step)
    assert found == int(step)
    assert type(found) is int


@pytest.mark.parametrize(
    ("step", "shown"),
    [
        (-1, "is -1"),
        (2**63, f"is {2**63}"),
        (True, "bool"),
        (1.0, "float"),
        ("3", "str"),
        (None, "NoneType"),
        (np.float64(2), "numpy.float64"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_step_is_refused_with_the_fix(step: Any, shown: str) -> None:
    with pytest.raises(UsageError) as caught:
        step_of(step)
    assert shown in caught.value.what
    assert "int" in str(caught.value.fix)
