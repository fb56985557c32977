"""``reportgen run``: any program as a tracked run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from forked_programs import document, metrics_of, only_run

from reportgen.cli.main import main
from reportgen.runs.view import RunView
from reportgen.runs.writer import build_manifest

SECRET = "hf_" + "aB3d" * 9


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def script(folder: Path, text: str, name: str = "train.py") -> str:
    (folder / name).write_text(textwrap.dedent(text))
    return name


def assert_sealed(folder: Path) -> None:
    manifest = document(folder, "manifest.json")["files"]
    again = [
        {"path": entry.path, "bytes": entry.bytes, "sha256": entry.sha256}
        for entry in build_manifest(folder).files
    ]
    assert manifest == again
    assert not [path for path in folder.rglob("*") if path.name.endswith(".tmp")]


def test_a_plain_script_becomes_a_run(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (here / "c.yaml").write_text("lr: 0.1\nmodel: {width: 8}\n")
    name = script(
        here,
        """
        import csv, sys
        print("training", sys.argv[1:])
        print("\\x1b[31mcareful\\x1b[0m", file=sys.stderr)
        with open("metrics.csv", "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["epoch", "train/loss"])
            table.writerows([[epoch, 1 / (epoch + 1)] for epoch in range(4)])
        sys.exit(3)
        """,
    )
    status = main(
        [
            *("run", "--project", "p", "--group", "g", "--tag", "goal=baseline", "--tag", "try"),
            *("--", sys.executable, name, "--config", "c.yaml", "--lr=0.5", "--epochs", "4"),
            *("--hf-token", SECRET),
        ]
    )
    assert status == 3
    folder = only_run(here)
    assert folder.parent == here / "runs" / "p" / "g"
    run = document(folder)
    assert (run["status"], run["exit_code"]) == ("failed", 3)
    assert run["tags"] == {"goal": "baseline", "try": True}
    assert run["command"]["argv"][:3] == [name, "--config", "c.yaml"]
    assert run["command"]["interpreter"] == Path(sys.executable).name
    assert run["planned"]["epochs"] == 4
    config = document(folder, "config.yaml")
    assert config["lr"] == 0.5
    assert config["model"] == {"width": 8}
    assert config["epochs"] == 4
    assert "config" not in config
    assert (folder / "config" / "c.yaml").read_bytes() == (here / "c.yaml").read_bytes()
    assert [record["step"] for record in metrics_of(folder)] == [0, 1, 2, 3]
    assert document(folder, "summary.yaml")["metrics"]["train/loss"]["best"] == 0.25
    assert (folder / "stderr.log").read_text() == "\x1b[31mcareful\x1b[0m\n"
    shown = capfd.readouterr()
    assert shown.out.startswith("training ['--config'")
    assert SECRET in shown.out
    environment = document(folder, "environment.yaml")
    assert environment["python"]["version"].startswith("3.")
    assert "packages" in environment["not_available"]
    assert environment["compute"]["wall_seconds"] > 0
    assert not [
        path
        for path in folder.rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    streams = document(folder, "captured/exit.json")["streams"]
    for stream, told in streams.items():
        assert told == {"bytes": (folder / f"{stream}.log").stat().st_size, "lost": 0}
    assert_sealed(folder)
    assert RunView(folder).state == "failed"


def test_a_script_that_starts_a_run_joins_this_one(here: Path) -> None:
    name = script(
        here,
        """
        import sys, reportgen
        print("before")
        with reportgen.start_run({"lr": 0.1}, name="own", tags={"a": 1}, seed=5) as run:
            for step in range(20):
                run.log({"train/loss": 1 / (step + 1)}, step)
            run.log_artifact("big.bin", uri="s3://bucket/big.bin")
            print("inside")
        with reportgen.start_run(name="second") as other:
            other.log({"a": 1.0})
        print("after", file=sys.stderr)
        """,
    )
    (here / "big.bin").write_bytes(b"0" * 100)
    (here / "metrics.csv").write_text("step,loss\n")
    assert main(["run", "--", sys.executable, name]) == 0
    joined, second = sorted(
        (path.parent for path in here.rglob("run.yaml")), key=lambda path: path.name == "second"
    )
    run = document(joined)
    assert (run["name"], run["tags"], run["status"]) == ("own", {"a": 1}, "finished")
    assert run["command"]["argv"] == [name]
    assert len(metrics_of(joined)) == 20
    assert (joined / "stdout.log").read_text() == "before\ninside\n"
    assert (joined / "stderr.log").read_text().endswith("after\n")
    environment = document(joined, "environment.yaml")
    assert environment["seeds"]["python"] == 5
    assert environment["packages"]["orjson"]
    modules = document(joined, "captured/modules.json")
    assert name in modules["local"]
    training = (joined / "training.log").read_text()
    assert training.count(" started: ") == 1
    assert training.count(" ended: ") == 1
    streams = document(joined, "captured/exit.json")["streams"]
    for stream, told in streams.items():
        assert told == {"bytes": (joined / f"{stream}.log").stat().st_size, "lost": 0}
    external = [entry for entry in document(joined, "manifest.json")["files"] if "uri" in entry]
    assert [entry["uri"] for entry in external] == ["s3://bucket/big.bin"]
    assert document(second)["status"] == "finished"
    assert second.parent == here / "runs"


def test_the_code_is_captured_before_the_command_writes_beside_it(here: Path) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", "start"], check=True)
    assert main(["run", "--name", "r", "--", "sh", "-c", "echo made > made.py"]) == 0
    info = document(only_run(here), "git_info.yaml")
    assert (info["dirty"], info["dirty_end"], info["untracked"]) == (False, True, [])


def test_the_name_of_the_command_line_wins(here: Path) -> None:
    name = script(here, "import reportgen\nwith reportgen.start_run(name='own'): pass\n")
    assert main(["run", "--name", "p/g/outer", "--", sys.executable, name]) == 0
    folder = only_run(here)
    assert folder == here / "runs" / "p" / "g" / "outer"
    assert document(folder)["name"] == "outer"


@pytest.mark.parametrize(
    ("body", "status", "end"),
    [
        ("os._exit(5)", 5, ("failed", 5)),
        ("os.kill(os.getpid(), 9)", 137, ("failed", 137)),
        ("raise ValueError", 1, ("failed", 1)),
        ("run.finish(); sys.exit(2)", 2, ("failed", 2)),
    ],
)
def test_a_joined_run_ends_as_its_process_does(
    here: Path, body: str, status: int, end: tuple[str, int]
) -> None:
    name = script(
        here,
        f"""
        import os, sys, reportgen
        run = reportgen.start_run({{"lr": 1}}, name="r")
        run.log({{"a": 1.0}})
        {body}
        """,
    )
    assert main(["run", "--", sys.executable, name]) == status
    folder = only_run(here)
    run = document(folder)
    assert (run["status"], run["exit_code"]) == end
    assert document(folder, "summary.yaml")["metrics"]["a"]["count"] == 1
    assert_sealed(folder)


def test_a_program_that_is_no_python(here: Path) -> None:
    assert main(["run", "--name", "shell", "--", "sh", "-c", "echo hello; exit 4"]) == 4
    folder = only_run(here)
    assert document(folder)["command"]["argv"] == ["sh", "-c", "echo hello; exit 4"]
    assert document(folder)["command"]["interpreter"] is None
    environment = document(folder, "environment.yaml")
    assert environment["not_available"]["python"] == "the command is no Python program"
    assert (folder / "stdout.log").read_text() == "hello\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no command"),
        (["--"], "no command"),
        (["--", "no-such-program-here"], "no program"),
        (["--tag", "=x", "--", "true"], "tag"),
        (["--name", "a/b/c/d", "--", "true"], "name"),
        (["--config", "absent.yaml", "--", "true"], "absent.yaml"),
        (["--nmae", "x", "--", "true"], "--name"),
    ],
)
def test_misuse_is_refused_and_nothing_written(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(["run", *words]) == 2
    assert message in capsys.readouterr().err
    assert list(here.iterdir()) == []


def test_a_command_that_cannot_start_leaves_a_failed_run(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = here / "program"
    program.write_text("no program")
    program.chmod(0o755)
    assert main(["run", "--", "./program"]) == 2
    assert "cannot be started" in capsys.readouterr().err
    assert document(only_run(here))["status"] == "failed"


def test_a_signal_ends_command_and_run(here: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "reportgen", "run", "--", "sh", "-c", "echo ready; exec sleep 30"],
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 143
    run = document(only_run(here))
    assert (run["status"], run["exit_code"], run["stopped_early"]) == (
        "interrupted",
        143,
        "SIGTERM",
    )


def test_metrics_can_be_read_while_the_command_runs(here: Path) -> None:
    name = script(
        here,
        """
        import time
        with open("log.jsonl", "w", buffering=1) as file:
            for step in range(60):
                file.write('{"step": %d, "loss": 0.5}\\n' % step)
                time.sleep(0.1)
        """,
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "reportgen", "run", "--", sys.executable, name], env=dict(os.environ)
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = list(here.rglob("metrics.jsonl"))
        if found and found[0].stat().st_size:
            break
        time.sleep(0.05)
    assert process.poll() is None
    assert RunView(found[0].parent).state == "running"
    process.terminate()
    process.wait()
    assert document(found[0].parent)["status"] == "interrupted"
