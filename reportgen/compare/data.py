"""Inputs and splits as comparable facts. Pure."""

from __future__ import annotations

from typing import Any

from reportgen.compare.differences import Section
from reportgen.runs.schema import Data, Input, to_plain
from reportgen.runs.view import flatten


def data_section(data: Data | None) -> Section:
    """Return the facts of what was read: ``inputs.NAME.sha256``, ``splits.val.ids_sha256``.

    A run that lists no input, or no split, says nothing of them: it need not have read none.

    Args:
        data: data.yaml.
    """
    if data is None:
        return Section(unrecorded={"": "no data is recorded"})
    facts: dict[str, Any] = {}
    unrecorded = dict(data.not_available)
    for one in data.inputs:
        facts.update(_input(one))
    if not data.inputs:
        unrecorded["inputs"] = "no input is recorded"
    facts.update(flatten(data.splits, "splits."))
    if not data.splits:
        unrecorded["splits"] = "no split is recorded"
    return Section(facts=facts, unrecorded=unrecorded)


def _input(one: Input) -> dict[str, Any]:
    plain = {key: value for key, value in to_plain(one).items() if value is not None}
    plain.pop("name")
    return flatten(plain, f"inputs.{one.name}.")
