"""How checks speak of what they found: places with their lines, values cut short, reasons."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from reportgen.audit.result import Where
from reportgen.runs import layout
from reportgen.runs.view import RunView

_ODD_BREAKS = re.compile("[\\r\x85\u2028\u2029]")


def shown(value: object, *, limit: int = 60) -> str:
    """Return a value as text for a message: quoted if it is text, cut if it is long."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def number(value: float) -> str:
    """Return a number with at most four significant digits: ``0.1235``, ``1.2e-05``, ``NaN``."""
    text = f"{value:.4g}"
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(text, text)


def listed(names: Iterable[str], *, limit: int = 3) -> str:
    """Return ``a, b, c and 4 more``."""
    every = list(names)
    head = ", ".join(name if len(name) <= 80 else f"{name[:79]}…" for name in every[:limit])
    rest = len(every) - limit
    return f"{head} and {rest} more" if rest > 0 else head


def stated(texts: Iterable[str], *, limit: int = 3) -> str:
    """Return statements one after the other: ``a; b; c; and 4 more``."""
    every = list(texts)
    head = [text if len(text) <= 200 else f"{text[:199]}…" for text in every[:limit]]
    rest = len(every) - limit
    return "; ".join([*head, f"and {rest} more"] if rest > 0 else head)


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """Return ``1 file`` or ``1,200 files``."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def at(view: RunView, place: str, key: str | None = None) -> Where:
    """Return the place of a document, or of a dotted key in it; see :func:`with_lines`."""
    return Where(file=place, key=key if view.exists(place) else None)


def with_lines(view: RunView, places: Iterable[Where]) -> tuple[Where, ...]:
    """Return places with the lines of their keys: found for findings alone, as it costs time."""
    return tuple(
        replace(place, line=line_of(view, place.file, place.key))
        if place.key is not None and place.line is None
        else place
        for place in places
    )


def line_of(view: RunView, place: str, key: str) -> int | None:
    """Return the line, from 1, on which a dotted key of a YAML document stands, or None.

    The document is one that the reader took, so it is within the limits of size and depth.
    """
    if not place.endswith(".yaml") or view.raw(place) is None:
        return None
    import yaml

    text = view.text(place) or ""
    line = _line_of_first(text, key)
    if line is not None:
        return line
    try:
        node = yaml.compose(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return None
    return _line_below(node, key)


def _line_of_first(text: str, key: str) -> int | None:
    """Return the line of a key of the outermost mapping, where that is plain to see."""
    found = re.search(rf"^{re.escape(key)}:(?=[ \n])", text, re.MULTILINE)
    if found is None or text.find(f"\n{found[0]}", found.end()) >= 0 or _ODD_BREAKS.search(text):
        return None
    return text.count("\n", 0, found.start()) + 1


def _line_below(node: Any, key: str) -> int | None:
    """Follow a dotted key; keys that hold dots themselves are tried whole first."""
    if not hasattr(node, "value") or not isinstance(node.value, list):
        return None
    for pair in node.value:
        if not isinstance(pair, tuple):
            continue
        name = str(pair[0].value)
        if name == key:
            return int(pair[0].start_mark.line) + 1
        if key.startswith(f"{name}."):
            below = _line_below(pair[1], key[len(name) + 1 :])
            if below is not None:
                return below
    return None


def unavailable(not_available: dict[str, str], *keys: str) -> str | None:
    """Return why the first of ``keys`` could not be found out, or None when none is listed.

    A key covers what is below it: ``hardware`` explains ``hardware.gpus``.
    """
    for key in keys:
        parts = key.split(".")
        for end in range(len(parts), 0, -1):
            reason = not_available.get(".".join(parts[:end]))
            if reason is not None:
                return f"{'.'.join(parts[:end])} not available: {reason}"
    return None


def step_of(view: RunView, step: int) -> Where:
    """Return the place of a metric record."""
    return Where(file=metrics_place(view).file, step=step)


def metrics_place(view: RunView) -> Where:
    """Return the file that holds the metrics; the plain layout has them in its log."""
    return Where(file=layout.METRICS if view.format == "standard" else layout.TRAINING_LOG)


def last_step(view: RunView) -> int:
    """Return the greatest step of any metric, 0 when there is none."""
    return max((max(one.steps) for one in view.series.values() if len(one)), default=0)


def last_line(text: str) -> str:
    """Return the last line of a text that says something, stripped; "" when none does."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
