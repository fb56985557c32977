from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reportgen.cli.main import main
from reportgen.testing import make_run


@pytest.fixture
def runs(add_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.chdir(tmp_path)
    found = []
    for name, rate, values in (
        ("one", 0.1, [0.5, 0.9]),
        ("two", 0.2, [0.5, 0.95]),
        ("three", 0.1, [0.5, 0.9]),
    ):
        folder: Path = add_run(
            name, {"val/accuracy": values}, config={"lr": rate, "width": 8}, tags={}
        )
        (folder / "predictions").mkdir()
        said = "b" if name == "two" else "a"
        table = f"id,label,prediction\n1,a,{said}\n2,b,b\n"
        (folder / "predictions" / "val.csv").write_text(table)
        found.append(folder)
    return found


def rows(capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, str], list[str]]:
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    return {(line[0], line[1]): line[2:] for line in lines if len(line) > 2}


def test_runs_side_by_side_in_a_pipe(runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "one", "two", "three"]) == 0
    found = rows(capsys)
    assert found["section", "key"] == ["A", "B", "C"]
    assert found["run", "name"] == ["one", "two", "three"]
    assert found["config", "lr"] == ["0.1", "0.2", "0.1"]
    assert ("config", "width") not in found
    assert found["metrics", "val/accuracy.best"] == ["0.9", "0.95", "0.9"]
    assert found["predictions", "val.A-B.agree"] == ["0.5"]
    assert found["predictions", "val.A-C.agree"] == ["1.0"]
    assert found["cause", "config"][0] == "changes the computation"


def test_all_shows_what_is_the_same(runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "one", "two", "--all"]) == 0
    assert rows(capsys)["config", "width"] == ["8", "8"]


def test_on_a_terminal(runs: list[Path], on_terminal: Any) -> None:
    status, text = on_terminal(lambda: main(["compare", "one", "two"]))
    assert status == 0
    assert "0.95" in text
    assert "50.00 %" in text
    assert "Why results may differ, the likeliest first:\n  1. config" in text
    assert "Perhaps not comparable: no run recorded the hash of its data." in text


def test_json(runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "one", "two", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "reportgen.compare/1"
    assert found["differing"] == ["config", "metrics", "predictions"]
    assert found["config"] == [
        {"key": "lr", "values": [0.1, 0.2], "missing": {}, "state": "differs"}
    ]
    assert found["metrics"][0]["best"] == 1


def test_one_run_twice_is_refused(runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "one", "runs/one"]) == 2
    assert "only one run is meant" in capsys.readouterr().err
    assert main(["compare", "one", "gone"]) == 2


def test_predictions_that_cannot_be_read_are_named(
    runs: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (runs[1] / "predictions" / "val.csv").write_text("id,label\n1,a\n")
    assert main(["compare", "one", "two"]) == 3
    assert "predictions/val.csv: has no column prediction" in capsys.readouterr().err


def test_what_one_run_does_not_record_takes_one_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = make_run(tmp_path / "a", "one")
    other = make_run(tmp_path / "b", "other", environment=None)
    assert main(["compare", str(one), str(other)]) == 0
    found = rows(capsys)
    (packages,) = [key for section, key in found if key.startswith("packages")]
    assert packages.startswith("packages.* (")
    assert found["environment", packages] == ["recorded", "not recorded"]


def test_hostile_names_stay_in_their_row(
    runs: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    config = runs[0] / "config.yaml"
    config.write_text('lr: 0.1\nwidth: 8\n"a\\tb\\n::error::x": "\\x1b]0;x\\x07"\n')
    assert main(["compare", "one", "two"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert not [line for line in out.splitlines() if line.startswith("::")]
