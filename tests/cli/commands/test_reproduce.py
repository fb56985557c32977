"""``reportgen reproduce`` as people call it: the plan, consent, verdicts and exit statuses."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from reproduce.projects import Project, filled

from reportgen.cli.commands.schema import published
from reportgen.cli.main import main
from reportgen.fs.documents import load_yaml
from reportgen.runs.view import RunView

HERE = ("--env", "current")


@pytest.fixture(scope="module")
def _made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = filled(Project(tmp_path_factory.mktemp("made") / "project"))
    made.train("--steps", "40", "--seed", "3")
    return made.top


@pytest.fixture
def run(_made_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run folder in a repository, from which the command is called."""
    top = tmp_path / "project"
    shutil.copytree(_made_once, top, symlinks=True)
    monkeypatch.chdir(top)
    (tmp_path / "t").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "t"))
    (found,) = top.joinpath("runs").rglob("run.yaml")
    return found.parent


def entries(run: Path) -> list[Any]:
    return [
        load_yaml(path.read_bytes(), name=path.name)
        for path in sorted(run.joinpath("reproductions").glob("*.yaml"))
    ]


def test_a_prefix_and_its_entry(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", RunView(run).id, "--steps", "--yes", *HERE]) == 0
    printed = capsys.readouterr()
    assert "same run?        identical: over 20 steps, 2 metrics, 22 values" in printed.out
    assert "command    train.py --steps 40 --seed 3" in printed.err
    (entry,) = entries(run)
    assert (entry["verdict"], entry["steps"], entry["cold"]) == ("identical", 20, False)


def test_the_result_for_programs(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", str(run), "--steps", "5", "--yes", "--quiet", "--json", *HERE]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    result = json.loads(printed.out)
    assert result["schema"] == "reportgen.reproduction/1"
    jsonschema.validate(result, published()["reproductions/<time>.yaml"])
    promised = ("run", "verdict", "steps", "band", "first_difference", "metrics", "differences")
    assert set(promised) | {"seconds"} <= set(result)
    loss = result["metrics"]["train/loss"]
    assert (loss["step"], loss["recorded"] == loss["replayed"]) == (4, True)
    assert Path(result["replayed"]).is_dir()


def test_a_divergence_has_a_plot_and_status_1(
    run: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(run, other)
    place = other / "metrics.jsonl"
    lines = place.read_bytes().split(b"\n")
    lines[7] = lines[7].replace(b'"train/loss":', b'"train/loss":9')
    place.write_bytes(b"\n".join(lines))
    assert main(["reproduce", str(run), "--replayed", str(other)]) == 1
    printed = capsys.readouterr().out
    assert "train/loss leaves the band at step 7" in printed
    assert "same run?        diverges: to the end" in printed
    (entry,) = entries(run)
    assert entry["first_difference"]["step"] == 7
    (plot,) = run.joinpath("reproductions").glob("*.svg")
    assert "from step 7 on" in plot.read_text()


def test_only_the_verdict(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", str(run), "--replayed", str(run), "--verdict-only"]) == 0
    assert capsys.readouterr().out == "identical\n"


def test_nothing_is_run_without_consent(run: Path) -> None:
    words = [sys.executable, "-m", "reportgen", "reproduce", str(run), "--steps", "5", *HERE]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 2
    assert "nothing was run" in done.stderr
    assert "--yes" in done.stderr
    assert "command    train.py --steps 40" in done.stderr
    assert done.stdout == ""
    assert not (run / "reproductions").exists()


@pytest.mark.parametrize(("answer", "status", "count"), [("y\n", 0, 1), ("\n", 2, 0)])
def test_on_a_terminal_it_asks(answer: str, status: int, count: int, run: Path) -> None:
    words = [sys.executable, "-m", "reportgen", "reproduce", str(run), "--steps", "5", *HERE]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(words, stdin=theirs, stderr=theirs, stdout=subprocess.DEVNULL)
    os.close(theirs)
    os.write(ours, answer.encode())
    said = b""
    while True:
        try:
            piece = os.read(ours, 1 << 16)
        except OSError:
            break
        if not piece:
            break
        said += piece
    os.close(ours)
    assert process.wait() == status
    assert b"Go on? [y/N]" in said
    assert len(entries(run)) == count


def test_an_interrupt_leaves_nothing_behind(run: Path, tmp_path: Path) -> None:
    place = run / "run.yaml"
    place.write_text(place.read_text().replace("'40'", "'999999999'"))
    folder = tmp_path / "temporary"
    folder.mkdir()
    words = [sys.executable, "-m", "reportgen", "reproduce", str(run), "--yes", *HERE]
    process = subprocess.Popen(
        words,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not list(folder.glob("reproduce-*/run/metrics.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert list(folder.glob("reproduce-*")) == []
    assert not (run / "reproductions").exists()


def test_what_cannot_be_run_is_status_3(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = run / "run.yaml"
    place.write_text(place.read_text().replace("notebook: null", "notebook: a.ipynb"))
    assert main(["reproduce", str(run), "--yes", *HERE]) == 3
    assert capsys.readouterr().out.startswith("cannot-run: ")
    assert main(["reproduce", str(run), "--yes", "--json", *HERE]) == 3
    result = json.loads(capsys.readouterr().out)
    assert result["verdict"] == "cannot-run"
    assert "notebook" in result["reason"]
    assert entries(run) == []
    place.write_text(place.read_text().replace("a.ipynb", "null").replace("'40'", "forty"))
    assert main(["reproduce", str(run), "--yes", *HERE]) == 3
    assert entries(run)[0]["reason"].startswith("the command ended with status 2")


def test_the_script_is_printed_and_not_run(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", str(run), "--script"]) == 0
    assert capsys.readouterr().out == (run / "reproduce.sh").read_text()


def test_a_statement_to_sign(run: Path, tmp_path: Path) -> None:
    place = tmp_path / "statement.json"
    words = ["reproduce", str(run), "--replayed", str(run), "--statement", str(place)]
    assert main(words) == 0
    said = json.loads(place.read_text())
    assert said["predicate"]["passedTests"] == ["same-run"]
    (run / "manifest.json").unlink()
    place.unlink()
    assert main(words) == 2
    assert not place.exists()
    assert len(entries(run)) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("--steps", "0"),
        ("--band", "-1"),
        ("--band", "nan"),
        ("--explain", "0"),
        ("--limit", "nan"),
        ("--set", "LD_PRELOAD=/tmp/x.so"),
        ("--env", "no-such-python"),
        ("--replayed", ".", "--calibrate"),
        ("--into", "."),
    ],
)
def test_misuse_is_refused(
    words: tuple[str, ...], run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reproduce", str(run), "--yes", *words]) == 2
    assert words[0] in capsys.readouterr().err
    assert not (run / "reproductions").exists()


def test_where_to_write_is_known_before_anything_is_run(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    (run / "reproductions").symlink_to(tmp_path / "nowhere")
    words = ["reproduce", str(run), "--steps", "5", "--yes", *HERE]
    assert main(words) == 2
    assert "--ledger DIR" in capsys.readouterr().err
    assert main([*words, "--ledger", str(tmp_path / "file" / "below")]) == 2
    ledger = tmp_path / "ledger"
    assert main([*words, "--ledger", str(ledger), "--statement", "no/folder/s.json"]) == 2
    assert "running" not in capsys.readouterr().err
    assert not ledger.exists()


def test_the_repository_may_be_elsewhere(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = tmp_path / "moved"
    shutil.move(run, moved)
    monkeypatch.chdir(tmp_path)
    assert main(["reproduce", "moved", "--steps", "5", "--yes", *HERE]) == 2
    assert "--repository DIR" in capsys.readouterr().err
    named = ["--repository", "project", "--verdict-only"]
    assert main(["reproduce", "moved", "--steps", "5", "--yes", *HERE, *named]) == 0
    monkeypatch.setenv("REPORTGEN_REPO", str(tmp_path / "project"))
    assert main(["reproduce", "moved", "--steps", "5", "--yes", *HERE]) == 0
