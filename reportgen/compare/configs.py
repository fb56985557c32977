"""Configurations as comparable facts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.compare.differences import Section
from reportgen.runs.replicates import is_seed


def config_section(flat: Mapping[str, Any] | None) -> Section:
    """Return a configuration without its seeds, which are facts of their own.

    Args:
        flat: Dotted keys, as ``RunView.flat_config``; None when none was recorded.
    """
    if flat is None:
        return Section(unrecorded={"": "no configuration is recorded"})
    return Section(facts={key: value for key, value in flat.items() if not is_seed(key)})


def seeds_of_config(flat: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the seeds of a configuration by their dotted keys."""
    return {key: value for key, value in (flat or {}).items() if is_seed(key)}
