"""``define_metric(every=n)``: a metric that is logged far more often than anybody looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Thinned:
    """Counts the points of a metric of which only some are kept.

    Attributes:
        accepted: Whether its name was logged with a number.
    """

    __slots__ = ("_every", "_seen", "accepted")

    def __init__(self, every: int, accepted: bool) -> None:
        self.accepted = accepted
        self._every = every
        self._seen = 0

    def is_due(self) -> bool:
        """Count a point and tell whether it is one to keep."""
        self._seen += 1
        return (self._seen - 1) % self._every == 0

    def passes_over(self) -> bool:
        """Count the next point if it is one to leave out, and tell whether it was."""
        if not self.accepted or self._seen % self._every == 0:
            return False
        self._seen += 1
        return True


def without_passed_over(metrics: dict[str, Any], thinned: Mapping[str, Thinned]) -> dict[str, Any]:
    """Return the metrics less the points to leave out, which are counted.

    Their values are not looked at: a tensor stays on its device.
    """
    return {
        name: value
        for name, value in metrics.items()
        if (one := thinned.get(name)) is None or not one.passes_over()
    }
