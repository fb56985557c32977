"""How far a replay goes, and what the recorded run says of its time and size. Pure."""

from __future__ import annotations

import math

from reportgen.runs.times import from_iso
from reportgen.runs.view import RunView

STEPS = 20


def last_step(view: RunView) -> int:
    """Return the greatest recorded step, -1 without any metrics."""
    return max(view.metrics.columns.steps, default=-1)


def stop_of(view: RunView, steps: int | None) -> int | None:
    """Return the step after which a replay stops; None for the end of the program.

    A prefix of K steps begins at the first recorded step and is long enough to hold two recorded
    ones, so that there is something to compare when only each hundredth step was logged. The end
    of a run that did not finish is its last recorded step.

    Args:
        view: The recorded run.
        steps: K, or None for all.
    """
    recorded = sorted(set(view.metrics.columns.steps))
    if not recorded:
        return None
    if steps is None:
        return None if view.run.status == "finished" else recorded[-1]
    stop = max(recorded[0] + steps - 1, recorded[min(1, len(recorded) - 1)])
    return stop if stop < recorded[-1] else stop_of(view, None)


def seconds_until(view: RunView, stop: int | None) -> float | None:
    """Return how long the recorded run took up to a step, None where that is not known.

    Args:
        view: The recorded run.
        stop: A step, or None for its end.
    """
    began = from_iso(view.run.created)
    if began is None:
        return None
    columns = view.metrics.columns
    if stop is not None:
        pairs = zip(columns.steps, columns.times, strict=True)
        times = [time for step, time in pairs if step <= stop and math.isfinite(time)]
        return max(times) - began if times and max(times) >= began else None
    compute = view.environment.compute if view.environment else None
    if compute is not None and compute.wall_seconds is not None:
        return float(compute.wall_seconds)
    ended = from_iso(view.run.ended)
    return None if ended is None else ended - began
