"""Runs for the commands that read them, and a standard output that is a terminal."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reportgen.fs.documents import dump_json, dump_yaml

MakeRun = Callable[..., Path]
OnTerminal = Callable[..., tuple[Any, str]]


@pytest.fixture
def add_run(tmp_path: Path) -> MakeRun:
    """Return a function that writes a run below ``tmp_path / "runs"``.

    ``add_run("a", {"val/accuracy": [0.7, 0.8]}, config={"lr": 0.1}, tags={"author": "j"})``:
    values by step, and further keys of run.yaml.
    """

    def add(
        place: str,
        series: dict[str, list[Any]] | None = None,
        *,
        config: dict[str, Any] | None = None,
        **run: Any,
    ) -> Path:
        folder = tmp_path / "runs" / place
        folder.mkdir(parents=True)
        document = {
            "schema": "reportgen.run/1",
            "id": f"ID-{folder.name}",
            "name": folder.name,
            "status": "finished",
            "created": "2026-11-23T10:15:00.123Z",
            "ended": "2026-11-23T10:19:31.004Z",
            **run,
        }
        (folder / "run.yaml").write_text(dump_yaml(document))
        (folder / "config.yaml").write_text(dump_yaml(config or {"lr": 0.1}))
        records = [
            {"step": step, "time": 1763900000.0 + step, "metrics": {metric: value}}
            for metric, values in (series or {}).items()
            for step, value in enumerate(values)
        ]
        (folder / "metrics.jsonl").write_bytes(
            b"".join(dump_json(record, indent=False) for record in records)
        )
        return folder

    return add


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> OnTerminal:
    """Return a function that calls another while standard output is a terminal.

    What the call returned comes back with what it printed, colours taken out unless ``raw``.
    """

    def call(
        function: Callable[[], Any], *, columns: int = 200, raw: bool = False
    ) -> tuple[Any, str]:
        stream = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", stream)
            patch.setenv("COLUMNS", str(columns))
            patch.setenv("TERM", "xterm")
            result = function()
        text = stream.getvalue()
        return result, text if raw else re.sub(r"\x1b\[[0-9;]*m", "", text)

    return call
