"""The space of a search as sweep.yaml gives it: bounds or choices of each key. Pure.

Forms read: a list of choices, a fixed value, ``{min, max}`` and its synonyms, ``{values: [...]}``,
nested sections, and text such as ``loguniform(1e-4, 0.1)`` or ``choice(16, 64)``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.audit.config_sources import same_value
from reportgen.audit.settings import number_in

_LOWER = ("min", "low", "lower", "start", "from", "lower_bound")
_UPPER = ("max", "high", "upper", "stop", "to", "end", "upper_bound")
_CHOICES = ("values", "choices", "categories", "options", "grid")
_CALL = re.compile(r"\s*(?P<name>[A-Za-z_.]{1,40})\s*\((?P<inner>[^()]{1,1000})\)\s*")
_ROUND = 1e-9


@dataclass(frozen=True, slots=True)
class Axis:
    """One key of a search space.

    Attributes:
        key: Dotted key, as the space names it.
        choices: The values it may have; empty where it has bounds.
        low: Least value.
        high: Greatest value.
    """

    key: str
    choices: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def bounded(self) -> bool:
        """Whether the space says which values there may be."""
        return bool(self.choices) or (self.low is not None and self.high is not None)

    @property
    def text(self) -> str:
        """Return the values in words: ``0.01 to 0.3``, or ``one of 16, 64``."""
        if self.choices:
            return f"one of {', '.join(map(str, self.choices[:6]))}"
        return f"{self.low} to {self.high}"

    def holds(self, value: Any) -> bool:
        """Tell whether a value lies in the bounds or is one of the choices."""
        if self.choices:
            return any(same_value(value, choice) for choice in self.choices)
        number = number_in(value)
        if number is None or self.low is None or self.high is None:
            return False
        slack = _ROUND * max(abs(self.low), abs(self.high))
        return self.low - slack <= number <= self.high + slack


def axes_of(space: Mapping[str, Any]) -> list[Axis]:
    """Return the axes of a search space; one without bounds is there and not ``bounded``."""
    return list(_axes(space, ""))


def _axes(space: Mapping[Any, Any], prefix: str) -> Iterator[Axis]:
    for name, spec in space.items():
        key = f"{prefix}{name}"
        if isinstance(spec, Mapping) and not _is_spec(spec):
            inner = "" if name == "parameters" and not prefix else f"{key}."
            yield from _axes(spec, inner) if spec else [Axis(key)]
        else:
            yield _axis(key, spec)


def _is_spec(spec: Mapping[Any, Any]) -> bool:
    """Tell whether a mapping describes one key, and is no section with keys of its own."""
    return any(name in spec for name in (*_LOWER, *_UPPER, *_CHOICES, "value", "distribution"))


def _axis(key: str, spec: Any) -> Axis:
    if isinstance(spec, Mapping):
        chosen = next((spec[name] for name in _CHOICES if name in spec), None)
        if isinstance(chosen, Sequence) and not isinstance(chosen, str):
            return Axis(key, choices=tuple(chosen))
        if spec.get("value") is not None:
            return Axis(key, choices=(spec["value"],))
        low, high = (_first_number(spec, names) for names in (_LOWER, _UPPER))
        return _range(key, low, high)
    if isinstance(spec, str):
        return _called(key, spec)
    if isinstance(spec, Sequence):
        return Axis(key, choices=tuple(spec))
    return Axis(key) if spec is None else Axis(key, choices=(spec,))


def _called(key: str, text: str) -> Axis:
    call = _CALL.fullmatch(text)
    if call is None:
        return Axis(key, choices=(text,)) if text.strip() else Axis(key)
    words = [word.strip().strip("'\"") for word in call["inner"].split(",")]
    if "choice" in call["name"].lower() or "categorical" in call["name"].lower():
        return Axis(key, choices=tuple(words))
    bounds = [number_in(word) for word in words[:2]]
    return _range(key, *bounds) if len(bounds) == 2 else Axis(key)


def _range(key: str, low: float | None, high: float | None) -> Axis:
    if low is None or high is None or low > high:
        return Axis(key)
    return Axis(key, low=low, high=high)


def _first_number(spec: Mapping[Any, Any], names: Sequence[str]) -> float | None:
    return next((number_in(spec[name]) for name in names if name in spec), None)
