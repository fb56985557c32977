"""`reportgen models` and `reportgen models promote` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reportgen.cli.main import main
from reportgen.runs.writer import seal

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def runs(add_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        folder = add_run(f"p/{name}", {"val/accuracy": [0.7]}, project="p")
        (folder / "checkpoints").mkdir()
        (folder / "checkpoints" / "last.pt").write_bytes(name.encode())
        seal(folder)
    return tmp_path / "runs"


def test_a_name_is_given_moved_and_listed(runs: Path, capsys: Captured) -> None:
    assert main(["models", "promote", "a", "digits@champion", "--note", "first"]) == 0
    first = capsys.readouterr().out
    assert first.startswith("--- a/models.yaml\n+++ b/models.yaml\n")
    assert "+      run: ID-a" in first
    assert main(["models", "promote", "b", "digits@champion"]) == 0
    second = capsys.readouterr().out
    assert "-      run: ID-a" in second
    assert "+      run: ID-b" in second
    assert "+      - run: ID-a" in second
    assert main(["models"]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[:3] for line in lines] == [
        ["model", "run", "checkpoint"],
        ["digits@champion", "ID-b", "checkpoints/last.pt"],
    ]
    assert main(["models", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)["models"]
    assert (listed["name"], listed["alias"], listed["run"]) == ("digits", "champion", "ID-b")
    assert [one["run"] for one in listed["history"]] == ["ID-a"]


def test_verify_hashes_what_a_name_stands_for(runs: Path, capsys: Captured) -> None:
    assert main(["models", "promote", "a", "digits@champion"]) == 0
    assert main(["verify", "runs", "--quiet"]) == 0
    assert "as it was\tmodels\truns/models.yaml\t1\t1 B" in capsys.readouterr().out
    text = (runs / "models.yaml").read_text()
    place = text.index("sha256: ") + 8
    (runs / "models.yaml").write_text(text[:place] + "f" * 64 + text[place + 64 :])
    assert main(["verify", "runs"]) == 1
    assert "models.yaml: digits@champion: changed" in capsys.readouterr().err


def test_a_dry_run_writes_nothing(runs: Path, capsys: Captured) -> None:
    assert main(["models", "promote", "a", "digits@champion", "--dry-run"]) == 0
    assert "+      run: ID-a" in capsys.readouterr().out
    assert not (runs / "models.yaml").exists()
    assert main(["models", "promote", "a", "digits@champion", "--dry-run", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["changed"], result["written"]) == (True, False)


def test_the_same_again_is_said(runs: Path, capsys: Captured) -> None:
    assert main(["models", "promote", "a", "digits@champion"]) == 0
    capsys.readouterr()
    assert main(["models", "promote", "a", "digits@champion"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "stands for that checkpoint already" in said.err


def test_a_secret_in_the_note_is_not_written(runs: Path, capsys: Captured) -> None:
    secret = "ghp_" + "a1B2" * 9
    assert main(["models", "promote", "a", "digits@champion", "--note", f"with {secret}"]) == 0
    said = capsys.readouterr()
    assert secret not in said.out + said.err + (runs / "models.yaml").read_text()
    assert "what looks like a secret" in said.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "there is no models.yaml"),
        (["promote"], "a run and a name are needed"),
        (["promote", "a"], "a run and a name are needed"),
        (["promote", "a", "digits"], "NAME@ALIAS"),
        (["promote", "gone", "digits@x"], "no run 'gone'"),
        (["promote", "a", "digits@x", "--checkpoint", "run.yaml.pt"], "there is no checkpoint"),
        (["demote", "a", "digits@x"], "demote"),
    ],
)
def test_misuse_does_nothing(runs: Path, capsys: Captured, words: list[str], said: str) -> None:
    assert main(["models", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert not (runs / "models.yaml").exists()
