from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reportgen.cli.main import main
from reportgen.fs.documents import dump_yaml


@pytest.fixture
def run(add_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder: Path = add_run(
        "digits/mlp",
        {"val/accuracy": [0.7, 0.9, 0.8], "train/lr": [0.1, 0.05]},
        tags={"author": "j", "n": 1},
        notes="why",
        command={"argv": ["train.py", "--note", "two words"]},
        exit_code=0,
        project="digits",
    )
    (folder / "config.yaml").write_text("lr: 0.10\nmodel: {width: 64, layers: [1, 2]}\nflag: no\n")
    (folder / "git_info.yaml").write_text(dump_yaml({"commit": "a" * 40, "dirty": True}))
    (folder / "environment.yaml").write_text("python: 3.10\n")
    return folder


def facts(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    return dict(line.split("\t") for line in capsys.readouterr().out.splitlines())


@pytest.mark.parametrize("text", ["runs/digits/mlp", "ID-mlp", "mlp"])
def test_one_fact_a_line_in_a_pipe(
    run: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert main(["show", text]) == 0
    found = facts(capsys)
    expected = {
        "state": "finished",
        "name": "mlp",
        "id": "ID-mlp",
        "project": "digits",
        "tags.author": "j",
        "tags.n": "1",
        "notes": "why",
        "seconds": "270.881",
        "exit_code": "0",
        "command": "train.py --note 'two words'",
        "commit": "a" * 40,
        "dirty": "true",
        "python": "3.10",
        "files": "5",
        "config.lr": "0.10",
        "config.flag": "no",
        "config.model.layers": "[1, 2]",
        "metrics.val/accuracy.last": "0.8",
        "metrics.val/accuracy.best": "0.9",
        "metrics.val/accuracy.best_step": "1",
        "metrics.val/accuracy.goal": "maximize",
        "metrics.train/lr.last": "0.05",
        "metrics.train/lr.count": "2",
    }
    assert {name: found[name] for name in expected} == expected
    assert not {"group", "branch", "stopped_early", "metrics.train/lr.best"} & found.keys()


def test_on_a_terminal(run: Path, on_terminal: Any) -> None:
    status, out = on_terminal(lambda: main(["show", "mlp"]))
    assert status == 0
    assert out.startswith("mlp  finished\n")
    assert "4 min 31 s" in out
    assert "val/accuracy" in out
    assert "0.10" in out


def test_json(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "mlp", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["schema"] == "reportgen.show/1"
    assert result["config"] == {"lr": 0.1, "model": {"width": 64, "layers": [1, 2]}, "flag": False}
    assert result["metrics"]["val/accuracy"] == {
        "last": 0.8,
        "last_step": 2,
        "best": 0.9,
        "best_step": 1,
        "count": 3,
        "goal": "maximize",
    }
    assert result["git"]["commit"] == "a" * 40
    assert result["environment"]["python"]["version"] == "3.10"
    assert result["data"] is None
    assert result["files"]["count"] == 5
    assert [problem["id"] for problem in result["problems"]] == ["yaml.ambiguous"] * 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nlp"], "no run 'nlp'"),
        (["gone/run"], "no run 'gone/run'"),
        ([], "the following arguments are required: RUN"),
        (["a", "b"], "unrecognized arguments: b"),
    ],
)
def test_refusals(
    run: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    assert main(["show", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert says in captured.err
    assert len(captured.err.splitlines()) == 1


def test_an_ambiguous_name_lists_the_candidates(
    run: Path, add_run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    add_run("other/mlp")
    assert main(["show", "mlp"]) == 2
    err = capsys.readouterr().err
    assert "runs/digits/mlp" in err
    assert "runs/other/mlp" in err


def test_a_newer_version_is_refused(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "run.yaml").write_text("schema: reportgen.run/2\n")
    assert main(["show", "runs/digits/mlp"]) == 2
    assert "newer than this reportgen reads" in capsys.readouterr().err


def test_what_could_not_be_read_is_said(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "config.yaml").write_text("a: [\n")
    assert main(["show", "mlp"]) == 3
    captured = capsys.readouterr()
    assert "name\tmlp\n" in captured.out
    assert f"{run}/config.yaml:2: is not valid YAML" in captured.err


def test_hostile_text_stays_in_its_line(
    add_run: Any, capsys: pytest.CaptureFixture[str], monkeypatch: Any, tmp_path: Path
) -> None:
    hostile = "::error::x\n::add-mask::y\x1b]0;t\x07\u202e\t"
    folder = add_run(
        "a",
        {hostile: [1.0]},
        config={hostile: hostile},
        name=hostile,
        notes=hostile,
        tags={hostile: hostile},
        command={"argv": [hostile]},
    )
    assert main(["show", str(folder)]) == 0
    out = capsys.readouterr().out
    assert all(line.count("\t") == 1 for line in out.splitlines())
    assert not any(line.startswith(("::", "##[")) for line in out.splitlines())
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


def test_hostile_text_on_a_terminal(add_run: Any, on_terminal: Any) -> None:
    hostile = "[red]\x1b]52;c;x\x07\u202e:smile:\r"
    folder = add_run("a", {hostile: [1.0]}, config={hostile: hostile}, name=hostile, notes=hostile)
    status, out = on_terminal(lambda: main(["show", str(folder)]))
    assert status == 0
    assert not {"\x1b", "\x07", "\u202e", "\r"} & set(out)
    assert out.startswith("[red]\\x1b]52;c;x\\x07\\u202e:smile:\\x0d")
