from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from reportgen.cli.main import main
from reportgen.fs import atomic
from reportgen.runs.view import RunView


@pytest.fixture
def runs(add_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    add_run("p/a", {"val/accuracy": [0.7]}, tags={"goal": "baseline"}, notes="why")
    add_run("p/b", {"val/accuracy": [0.8]}, tags={"author": "j"}, id="01B")
    add_run("p/c", {"val/accuracy": [0.9]})
    return tmp_path / "runs" / "p"


def rows(capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    return [line.split("\t") for line in capsys.readouterr().out.splitlines()]


def test_several_runs_by_path_id_and_name(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["runs/p/a", "01B", "c", "a", "--tag", "goal=width", "--tag", "n=2", "--tag", "keep"]
    assert main(["label", *words]) == 0
    assert rows(capsys) == [
        ["run", "field", "before", "after"],
        ["a", "tags.goal", "baseline", "width"],
        ["a", "tags.n", "", "2"],
        ["a", "tags.keep", "", "true"],
        ["b", "tags.goal", "", "width"],
        ["b", "tags.n", "", "2"],
        ["b", "tags.keep", "", "true"],
        ["c", "tags.goal", "", "width"],
        ["c", "tags.n", "", "2"],
        ["c", "tags.keep", "", "true"],
    ]
    for name in "abc":
        assert RunView(runs / name).tags.items() >= {"goal": "width", "n": 2, "keep": True}.items()


def test_taking_away(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["label", "a", "b", "--untag", "goal", "--notes", "", "--group", "g"]) == 0
    assert rows(capsys)[1:] == [
        ["a", "tags.goal", "baseline", ""],
        ["a", "group", "", "g"],
        ["a", "notes", "why", ""],
        ["b", "group", "", "g"],
    ]
    view = RunView(runs / "a")
    assert (view.tags, view.group, view.notes) == ({}, "g", None)


def test_archived_runs_leave_the_list(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def listed(*words: str) -> tuple[str, str]:
        assert main(["list", "--columns", "name", *words]) == 0
        captured = capsys.readouterr()
        return "".join(captured.out.splitlines()[1:]), captured.err

    assert main(["label", "a", "b", "--archive"]) == 0
    capsys.readouterr()
    assert listed() == ("c", "2 archived runs are left out; --all lists them too.\n")
    assert listed("--all") == ("abc", "")
    assert listed("--where", "archived") == ("ab", "")
    assert listed("--where", "not archived and val/accuracy > 0") == ("c", "")
    said = "1 archived run is left out; --all lists them too.\n"
    assert listed("--where", "val/accuracy < 0.75") == ("", said)
    assert main(["list", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert ([run["name"] for run in result["runs"]], result["archived_left_out"]) == (["c"], 2)
    assert main(["label", "a", "b", "--unarchive"]) == 0
    capsys.readouterr()
    assert listed() == ("abc", "")
    assert not list(runs.rglob("labels.yaml"))


def test_json(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["label", "a", "b", "--tag", "author=j", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "schema": "reportgen.label/1",
        "runs": [
            {
                "id": "ID-a",
                "name": "a",
                "path": str(runs / "a"),
                "changes": [{"field": "tags.author", "before": None, "after": "j"}],
            },
            {"id": "01B", "name": "b", "path": str(runs / "b"), "changes": []},
        ],
        "failed": [],
    }


def test_what_was_so_already_is_said(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["label", "b", "--tag", "author=j"]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "It was so already.\n")


def test_on_a_terminal(runs: Path, on_terminal: Any) -> None:
    status, out = on_terminal(lambda: main(["label", "a", "--tag", "goal=width"]))
    assert status == 0
    head, _, row = (line.split() for line in out.strip().splitlines())
    assert head == ["run", "field", "before", "after"]
    assert row == ["a", "tags.goal", "baseline", "width"]


def test_a_plain_tracker_folder_can_be_labelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runs" / "old"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("lr: 0.1\n")
    (folder / "training.log").write_text("x\n")
    assert main(["label", "old", "--tag", "goal=baseline"]) == 0
    assert RunView(folder).tags == {"goal": "baseline"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["a"], "nothing to change"),
        (["--archive"], "the following arguments are required: RUN"),
        (["a", "nope", "--archive"], "no run 'nope'"),
        (["a", "--tag", "=x"], "has no name"),
        (["a", "--tag", "x=null"], "--untag x"),
        (["a", "--tag", "x=1", "--untag", "x"], "both set and taken away"),
        (["a", "b", "--untag", "gaol"], "Did you mean goal"),
        (["a", "--archive", "--unarchive"], "not allowed with"),
    ],
)
def test_refusals_do_nothing(
    runs: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    assert main(["label", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert says in captured.err
    assert len(captured.err.splitlines()) == 1
    assert not list(runs.rglob("labels.yaml"))


def test_one_bad_file_keeps_all_from_being_changed(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (runs / "b" / "labels.yaml").write_text("tags: [\n")
    assert main(["label", "a", "b", "--archive"]) == 2
    assert f"{runs}/b/labels.yaml:2" in capsys.readouterr().err
    assert not (runs / "a" / "labels.yaml").exists()


def test_a_disk_that_refuses_one_run_is_said(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def full(source: Any, target: Any) -> None:
        if "/b/" in str(target):
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(atomic.os, "replace", full)
    assert main(["label", "a", "b", "--archive"]) == 3
    captured = capsys.readouterr()
    assert "a\tarchived\tfalse\ttrue\n" in captured.out
    assert captured.err == f"reportgen: {runs}/b/labels.yaml: could not be written: " + (
        "No space left on device\n"
    )
    assert sorted(os.listdir(runs / "b")) == ["config.yaml", "metrics.jsonl", "run.yaml"]


def test_secrets_are_not_written(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = "ghp_" + "a1B2" * 9
    assert main(["label", "a", "--tag", f"key={secret}", "--notes", f"with {secret}"]) == 0
    assert "2 of the texts held what looks like a secret" in capsys.readouterr().err
    assert secret not in (runs / "a" / "labels.yaml").read_text()


def test_the_file_is_readable_by_others(runs: Path) -> None:
    assert main(["label", "a", "--archive"]) == 0
    mode = stat.S_IMODE((runs / "a" / "labels.yaml").stat().st_mode)
    assert mode == stat.S_IMODE((runs / "a" / "run.yaml").stat().st_mode)
