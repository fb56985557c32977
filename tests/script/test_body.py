"""reproduce.sh, run by real shells: what it restores, refuses, runs and finds equal."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from reportgen.runs.view import RunView
from reportgen.script import ScriptFacts, parse_script, render_script
from reportgen.script.text import reproduce_script

REPOSITORY = Path(__file__).resolve().parents[2]
SHELLS = [shell for shell in ("sh", "bash", "dash") if shutil.which(shell)]
HOSTILE = [
    "$(touch PWNED)",
    "`touch PWNED`",
    "a'; touch PWNED; '",
    "a\nb; touch PWNED",
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
    "a\udcffb",
    "EOF",
    '"; touch PWNED; "',
    "${IFS}",
    "\\0101",
    "%s",
    "ä€𝄞",
]


def snapshot(folder: Path) -> dict[str, str]:
    """Every file below a folder with a hash of what it holds."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def replayed_run(tmp_path: Path) -> Path:
    (run,) = tmp_path.joinpath("replayed", "tree", "runs").glob("replay-*")
    return run


@pytest.mark.parametrize("shell", SHELLS)
def test_restores_runs_and_finds_all_equal(
    recorded: Any, replay: Any, tmp_path: Path, shell: str
) -> None:
    result = replay(recorded.write(), shell=shell)
    assert result.returncode == 0, result.stderr
    assert "identical: 1 metrics, 5 values, equal to the last digit" in result.stdout
    assert f"tree      {recorded.git['tree']}, as recorded" in result.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_arguments_arrive_byte_for_byte(
    recorded: Any, replay: Any, tmp_path: Path, shell: str
) -> None:
    script = recorded.write()
    facts = ScriptFacts(
        commit=recorded.git["commit"],
        name="\n".join(HOSTILE),
        argv=("train.py", *HOSTILE),
        notes=tuple(HOSTILE),
        metrics={text: [1.0, 1, 1] for text in HOSTILE},
    )
    script.write_text(render_script(facts))
    result = replay(script, shell=shell)
    arrived = (replayed_run(tmp_path) / "argv").read_bytes()
    assert arrived == b"\0".join(word.encode("utf-8", "surrogateescape") for word in HOSTILE)
    assert result.returncode == 0, result.stderr
    assert not list(tmp_path.rglob("PWNED*"))
    assert "\x01" not in result.stderr + result.stdout
    assert "\u202e" not in result.stderr + result.stdout


def test_a_program_of_its_own_is_found_and_run(recorded: Any, replay: Any, tmp_path: Path) -> None:
    shim = tmp_path / "bin" / "show-words"
    shim.parent.mkdir()
    shim.write_text('#!/bin/sh\nprintf "%s\\0" "$@" >words\nexec python3 train.py\n')
    shim.chmod(0o755)
    recorded.run["command"] = {"argv": ["show-words", "a b", "-n", "$(x)"], "cwd": "."}
    script = recorded.write()
    result = replay(script, PATH=f"{shim.parent}:{os.environ['PATH']}")
    assert result.returncode == 0, result.stderr
    words = tmp_path.joinpath("replayed", "tree", "words").read_bytes()
    assert words == b"a b\0-n\0$(x)\0"


def test_python_of_a_whole_command_is_that_of_the_environment(
    recorded: Any, replay: Any, tmp_path: Path
) -> None:
    recorded.run["command"] = {"argv": ["/gone/bin/python3.9", "train.py", "x"], "cwd": "."}
    result = replay(recorded.write())
    assert result.returncode == 0, result.stderr
    assert (replayed_run(tmp_path) / "argv").read_bytes() == b"x"


TABLE = """\
import csv
import sys

with open("metrics.csv", "w", newline="") as stream:
    writer = csv.writer(stream)
    writer.writerow(["step", "train/loss"])
    writer.writerows([step, float(sys.argv[2]) / (step + 1)] for step in range(9))
"""


