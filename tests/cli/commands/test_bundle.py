"""bundle, unbundle and verify on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reportgen.cli.main import main

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def runs(add_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    add_run("p/a", {"val/accuracy": [0.7]})
    add_run("p/b", {"val/accuracy": [0.8]})
    return tmp_path


def test_there_and_back(runs: Path, capsys: Captured) -> None:
    assert main(["bundle", "a", "-o", "a.tar.gz"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("a.tar.gz: 7 files, ")
    assert "not in the bundle: the run was not sealed" in said.err
    assert main(["unbundle", "a.tar.gz", "there"]) == 0
    assert capsys.readouterr().out == "there\n"
    assert main(["verify", "there", "a.tar.gz"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[:4] for line in lines] == [
        ["result", "is", "path", "files"],
        ["as it was", "bundle", "there", "6"],
        ["as it was", "bundle", "a.tar.gz", "6"],
    ]


def test_results_as_json(runs: Path, capsys: Captured) -> None:
    assert main(["bundle", "a", "-o", "a.zip", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["schema"], made["files"]) == ("reportgen.bundled/1", 7)
    assert made["run"] == {"id": "ID-a", "name": "a", "folder": "run"}
    assert made["bytes"] == (runs / "a.zip").stat().st_size
    assert main(["unbundle", "a.zip", "--json"]) == 0
    unpacked = json.loads(capsys.readouterr().out)
    assert (unpacked["folder"], unpacked["files"]) == ("a", 7)
    assert (runs / "a" / "run" / "metrics.jsonl").exists()


def test_list_and_result_are_of_their_published_schemas(runs: Path, capsys: Captured) -> None:
    main(["schema", "bundle.json", "verify.json"])
    schemas = json.loads(capsys.readouterr().out)
    assert main(["bundle", "a", "-o", "a.zip", "--quiet"]) == 0
    assert main(["unbundle", "a.zip", "--quiet"]) == 0
    jsonschema.validate(
        json.loads((runs / "a" / "bundle.json").read_text()), schemas["bundle.json"]
    )
    (runs / "a" / "README.md").write_text("other")
    capsys.readouterr()
    assert main(["verify", "a", "a.zip", "--json"]) == 1
    result = json.loads(capsys.readouterr().out)
    jsonschema.validate(result, schemas["verify.json"])
    assert [one["fault"] for one in result["verified"][0]["differences"]] == ["changed"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bundle", "a"], "-o"),
        (["bundle", "a", "-o", "a.rar"], "is no name of a bundle"),
        (["bundle", "gone", "-o", "a.zip"], "no run 'gone'"),
        (["bundle", "a", "-o", "gone/a.zip"], "there is no such folder"),
        (["bundle", "a", "-o", "a.zip", "--with-code"], "git_info.yaml: names no commit"),
        (["unbundle", "gone.zip"], "there is no such file"),
        (["unbundle", "runs"], "runs: is no regular file"),
        (["verify", "gone"], "there is no such file or folder"),
        (["verify", "runs"], "there is no manifest.json"),
        (["verify"], "PATH"),
    ],
)
def test_misuse_does_nothing(runs: Path, capsys: Captured, words: list[str], said: str) -> None:
    before = sorted(path for path in runs.rglob("*"))
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert sorted(path for path in runs.rglob("*")) == before


def test_quiet_prints_results_alone(runs: Path, capsys: Captured) -> None:
    assert main(["bundle", "a", "-o", "a.zip", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_what_a_terminal_would_obey_is_shown(add_run: Any, runs: Path, capsys: Captured) -> None:
    add_run("p/c", {"x": [1]}, name="\x1b]0;owned\x07")
    assert main(["bundle", "ID-c", "-o", "c.zip"]) == 0
    assert main(["unbundle", "c.zip"]) == 0
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err
