"""What keeps the numbers of runs from being compared: other data, other metrics, other splits.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from reportgen.compare.differences import Difference
from reportgen.compare.predictions import Agreement
from reportgen.runs.schema import MetricDefinition, to_plain


class Caution(Struct, frozen=True, kw_only=True):
    """One reason not to compare.

    Attributes:
        about: ``data``, ``split``, ``metric``, ``labels`` or ``state``.
        subject: Which input, split, metric or run.
        message: What is not the same, in one sentence.
        certain: False when it only was not recorded whether it is the same.
    """

    about: Literal["data", "split", "metric", "labels", "state"]
    subject: str
    message: str
    certain: bool = True


def cautions(
    *,
    names: Sequence[str],
    states: Sequence[str],
    data: Sequence[Difference],
    definitions: Sequence[Mapping[str, MetricDefinition]],
    agreements: Sequence[Agreement] = (),
) -> list[Caution]:
    """Return why numbers of these runs do not compare, what is certain first.

    Args:
        names: Of the runs.
        states: Of the runs, as ``RunView.state``.
        data: Their inputs and splits, as ``compare_sections`` returns them.
        definitions: Their metrics' definitions.
        agreements: Their predictions against those of the first run.
    """
    found = [*_inputs(data), *_splits(data), *_metrics(definitions), *_labels(agreements)]
    for name, state in zip(names, states, strict=True):
        if state != "finished":
            message = f"{name} is {state}: its last and best values may still have changed"
            found.append(Caution(about="state", subject=name, message=message))
    return sorted(found, key=lambda caution: not caution.certain)


def _inputs(data: Sequence[Difference]) -> list[Caution]:
    found = []
    hashes = [one for one in data if one.key.startswith("inputs.") and one.key.endswith(".sha256")]
    for one in hashes:
        name = one.key.removeprefix("inputs.").removesuffix(".sha256")
        if one.state == "differs":
            message = f"the input {name} is not the same data in each run"
            if one.missing:
                message = f"the input {name} was not read by each run"
            found.append(Caution(about="data", subject=name, message=message))
        elif one.state == "unknown":
            message = f"not each run recorded which data it read as {name}"
            found.append(Caution(about="data", subject=name, message=message, certain=False))
    if not hashes:
        message = "no run recorded the hash of its data"
        found.append(Caution(about="data", subject="", message=message, certain=False))
    return found


def _splits(data: Sequence[Difference]) -> list[Caution]:
    found = []
    for one in data:
        if not (one.key.startswith("splits.") and one.key.endswith(".ids_sha256")):
            continue
        name = one.key.removeprefix("splits.").removesuffix(".ids_sha256")
        if one.state == "differs":
            message = f"the split {name} holds other examples"
            found.append(Caution(about="split", subject=name, message=message))
        elif one.state == "unknown":
            message = f"not each run recorded which examples are in the split {name}"
            found.append(Caution(about="split", subject=name, message=message, certain=False))
    return found


def _metrics(definitions: Sequence[Mapping[str, MetricDefinition]]) -> list[Caution]:
    found = []
    for name in dict.fromkeys(name for run in definitions for name in run):
        declared = [_said(run[name]) for run in definitions if name in run]
        keys = dict.fromkeys(key for one in declared for key in one)
        other = [key for key in keys if len({repr(one[key]) for one in declared if key in one}) > 1]
        if other:
            what = " and ".join(other)
            message = f"the metric {name} is not one and the same: its {what} differs"
            found.append(Caution(about="metric", subject=name, message=message))
    return found


def _said(definition: MetricDefinition) -> dict[str, Any]:
    plain = to_plain(definition)
    plain.pop("every")  # how often it was kept, not what it is
    return {key: value for key, value in plain.items() if value is not None}


def _labels(agreements: Sequence[Agreement]) -> list[Caution]:
    return [
        Caution(
            about="labels",
            subject=one.split,
            message=f"{one.other_labels} examples of {one.split} have another label",
        )
        for one in agreements
        if one.other_labels
    ]
