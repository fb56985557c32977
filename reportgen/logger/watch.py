"""``run.watch``: gradient norms, learning rates and, when wanted, histograms of a model.

torch calls a global hook before every step of any optimizer; it is set once a process and stays,
for torch may be walking its table of hooks whenever a run begins or ends. Every ``every``-th step
of the watched optimizer is measured; most times a counter is looked at, and that is all.

A measurement is recorded under the step that the training itself logs next, so that its curves
share their x axis: of several measurements between two records of the training the last is kept.
The one that is left at the end gets the step after the training's last, or, when the training
never logged anything, the number of optimizer steps before it.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Container
from typing import Any, Final, Protocol

from reportgen.errors import UsageError
from reportgen.logger.binning import histogram_of
from reportgen.logger.context import RunContext
from reportgen.logger.gradients import gradient_norm
from reportgen.logger.histograms import BINS, HistogramStore
from reportgen.logger.values import number_of, type_name

_WHERE: Final = "run.watch"
_MODULE: Final = "torch.optim.optimizer"
_TENSORS = 1_000
_GROUPS = 100

_WATCHES: list[ModelWatch] = []
"""What is watched in this process now."""
_HOOKED: list[Any] = []
"""What torch returned for the hook, once it is set."""


class Steps(Protocol):
    """What a watch asks of the metrics of a run."""

    @property
    def last_step(self) -> int:
        """The step of the latest record, -1 before the first."""

    @property
    def calls(self) -> int:
        """How often something was logged."""

    def knows(self, name: str) -> bool:
        """Tell whether a metric of this name was logged."""


class ModelWatch:
    """One model and the optimizer that steps it.

    Args:
        context: The run.
        steps: The metrics that the training logs.
        log: Takes metrics and a step, as ``run.log``.
        histograms: Where histograms go; None for none.
        model: A module of torch.
        optimizer: Its optimizer; None for the first that steps a parameter of the model.
        every: Optimizer steps from one measurement to the next.
        prefix: What the names of the metrics begin with.
    """

    def __init__(
        self,
        context: RunContext,
        steps: Steps,
        log: Callable[[dict[str, Any], int], object],
        histograms: HistogramStore | None,
        *,
        model: Any,
        optimizer: Any,
        every: int,
        prefix: str,
    ) -> None:
        self.prefix = prefix
        self._context = context
        self._steps = steps
        self._log = log
        self._histograms = histograms
        self._model = weakref.ref(model)
        self._optimizer = None if optimizer is None else weakref.ref(optimizer)
        self._every = every
        self._count = 0
        self._seen_calls = -1
        self._pending: tuple[dict[str, Any], dict[str, Any]] | None = None
        self._own: set[str] = set()
        self._kind = f"watch of {prefix}"

    def start(self) -> None:
        """Have torch call before each step of the optimizer."""
        if not _HOOKED:
            register = sys.modules[_MODULE].register_optimizer_step_pre_hook
            _HOOKED.append(register(_before_step))
        _WATCHES.append(self)

    def stop(self) -> None:
        """Record the last measurement, and measure no more; never raises."""
        if self in _WATCHES:
            _WATCHES.remove(self)
        self.settle()
        last = self._steps.last_step
        try:
            self._record(self._count - 1 if last < 0 else last + 1)
        except Exception as error:
            self._context.fault(self._kind, error)

    # -- before each step -----------------------------------------------------------------

    def settle(self) -> None:
        """Record what was measured if the training has logged since; never raises."""
        if self._pending is None or self._steps.calls == self._seen_calls:
            return
        try:
            self._record(self._steps.last_step)
        except Exception as error:
            self._context.fault(self._kind, error)

    def before_step(self, optimizer: Any) -> None:
        """Look at an optimizer that is about to step; never raises."""
        try:
            if self._context.active and self._is_watched(optimizer):
                self._step(optimizer)
        except Exception as error:
            self._context.fault(self._kind, error)

    def _is_watched(self, optimizer: Any) -> bool:
        if self._optimizer is not None:
            watched = self._optimizer()
            # A wrapper, as of accelerate, shows the groups of the optimizer that steps.
            return watched is not None and watched.param_groups is optimizer.param_groups
        model = self._model()
        if model is None:
            return False
        own = {id(parameter) for parameter in model.parameters()}
        groups = optimizer.param_groups
        if any(id(parameter) in own for group in groups for parameter in group["params"]):
            self._optimizer = weakref.ref(optimizer)
            return True
        return False

    def _step(self, optimizer: Any) -> None:
        due = self._count % self._every == 0
        self._count += 1
        if due:
            with self._context.overhead("watch"):
                self._measure(optimizer)

    def _measure(self, optimizer: Any) -> None:
        model = self._model()
        if model is None:
            return
        metrics = rates_of(optimizer, self.prefix)
        histograms: dict[str, Any] = {}
        self._pending = (metrics, histograms)
        self._seen_calls = self._steps.calls
        norm = gradient_norm(model, optimizer)
        if norm is not None:
            metrics[f"{self.prefix}/grad_norm"] = norm
        if self._histograms is not None:
            for name, values in tensors_of(model):
                histograms[f"{self.prefix}/{name}"] = histogram_of(values, BINS)

    def _record(self, step: int) -> None:
        pending, self._pending = self._pending, None
        if pending is None or step < 0 or not self._context.active:
            return
        metrics, histograms = pending
        with self._context.overhead("watch"):
            numbers = {name: number_of(value) for name, value in metrics.items()}
            kept = {n: value for n, value in numbers.items() if value is not None and self._may(n)}
            self._own.update(kept)
            if kept:
                self._log(kept, step)
            if histograms and self._histograms is not None:
                self._histograms.keep(histograms, step)

    def _may(self, name: str) -> bool:
        """Tell whether a name is free: a training that logs its own learning rate keeps it."""
        return name in self._own or not self._steps.knows(name)


def _before_step(optimizer: Any, args: Any, kwargs: Any) -> None:
    if _WATCHES:
        watches = tuple(_WATCHES)
        for watch in watches:  # all of them first: a record of one looks like the training's
            watch.settle()
        for watch in watches:
            watch.before_step(optimizer)


_before_step._torchdynamo_disable = True  # type: ignore[attr-defined]  # not part of any graph


def rates_of(optimizer: Any, prefix: str) -> dict[str, Any]:
    """Return the learning rates of an optimizer, ``train/lr`` or ``train/lr/<group>``.

    A group is called by its ``name`` where each has one of its own, else by its number.
    """
    groups = [group for group in optimizer.param_groups if "lr" in group][:_GROUPS]
    if len(groups) == 1:
        return {f"{prefix}/lr": number_of(groups[0]["lr"])}
    names = [group.get("name") for group in groups]
    named = len(set(names)) == len(names) and all(isinstance(name, str) for name in names)
    return {
        f"{prefix}/lr/{name if named else at}": number_of(group["lr"])
        for at, (name, group) in enumerate(zip(names, groups, strict=True))
    }


def tensors_of(model: Any) -> list[tuple[str, Any]]:
    """Return a model's real parameters and their gradients by name, of 1,000 at most."""
    return [
        (f"{kind}/{name}", values)
        for name, parameter in list(model.named_parameters())[:_TENSORS]
        for kind, values in (("parameters", parameter), ("gradients", parameter.grad))
        if values is not None and values.numel() and not values.is_complex()
    ]


