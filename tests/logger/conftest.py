"""A run that is being written, for the parts that write into one."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.logger.context import RunContext
from reportgen.runs.schema import RUN_SCHEMA, Run


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    """The context of a fresh run in an empty folder."""
    folder = tmp_path / "run"
    folder.mkdir()
    run = Run(
        schema=RUN_SCHEMA,
        id="01J00000000000TEST",
        name="a-run",
        status="running",
        created="2026-01-01T00:00:00.000Z",
    )
    return RunContext(folder, run)
