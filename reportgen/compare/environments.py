"""Environments and seeds as comparable facts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.compare.configs import seeds_of_config
from reportgen.compare.differences import Section
from reportgen.runs.schema import Environment, to_plain
from reportgen.runs.view import flatten

PARTS = (
    *("python", "os", "hardware", "accelerator", "packages"),
    *("editable", "determinism", "variables", "container"),
)
"""Keys of environment.yaml that are compared: ``host`` is another hash in every run, and what a
run consumed (``compute``) is a result, no condition."""


def environment_section(
    environment: Environment | None, written: Mapping[str, Any] | None
) -> Section:
    """Return the facts of an environment under ``packages.torch``, ``hardware.cpu`` and the like.

    Args:
        environment: environment.yaml.
        written: The same as plain values, to tell a key that is not there from null.
    """
    return _section(environment, written, PARTS)


def seed_section(
    environment: Environment | None,
    written: Mapping[str, Any] | None,
    flat_config: Mapping[str, Any] | None,
) -> Section:
    """Return the seeds of a run: ``seeds.torch`` that were set, ``config.seed`` that were asked
    for, and ``seeds.state_sha256.torch`` of the generators right after seeding.
    """
    section = _section(environment, written, ("seeds",))
    asked = {f"config.{key}": value for key, value in seeds_of_config(flat_config).items()}
    unrecorded = dict(section.unrecorded)
    if flat_config is None:
        unrecorded["config"] = "no configuration is recorded"
    return Section(facts={**asked, **section.facts}, unrecorded=unrecorded)


def _section(
    environment: Environment | None, written: Mapping[str, Any] | None, parts: tuple[str, ...]
) -> Section:
    if environment is None:
        return Section(unrecorded=dict.fromkeys(parts, "no environment is recorded"))
    plain = to_plain(environment)
    unrecorded = {
        part: "not in environment.yaml" for part in parts if part not in (written or plain)
    }
    for key, reason in environment.not_available.items():
        if key.split(".")[0] in parts:
            unrecorded[key] = reason
    facts: dict[str, Any] = {}
    for part in parts:
        value = plain[part]
        if isinstance(value, dict) and value:
            facts.update(flatten(value, f"{part}."))
        elif part not in unrecorded and not isinstance(value, dict):
            facts[part] = value
    for key, value in facts.items():
        if value is None and written is not None and not _is_written(written, key):
            unrecorded.setdefault(key, "not in environment.yaml")
    return Section(
        facts={key: value for key, value in facts.items() if not _hidden(key, value, unrecorded)},
        unrecorded=unrecorded,
    )


def _is_written(written: Mapping[str, Any], key: str) -> bool:
    """Tell whether a dotted key stands in a document, which may use the short form of a part."""
    part: Any = written
    for name in key.split("."):
        if not isinstance(part, Mapping) or name not in part:
            return False
        part = part[name]
    return True


def _hidden(key: str, value: Any, unrecorded: Mapping[str, str]) -> bool:
    """Tell whether a null stands for what could not be found out."""
    return value is None and any(key == one or key.startswith(f"{one}.") for one in unrecorded)
