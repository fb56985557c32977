"""The plain tracker folder (no run.yaml) as documents of the standard, nothing rewritten.

Its files: config.yaml, environment.yaml (``python_version`` is ``sys.version``), git_info.yaml
(``commit``, ``branch``, ``is_dirty``), git_diff.patch, training.log with one line
``Step 3: {'train/loss': 0.5}`` a call, checkpoints/, figures/, tensorboard/. The times of the log
carry no zone; they are read as UTC, so that every machine reads the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from reportgen.fs.text import storable
from reportgen.runs.numbers import to_stored

_STEP_LINE = re.compile(
    r"^(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:[,.]\d{1,6})?)? ?.{0,200}?"
    r"Step (?P<step>\d{1,18}): \{(?P<metrics>.*)\}\s*$"
)
_NUMBER = r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan|inf)"
# Scalars of NumPy 2 and PyTorch print with their type around the number.
_PAIR = re.compile(
    r"""(?:'(?P<single>[^'\\]{1,500})'|"(?P<double>[^"\\]{1,500})"): """
    rf"""(?:(?P<plain>{_NUMBER})(?=, |$)"""
    rf"""|(?:np\.\w{{1,20}}|numpy\.\w{{1,20}})\((?P<numpy>{_NUMBER})\)"""
    rf"""|tensor\((?P<torch>{_NUMBER})[,)])"""
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
        "id": storable(folder.name),
        "name": storable(folder.name),
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
    """Return a plain training.log as lines of the standard's metrics.jsonl.

    A line that is no step becomes an empty one, so that line numbers stay.
    """
    return b"".join(_metric_line(line[:100_000]) for line in log.split("\n"))


def _metric_line(line: str) -> bytes:
    match = _STEP_LINE.match(line)
    if match is None:
        return b"\n"
    metrics = {}
    for pair in _PAIR.finditer(match["metrics"]):
        number = pair["plain"] or pair["numpy"] or pair["torch"]
        metrics[pair["single"] or pair["double"]] = _number(number)
    if not metrics:
        return b"\n"
    record = {"step": int(match["step"]), "time": _time(match["time"]), "metrics": metrics}
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def _number(text: str) -> float | int | str:
    if text.isdigit() and len(text) < 19:
        return int(text)
    return _SPECIAL.get(text.lower()) or to_stored(float(text))


def _time(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(",", "."))
        return moment.replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def _first_time(log: str) -> str | None:
    match = re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", log)
    return match[0].replace(" ", "T") + "Z" if match else None
