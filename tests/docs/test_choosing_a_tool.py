"""docs/choosing-a-tool.md claims of reportgen only what it has."""

from __future__ import annotations

import re
from pathlib import Path

from documented_names import unknown_names

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "choosing-a-tool.md").read_text(encoding="utf-8")


def test_what_it_names_exists() -> None:
    others = {"cat", "make bench", "SummaryWriter", "benchmarks/bench_log_call.py"}
    assert unknown_names(TEXT, others) == []
    assert (ROOT / "benchmarks" / "bench_log_call.py").is_file()


def test_only_what_is_measured_has_figures() -> None:
    costs = TEXT[TEXT.index("## What it costs") : TEXT.index("## More than one")]
    elsewhere = TEXT.replace(costs, "")
    assert re.findall(r"\d+(?:\.\d+)? ?(?:µs|ms|s|MB|GB|x|times|%)\b", elsewhere) == []
    source = (ROOT / "benchmarks" / "bench_log_call.py").read_text(encoding="utf-8")
    assert "torch SummaryWriter" in source


def test_every_tool_is_the_better_choice_for_something() -> None:
    takes = [line.split(" | ")[1] for line in TEXT.splitlines() if line.startswith("| ")]
    for tool in ("TensorBoard", "Weights & Biases", "MLflow", "CSV", "reportgen"):
        assert any(tool in take for take in takes)
