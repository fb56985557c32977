from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reportgen.cli.main import main


@pytest.fixture
def runs(add_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        add_run(name, {"val/accuracy": [0.5, 0.75]}, config={"lr": 0.1, "note": "=1+1"})
    return tmp_path / "runs"


def test_tables_are_written(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "runs", "--to", "csv,json", "-o", "out"]) == 0
    captured = capsys.readouterr()
    names = [Path(line.split("\t")[0]).name for line in captured.out.splitlines()[1:]]
    assert names == ["runs.csv", "metrics.csv", "runs.json", "metrics.jsonl"]
    assert captured.err == "Wrote 2 runs to out\n"
    lines = Path("out/metrics.csv").read_bytes().split(b"\r\n")
    assert lines[1] == b'"ID-a","val/accuracy",0,1763900000.0,0.5,1'
    assert len(lines) == 6
    assert b'"\'=1+1"' in Path("out/runs.csv").read_bytes()


def test_json(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "runs/a", "--to", "csv", "-o", "out", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["runs"] == 1
    assert [Path(file["path"]).name for file in found["files"]] == ["runs.csv", "metrics.csv"]


def test_a_run_that_cannot_be_read_is_left_out_and_named(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (runs / "b" / "run.yaml").write_text("[1]\n")
    assert main(["export", "runs", "--to", "csv", "-o", "out"]) == 3
    assert "b/run.yaml: is a list" in capsys.readouterr().err
    assert b"ID-b" not in Path("out/runs.csv").read_bytes()
    (runs / "a" / "run.yaml").write_text("[1]\n")
    assert main(["export", "runs", "--to", "csv", "-o", "out"]) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["runs", "--to", "xls", "-o", "out"], "csv, json, parquet"),
        (["runs", "-o", "out"], "--to"),
        (["runs/none", "--to", "csv", "-o", "out"], "no such folder"),
        (["empty", "--to", "csv", "-o", "out"], "holds no run"),
        (["runs", "--to", "csv", "-o", "file"], "cannot be written"),
    ],
)
def test_refused(
    runs: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    Path("empty").mkdir()
    Path("file").write_text("")
    assert main(["export", *words]) == 2
    assert said in capsys.readouterr().err
    assert not Path("out").exists()
