"""How long a training means to be, and whether batch size, examples and steps fit together.

Examples of the training split over the batch, rounded up or down, times the epochs, are the steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from reportgen.audit.evidence import counted, last_step, number
from reportgen.audit.progress import examples_of, first_step, median_gap
from reportgen.audit.settings import Setting, batch_settings
from reportgen.runs.view import RunView


@dataclass(frozen=True, slots=True)
class Plan:
    """What is recorded of a training's length.

    Attributes:
        batches: What the configuration calls a batch size.
        steps: Planned steps.
        epochs: Planned epochs.
        contradiction: Why batch, examples and steps do not fit together; None when they do, or
            when one of them is not recorded.
    """

    batches: tuple[Setting, ...]
    steps: int | None
    epochs: float | None
    contradiction: str | None

    @property
    def known(self) -> bool:
        """Whether the length is planned at all."""
        return self.steps is not None or self.epochs is not None

    @property
    def text(self) -> str:
        """Return batch and length in words: ``batch 12, 120 steps``."""
        batch = f"batch {self.batches[0].value}, " if self.batches else ""
        if self.steps is not None:
            return batch + counted(self.steps, "step")
        return f"{batch}{number(self.epochs or 0)} epochs"


def plan_of(view: RunView) -> Plan:
    """Return the plan of a run."""
    planned = view.run.planned
    steps = planned.steps if planned and planned.steps and planned.steps > 0 else None
    epochs = planned.epochs if planned and planned.epochs and planned.epochs > 0 else None
    said = batch_settings(view.flat_config)
    batches = tuple(one for one in (said.micro, said.total) if one is not None)
    return Plan(batches, steps, epochs, _contradiction(view, batches, steps, epochs))


def steps_made(view: RunView) -> set[int]:
    """Return the steps that examples, batch and planned epochs may make; empty when not known.

    There are several where gradients are added up or several processes run: a step may be that of
    one batch or of all of them.
    """
    plan = plan_of(view)
    examples = examples_of(view, "train")
    if examples is None or plan.epochs is None:
        return set()
    return _steps_in_all(examples, _sizes(view, [one.value for one in plan.batches]), plan.epochs)


def _contradiction(
    view: RunView, batches: Iterable[Setting], steps: int | None, epochs: float | None
) -> str | None:
    examples = examples_of(view, "train")
    sizes = _sizes(view, [one.value for one in batches])
    if examples is None or epochs is None or not sizes:
        return None
    expected = _steps_in_all(examples, sizes, epochs)
    if steps is not None:
        fits = any(abs(steps - one) <= 1 for one in expected)
        seen = counted(steps, "step")
    else:
        ran = _steps_that_ran(view, examples, epochs)
        if ran is None:
            return None
        slack = max(1.0, median_gap(view))
        fits = any(abs(ran - one) <= slack for one in expected)
        seen = f"{ran:,} that ran"
    if fits:
        return None
    size = min(sizes)
    return (
        f"{examples:,} examples in batches of {size} for {number(epochs)} epochs are "
        f"{min(expected, key=lambda one: abs(one - epochs * examples / size)):,} steps, not {seen}"
    )


def _sizes(view: RunView, batches: Iterable[int]) -> set[int]:
    """Return how many examples one step may take: of one device, or of all that are added up."""
    said = batch_settings(view.flat_config)
    accumulated = said.accumulation.value if said.accumulation else 1
    world = view.run.ranks if view.run.ranks > 1 else said.world.value if said.world else 1
    factors = {1, accumulated, world, accumulated * world}
    return {batch * factor for batch in batches for factor in factors}


def _steps_in_all(examples: int, sizes: set[int], epochs: float) -> set[int]:
    return {round(epochs * part) for size in sizes for part in _steps_an_epoch(examples, size)}


def _steps_an_epoch(examples: int, size: int) -> set[int]:
    return {max(1, examples // size), math.ceil(examples / size)}


def _steps_that_ran(view: RunView, examples: int, epochs: float) -> int | None:
    """Return the steps of a run that went to its end, None where steps may count otherwise."""
    if view.run.status != "finished" or view.run.stopped_early or not view.series:
        return None
    ran = last_step(view) + (1 if first_step(view) == 0 else 0)
    counts_epochs = ran <= epochs + 1
    counts_examples = ran >= 0.9 * epochs * examples
    return None if counts_epochs or counts_examples else ran