@pytest.mark.slow
def test_what_reportgen_run_recorded_is_run_by_it_again(
    recorded: Any, replay: Any, tmp_path: Path
) -> None:
    recorded.top.joinpath("plain.py").write_text(TABLE)
    tracked = [sys.executable, "-m", "reportgen", "run", "--"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [*tracked, sys.executable, "plain.py", "--lr", "0.3"]
    subprocess.run(command, cwd=recorded.top, env=environment, check=True)
    (script,) = recorded.top.glob("runs/*/reproduce.sh")
    result = replay(script, PYTHONPATH=str(REPOSITORY))
    assert result.returncode == 0, result.stderr
    assert "identical: 1 metrics, 9 values" in result.stdout
    assert list(tmp_path.glob("replayed/tree/runs/*/stdout.log"))


def test_without_reportgen_such_a_run_cannot_be_run_again(
    recorded: Any, replay: Any, tmp_path: Path
) -> None:
    script = recorded.write()
    facts = dataclasses.replace(parse_script(script.read_text()), wrapped=True)
    script.write_text(render_script(facts))
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S -I "$@"\n')
    python.chmod(0o755)
    result = replay(script, REPORTGEN_PYTHON=str(python), PATH="/usr/bin:/bin")
    assert "which is not here; install reportgen-runs" in result.stderr
    assert result.returncode == 3


def test_uncommitted_changes_come_back(recorded: Any, replay: Any, tmp_path: Path) -> None:
    recorded.change("scale.py", "from new_module import SCALE\n")
    recorded.change("new_module.py", "SCALE = 0.5\n")
    recorded.points = [(step, 0.5 / (step + 1)) for step in range(5)]
    script = recorded.write()
    result = replay(script)
    assert result.returncode == 0, result.stderr
    assert recorded.git["tree"] in result.stderr
    tree = tmp_path / "replayed" / "tree"
    assert tree.joinpath("new_module.py").read_text() == "SCALE = 0.5\n"


def test_the_users_repository_stays_as_it_is(recorded: Any, replay: Any, tmp_path: Path) -> None:
    script = recorded.write()
    canary = f"touch {tmp_path / 'PWNED'}"
    hooks = recorded.top / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        hooks.joinpath(hook).write_text(f"#!/bin/sh\n{canary}\n")
        hooks.joinpath(hook).chmod(0o755)
    with recorded.top.joinpath(".git", "config").open("a") as config:
        config.write(f'[core]\n\tfsmonitor = "{canary}"\n')
        config.write(f'[filter "x"]\n\tsmudge = "{canary}; cat"\n\tclean = "{canary}; cat"\n')
        config.write(f'[diff "x"]\n\ttextconv = "{canary}; cat"\n')
    recorded.top.joinpath(".git", "info").mkdir(exist_ok=True)
    recorded.top.joinpath(".git", "info", "attributes").write_text("* filter=x diff=x\n")
    recorded.top.joinpath("train.py").write_text("raise SystemExit('of another day')\n")
    before = snapshot(recorded.top)
    result = replay(script)
    assert result.returncode == 0, result.stderr
    assert snapshot(recorded.top) == before
    assert not tmp_path.joinpath("PWNED").exists()


def test_run_folders_of_the_commit_do_not_count(recorded: Any, replay: Any) -> None:
    """As capture removes them: what is committed of runs is not part of the recorded tree."""
    tree = recorded.git["tree"]
    for name in ("old/run.yaml", "old/metrics.jsonl", "sweep.yaml"):
        path = recorded.top / "runs" / "lr" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("schema: reportgen.run/1\n")
    run = ["git", "add", "-f", "runs"], ["git", "commit", "-q", "-m", "Keep a run"]
    for words in run:
        subprocess.run(words, cwd=recorded.top, check=True)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=recorded.top, capture_output=True, text=True, check=True
    )
    recorded.git["commit"] = head.stdout.strip()
    result = replay(recorded.write())
    assert result.returncode == 0, result.stderr
    assert f"{tree}, as recorded" in result.stderr


