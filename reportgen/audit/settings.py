"""Under which names configurations hold what every training has: rate, optimizer, batch. Pure.

A key means a thing by its last part, whatever its spelling: ``training.batch_size``,
``train.batchSize`` and ``batch-size`` are the same. Sections that are about something else, such
as evaluation, are passed over.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

LEARNING_RATE: Final = (
    *("lr", "learning_rate", "base_lr", "base_learning_rate", "initial_lr", "init_lr", "lr0"),
    *("initial_learning_rate", "max_lr", "peak_lr", "max_learning_rate", "lr_init", "start_lr"),
)
OPTIMIZER: Final = (
    *("optimizer", "optim", "optimiser", "optimizer_name", "optimizer_type", "optimizer_class"),
    *("optim_name", "optim_type", "opt"),
)
SCHEDULER: Final = (
    *("scheduler", "lr_scheduler", "lr_scheduler_type", "lr_schedule", "schedule", "lr_policy"),
    *("scheduler_name", "scheduler_type", "lr_decay_style", "learning_rate_schedule", "lr_sched"),
)
BATCH: Final = ("batch_size", "train_batch_size", "training_batch_size", "batch", "bs", "mbs")
MICRO_BATCH: Final = (
    *("per_device_train_batch_size", "per_gpu_train_batch_size", "per_device_batch_size"),
    *("micro_batch_size", "train_micro_batch_size_per_gpu", "train_micro_batch_size"),
    *("micro_batch", "batch_size_per_gpu", "batch_size_per_device", "per_gpu_batch_size"),
    *("local_batch_size", "device_batch_size", "batch_size_per_rank"),
)
GLOBAL_BATCH: Final = (
    *("global_batch_size", "effective_batch_size", "total_batch_size", "global_train_batch_size"),
    *("global_batch", "effective_batch", "total_train_batch_size"),
)
ACCUMULATION: Final = (
    *("grad_accum", "gradient_accumulation_steps", "gradient_accumulation", "grad_accumulation"),
    *("accumulate_grad_batches", "grad_accum_steps", "accumulation_steps", "accum_steps"),
    *("accumulation", "grad_accumulation_steps", "update_freq", "accumulate"),
)
WORLD_SIZE: Final = ("world_size", "num_processes", "data_parallel_size", "dp_size")
DEVICES: Final = (
    *("n_gpus", "num_gpus", "gpus", "ngpus", "n_gpu", "devices", "num_devices"),
    *("nproc_per_node", "gpus_per_node"),
)
NODES: Final = ("num_nodes", "nnodes", "nodes")

_ELSEWHERE = frozenset(
    {"val", "valid", "validation", "eval", "evaluation", "test", "testing", "predict"}
    | {"inference", "scheduler", "lrscheduler", "warmup", "search", "space"}
)
_NAMES_OF_A_CLASS = frozenset({"name", "type", "class", "target", "kind", "cls", "classpath", "id"})
_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Setting:
    """One entry of a flat configuration: its dotted key and its value."""

    key: str
    value: Any


def settings(config: Mapping[str, Any], names: Iterable[str]) -> list[Setting]:
    """Return the entries that one of ``names`` means, the outermost first, then in their order.

    Args:
        config: Values by dotted key.
        names: In order of preference.
    """
    order = {plain(name): place for place, name in enumerate(names)}
    found = []
    for key, value in config.items():
        *sections, last = (plain(part) for part in key.split("."))
        if last in order and not _ELSEWHERE.intersection(sections):
            found.append((len(sections), order[last], Setting(key, value)))
    return [setting for *_, setting in sorted(found, key=lambda one: one[:2])]


def numbers(config: Mapping[str, Any], names: Iterable[str]) -> list[Setting]:
    """Return those of :func:`settings` that are finite numbers, as numbers.

    ``1e-3``, which YAML 1.1 takes for text, counts.
    """
    found = []
    for setting in settings(config, names):
        value = number_in(setting.value)
        if value is not None:
            found.append(Setting(setting.key, value))
    return found


def number_in(value: Any) -> float | None:
    """Return a value as a finite number, None when it is none; truth values are none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def counts(config: Mapping[str, Any], names: Iterable[str]) -> list[Setting]:
    """Return those of :func:`settings` that are whole numbers from 1 on."""
    return [
        Setting(one.key, int(one.value))
        for one in numbers(config, names)
        if one.value >= 1 and one.value == int(one.value)
    ]


def named_class(config: Mapping[str, Any], names: Iterable[str]) -> Setting | None:
    """Return what is chosen by name: ``optimizer: sgd`` as well as ``optimizer: {name: sgd}``."""
    direct = [one for one in settings(config, names) if isinstance(one.value, str) and one.value]
    if direct:
        return direct[0]
    wanted = {plain(name) for name in names}
    for key, value in config.items():
        parts = [plain(part) for part in key.split(".")]
        below = len(parts) > 1 and parts[-2] in wanted and parts[-1] in _NAMES_OF_A_CLASS
        if below and isinstance(value, str) and value:
            return Setting(key, value)
    return None


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """Return a name without case and separators: ``batchSize`` and ``batch_size`` are one."""
    return _NOT_ALPHANUMERIC.sub("", name.lower())


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """How many examples one step of the optimizer takes, as far as a configuration says.

    Attributes:
        micro: Examples that one device takes at a time.
        accumulation: Batches whose gradients are added up.
        world: Processes that take a batch each.
        total: Examples of one step, as declared.
    """

    micro: Setting | None
    accumulation: Setting | None
    world: Setting | None
    total: Setting | None


def batch_settings(config: Mapping[str, Any]) -> BatchSettings:
    """Return what a flat configuration says of the batch.

    A bare ``batch_size`` is that of one device; beside one that is said to be of one device, and
    without one that is said to be the whole, it is the whole.
    """
    bare = _first(counts(config, BATCH))
    micro = _first(counts(config, MICRO_BATCH))
    total = _first(counts(config, GLOBAL_BATCH))
    if micro is None:
        micro = bare
    elif total is None:
        total = bare
    world = _first(counts(config, WORLD_SIZE)) or _of_nodes(config)
    return BatchSettings(micro, _first(counts(config, ACCUMULATION)), world, total)


def _of_nodes(config: Mapping[str, Any]) -> Setting | None:
    devices, nodes = _first(counts(config, DEVICES)), _first(counts(config, NODES))
    if devices is None or nodes is None:
        return devices
    return Setting(f"{devices.key} x {nodes.key}", devices.value * nodes.value)


def _first(found: list[Setting]) -> Setting | None:
    return found[0] if found else None
