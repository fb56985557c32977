"""Run folders for the tests of the reader: whole by default, each file open to change."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reportgen.fs.documents import dump_json, dump_yaml

RUN = {
    "schema": "reportgen.run/1",
    "id": "01JD3W8M7T4QZZZZ",
    "name": "mlp_digits",
    "status": "finished",
    "created": "2026-11-23T10:15:00.123Z",
    "ended": "2026-11-23T10:19:31.004Z",
}
METRICS = [
    {"step": step, "time": 1763900000.0 + step, "metrics": {"train/loss": 1 / (step + 1)}}
    for step in range(5)
] + [{"step": 4, "time": 1763900005.0, "metrics": {"val/accuracy": 0.75}}]

MakeRun = Callable[..., Path]


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Return a function that writes a run folder.

    ``make_run("name", {"config.yaml": {...}, "stdout.log": "text", "run.yaml": None})``: a mapping
    is written as the document that it is, text and bytes as they are, None leaves the file out.
    ``run={...}`` changes keys of run.yaml.
    """

    def make(
        name: str = "run", files: dict[str, Any] | None = None, *, run: dict[str, Any] | None = None
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        contents: dict[str, Any] = {
            "run.yaml": {**RUN, **(run or {})},
            "config.yaml": {"lr": 0.1, "model": {"width": 64}},
            "metrics.jsonl": "".join(json.dumps(record) + "\n" for record in METRICS),
            **(files or {}),
        }
        for place, content in contents.items():
            if content is None:
                continue
            if isinstance(content, dict | list):
                as_json = place.endswith(".json")
                content = dump_json(content) if as_json else dump_yaml(content)
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    return make