def test_another_tree_than_the_recorded_one_is_not_run(
    recorded: Any, replay: Any, tmp_path: Path
) -> None:
    recorded.git["tree"] = "0" * 40
    result = replay(recorded.write())
    assert result.returncode == 3
    assert "recorded was " + "0" * 40 in result.stderr
    assert not tmp_path.joinpath("replayed").exists()


def test_numbers_that_differ_are_shown_with_their_first_step(recorded: Any, replay: Any) -> None:
    recorded.points[3] = (3, 0.0751)
    result = replay(recorded.write())
    assert result.returncode == 1
    assert "differs: first beyond 1e-05 relative at train/loss, step 3" in result.stdout
    assert "recorded 0.0751, replayed 0.075" in result.stdout


def test_a_difference_within_the_band_is_no_failure(recorded: Any, replay: Any) -> None:
    recorded.points[3] = (3, recorded.points[3][1] * (1 + 1e-6))
    result = replay(recorded.write())
    assert result.returncode == 0
    assert "within the band of 1e-05" in result.stdout
    assert "1e-06: train/loss, step 3" in result.stdout


def test_recorded_variables_are_set_and_others_unset(
    recorded: Any, replay: Any, tmp_path: Path
) -> None:
    recorded.environment["variables"] |= {"LD_PRELOAD": "/evil.so", "PATH": "/evil"}
    result = replay(recorded.write(), OMP_NUM_THREADS="4", MKL_CBWR="AVX2", ATEN_CPU_CAPABILITY="x")
    assert result.returncode == 0, result.stderr
    seen = json.loads((replayed_run(tmp_path) / "variables.json").read_text())
    assert seen["OMP_NUM_THREADS"] == "1"
    assert "MKL_CBWR" not in seen
    assert seen["ATEN_CPU_CAPABILITY"] == "x", "not looked at by the run, so left alone"
    assert "LD_PRELOAD" not in seen
    assert "/evil" not in seen["PATH"].split(":")
    assert not [name for name in seen if name.startswith("GIT_") and "CONFIG" not in name]


# -- where the source is ----------------------------------------------------------------------


@pytest.fixture
def elsewhere(recorded: Any, tmp_path: Path) -> Path:
    """The files that a run's page offers, in a folder of no repository."""
    recorded.write()
    folder = tmp_path / "downloads"
    folder.mkdir()
    for name in ("reproduce.sh", "requirements.txt", "config.yaml", "git_diff.patch"):
        if recorded.folder.joinpath(name).exists():
            shutil.copy(recorded.folder / name, folder)
    return folder / "reproduce.sh"


def test_the_named_repository_comes_first(elsewhere: Path, recorded: Any, replay: Any) -> None:
    result = replay(elsewhere, REPORTGEN_REPO=str(recorded.top))
    assert result.returncode == 0, result.stderr
    assert "last values alone are compared" in result.stderr
    assert "identical" in result.stdout


