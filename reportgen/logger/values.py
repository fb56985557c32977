"""Which values are numbers, and as what they are written.

int, float, bool, Decimal, Fraction, and scalars without dimensions of array libraries on any
device, recognised by the module and shape of their class: no library is imported for it, and
no method of a class that is not known is called, since it might raise, print or never end.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from reportgen.errors import UsageError
from reportgen.runs.numbers import to_stored

STEP_LIMIT = 2**63 - 1

_ARRAY_LIBRARIES = frozenset({"numpy", "torch", "jax", "jaxlib", "cupy", "tensorflow", "mlx"})
_EXACT_MODULES = frozenset({"decimal", "fractions"})
_KINDS_REMEMBERED = 1_000
_INTEGERS = range(-(2**63), 2**64)  # what a JSON integer of eight bytes holds


_Reader = Callable[[Any], int | float | None]
_READERS: dict[type, _Reader | None] = {}


def number_of(value: object) -> int | float | None:
    """Return ``value`` as a plain number, or None when it is none.

    A bool becomes 0 or 1, an integer beyond eight bytes a float, one beyond a double an
    infinity.
    """
    kind = type(value)  # isinstance would ask the value for its __class__
    if issubclass(kind, float):
        return float.__float__(value)  # type: ignore[arg-type]
    if issubclass(kind, int):
        return _bounded(int.__int__(value))  # type: ignore[arg-type]
    reader = _READERS.get(kind, _unknown)
    if reader is _unknown:
        if len(_READERS) >= _KINDS_REMEMBERED:
            _READERS.clear()
        reader = _READERS[kind] = _reader_of(kind)
    return reader(value) if reader is not None else None


def stored_number(value: object) -> int | float | str | None:
    """Return ``value`` as it stands in a record ("NaN" and the infinities as text), or None."""
    number = number_of(value)
    return to_stored(number) if isinstance(number, float) else number


def step_of(value: object) -> int:
    """Return a step as a plain integer; numpy and torch integers count.

    Raises:
        UsageError: No integer from 0 to 2**63 - 1.
    """
    try:
        step = None if type(value) is bool else operator.index(value)  # type: ignore[arg-type]
    except Exception:
        step = None
    if step is None or not 0 <= step <= STEP_LIMIT:
        shown = f"is {step}" if step is not None else f"is of type {type_name(value)}"
        raise UsageError(
            f"the step {shown}",
            where="run.log",
            expected="a whole number from 0 to 2**63 - 1",
            fix="Count the calls with an int, or leave step= out to have them counted.",
        )
    return step


def type_name(value: object) -> str:
    """Return the type of a foreign value in words, without asking the value."""
    kind = type(value)
    module: object = kind.__module__
    plain = module in ("builtins", "__main__") or not isinstance(module, str)
    return kind.__qualname__ if plain else f"{module}.{kind.__qualname__}"


def _bounded(value: int) -> int | float:
    if value in _INTEGERS:
        return value
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _reader_of(kind: type) -> _Reader | None:
    """Return how a number is taken out of a class, None for a class that is not known."""
    for base in kind.__mro__[:-1]:
        module: object = base.__module__
        library = module.partition(".")[0] if isinstance(module, str) else ""
        if library == "torch":
            return _item_of_tensor
        if library in _ARRAY_LIBRARIES:
            return _item_of
        if library in _EXACT_MODULES:
            return _exact
    return None


def _unknown(value: Any) -> None:
    """Stand for a class that was not met yet."""


def _item_of(value: Any) -> int | float | None:
    try:
        if value.shape != () or getattr(value.dtype, "kind", "") in ("m", "M"):
            return None  # several numbers, or a time, which hands itself out as an integer
        item = value.item() if hasattr(value, "item") else value.numpy().item()
        if type(item) is type(value):  # a long double is its own item
            item = float(item)
    except Exception:
        return None
    if isinstance(item, float):
        return item
    return _bounded(int(item)) if isinstance(item, int) else None


def _item_of_tensor(value: Any) -> int | float | None:
    """As :func:`_item_of`, by no more than a tensor needs: losses are logged at every step."""
    try:
        item = None if value.ndim else value.item()
    except Exception:
        return None
    if type(item) is float:
        return item
    return _bounded(int(item)) if isinstance(item, int) else None


def _exact(value: Any) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    except ValueError:  # the signalling NaN of decimal
        return float("nan")
    except Exception:
        return None
