"""The recorded command, byte for byte: no shell, no variable that was not recorded."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from reportgen.errors import UnavailableError
from reportgen.reproduce.environment import Environment
from reportgen.reproduce.replay import RUN_DIR, Replayed, command_of, replay, variables_of
from reportgen.script.facts import ScriptFacts

TELL = """\
import json, os, sys
folder = os.environ["REPORTGEN_RUN_DIR"]
os.makedirs(folder)
with open(os.path.join(folder, "told.json"), "w") as stream:
    argv = [os.fsencode(word).hex() for word in sys.argv[1:]]
    json.dump({"argv": argv, "variables": dict(os.environ), "cwd": os.getcwd()}, stream)
"""
HERE = Environment(sys.executable, {"PYTHONPATH": None}, cold=False)
HOSTILE = [
    "$(touch canary)",
    "`touch canary`",
    "a'; touch canary; '",
    "a\nb; touch canary",
    "--flag=x y",
    "",
    "\x01",
    "-n",
    "!!",
    "~",
    "*",
    "a\\",
    "\u202e",
    "#x",
    "a\rb",
    os.fsdecode(b"\xff\xfe"),
    "%PATH%",
    "\U0001f600",
]


def told(facts: ScriptFacts, tree: Path, **changed: str | None) -> dict[str, object]:
    run = tree.parent / "run"
    variables = variables_of(facts, HERE, folder=run, stop=None, changed=changed)
    done = replay(
        command_of(facts, sys.executable),
        variables,
        tree=tree,
        cwd=facts.cwd,
        log=tree.parent / "log",
    )
    assert done.status == 0, (tree.parent / "log").read_text()
    found = json.loads((run / "told.json").read_text())
    assert isinstance(found, dict)
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "tell.py").write_text(TELL)
    return folder


def test_every_argument_arrives_as_the_bytes_that_were_recorded(tree: Path) -> None:
    facts = ScriptFacts(argv=("tell.py", *HOSTILE), cwd="below")
    found = told(facts, tree)
    assert found["argv"] == [os.fsencode(word).hex() for word in HOSTILE]
    assert found["cwd"] == str(tree / "below")
    assert not list(tree.rglob("canary"))


def test_variables_are_those_of_the_record(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("MKL_CBWR", "AUTO")
    monkeypatch.setenv("REPORTGEN_ROOTS", "elsewhere")
    monkeypatch.setenv("GIT_DIR", "elsewhere")
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("MY_OWN", "kept")
    recorded = {"OMP_NUM_THREADS": "1", "MKL_CBWR": None, "PYTHONHASHSEED": "0"}
    facts = ScriptFacts(argv=("tell.py",), cwd="below", variables=recorded)
    found = told(facts, tree)["variables"]
    assert isinstance(found, dict)
    assert found["OMP_NUM_THREADS"] == "1"
    assert found["PYTHONHASHSEED"] == "0"
    assert found["MY_OWN"] == "kept"
    assert found[RUN_DIR] == str(tree.parent / "run")
    for name in ("MKL_CBWR", "REPORTGEN_ROOTS", "GIT_DIR", "PYTHONWARNINGS"):
        assert name not in found
    (tree.parent / "run" / "told.json").unlink()
    (tree.parent / "run").rmdir()
    other = told(facts, tree, OMP_NUM_THREADS="2")["variables"]
    assert isinstance(other, dict)
    assert other["OMP_NUM_THREADS"] == "2"


def test_a_secret_takes_its_place_and_leaves_the_environment(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = ScriptFacts(argv=("tell.py", "--api-key=<redacted:key>"), cwd="below")
    (name,) = facts.redacted.values()
    monkeypatch.setenv(name, "s3cret")
    found = told(facts, tree)
    assert found["argv"] == [b"--api-key=s3cret".hex()]
    assert name not in found["variables"]  # type: ignore[operator]


def test_programs_of_other_kinds() -> None:
    program = ScriptFacts(argv=("python3.11", "-m", "train"), python_program=False)
    assert command_of(program, "/env/python") == [b"/env/python", b"-m", b"train"]
    shell = replace(program, argv=("bash", "train.sh"))
    assert command_of(shell, "/env/python") == [b"bash", b"train.sh"]
    wrapped = replace(shell, wrapped=True)
    assert command_of(wrapped, "/p")[:5] == [b"/p", b"-m", b"reportgen", b"run", b"--"]


ENDLESS = """\
import json, os, pathlib, subprocess, sys, time
folder = pathlib.Path(os.environ["REPORTGEN_RUN_DIR"])
folder.mkdir()
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
(folder / "child").write_text(str(child.pid))
(folder / "run.yaml").write_text("schema: reportgen.run/1\\n")
with (folder / "metrics.jsonl").open("w") as stream:
    for step in range(10**6):
        stream.write(json.dumps({"step": step, "metrics": {"loss": 1.0}}) + "\\n")
        stream.flush()
        time.sleep(0.005)
"""


def is_gone(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_program_that_does_not_stop_is_ended_with_all_it_started(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "endless.py").write_text(ENDLESS)
    facts = ScriptFacts(argv=("endless.py",))
    seen: list[tuple[int, int]] = []
    done = replay(
        command_of(facts, sys.executable),
        variables_of(facts, HERE, folder=tmp_path / "run", stop=5),
        tree=tree,
        cwd=".",
        log=tmp_path / "log",
        stop=5,
        total=6,
        progress=lambda at, of: seen.append((at, of)),
    )
    assert isinstance(done, Replayed)
    assert done.ended_by_us
    assert done.folder == tmp_path / "run"
    assert seen[-1] == (6, 6)
    assert is_gone(int((tmp_path / "run" / "child").read_text()))


def test_a_program_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "endless.py").write_text(ENDLESS)
    facts = ScriptFacts(argv=("endless.py",))
    with pytest.raises(UnavailableError, match=r"not done after 1\.5 s"):
        replay(
            command_of(facts, sys.executable),
            variables_of(facts, HERE, folder=tmp_path / "run", stop=None),
            tree=tree,
            cwd=".",
            log=tmp_path / "log",
            limit=1.5,
        )
    assert is_gone(int((tmp_path / "run" / "child").read_text()))


def test_a_run_that_goes_elsewhere_is_found_and_older_ones_are_not(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name in ("old", "new"):
        (tree / "runs" / name).mkdir(parents=True)
    old = "schema: reportgen.run/1\n"
    (tree / "runs" / "old" / "run.yaml").write_text(old)
    (tree / "write.py").write_text(f"open('runs/new/run.yaml', 'w').write({old!r})")
    (tree / "nothing.py").write_text("print('no run')")
    for script, folder in (("write.py", tree / "runs" / "new"), ("nothing.py", None)):
        facts = ScriptFacts(argv=(script,))
        done = replay(
            command_of(facts, sys.executable),
            variables_of(facts, HERE, folder=tmp_path / "run", stop=None),
            tree=tree,
            cwd=".",
            log=tmp_path / "log",
        )
        assert done.folder == folder
    assert "no run" in (tmp_path / "log").read_text()


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    facts = ScriptFacts(argv=("no-such-program",), python_program=False)
    with pytest.raises(UnavailableError, match="no-such-program cannot be run"):
        replay(
            command_of(facts, sys.executable),
            variables_of(facts, HERE, folder=tmp_path / "run", stop=None),
            tree=tmp_path,
            cwd=".",
            log=tmp_path / "log",
        )
