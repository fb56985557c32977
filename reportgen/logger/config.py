"""The configuration of a run as it is recorded: nested plain values, and what was none."""

from __future__ import annotations

import dataclasses
import enum
import os
import re
import sys
from collections.abc import Mapping, Sequence, Set
from datetime import date, datetime, time
from typing import Any

from reportgen.errors import UsageError
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.logger.values import number_of, type_name

_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]{4,32}")
_TEXT_LIMIT = 1_000
_DUMPERS = ("model_dump", "_asdict")  # pydantic, named tuples


def mapping_of(config: object) -> dict[str, Any]:
    """Return a configuration as nested dicts with its own values as leaves.

    Args:
        config: A mapping, a dataclass, an argparse namespace, or an object of a configuration
            library (OmegaConf, pydantic, attrs, ml_collections, transformers).

    Raises:
        UsageError: It is none of these, or nested too deep.
    """
    found = _as_mapping(config, (*_DUMPERS, "to_dict"))
    if found is None:
        raise UsageError(
            f"the configuration is of type {type_name(config)}",
            where="start_run(config=)",
            expected="a mapping, a dataclass, an argparse namespace, or a path to a file",
        )
    return _unfolded(found, 0, set())


def _unfolded(mapping: Mapping[Any, Any], depth: int, above: set[int]) -> dict[Any, Any]:
    if depth > DEFAULT_LIMITS.depth or id(mapping) in above:
        raise UsageError(
            f"the configuration is nested deeper than {DEFAULT_LIMITS.depth}, or in itself",
            where="start_run(config=)",
            expected="plain nested settings",
        )
    above = above | {id(mapping)}
    unfolded: dict[Any, Any] = {}
    for key, value in mapping.items():
        below = _as_mapping(value)
        inner = value if below is None else _unfolded(below, depth + 1, above)
        unfolded[key] = inner
    return unfolded


def _as_mapping(value: Any, dumpers: Sequence[str] = _DUMPERS) -> Mapping[Any, Any] | None:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, type):
        return None
    omegaconf = sys.modules.get("omegaconf")
    if omegaconf is not None and type(value).__module__.startswith("omegaconf."):
        resolved = omegaconf.OmegaConf.to_container(value, resolve=True)
        return resolved if isinstance(resolved, Mapping) else None
    if dataclasses.is_dataclass(value):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if hasattr(type(value), "__attrs_attrs__"):
        return {f.name: getattr(value, f.name) for f in type(value).__attrs_attrs__}
    if type(value).__name__ in ("Namespace", "SimpleNamespace"):
        return dict(vars(value))
    for dumper in dumpers:
        if callable(getattr(type(value), dumper, None)):
            dumped = getattr(value, dumper)()
            return dumped if isinstance(dumped, Mapping) else None
    return None


@dataclasses.dataclass
class PlainConfig:
    """A configuration fit for a file.

    Attributes:
        values: Nested dicts, lists, text, numbers, truth values and None only.
        stringified: Dotted keys whose value had no plain form and stands as text.
    """

    values: dict[str, Any]
    stringified: list[str]


def plain_config(config: Mapping[str, Any]) -> PlainConfig:
    """Return what is recorded of a configuration.

    Raises:
        UsageError: It holds more values than a reader accepts.
    """
    stringified: list[str] = []
    budget = [DEFAULT_LIMITS.nodes]

    def walk(value: Any, key: str) -> Any:
        budget[0] -= 1
        if budget[0] < 0:
            raise UsageError(
                f"the configuration holds more than {DEFAULT_LIMITS.nodes} values",
                where=f"start_run(config=): {key}",
                expected="settings; data belongs in a file that data= names",
            )
        if isinstance(value, Mapping):
            named = [(_key(name), item) for name, item in value.items()]
            return {name: walk(item, f"{key}.{name}" if key else name) for name, item in named}
        if isinstance(value, Set):
            return sorted((walk(item, key) for item in value), key=repr)
        if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
            return [walk(item, f"{key}.{index}") for index, item in enumerate(value)]
        known, leaf = _leaf(value)
        if not known:
            stringified.append(key)
        return leaf

    return PlainConfig(walk(config, ""), stringified)


def plain_value(value: object) -> Any:
    """Return one value fit for a file."""
    return plain_config({"value": value}).values["value"]


def _leaf(value: Any) -> tuple[bool, Any]:
    """Return whether a value has a plain form, and what stands for it."""
    if value is None or isinstance(value, bool):
        return True, value
    if isinstance(value, enum.Enum):
        return True, value.name
    if isinstance(value, str):
        return True, _encodable(str.__str__(value))
    if isinstance(value, int):
        return True, int.__int__(value)
    number = number_of(value)
    if number is not None:
        return True, number
    if isinstance(value, os.PathLike):
        return True, os.fsdecode(os.fspath(value))
    if isinstance(value, datetime | date | time):
        return True, value.isoformat()
    return False, _text(value)


def _key(name: Any) -> str:
    return _encodable(str.__str__(name)) if isinstance(name, str) else _text(name)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _text(value: Any) -> str:
    """Return a stable text for a value of no plain type: no memory address, bounded."""
    try:
        if callable(value) and hasattr(value, "__qualname__"):
            return f"{value.__module__}.{value.__qualname__}"
        text = _ADDRESS.sub("", repr(value))
    except Exception:
        return f"<{type_name(value)}>"
    return _encodable(text)[:_TEXT_LIMIT]
