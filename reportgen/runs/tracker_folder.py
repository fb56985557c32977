"""The plain tracker folder (no run.yaml) as documents of the standard, nothing rewritten.

Its files: config.yaml, environment.yaml (``python_version`` is ``sys.version``), git_info.yaml
(``commit``, ``branch``, ``is_dirty``), git_diff.patch, training.log with one line
``Step 3: {'train/loss': 0.5}`` a call, checkpoints/, figures/, tensorboard/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from reportgen.runs.numbers import to_stored

_STEP_LINE = re.compile(
    r"^(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:[,.]\d{1,6})?)? ?.{0,200}?"
    r"Step (?P<step>\d{1,18}): \{(?P<metrics>.*)\}\s*$"
)
_PAIR = re.compile(
    r"""['"](?P<name>[^'"]{1,500})['"]: """
    r"""(?P<number>[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan|inf))(?=,|$)"""
)
_SPECIAL = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity", "+inf": "Infinity"}


def run_document(folder: Path, config: Any, log: str) -> dict[str, Any]:
    """Return what can be said as run.yaml of a plain tracker folder.

    The end of such a run is not recorded except by the tracker's own last line.
    """
    mapping: Mapping[str, Any] = config if isinstance(config, Mapping) else {}
    finished = log.rstrip().endswith("Experiment tracking finished.")
    first = _first_time(log)
    document: dict[str, Any] = {
        "id": folder.name,
        "name": folder.name,
        "status": "finished" if finished else "running",
        "created": first or "",
        "writer": {"name": "experiment tracker (plain layout)", "version": ""},
    }
    if isinstance(mapping.get("project"), str):
        document["project"] = mapping["project"]
    return document


def environment_document(raw: Any) -> dict[str, Any]:
    """Return the plain environment.yaml in the standard's keys."""
    if not isinstance(raw, Mapping):
        return {}
    document: dict[str, Any] = {key: value for key, value in raw.items() if key in ("python",)}
    version = raw.get("python_version")
    if isinstance(version, str) and version.split():
        document["python"] = {"version": version.split()[0]}
    if raw.get("torch_version"):
        document["packages"] = {"torch": str(raw["torch_version"])}
    names = raw.get("gpu_name")
    if isinstance(raw.get("gpu_count"), int):
        gpus = [{"name": str(names)}] * min(raw["gpu_count"], 64) if names else []
        document["hardware"] = {"gpus": gpus}
    if raw.get("cuda_version"):
        document["accelerator"] = {"cuda": str(raw["cuda_version"])}
    return document


def git_document(raw: Any) -> dict[str, Any]:
    """Return the plain git_info.yaml in the standard's keys."""
    if not isinstance(raw, Mapping):
        return {}
    document = {key: raw[key] for key in ("commit", "branch", "remote") if raw.get(key)}
    if isinstance(raw.get("is_dirty"), bool):
        document["dirty"] = raw["is_dirty"]
    return document


def metric_lines(log: str) -> bytes:
    """Return the steps of a plain training.log as lines of the standard's metrics.jsonl."""
    lines = []
    for line in log.split("\n"):
        match = _STEP_LINE.match(line[:100_000])
        if match is None:
            continue
        metrics = {
            pair["name"]: _number(pair["number"]) for pair in _PAIR.finditer(match["metrics"])
        }
        if metrics:
            record = {"step": int(match["step"]), "time": _time(match["time"]), "metrics": metrics}
            lines.append(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
    return b"".join(lines)


def _number(text: str) -> float | str:
    return _SPECIAL.get(text.lower()) or to_stored(float(text))


def _time(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.replace(",", ".")).timestamp()
    except (ValueError, OverflowError):
        return None


def _first_time(log: str) -> str | None:
    match = re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", log)
    return match[0].replace(" ", "T") + "Z" if match else None
