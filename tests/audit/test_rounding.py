import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.audit.rounding import is_printed, is_rounded


@pytest.mark.parametrize(
    ("text", "value", "printed"),
    [
        ("0.913", 0.9133346, True),
        ("0.914", 0.9133346, False),
        ("0.91", 0.915, True),
        ("0.92", 0.915, True),
        ("92", 91.6, True),
        ("91", 91.6, False),
        ("-1.2e-5", -1.23e-5, True),
        ("1.3e-5", 1.23e-5, False),
        ("5", 5.0, True),
        ("1e3", 1400, True),
        ("NaN", math.nan, False),
        ("1", math.inf, False),
        ("Infinity", math.inf, False),
        ("", 1.0, False),
        ("0.9.1", 0.9, False),
    ],
)
def test_a_text_is_a_rounded_value_or_not(text: str, value: float, printed: bool) -> None:
    assert is_printed(text, value) is printed


def test_a_number_with_all_its_digits_is_not_a_rounded_one() -> None:
    assert is_rounded("0.9133", 0.9133346020770546)
    assert not is_rounded("0.9133346020770547", 0.9133346020770546)
    assert not is_rounded("0", 0.3)
    assert not is_rounded("1", 0.6)


@given(st.floats(-1e9, 1e9), st.integers(0, 6))
def test_what_python_prints_is_printed(value: float, decimals: int) -> None:
    assert is_printed(f"{value:.{decimals}f}", value)
    assert is_printed(f"{value:.{decimals}e}", value)


@given(st.floats(-1e6, 1e6), st.integers(0, 4), st.sampled_from([-1, 1]))
def test_the_neighbour_in_the_last_digit_is_not(value: float, decimals: int, up: int) -> None:
    unit = 10.0**-decimals
    text = f"{round(value, decimals) + 2 * up * unit:.{decimals}f}"
    assert not is_printed(text, value)
