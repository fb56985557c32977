"""Names and descriptions in a run's folder of checkpoints."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.errors import ReportgenError, UsageError
from reportgen.fs.documents import load_json
from reportgen.logger.retention import Saved
from reportgen.logger.values import number_of, type_name
from reportgen.runs.numbers import from_stored
from reportgen.runs.schema import Checkpoint
from reportgen.runs.validate import convert

_BEST = "best"
_WHOLE = "checkpoint"
_OURS = tuple(f"{prefix}_{unit}_" for prefix in (_BEST, _WHOLE) for unit in ("epoch", "step"))


@dataclass(frozen=True, slots=True)
class Facts:
    """When a checkpoint was saved and how good it is, as plain Python numbers."""

    epoch: int | float | None
    step: int | None
    metric: str | None
    value: float | None

    @classmethod
    def of(cls, *, epoch: Any, step: Any, metric: Any) -> Facts:
        """Return the facts of a call.

        Raises:
            UsageError: Neither epoch nor step, or a value of the wrong kind.
        """
        if epoch is None and step is None:
            raise UsageError(
                "neither epoch nor step is given",
                where="save_checkpoint",
                expected="epoch= or step=",
                fix="They name the file, so that no checkpoint overwrites another",
            )
        name, value = _named(metric) if metric is not None else (None, None)
        whole = _number(step, "step") if step is not None else None
        if whole is not None and (whole != int(whole) or whole < 0):
            raise _fault(f"step is {step!r:.80}", "a whole number from 0")
        return cls(
            epoch=_tidy(_number(epoch, "epoch")) if epoch is not None else None,
            step=int(whole) if whole is not None else None,
            metric=name,
            value=value,
        )


def _named(metric: Any) -> tuple[str, float]:
    expected = 'a name and a number, as ("val/accuracy", 0.93)'
    if not isinstance(metric, tuple | list) or len(metric) != 2 or not isinstance(metric[0], str):
        raise _fault(f"metric is {metric!r:.80}", expected)
    return metric[0], _number(metric[1], f"metric {metric[0]!r:.80}", expected, finite=False)


def _number(value: Any, what: str, expected: str = "a number", *, finite: bool = True) -> float:
    number = number_of(value)
    if number is None:
        raise _fault(f"{what} is a {type_name(value)}", expected)
    if finite and not abs(number) < 2**63:
        raise _fault(f"{what} is {number}", expected)
    return number


def _tidy(number: float) -> int | float:
    return int(number) if number == int(number) else number


def _fault(what: str, expected: str) -> UsageError:
    return UsageError(what, where="save_checkpoint", expected=expected)


def stem_of(folder: Path, facts: Facts, suffix: str, *, prefix: str = _WHOLE) -> str:
    """Return a free file name without its ending for a new checkpoint.

    ``checkpoint_epoch_7``; where that is taken, ``checkpoint_epoch_7_step_840``; where that is
    taken too, the same with ``-2`` and so on.
    """
    base = f"{prefix}_epoch_{facts.epoch}" if facts.epoch is not None else None
    if base is not None and _is_free(folder, base, suffix):
        return base
    if facts.step is not None:
        base = f"{base}_step_{facts.step}" if base else f"{prefix}_step_{facts.step}"
        if _is_free(folder, base, suffix):
            return base
    count = 2
    while not _is_free(folder, f"{base}-{count}", suffix):
        count += 1
    return f"{base}-{count}"


def _is_free(folder: Path, stem: str, suffix: str) -> bool:
    return not any(os.path.lexists(folder / f"{stem}{end}") for end in (suffix, ".json"))


def read_saved(folder: Path) -> list[Saved]:
    """Return the described checkpoints of a folder, oldest first: what a resumed run goes on from.

    What a killed writer had not finished is removed.
    """
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    found = []
    for name in names:
        if name.startswith(f".{_WHOLE}_") and name.endswith(".tmp"):
            (folder / name).unlink(missing_ok=True)
        elif name.startswith(_OURS) and not name.endswith(".json"):
            document = _description(folder / name)
            if document is not None:
                age = (_when(document), (folder / name).stat().st_mtime_ns)
                found.append((age, name, document))
    found.sort(key=lambda item: item[:2])
    order, last = 0, None
    saved: list[Saved] = []
    for (when, _), name, document in found:
        # The best without optimizer state belongs to the save that made it.
        is_copy = name.startswith(f"{_BEST}_")
        order += not (is_copy and saved and when == last)
        last = when
        saved.append(_saved(order, name, document, is_copy))
    return saved


def _description(file: Path) -> Checkpoint | None:
    beside = file.with_suffix(".json")
    try:
        return convert(load_json(beside.read_bytes(), name=beside.name), Checkpoint, name="")
    except (OSError, ReportgenError):
        return None


def _when(document: Checkpoint) -> float:
    when = document.step if document.step is not None else document.epoch
    return float(when if when is not None else -1)


def _saved(order: int, name: str, document: Checkpoint, is_best_copy: bool) -> Saved:
    metric = document.metric
    return Saved(
        file=name,
        order=order,
        metric=metric.name if metric else None,
        value=from_stored(metric.value) if metric else None,
        is_best_copy=is_best_copy,
    )