def check_watch(model: Any, optimizer: Any, every: Any, prefix: Any, taken: Container[str]) -> None:
    """Refuse what cannot be watched.

    Raises:
        UsageError: No module, no optimizer, no interval, or a prefix that is watched already.
    """
    if not callable(getattr(model, "named_parameters", None)) or _MODULE not in sys.modules:
        raise UsageError(
            f"the model is of type {type_name(model)}", where=_WHERE, expected="a torch.nn.Module"
        )
    if optimizer is not None and not isinstance(getattr(optimizer, "param_groups", None), list):
        raise UsageError(
            f"the optimizer is of type {type_name(optimizer)}",
            where=_WHERE,
            expected="an optimizer of torch, or None for the first that steps the model",
        )
    if type(every) is not int or every < 1:
        raise UsageError(
            f"every is {every!r:.40}", where=_WHERE, expected="a whole number of steps, from 1"
        )
    if not isinstance(prefix, str) or not prefix.strip():
        raise UsageError(
            f"the prefix is {prefix!r:.40}", where=_WHERE, expected='a text such as "train"'
        )
    if prefix in taken:
        raise UsageError(
            f"{prefix!r:.60} is watched already",
            where=_WHERE,
            expected="one model for each prefix",
            fix='Name the second, as run.watch(critic, critic_optimizer, prefix="critic").',
        )
