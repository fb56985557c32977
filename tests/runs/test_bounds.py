"""Folders made to exhaust a reader, read in a process of one gibibyte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CODE = """
import json, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
from reportgen.runs.view import RunView
view = RunView(Path(sys.argv[1])).load()
print(json.dumps([view.metrics.records, len(view.series), sorted({p.id for p in view.problems})]))
"""
GOOD = b'{"step":1,"time":1.0,"metrics":{"loss":0.5}}\n'


def read(folder: Path) -> tuple[int, int, list[str]]:
    result = subprocess.run([sys.executable, "-c", CODE, folder], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stderr == ""
    records, series, problems = json.loads(result.stdout)
    return records, series, problems


def bomb() -> str:
    levels = [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 11)]
    return "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(levels)


@pytest.mark.parametrize(
    "config",
    [bomb(), "[" * 8_000_000, "- " * 4_000_000, "a: b\n" * 1_500_000, "&a [*a]", "x" * 9_000_000],
    ids=["aliases", "brackets", "dashes", "keys", "itself", "size"],
)
def test_configs(make_run: Any, config: str) -> None:
    records, _, problems = read(make_run(files={"config.yaml": config, "metrics.jsonl": GOOD}))
    assert records == 1
    assert problems in (["yaml.limits"], ["limits.bytes"])


@pytest.mark.parametrize(
    ("size", "problem"), [(2**40, "limits.bytes"), (300 * 2**20, "limits.line")]
)
def test_sparse_metrics(make_run: Any, size: int, problem: str) -> None:
    folder = make_run(files={"metrics.jsonl": GOOD})
    os.truncate(folder / "metrics.jsonl", size)
    records, _, problems = read(folder)
    assert records == (1 if problem == "limits.line" else 0)
    assert problems == [problem]


def test_one_endless_line_among_good_ones(make_run: Any) -> None:
    data = GOOD + b"x" * (64 * 2**20) + b"\n" + GOOD.replace(b'"step":1', b'"step":2')
    assert read(make_run(files={"metrics.jsonl": data})) == (2, 1, ["limits.line"])


def test_more_series_than_anyone_has(make_run: Any) -> None:
    lines = [
        json.dumps({"step": n, "metrics": {f"m{n}-{k}": 0.5 for k in range(40_000)}})
        for n in range(5)
    ]
    data = "\n".join(lines).encode() + b"\n"
    assert read(make_run(files={"metrics.jsonl": data})) == (5, 20_000, ["limits.series"])


@pytest.mark.parametrize("line", [b"x\n", b"{\n", b"[]\n", b"\0\n", b"\xff\n", b'{"event":1}\n'])
def test_nothing_but_bad_lines(make_run: Any, line: bytes) -> None:
    records, series, problems = read(make_run(files={"metrics.jsonl": line * 400_000}))
    assert (records, series) == (0, 0)
    assert "limits.lines" in problems


def test_newlines_alone(make_run: Any) -> None:
    assert read(make_run(files={"metrics.jsonl": b"\n" * 30_000_000})) == (0, 0, [])


def test_deep_json(make_run: Any) -> None:
    deep = b"[" * 3_000_000
    record = b'{"step":1,"metrics":{"a":' + b"[" * 900 + b"]" * 900 + b"}}\n"
    files = {"metrics.jsonl": record + GOOD, "manifest.json": deep}
    records, series, problems = read(make_run(files=files))
    assert (records, series) == (2, 1)
    assert problems == ["document.unreadable", "log.bad_value"]
