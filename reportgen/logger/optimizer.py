"""Record the optimizer that really ran: ``captured/optimizer.json``.

torch calls its global post-step hooks after every ``Optimizer.step``
(``torch.optim.optimizer.register_optimizer_step_post_hook``). The first step tells class and
settings; later ones cost one look at an empty list. torch is never imported here: the hook is
set when the program imports it, once a process, and stays, for torch may be walking its table of
hooks whenever a run begins or ends.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

from reportgen.errors import UsageError
from reportgen.logger.context import RunContext
from reportgen.logger.values import stored_number
from reportgen.post_import import when_imported
from reportgen.runs import layout
from reportgen.runs.schema import OptimizerState

_MODULE: Final = "torch.optim.optimizer"
_GROUPS_LIMIT = 100
_SKIPPED: Final = object()

_WAITING: list[OptimizerProbe] = []
"""The runs of this process that have seen no step yet."""
_HOOKED: list[Any] = []
"""What torch returned for the hook, once it is set."""


class OptimizerProbe:
    """The optimizer of one run: the first that steps, or the one that is named.

    Args:
        context: The run.
    """

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._lock = threading.RLock()
        self._seen = False
        self._reference: weakref.ref[Any] | None = None
        self._document = OptimizerState()

    def start(self) -> None:
        """Wait for a first step of any optimizer of torch."""
        _WAITING.append(self)
        if not _HOOKED:
            when_imported(_MODULE, _hook_into)

    def watch(self, optimizer: Any) -> None:
        """Record this optimizer, whatever else steps.

        Args:
            optimizer: Anything with ``param_groups``.

        Raises:
            UsageError: It has none.
        """
        if not isinstance(getattr(optimizer, "param_groups", None), list):
            raise UsageError(
                f"is of type {type(optimizer).__name__}",
                where="watch_optimizer(optimizer)",
                expected="an optimizer with param_groups, as those of torch",
            )
        self._record(optimizer)

    def saw(self, optimizer: Any) -> None:
        """Take an optimizer that passed by, as in ``save_checkpoint``: settings as they are now.

        The first one is recorded as if it had stepped; anything else than the recorded one is
        passed over.
        """
        if not isinstance(getattr(optimizer, "param_groups", None), list):
            return
        if not self._seen:
            self._record(optimizer)
        elif self._reference is not None and self._reference() is optimizer:
            self.refresh()

    def refresh(self) -> None:
        """Read the settings as they are now; called now and then, on any thread.

        A program may drop its optimizer before the run ends: what was read last then stands.
        """
        optimizer = self._reference() if self._reference is not None else None
        if optimizer is None:
            return
        try:
            groups = plain_groups(optimizer)
        except RuntimeError:  # changed by the training while it was read
            return
        with self._lock:
            self._document.groups_end = groups

    def stop(self) -> None:
        """Write the settings of the end."""
        _no_longer_waits(self)
        if self._seen:
            self.refresh()
            self._write()

    # -- inside ---------------------------------------------------------------------------

    def _stepped(self, optimizer: Any) -> None:
        if self._seen or not self._context.active:
            return
        with self._context.overhead("captures"):
            try:
                self._record(optimizer)
            except Exception as error:
                self._context.fault(layout.OPTIMIZER, error, lost=0)

    def _record(self, optimizer: Any) -> None:
        _no_longer_waits(self)
        groups = plain_groups(optimizer)
        with self._lock:
            self._seen = True
            self._reference = weakref.ref(optimizer)
            self._document = OptimizerState(
                class_=type(optimizer).__name__, groups=groups, groups_end=groups
            )
        self._write()

    def _write(self) -> None:
        with self._lock:
            self._context.write(layout.OPTIMIZER, self._document)


def _no_longer_waits(probe: OptimizerProbe) -> None:
    while probe in _WAITING:
        _WAITING.remove(probe)


def _hook_into(module: ModuleType) -> None:
    register = getattr(module, "register_optimizer_step_post_hook", None)
    if register is not None and not _HOOKED:
        _HOOKED.append(register(_after_step))


def _after_step(optimizer: Any, args: Any, kwargs: Any) -> None:
    if _WAITING:
        for probe in tuple(_WAITING):
            _no_longer_waits(probe)
            probe._stepped(optimizer)


_after_step._torchdynamo_disable = True  # type: ignore[attr-defined]  # not part of any graph


def plain_groups(optimizer: Any) -> list[dict[str, Any]]:
    """Return the settings of each parameter group, at most 100 groups, without parameters.

    Numbers of any library become plain ones, tuples lists; what is neither number, text nor a
    list of them is left out.
    """
    return [_plain_group(group) for group in optimizer.param_groups[:_GROUPS_LIMIT]]


def _plain_group(group: Mapping[str, Any]) -> dict[str, Any]:
    plain = ((str(key), _plain(value)) for key, value in list(group.items()) if key != "params")
    return {key: value for key, value in plain if value is not _SKIPPED}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, tuple | list):
        parts = [_plain(part) for part in value[:16]]
        return _SKIPPED if any(part is _SKIPPED for part in parts) else parts
    number = stored_number(value)
    return _SKIPPED if number is None else number
