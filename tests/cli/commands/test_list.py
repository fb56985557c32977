from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reportgen.cli.main import main


@pytest.fixture
def runs(add_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    add_run("a", {"val/accuracy": [0.7, 0.8]}, config={"lr": 0.1}, tags={"author": "j"})
    add_run("b", {"val/accuracy": [0.9, 0.85]}, config={"lr": 0.01}, tags={"author": "k"})
    add_run("c", {"val/accuracy": [0.95]}, config={"lr": 0.01}, status="failed")
    add_run("d", {"val/loss": [3.0, "NaN"]}, config={"lr": "auto"}, project="p")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


def table(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    head, *rows = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    return [dict(zip(head, row, strict=True)) for row in rows]


def names(capsys: pytest.CaptureFixture[str]) -> str:
    return "".join(row["name"] for row in table(capsys))


def test_a_table_with_what_differs(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "runs"]) == 0
    rows = table(capsys)
    assert rows[0] == {
        "state": "finished",
        "name": "a",
        "project": "",
        "created": "2026-11-23T10:15:00.123Z",
        "seconds": "270.881",
        "config.lr": "0.1",
        "metrics.val/accuracy": "0.8",
        "metrics.val/loss": "",
    }
    assert [row["state"] for row in rows] == ["finished", "finished", "failed", "finished"]


def test_without_a_path_the_roots_of_the_settings(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list"]) == 0
    assert names(capsys) == "abcd"
    (runs.parent / "reportgen.toml").write_text('roots = ["runs/b"]\n')
    assert main(["list"]) == 0
    assert names(capsys) == "b"
    assert main(["list", "--root", "runs/c"]) == 0
    assert names(capsys) == "c"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('val/accuracy > 0.85 and tags.author == "j"', ""),
        ('val/accuracy > 0.75 and tags.author == "j"', "a"),
        ("state != 'failed' and val/accuracy >= 0.8", "ab"),
        ("lr == 0.01", "bc"),
        ("author == None", "cd"),
        ("project in ('p', 'q')", "d"),
        ("'r' in path", "abcd"),
    ],
)
def test_where(
    runs: Path, capsys: pytest.CaptureFixture[str], condition: str, expected: str
) -> None:
    assert main(["list", "runs", "--where", condition]) == 0
    captured = capsys.readouterr()
    assert "".join(line.split("\t")[1] for line in captured.out.splitlines()[1:]) == expected
    said = "None of the 4 runs meets the condition.\n"
    assert captured.err == ("" if expected else f"{said}")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--sort", "val/accuracy"], "cbad"),
        (["--sort", "val/accuracy", "--reverse"], "abcd"),
        (["--sort", "metrics.val/loss"], "dabc"),
        (["--sort", "name", "--reverse"], "dcba"),
        (["--sort", "config.lr"], "bcad"),
        (["--sort", "config.lr", "--reverse"], "dabc"),
        (["--sort", "tags.author", "--reverse"], "bacd"),
        (["--reverse"], "dcba"),
        (["--limit", "2"], "ab"),
        (["--sort", "val/accuracy", "--limit", "1"], "c"),
        (["--limit", "0"], ""),
    ],
)
def test_order(
    runs: Path, capsys: pytest.CaptureFixture[str], words: list[str], expected: str
) -> None:
    assert main(["list", "runs", *words, "--quiet"]) == 0
    assert names(capsys) == expected


def test_goals_of_the_settings_decide(
    add_run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    add_run("a", {"own": [1, 3, 2]})
    add_run("b", {"own": [4, 0]})
    (tmp_path / "reportgen.toml").write_text('[goals]\nown = "minimize"\n')
    assert main(["list", "--columns", "name,own", "--sort", "own"]) == 0
    assert table(capsys) == [
        {"name": "b", "metrics.own": "0.0"},
        {"name": "a", "metrics.own": "1.0"},
    ]


def test_chosen_columns(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "runs/a", "--columns", "id, lr,val/accuracy,tags.author"]) == 0
    assert table(capsys) == [
        {"id": "ID-a", "config.lr": "0.1", "metrics.val/accuracy": "0.8", "tags.author": "j"}
    ]
    assert main(["list", "runs/a", "--columns", "all"]) == 0
    (row,) = table(capsys)
    assert list(row)[:3] == ["state", "id", "name"]
    assert row["path"] == "runs/a"
    assert row["archived"] == "false"