def test_a_named_repository_without_the_commit_is_said(
    elsewhere: Path, replay: Any, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    subprocess.run(["git", "init", "-q", other], check=True)
    result = replay(elsewhere, REPORTGEN_REPO=str(other))
    assert result.returncode == 3
    assert "does not hold commit" in result.stderr
    assert not tmp_path.joinpath("replayed").exists()


def test_no_repository_and_no_remote_is_said(elsewhere: Path, replay: Any) -> None:
    result = replay(elsewhere)
    assert result.returncode == 3
    assert "set REPORTGEN_REPO to it" in result.stderr


@pytest.mark.parametrize(
    "remote",
    [
        "ext::sh -c 'touch PWNED'",
        "--upload-pack=touch PWNED",
        "ssh://-oProxyCommand=touch PWNED/x",
        "-oProxyCommand=touch PWNED:x",
        "file:///etc",
        "git://example.org/a",
        "http://example.org/a",
        "/srv/a.git",
        "https://u:p@example.org/a",
        "https://example.org/a b",
    ],
)
def test_a_remote_that_could_execute_is_refused(
    recorded: Any, replay: Any, tmp_path: Path, remote: str
) -> None:
    recorded.git["remote"] = remote
    script = recorded.write()
    assert remote not in script.read_text()
    shutil.rmtree(recorded.top / ".git")
    result = replay(script)
    assert result.returncode == 2, result.stderr
    assert "is no https or ssh address" in result.stderr
    assert not list(tmp_path.rglob("PWNED"))


def test_the_recorded_remote_comes_last(recorded: Any, replay: Any, tmp_path: Path) -> None:
    """Over ssh, with a stand-in for ssh that serves a local repository."""
    recorded.git["remote"] = "git@example.org:team/project.git"
    script = recorded.write()
    away = tmp_path / "away"
    away.mkdir()
    recorded.top.joinpath(".git").rename(away / "project.git")
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\nexec git upload-pack "{away}/project.git"\n')
    ssh.chmod(0o755)
    result = replay(script, GIT_SSH=str(ssh), GIT_SSH_VARIANT="simple")
    assert result.returncode == 0, result.stderr
    assert "source    git@example.org:team/project.git" in result.stderr


def test_a_shallow_repository_serves_as_well(recorded: Any, replay: Any, tmp_path: Path) -> None:
    script = recorded.write()
    shallow = tmp_path / "shallow"
    address = f"file://{recorded.top}"
    subprocess.run(["git", "clone", "-q", "--depth=1", address, shallow], check=True)
    result = replay(script, REPORTGEN_REPO=str(shallow))
    assert result.returncode == 0, result.stderr


# -- what was handed over with it ---------------------------------------------------------------


def git(folder: Path, *words: str, **variables: str) -> str:
    result = subprocess.run(
        ["git", *words], cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def snapshot_bundle(recorded: Any, target: Path, tree: str) -> None:
    """One commit without history of ``tree``, as a bundle of git."""
    person = {
        f"GIT_{role}_{what}": "x" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    commit = git(recorded.top, "commit-tree", tree, "-m", "The code of a run", **person)
    git(recorded.top, "update-ref", "refs/heads/run", commit)
    git(recorded.top, "bundle", "create", "--quiet", str(target), "refs/heads/run")


@pytest.mark.parametrize("history", [True, False])
def test_the_code_beside_the_script_needs_no_repository(
    elsewhere: Path, recorded: Any, replay: Any, tmp_path: Path, history: bool
) -> None:
    recorded.change("scale.py", "from new_module import SCALE\n")
    recorded.change("new_module.py", "SCALE = 0.3\n")
    shutil.copy(recorded.write(), elsewhere)
    shutil.copy(recorded.folder / "git_diff.patch", elsewhere.parent)
    handed = elsewhere.with_name("code.bundle")
    if history:
        git(recorded.top, "bundle", "create", "--quiet", str(handed), "HEAD")
    else:
        snapshot_bundle(recorded, handed, recorded.git["tree"])
    shutil.rmtree(recorded.top)
    result = replay(elsewhere)
    assert result.returncode == 0, result.stderr
    assert f"source    {handed}" in result.stderr
    assert f"tree      {recorded.git['tree']}, as recorded" in result.stderr
    restored = tmp_path / "replayed" / "tree"
    assert restored.joinpath("new_module.py").read_text() == "SCALE = 0.3\n"
    assert git(restored, "write-tree") == recorded.git["tree"]


@pytest.mark.parametrize("damage", ["another tree", "no bundle"])
def test_other_code_beside_the_script_is_not_run(
    elsewhere: Path, recorded: Any, replay: Any, tmp_path: Path, damage: str
) -> None:
    handed = elsewhere.with_name("code.bundle")
    if damage == "no bundle":
        handed.write_bytes(b"PWNED")
    else:
        recorded.change("scale.py", "SCALE = 0.9\n")
        snapshot_bundle(recorded, handed, recorded.git["tree"])
    shutil.rmtree(recorded.top)
    result = replay(elsewhere)
    assert result.returncode == 3
    assert f"{handed} does not hold commit" in result.stderr
    assert not tmp_path.joinpath("replayed").exists()


def test_a_bundle_holds_code_and_inputs_around_the_run(
    elsewhere: Path, recorded: Any, replay: Any, tmp_path: Path
) -> None:
    content = b"\0\1\2" * 100
    digest = hashlib.sha256(content).hexdigest()
    recorded.data["inputs"] = [{"name": "a", "path": "data/big.bin", "sha256": digest}]
    shutil.copy(recorded.write(), elsewhere)
    top = tmp_path / "handed"
    top.mkdir()
    snapshot_bundle(recorded, top / "code.bundle", recorded.git["tree"])
    elsewhere.parent.rename(top / "run")
    shutil.rmtree(recorded.top)
    script = top / "run" / "reproduce.sh"
    result = replay(script)
    assert result.returncode == 3, "no bundle: what lies around the folder is not looked at"
    assert "no remote was recorded" in result.stderr
    top.joinpath("bundle.json").write_text("{}")
    result = replay(script)
    assert result.returncode == 3
    assert "the input data/big.bin is not in the repository" in result.stderr
    top.joinpath("inputs", "data").mkdir(parents=True)
    top.joinpath("inputs", "data", "big.bin").write_bytes(content)
    shutil.rmtree(tmp_path / "replayed", ignore_errors=True)
    result = replay(script)
    assert result.returncode == 0, result.stderr
    assert "input     data/big.bin copied" in result.stderr


# -- what it refuses --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_exists_is_not_written_to(
    recorded: Any, replay: Any, tmp_path: Path, kind: str
) -> None:
    target = tmp_path / "there"
    if kind == "folder":
        target.mkdir()
    elif kind == "file":
        target.write_text("mine")
    else:
        target.symlink_to(tmp_path / "nowhere")
    result = replay(recorded.write(), str(target))
    assert result.returncode == 2
    assert "exists; name a folder that does not" in result.stderr


def test_an_unknown_option_is_refused(recorded: Any, replay: Any) -> None:
    result = replay(recorded.write(), "--steps")
    assert result.returncode == 2
    assert "there is no option --steps" in result.stderr


def test_a_secret_argument_is_asked_for_by_name(recorded: Any, replay: Any, tmp_path: Path) -> None:
    recorded.run["command"]["argv"] = ["train.py", "--api-key", "<redacted:named>", "--n=1"]
    script = recorded.write()
    result = replay(script)
    assert result.returncode == 2
    assert "set REPORTGEN_ARG_API_KEY" in result.stderr
    assert not tmp_path.joinpath("replayed").exists()
    result = replay(script, REPORTGEN_ARG_API_KEY="$(x) y")
    assert result.returncode == 0, result.stderr
    run = replayed_run(tmp_path)
    assert (run / "argv").read_bytes() == b"--api-key\0$(x) y\0--n=1"
    assert "REPORTGEN_ARG_API_KEY" not in json.loads((run / "variables.json").read_text())


def test_a_run_that_cannot_be_run_again_says_why(recorded: Any, replay: Any) -> None:
    recorded.git = {"commit": None, "not_available": {"commit": "git is not installed"}}
    result = replay(recorded.write())
    assert result.returncode == 3
    assert "git_info.yaml records no commit (git is not installed)" in result.stderr


def test_another_patch_than_the_recorded_one_is_refused(
    recorded: Any, replay: Any, tmp_path: Path
) -> None:
    recorded.change("scale.py", "SCALE = 0.4\n")
    script = recorded.write()
    patch = recorded.folder / "git_diff.patch"
    patch.write_bytes(patch.read_bytes().replace(b"0.4", b"0.9"))
    result = replay(script)
    assert result.returncode == 2
    assert "git_diff.patch is not the recorded one" in result.stderr
    patch.unlink()
    result = replay(script)
    assert result.returncode == 3
    assert "git_diff.patch is not beside this script" in result.stderr


def test_a_patch_that_makes_a_link_is_refused(recorded: Any, replay: Any, tmp_path: Path) -> None:
    recorded.top.joinpath("passwd").symlink_to("/etc/passwd")
    recorded.change("scale.py", "SCALE = 0.3\n")
    script = recorded.write()
    result = replay(script)
    assert result.returncode == 2
    assert "makes links or submodules" in result.stderr
    result = replay(script, REPORTGEN_ALLOW_LINKS="1")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("python", ["", "3.2.1"])
def test_another_version_of_python_is_not_taken(
    recorded: Any, replay: Any, tmp_path: Path, python: str
) -> None:
    recorded.environment["python"]["version"] = "3.2.1"
    bare = tmp_path / "bin"
    bare.mkdir()
    for tool in ("git", "python3", "mktemp", "mkdir", "rm", "dirname", "cut", "cp"):
        bare.joinpath(tool).symlink_to(str(shutil.which(tool)))
    script = recorded.write()
    result = replay(script, shell=str(shutil.which("sh")), REPORTGEN_PYTHON="", PATH=str(bare))
    assert result.returncode == 3
    assert "the run needs Python 3.2; install it, or uv" in result.stderr


# -- data and packages ------------------------------------------------------------------------


def test_inputs_that_git_does_not_hold_are_copied_and_verified(
    recorded: Any, replay: Any, tmp_path: Path
) -> None:
    recorded.top.joinpath(".git", "info").mkdir(exist_ok=True)
    recorded.top.joinpath(".git", "info", "exclude").write_text("big.bin\n")
    content = b"\0\1\2" * 100
    recorded.top.joinpath("data", "big.bin").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    recorded.data["inputs"] = [
        {"name": "a", "path": "data/big.bin", "sha256": digest, "bytes": 300},
        {"name": "b", "path": "data/tracked.csv", "sha256": "0" * 64, "bytes": 4},
        {"name": "c", "path": "../outside", "sha256": digest},
    ]
    script = recorded.write()
    result = replay(script)
    assert result.returncode == 0, result.stderr
    assert "input     data/big.bin copied" in result.stderr
    assert "data/tracked.csv is not the input that was recorded" in result.stderr
    copied = tmp_path.joinpath("replayed", "tree", "data", "big.bin")
    assert copied.read_bytes() == content
    recorded.top.joinpath("data", "big.bin").write_bytes(b"other")
    result = replay(script, str(tmp_path / "second"))
    assert result.returncode == 3
    assert "is not the input that was recorded" in result.stderr
    recorded.top.joinpath("data", "big.bin").unlink()
    result = replay(script, str(tmp_path / "third"))
    assert result.returncode == 3
    assert "set REPORTGEN_DATA" in result.stderr


def test_packages_that_differ_in_a_named_environment_are_said(recorded: Any, replay: Any) -> None:
    recorded.requirements = (
        f"pytest=={pytest.__version__}+local  # index\norjson==0.0.1  # index\nnot-there==1.0\n"
    )
    result = replay(recorded.write())
    assert result.returncode == 0, result.stderr
    assert "recorded orjson 0.0.1, here " in result.stderr
    assert "recorded not-there 1.0, here missing" in result.stderr
    assert "recorded pytest" not in result.stderr


def test_own_packages_come_from_the_restored_tree(
    recorded: Any, replay: Any, tmp_path: Path
) -> None:
    recorded.requirements = "mine==1.0  # this repository\n"
    result = replay(recorded.write())
    assert result.returncode == 0, result.stderr
    seen = json.loads((replayed_run(tmp_path) / "variables.json").read_text())
    assert seen["PYTHONPATH"] == str(tmp_path / "replayed" / "tree")


def test_a_requirement_that_could_execute_is_refused(recorded: Any, replay: Any) -> None:
    recorded.requirements = "-e git+https://example.org/x\n--index-url http://evil\n"
    result = replay(recorded.write(), REPORTGEN_PYTHON="")
    assert result.returncode == 2
    assert "requirements no installer is given" in result.stderr
    assert "set REPORTGEN_PYTHON" in result.stderr


@pytest.mark.slow
def test_an_environment_is_made_from_the_recorded_packages(
    recorded: Any, replay: Any, tmp_path: Path
) -> None:
    """A package of a local index, its label cut off, and the run sees it."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    make_wheel(wheels)
    recorded.change("scale.py", "from scaling_factors import SCALE\n")
    recorded.points = [(step, 0.7 / (step + 1)) for step in range(5)]
    recorded.requirements = "scaling-factors==1.5+cpu  # index\n"
    script = recorded.write()
    result = replay(script, REPORTGEN_PYTHON="", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheels))
    assert result.returncode == 0, result.stderr
    assert "scaling-factors==1.5+cpu: the plain version is installed" in result.stderr
    python = tmp_path / "replayed" / "environment" / "bin" / "python"
    assert subprocess.run([python, "-c", "import scaling_factors"]).returncode == 0


@pytest.mark.slow
def test_wheels_beside_the_script_are_all_that_is_installed_from(
    elsewhere: Path, recorded: Any, replay: Any, tmp_path: Path
) -> None:
    """No index is asked, nor is the address of a package that was installed from one."""
    wheels = elsewhere.with_name("wheels")
    wheels.mkdir()
    make_wheel(wheels)
    recorded.requirements = "scaling-factors @ https://example.invalid/x@0123  # index\n"
    shutil.copy(recorded.write(), elsewhere)
    nowhere = {"PIP_INDEX_URL": "https://example.invalid/simple", "PIP_RETRIES": "0"}
    own = {"REPORTGEN_PYTHON": "", "REPORTGEN_REPO": str(recorded.top)}
    result = replay(elsewhere, **own, **nowhere)
    assert result.returncode == 0, result.stderr
    assert f"from {wheels} alone" in result.stderr
    python = tmp_path / "replayed" / "environment" / "bin" / "python"
    assert subprocess.run([python, "-c", "import scaling_factors"]).returncode == 0


def make_wheel(folder: Path) -> None:
    stem = "scaling_factors-1.5"
    files = {
        "scaling_factors.py": "SCALE = 0.7\n",
        f"{stem}.dist-info/METADATA": "Metadata-Version: 2.1\nName: scaling-factors\n"
        "Version: 1.5\n",
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{stem}.dist-info/RECORD"])
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as archive:
        for name, text in {**files, f"{stem}.dist-info/RECORD": record}.items():
            archive.writestr(name, text)


def test_uv_is_used_where_it_is(recorded: Any, replay: Any, tmp_path: Path) -> None:
    """A stand-in for uv notes how it is called and makes the environment by other means."""
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(
        f'#!/bin/sh\nprintf "%s " "$@" >>{tmp_path}/calls; echo >>{tmp_path}/calls\n'
        'if [ "$1" = venv ]; then for last; do :; done\n'
        f'exec {sys.executable} -m venv --without-pip "$last"; fi\n'
    )
    uv.chmod(0o755)
    recorded.requirements = "something==1.0  # index\n"
    result = replay(recorded.write(), REPORTGEN_PYTHON="", PATH=f"{uv.parent}:{os.environ['PATH']}")
    assert result.returncode == 0, result.stderr
    calls = tmp_path.joinpath("calls").read_text().splitlines()
    assert [call.split()[:2] for call in calls] == [["venv", "--quiet"], ["pip", "install"]]
    assert "requirements.txt" in calls[1]


def test_the_script_is_made_again_with_the_same_bytes(recorded: Any) -> None:
    script = recorded.write()
    assert reproduce_script(RunView(recorded.folder)) == script.read_text()
