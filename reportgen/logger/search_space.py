"""The space that a sweep searches, and the trials of the two methods that need no history.

A dimension is a list of values, or ``{"min": 1e-4, "max": 1e-1}`` with ``"log": True`` for equal
chances on a logarithmic scale and ``"int": True`` for whole numbers. Grid takes every combination
in the order of the lists; random takes a sample of the combinations, each once, when all
dimensions are lists, and independent draws otherwise.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping
from typing import Any, Final

from reportgen.errors import UsageError
from reportgen.logger.config import plain_config
from reportgen.logger.values import number_of, type_name

_RANGE_KEYS: Final = {"min", "max", "log", "int"}
Space = dict[str, Any]


def checked_space(space: Any) -> Space:
    """Return a space as it was given, each list as one.

    Raises:
        UsageError: No mapping of names to lists or ranges, or an empty one.
    """
    if not isinstance(space, Mapping) or not space:
        raise _fault(f"the space is of type {type_name(space)}, or empty")
    found: Space = {}
    for name, dimension in space.items():
        if not isinstance(name, str) or not name:
            raise _fault(f"a dimension is called {name!r:.40}")
        if isinstance(dimension, Mapping):
            found[name] = _range(name, dimension)
            continue
        values = _values(dimension)
        if not values:
            raise _fault(f"the dimension {name!r:.60} is of type {type_name(dimension)}, or empty")
        found[name] = values
    return found


def plain_space(space: Space) -> dict[str, Any]:
    """Return a space fit for sweep.yaml."""
    return plain_config(space).values


def grid_size(space: Space) -> int | None:
    """Return the number of combinations, or None when a dimension is a range."""
    lists = [dimension for dimension in space.values() if isinstance(dimension, list)]
    return math.prod(map(len, lists)) if len(lists) == len(space) else None


def grid_trials(space: Space) -> Iterator[dict[str, Any]]:
    """Yield every combination, the last dimension changing fastest."""
    for combination in itertools.product(*space.values()):
        yield dict(zip(space, combination, strict=True))


def random_trials(space: Space, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield ``count`` trials of a random search; the same ones for the same seed.

    Of a space of lists no combination comes twice until all have come.
    """
    generator = random.Random(seed)  # noqa: S311 - a search, no secret
    size = grid_size(space)
    if size is None:
        for _ in range(count):
            yield {name: _drawn(dimension, generator) for name, dimension in space.items()}
        return
    while count > 0:
        taken = min(count, size)
        for number in _different(size, taken, generator):
            yield _combination(space, number)
        count -= taken


def _different(size: int, count: int, generator: random.Random) -> Iterator[int]:
    """Yield numbers below ``size``, none twice."""
    if size < 2**31:
        yield from generator.sample(range(size), count)
        return
    seen: set[int] = set()  # of so many a number hardly ever comes twice
    while len(seen) < count:
        number = generator.randrange(size)
        if number not in seen:
            seen.add(number)
            yield number


def _combination(space: Space, number: int) -> dict[str, Any]:
    """Return the combination of a number, without listing those before it."""
    found = {}
    for name, values in reversed(space.items()):
        number, at = divmod(number, len(values))
        found[name] = values[at]
    return {name: found[name] for name in space}


def _drawn(dimension: Any, generator: random.Random) -> Any:
    if isinstance(dimension, list):
        return generator.choice(dimension)
    low, high = dimension["min"], dimension["max"]
    if dimension.get("int") and not dimension.get("log"):
        return generator.randint(low, high)
    if dimension.get("log"):
        value = math.exp(generator.uniform(math.log(low), math.log(high)))
    else:
        value = generator.uniform(low, high)
    value = min(max(value, low), high)
    return round(value) if dimension.get("int") else value


def _values(dimension: Any) -> list[Any] | None:
    if isinstance(dimension, str | bytes):
        return None
    convert = getattr(dimension, "tolist", None)
    try:
        values = convert() if callable(convert) else list(dimension)
    except TypeError:
        return None
    return values if isinstance(values, list) else None


def _range(name: str, given: Mapping[Any, Any]) -> dict[str, Any]:
    unknown = [key for key in given if key not in _RANGE_KEYS]
    if unknown or "min" not in given or "max" not in given:
        what = f"has {unknown[0]!r:.40}" if unknown else "lacks min or max"
        raise _fault(f"the dimension {name!r:.60} {what}")
    low, high = number_of(given["min"]), number_of(given["max"])
    log, whole = bool(given.get("log")), bool(given.get("int"))
    if low is None or high is None or not low <= high or not math.isfinite(high - low):
        raise _fault(f"the dimension {name!r:.60} goes from {given['min']!r:.40} to less")
    if log and low <= 0:
        raise _fault(f"the dimension {name!r:.60} is logarithmic and begins at {low:g}")
    if whole and not (isinstance(low, int) and isinstance(high, int)):
        raise _fault(
            f"the dimension {name!r:.60} is of whole numbers and {low:g} to {high:g} is not"
        )
    found: dict[str, Any] = {"min": low, "max": high}
    return {**found, **({"log": True} if log else {}), **({"int": True} if whole else {})}


def _fault(what: str) -> UsageError:
    return UsageError(
        what,
        where="sweep(space)",
        expected="names with lists of values or ranges",
        fix='For example {"lr": {"min": 1e-4, "max": 1e-1, "log": True}, "width": [64, 128]}',
    )
