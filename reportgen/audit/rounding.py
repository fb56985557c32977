"""Numbers as they are printed: is a text a value, rounded to the digits that it has? Pure."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation

_DIGITS_OF_A_DOUBLE = 16
_HALF = Decimal("0.5000001")  # what lies half-way may be rounded up or down


def is_printed(text: str, value: float) -> bool:
    """Tell whether ``text`` is ``value`` rounded to the last digit of ``text``.

    Args:
        text: A decimal number: ``0.913``, ``-1.2e-5``, ``92``.
        value: The number at full precision; one that is not finite is printed by no digits.
    """
    try:
        printed = Decimal(text)
    except InvalidOperation:
        return False
    exponent = printed.as_tuple().exponent
    if not isinstance(exponent, int) or not math.isfinite(value):
        return False
    return abs(printed - Decimal(value)) <= _HALF * Decimal(1).scaleb(exponent)


def is_rounded(text: str, value: float) -> bool:
    """Tell whether ``text`` is ``value`` with fewer significant digits than a double has."""
    digits = len(text.lower().partition("e")[0].lstrip("+-").replace(".", "").lstrip("0"))
    return 0 < digits < _DIGITS_OF_A_DOUBLE and float(f"{value:.{digits}g}") == float(text)
