"""How long a training means to run: as it says, else read from its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.errors import UsageError
from reportgen.runs.schema import Planned
from reportgen.suggest import nearest

_STEPS = (
    *("max_steps", "total_steps", "num_train_steps", "train_steps", "num_steps", "n_steps"),
    *("max_iters", "max_iterations", "num_iterations", "iterations", "total_timesteps", "steps"),
)
_EPOCHS = ("max_epochs", "num_train_epochs", "num_epochs", "total_epochs", "n_epochs", "epochs")
_SECTIONS = frozenset(
    {"train", "training", "trainer", "training_args", "fit", "loop", "run", "args", "hparams"}
    | {"hyperparameters", "optimization", "optimisation", "params", "config"}
)
_KEYS = ("steps", "epochs")


def planned_of(planned: Mapping[str, Any] | None, flat_config: Mapping[str, Any]) -> Planned | None:
    """Return the planned steps and epochs, or None when neither is known.

    Args:
        planned: What ``start_run`` was given; it wins key by key.
        flat_config: The configuration with dotted keys; customary names such as ``max_steps``
            and ``training.epochs`` are understood.

    Raises:
        UsageError: An unknown key, or no positive number.
    """
    found = Planned(steps=_steps(flat_config), epochs=_first(flat_config, _EPOCHS))
    for key, value in (planned or {}).items():
        if key not in _KEYS:
            raise UsageError(
                f"unknown key {key!r}", where="start_run(planned=)", fix=nearest(str(key), _KEYS)
            )
        if value is not None and not _is_count(value, fractions=key == "epochs"):
            raise UsageError(
                f"{key} is {value!r:.40}",
                where="start_run(planned=)",
                expected="a positive number",
            )
        setattr(found, key, value)
    return found if found.steps is not None or found.epochs is not None else None


def _steps(flat: Mapping[str, Any]) -> int | None:
    steps = _first(flat, _STEPS)
    return int(steps) if steps is not None and steps == int(steps) else None


def _first(flat: Mapping[str, Any], names: tuple[str, ...]) -> int | float | None:
    """Return the value of the first name that stands at the top or in a section on training."""
    for name in names:
        for key, value in flat.items():
            section, _, last = key.rpartition(".")
            if last != name or (section and section not in _SECTIONS):
                continue
            if _is_count(value, fractions=True):
                number: int | float = value
                return number
    return None


def _is_count(value: object, *, fractions: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 < value < 2**63 and (fractions or isinstance(value, int))
