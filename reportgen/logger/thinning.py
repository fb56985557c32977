"""``define_metric(every=n)``: a metric that is logged far more often than anybody looks."""

from __future__ import annotations


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
