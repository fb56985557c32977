"""What the compare page needs of one run: its facts by section, each with what it means.

Any runs may be chosen, so a browser sets them side by side. What a key says of them is decided
here, by the rules of :mod:`reportgen.compare`, and travels with the key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reportgen.compare.code import code_section
from reportgen.compare.command import command_section
from reportgen.compare.configs import config_section
from reportgen.compare.data import data_section
from reportgen.compare.differences import Section
from reportgen.compare.environments import environment_section, seed_section
from reportgen.compare.predictions import Predictions, read_predictions
from reportgen.compare.ranking import WEIGHTS, computes
from reportgen.errors import ReportgenError
from reportgen.runs import layout
from reportgen.runs.captured import ConfigAccess, Modules
from reportgen.runs.schema import MetricDefinition, to_plain
from reportgen.runs.view import RunView
from reportgen.site.groups import shown
from reportgen.site.model import Record
from reportgen.site.shards import DataFile, data_file
from reportgen.site.text import clip, honest

_KEYS = 2_000
_PATCH_BYTES = 100_000
_EXAMPLES = 5_000
_FILE_BYTES = 4 * 2**20
_HASHES = ("sha256", "ids_sha256", "rows", "count")

# For each section of facts: the factor it is, what a telling difference means, what any other.
FACTORS = (
    ("Code", "code", WEIGHTS[0], "files that were loaded differ", "only commits or patches differ"),
    ("Data", "data", WEIGHTS[0], "other bytes, or other examples, were read", "the content has the "
     "same hash; only what is said about it differs"),
    ("Configuration", "config", WEIGHTS[0], "these keys were read, or it was not recorded which "
     "were", "no run read any of these keys"),
    ("Environment", "environment", WEIGHTS[1], "what computes is not the same: rounding and order "
     "of operations may differ", "nothing that computes differs"),
    ("Seeds", "seeds", WEIGHTS[1], "other random numbers: initial weights, order of examples, "
     "dropout", "the generators started from the same states all the same"),
)  # fmt: skip


def sections_of(view: RunView) -> dict[str, dict[str, Any]]:
    """Return the facts of a run by section: ``facts`` as ``[key, text, telling, caution]`` and
    ``unrecorded`` as ``[prefix, reason]``.
    """
    written = view.raw(layout.ENVIRONMENT)
    written = written if isinstance(written, dict) else None
    flat = None if view.config is None else dict(view.flat_config)
    patch = view.bytes(layout.PATCH) if view.exists(layout.PATCH) else None
    access = view.captured(layout.CONFIG_ACCESS, ConfigAccess)
    read = set(access.read) if access is not None and access.tracking else None
    modules = view.captured(layout.MODULES, Modules)
    known = modules is not None and bool(modules.local)
    code = code_section(view.git, patch, modules)
    return {
        "Code": _section(code, lambda key: key.startswith("loaded.") or not known),
        "Data": _section(
            data_section(view.data), lambda key: key.rpartition(".")[2] in _HASHES, _data_caution
        ),
        "Configuration": _section(config_section(flat), lambda key: read is None or key in read),
        "Environment": _section(environment_section(view.environment, written), computes),
        "Seeds": _section(seed_section(view.environment, written, flat), lambda key: True),
        "Command": _section(command_section(view.run.command), lambda key: False),
    }


def _section(
    section: Section, telling: Callable[[str], bool], caution: Callable[[str], str] = lambda key: ""
) -> dict[str, Any]:
    rows = [
        [clip(key, 200), clip(shown(value), 400), telling(key), caution(key)]
        for key, value in list(section.facts.items())[:_KEYS]
    ]
    gaps = [[clip(key, 200), clip(why, 200)] for key, why in section.unrecorded.items()]
    return {"facts": rows, "unrecorded": gaps[:_KEYS]}


def _data_caution(key: str) -> str:
    if key.startswith("inputs.") and key.endswith(".sha256"):
        name = key.removeprefix("inputs.").removesuffix(".sha256")
        return f"the input {clip(name, 80)} is not the same data in each run"
    if key.startswith("splits.") and key.endswith(".ids_sha256"):
        name = key.removeprefix("splits.").removesuffix(".ids_sha256")
        return f"the split {clip(name, 80)} holds other examples"
    return ""


def definition_words(definition: MetricDefinition | None) -> str:
    """Return what a metric is declared to be, as text that is equal for equal declarations."""
    if definition is None:
        return ""
    plain = to_plain(definition)
    plain.pop("every", None)  # how often it was kept, not what it is
    return ", ".join(f"{key} {shown(value)}" for key, value in plain.items() if value is not None)


def patch_text(view: RunView) -> str | None:
    """Return what a run's work tree had on top of its commit; None without, or when it is long."""
    if not view.exists(layout.PATCH) or view.file_sizes[layout.PATCH] > _PATCH_BYTES:
        return None
    return honest(view.text(layout.PATCH, limit=_PATCH_BYTES) or "") or None


def predictions_file(record: Record) -> DataFile | None:
    """Return the predictions of a run, for agreement with others; None without any of at most
    5,000 examples.
    """
    found: dict[str, Any] = {}
    for place in record.view.below(layout.PREDICTIONS):
        split, _, ending = place.rpartition("/")[2].rpartition(".")
        read = _read(record.view, place) if ending == "csv" else None
        if read is not None and 0 < len(read.predictions) <= _EXAMPLES:
            found[clip(split, 80)] = {
                "ids": [clip(text, 80) for text in read.ids],
                "labels": [clip(text, 80) for text in read.labels],
                "predictions": [clip(text, 80) for text in read.predictions],
            }
    return (
        data_file(f"predictions/{record.slug}", {"splits": list(found.items())}) if found else None
    )


def _read(view: RunView, place: str) -> Predictions | None:
    text = view.text(place, limit=_FILE_BYTES)
    try:
        return read_predictions(text, rows=_EXAMPLES) if text is not None else None
    except ReportgenError:
        return None


def factor_rows() -> list[Mapping[str, str]]:
    """Return the rules by which a page ranks why runs differ."""
    return [
        {"section": section, "factor": factor, "weight": weight, "why": why, "else": otherwise}
        for section, factor, weight, why, otherwise in FACTORS
    ]