def test_json(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "runs", "--json", "--where", "lr == 'auto'"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["schema"] == "reportgen.list/1"
    (run,) = result["runs"]
    assert run == {
        "id": "ID-d",
        "name": "d",
        "project": "p",
        "group": None,
        "kind": "training",
        "state": "finished",
        "archived": False,
        "created": "2026-11-23T10:15:00.123Z",
        "seconds": 270.881,
        "path": "runs/d",
        "tags": {},
        "config": {"lr": "auto"},
        "metrics": {"val/loss": 3.0},
    }
    assert result["problems"] == []


def test_json_is_strict_whatever_the_values(
    add_run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {"n": float("inf"), "i": 2**80}
    add_run(os.fsdecode(b"x\xff"), {"loss": ["NaN"]}, config=config, id="I", name="n")
    assert main(["list", str(tmp_path / "runs"), "--json"]) == 0
    out = capsys.readouterr().out
    (run,) = json.loads(out, parse_constant=lambda name: pytest.fail(name))["runs"]
    assert run["metrics"] == {"loss": "NaN"}
    assert run["config"] == {"n": None, "i": 2**80}
    assert run["path"].endswith("x\\xff")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["gone"], "gone: there is no such folder"),
        (["empty"], "empty: holds no run"),
        (["runs/a/run.yaml"], "is no folder"),
        (["runs", "--where", "nope > 1"], "no run has 'nope'"),
        (["runs", "--where", "lr >"], "is no condition"),
        (["runs", "--where", "__import__('os').system('touch PWNED')"], "neither a name nor"),
        (["runs", "--sort", "vall/accuracy"], "Did you mean val/accuracy"),
        (["runs", "--columns", "name,nmae"], "no run has 'nmae'"),
        (["runs", "--limit", "-1"], "--limit: is -1; expected 0 or more"),
        (["runs", "--limit", "x"], "invalid int value"),
    ],
)
def test_refusals_are_one_line_and_status_2(
    runs: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    (runs.parent / "empty").mkdir()
    assert main(["list", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert says in captured.err
    assert len(captured.err.splitlines()) == 1
    assert not Path("PWNED").exists()


def test_no_path_and_no_root(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["list"]) == 2
    assert "no path given, and no root exists" in capsys.readouterr().err


def test_what_cannot_be_read_is_said_and_the_rest_listed(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (runs / "b" / "run.yaml").write_text("schema: reportgen.run/2\n")
    (runs / "c" / "run.yaml").write_text("a: [\n")
    with open(runs / "a" / "metrics.jsonl", "a") as file:
        file.write("not json\n")
    assert main(["list", "runs"]) == 3
    captured = capsys.readouterr()
    assert [line.split("\t")[1] for line in captured.out.splitlines()[1:]] == ["a", "d"]
    lines = captured.err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("reportgen: runs/a/metrics.jsonl:3: the line is not JSON")
    assert "b/run.yaml: $.schema is 'reportgen.run/2', newer than this reportgen reads" in lines[1]
    assert "c/run.yaml:2: is not valid YAML" in lines[2]
    assert main(["list", "runs", "--json"]) == 3
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert [(p["path"], p["id"]) for p in problems] == [
        ("runs/a", "log.bad_line"),
        ("runs/b", "run.unreadable"),
        ("runs/c", "run.unreadable"),
    ]


def test_nothing_that_can_be_read_is_status_2(runs: Path, capsys: Any) -> None:
    for name in "abcd":
        (runs / name / "run.yaml").write_text("schema: reportgen.run/2\n")
    assert main(["list", "runs"]) == 2
    assert "none of the 4 runs could be read" in capsys.readouterr().err


def test_a_torn_tail_is_no_error(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open(runs / "a" / "metrics.jsonl", "a") as file:
        file.write('{"step": 2, "met')
    assert main(["list", "runs"]) == 0
    assert capsys.readouterr().err == ""


def test_hostile_names_stay_in_their_cells(
    add_run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = "::error::x\n::add-mask::y\x1b]0;t\x07\u202e\ttab"
    keys = {"name": hostile, "id": hostile, "tags": {"t": hostile}}
    add_run("a", {hostile: [1.0]}, config={hostile: 1}, **keys)
    add_run("b", {}, config={hostile: 2})
    for words in ([], ["--columns", "name,id"], ["--columns", "all"]):
        assert main(["list", str(tmp_path / "runs"), *words]) == 0
        out = capsys.readouterr().out
        assert len(out.splitlines()) == 3
        assert not any(line.startswith(("::", "##[")) for line in out.splitlines())
        assert not {"\x1b", "\x07", "\u202e"} & set(out)


def test_on_a_terminal(runs: Path, on_terminal: Any) -> None:
    status, out = on_terminal(lambda: main(["list", "runs"]))
    assert status == 0
    assert out.split()[:8] == [
        *("state", "name", "project", "created", "seconds", "lr", "val/accuracy", "val/loss"),
    ]
    assert "4 min 31 s" in out
    assert "2026-11-23 10:15" in out


def test_it_loads_no_pandas(runs: Path) -> None:
    code = (
        "import sys; from reportgen.cli.main import main; status = main(['list', 'runs'])\n"
        "heavy = {'pandas', 'numpy', 'rich', 'jinja2', 'git'} & set(sys.modules)\n"
        "print(status, heavy, file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stderr == "0 set()\n"
