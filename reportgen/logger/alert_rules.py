"""When a metric is worth an alert. Pure: points in, verdicts out.

Every rule answers for one series at a time whether its condition holds now; an alert goes out
when it begins to hold, and again only after it has ceased to.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from reportgen.errors import UsageError
from reportgen.runs.goals import is_training_loss
from reportgen.runs.schema import MetricDefinition

Level = Literal["info", "warning", "error"]
LEVELS: tuple[Level, ...] = ("info", "warning", "error")

_WINDOW = 5
_FACTOR = 10.0
_SHARE_OF_START = 0.1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of a series when its condition begins to hold."""

    title: str
    text: str
    level: Level


class SeriesWatch(Protocol):
    """The memory of one rule about one series."""

    def see(self, value: float) -> Verdict | None:
        """Take the next value; return why the condition holds now, or None."""


class AlertRule(Protocol):
    """Something to watch for."""

    @property
    def metric(self) -> str | None:
        """The one metric that the rule is about; None when it chooses by itself."""

    def watch(self, metric: str, definitions: Mapping[str, MetricDefinition]) -> SeriesWatch | None:
        """Return a fresh memory for a series, or None when the rule is not about it."""


# -- thresholds ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Threshold:
    """A metric above or below a bound, as :func:`alert_when` makes it."""

    metric: str
    above: float | None = None
    below: float | None = None
    level: Level = "warning"
    title: str | None = None

    def watch(self, metric: str, definitions: Mapping[str, MetricDefinition]) -> SeriesWatch | None:
        """Watch the one metric."""
        return _ThresholdWatch(self) if metric == self.metric else None


class _ThresholdWatch:
    def __init__(self, rule: Threshold) -> None:
        self._rule = rule

    def see(self, value: float) -> Verdict | None:
        rule = self._rule
        if rule.above is not None and value > rule.above:
            return self._verdict(value, f"above {rule.above:.6g}")
        if rule.below is not None and value < rule.below:
            return self._verdict(value, f"below {rule.below:.6g}")
        return None

    def _verdict(self, value: float, side: str) -> Verdict:
        rule = self._rule
        title = rule.title or f"{rule.metric} {side}"
        return Verdict(title, f"{rule.metric} is {value:.6g}, {side}", rule.level)


def alert_when(
    metric: str,
    above: float | None = None,
    below: float | None = None,
    level: Level = "warning",
    title: str | None = None,
) -> Threshold:
    """Return a rule for ``start_run(alerts=[...])``.

    Args:
        metric: The name it is logged under.
        above: Alert when a value is greater than this.
        below: Alert when a value is less than this.
        level: ``info`` for good news, ``warning`` or ``error``.
        title: A heading of your own.

    Raises:
        UsageError: No bound, or one that is no number; an unknown level.
    """
    where = "alert_when"
    _check_name(metric)
    if above is None and below is None:
        raise UsageError(
            "no bound is given",
            where=where,
            expected="above= or below=",
            fix=f"For example reportgen.alert_when({metric!r:.80}, above=10)",
        )
    if level not in LEVELS:
        raise UsageError(f"level is {level!r:.80}", where=where, expected="info, warning or error")
    return Threshold(metric, _bound(above, "above"), _bound(below, "below"), level, title)


def _check_name(metric: Any) -> None:
    if not isinstance(metric, str) or not metric:
        raise UsageError(
            f"metric is {metric!r:.80}", where="alert_when", expected="a metric's name"
        )


def _bound(value: Any, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise UsageError(f"{name} is {value!r:.80}", where="alert_when", expected="a number")
    return float(value)


# -- what is watched by default -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NotFinite:
    """NaN or an infinity in any loss."""

    metric: None = None

    def watch(self, metric: str, definitions: Mapping[str, MetricDefinition]) -> SeriesWatch | None:
        """Watch every metric with ``loss`` in its name."""
        return _NotFiniteWatch(metric) if "loss" in metric.lower() else None


class _NotFiniteWatch:
    def __init__(self, metric: str) -> None:
        self._metric = metric

    def see(self, value: float) -> Verdict | None:
        if math.isfinite(value):
            return None
        shown = "NaN" if math.isnan(value) else "infinite"
        return Verdict(
            f"{self._metric} is {shown}",
            f"{self._metric} is {shown}: the training will not recover by itself. "
            "Look at the learning rate, and at the inputs of this step",
            "error",
        )


@dataclass(frozen=True, slots=True)
class Diverged:
    """A training loss far above where it has been, for several points.

    With m the median of the last five values, lowest and first the lowest and the first such
    median: m > 10 lowest, and the rise is a tenth of first at least, so that the noise of a loss
    near nought is none. Losses that reach nought or below have no such ratio and are not judged.
    """

    metric: None = None

    def watch(self, metric: str, definitions: Mapping[str, MetricDefinition]) -> SeriesWatch | None:
        """Watch the losses of the training split."""
        return _DivergedWatch(metric) if is_training_loss(metric, definitions) else None


class _DivergedWatch:
    def __init__(self, metric: str) -> None:
        self._metric = metric
        self._last: deque[float] = deque(maxlen=_WINDOW)
        self._first: float | None = None
        self._lowest = math.inf

    def see(self, value: float) -> Verdict | None:
        if not math.isfinite(value):
            return None
        self._last.append(value)
        if len(self._last) < _WINDOW:
            return None
        median = sorted(self._last)[_WINDOW // 2]
        if self._first is None:
            self._first = median
        self._lowest = min(self._lowest, median)
        if self._lowest <= 0 or median <= _FACTOR * self._lowest:
            return None
        if median - self._lowest < _SHARE_OF_START * self._first:
            return None
        return Verdict(
            f"{self._metric} diverges",
            f"{self._metric} is {median:.4g}, {median / self._lowest:.0f} times its lowest "
            f"({self._lowest:.4g}); medians of {_WINDOW} points",
            "error",
        )


DEFAULT_RULES: tuple[AlertRule, ...] = (NotFinite(), Diverged())
"""Watched in every run."""


# -- all rules over all series ------------------------------------------------------------


class RuleBook:
    """Applies rules to the points of a run, one alert a rule and series until it recovers.

    Args:
        rules: In order.
        definitions: Declared metric definitions; looked at when a series is first seen.
    """

    def __init__(
        self, rules: Sequence[AlertRule], definitions: Mapping[str, MetricDefinition]
    ) -> None:
        self._rules = rules
        self._definitions = definitions
        self._watches: dict[str, list[_Armed]] = {}

    def see(self, metric: str, value: float) -> list[Verdict]:
        """Take the next value of a series; return the alerts that begin with it."""
        watches = self._watches.get(metric)
        if watches is None:
            found = (rule.watch(metric, self._definitions) for rule in self._rules)
            watches = self._watches[metric] = [_Armed(watch) for watch in found if watch]
        return [verdict for armed in watches if (verdict := armed.see(value))]


class _Armed:
    """A watch that speaks once until its condition has ceased."""

    def __init__(self, watch: SeriesWatch) -> None:
        self._watch = watch
        self._holds = False

    def see(self, value: float) -> Verdict | None:
        verdict = self._watch.see(value)
        begins = verdict is not None and not self._holds
        self._holds = verdict is not None
        return verdict if begins else None
