"""metrics.yaml: what each metric is, as the training declares it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.errors import UsageError
from reportgen.logger.context import RunContext
from reportgen.runs import layout
from reportgen.runs.schema import MetricDefinition, MetricDefinitions

_GOALS = (None, "minimize", "maximize")


def define_metric(context: RunContext, name: Any, given: Mapping[str, Any]) -> None:
    """Declare a metric; fields that are None stay as they were declared before.

    Args:
        context: The run.
        name: The metric, as it is logged.
        given: Fields of :class:`reportgen.runs.schema.MetricDefinition`.

    Raises:
        UsageError: No name, another goal, a field that is no text, or ``every`` that is no whole
            number from 1.
    """
    if not isinstance(name, str) or not name.strip():
        raise UsageError(
            f"the name is {name!r:.60}",
            where="run.define_metric",
            expected='a metric as it is logged, such as "val/accuracy"',
        )
    for field, value in given.items():
        if field == "goal" and value not in _GOALS:
            what, expected = f"{value!r:.40} is no goal", "minimize or maximize"
        elif field == "every":
            if value is None or (type(value) is int and value >= 1):
                continue
            what, expected = f"every is {value!r:.40}", "a whole number from 1"
        elif value is not None and not isinstance(value, str):
            what, expected = f"{field} is {value!r:.40}", "a text"
        else:
            continue
        raise UsageError(what, where=f"run.define_metric({name!r:.80})", expected=expected)
    every = given.get("every")
    if every is not None and every > 1:
        what = f"all but one of every {every} points"
        context.leave_out(what, f"{layout.METRICS}: {name}", "every")
    with context.lock:
        definition = context.definitions.setdefault(name, MetricDefinition())
        for field, value in given.items():
            if value is not None:
                setattr(definition, field, value)
        context.write(layout.METRIC_DEFINITIONS, MetricDefinitions(metrics=context.definitions))
