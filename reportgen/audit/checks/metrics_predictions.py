"""Does the headline metric follow from the predictions that were kept?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from reportgen.audit.evidence import counted, listed, number
from reportgen.audit.formulas import NotComputableError, Values
from reportgen.audit.headline import headline_metric
from reportgen.audit.interface import AuditContext, Check, CheckResult, Severity, Where
from reportgen.audit.prediction_file import (
    averages_of,
    formula_of,
    needs_scores,
    of_split,
    read_predictions,
)
from reportgen.audit.rounding import is_rounded
from reportgen.errors import LimitError, UnreadableError
from reportgen.runs import layout
from reportgen.runs.numbers import from_stored
from reportgen.runs.view import RunView

_ROUND = 1e-6
_PERCENT = frozenset({"%", "percent", "pct", "percentage", "per cent"})


class PredictionsRecompute(Check):
    """The headline metric follows from the predictions that were kept."""

    id = "metrics.predictions-recompute"
    severity = Severity.H
    title = "The headline metric follows from the predictions"
    failure = "The headline metric does not follow from the predictions"
    why = "Predictions with their labels are what a metric is made of; anybody can count again."
    fix = "Keep the predictions of the epoch that is reported"
    command = 'run.log_predictions("val", ids=ids, labels=labels, predictions=predictions)'
    requires = ("metrics.series-present",)

    def inapplicable(self, context: AuditContext) -> str | None:
        kind = context.run.run.kind
        return (
            f"a run of kind {kind} predicts nothing" if kind in ("unsupervised", "other") else None
        )

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        metric = headline_metric(context)
        if metric is None:
            return self.inconclusive("there is no metric to recompute")
        split = view.split(metric) or "val"
        files = [path for path in view.below(layout.PREDICTIONS) if of_split(_stem(path), split)]
        tables = [path for path in files if path.lower().endswith(".csv")]
        if not tables:
            kept = f"{files[0]} is no CSV" if files else f"no predictions of the split {split}"
            return self.inconclusive(kept, remedy=self.fix, command=self.command)
        path = tables[0]
        definition = view.definitions.get(metric)
        formula = formula_of(metric, definition)
        text = view.text(path)
        if text is None:
            return self.inconclusive(f"{path} is too large to be read")
        try:
            with_scores = formula is not None and needs_scores(formula)
            given = read_predictions(text, scores=with_scores)
        except UnreadableError as error:
            return self.failed(f"{path} {error.what}", where=[Where(file=path)])
        except LimitError as error:
            return self.inconclusive(f"{path} {error.what}")
        if formula is None:
            message = f"by which formula {metric} is computed is not known here"
            return self.inconclusive(message, remedy="Name what computes it in its definition")
        if not given.labels:
            return self.inconclusive(f"{path} has no labels")
        try:
            values = formula(given)
        except NotComputableError as error:
            return self.inconclusive(f"{metric} cannot be recomputed from {path}: {error}")
        said = averages_of(metric, definition)
        chosen = {way: value for way, value in values.items() if way in said} or values
        return self._compared(view, metric, path, len(given.labels), chosen)

    def _compared(
        self, view: RunView, metric: str, path: str, rows: int, values: Values
    ) -> CheckResult:
        summary = view.summary.metrics[metric]
        told = f"{metric} of {counted(rows, 'prediction')}"
        recorded = {"last": from_stored(summary.last), "best": from_stored(summary.best)}
        known = {name: value for name, value in recorded.items() if value is not None}
        for name, value in known.items():
            for way, found in _scaled(view, metric, values, value):
                if math.isclose(found, value, rel_tol=_ROUND, abs_tol=_ROUND):
                    how = f" ({way})" if way else ""
                    message = f"{told}{how}: {number(found)}, the {name} value"
                    return self.passed(message, inspected=rows)
        for name, value in known.items():
            for _, found in _scaled(view, metric, values, value):
                if is_rounded(repr(value), found):
                    message = f"{told}: {found!r}, of which the {name} value {value!r} is rounded"
                    return self.partial(message, inspected=rows, where=[Where(file=path)])
        ways = listed(f"{way} {number(value)}".lstrip() for way, value in values.items())
        logged = listed(f"{name} {number(value)}" for name, value in known.items())
        message = f"{told}: {ways}; logged: {logged}"
        return self.failed(message, inspected=rows, where=[Where(file=path)])


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def _scaled(
    view: RunView, metric: str, values: Values, recorded: float
) -> Iterator[tuple[str, float]]:
    """Yield each way of averaging with its value, times 100 where the metric is in per cent."""
    definition = view.definitions.get(metric)
    unit = ((definition.unit if definition else None) or "").strip().lower()
    for way, value in values.items():
        yield way, value
        if unit in _PERCENT or (not unit and abs(recorded) > 1 >= abs(value)):
            yield way, 100 * value


CHECKS: tuple[Check, ...] = (PredictionsRecompute(),)
