"""Hostile folders and repositories: read, reported, never obeyed."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import socket
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hostile_env import CANARY, HostileEnvironment

from reportgen.audit.registry import CHECKS
from reportgen.runs.writer import seal
from reportgen.testing import git, make_repository, make_run

SECRET = "the content of a file outside"
TOUCH = f"touch {CANARY}"


class Payload:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (TOUCH,)


def test_links_are_listed_and_never_followed(hostile_env: HostileEnvironment) -> None:
    outside = hostile_env.folder.parent / "secret.txt"
    outside.write_text(SECRET)
    run = make_run(hostile_env.folder / "runs")
    for place in ("stdout.log", "config/configs/mlp.yaml", "requirements.txt", "git_diff.patch"):
        (run / place).unlink(missing_ok=True)
        (run / place).symlink_to(outside)
    (run / "a").symlink_to("b")
    (run / "b").symlink_to("a")
    (run / "up").symlink_to("..")
    (run / "zero").symlink_to("/dev/zero")
    (hostile_env.folder / "runs" / "loop").symlink_to(hostile_env.folder)
    done = hostile_env.run("audit", "runs")
    assert done.status == 1  # sealed files are no longer files
    assert SECRET not in done.stdout
    assert "stdout.log: is a link: not read, not followed" in done.stdout


def test_a_linked_run_yaml_is_refused(hostile_env: HostileEnvironment) -> None:
    run = make_run(hostile_env.folder / "runs")
    kept = hostile_env.folder / "kept.yaml"
    (run / "run.yaml").rename(kept)
    (run / "run.yaml").symlink_to(kept)
    done = hostile_env.run("audit", "runs")
    assert (done.status, done.stdout) == (2, "")
    assert "link" in done.stderr


@pytest.mark.parametrize("place", ["metrics.jsonl", "stderr.log", "manifest.json", "config.yaml"])
def test_pipes_sockets_and_folders_block_nothing(
    hostile_env: HostileEnvironment, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("pipe", "socket", "folder"):
        run = make_run(hostile_env.folder / "runs", kind)
        (run / place).unlink()
        if kind == "pipe":
            os.mkfifo(run / place)
        elif kind == "folder":
            (run / place).mkdir()
        else:
            monkeypatch.chdir(run)  # the path of a socket is short
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(place)
    assert hostile_env.run("audit", "runs").status in (1, 3)


def test_a_pipe_for_a_run_yaml_is_refused(hostile_env: HostileEnvironment) -> None:
    run = make_run(hostile_env.folder / "runs")
    (run / "run.yaml").unlink()
    os.mkfifo(run / "run.yaml")
    assert hostile_env.run("audit", "runs").status == 2


def test_yaml_that_would_build_objects_builds_none(hostile_env: HostileEnvironment) -> None:
    tags = (
        f"!!python/object/apply:os.system ['{TOUCH}']",
        "!!python/name:os.system",
        "!custom x",
        "!!binary aGVsbG8=",
    )
    for number, tag in enumerate(tags):
        run = make_run(hostile_env.folder / "runs", f"run{number}", sealed=False)
        for place in ("config.yaml", "environment.yaml", "git_info.yaml", "data.yaml"):
            (run / place).write_text(f"lr: {tag}\n")
        seal(run)
    done = hostile_env.run("audit", "runs")
    assert done.status == 1
    assert "hyperparameters.config-parses" in done.stdout


def test_bombs_and_huge_files_hit_their_limits(hostile_env: HostileEnvironment) -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{right}: &{right} [{','.join([f'*{left}'] * 10)}]\n"
        for left, right in zip("abcdefgh", "bcdefghi", strict=True)
    )
    bombed = make_run(hostile_env.folder / "runs", "bomb", files={"config.yaml": bomb})
    (bombed / "metrics.yaml").write_text("[" * 5000)
    long = make_run(hostile_env.folder / "runs", "long")
    with (long / "metrics.jsonl").open("ab") as log:
        log.write(b'{"step":1,"metrics":{"x":"' + b"a" * (3 << 20) + b'"}}\n')
        log.write(b"\n" * 10_000 + b'{"step": 50, {"step":51}\n' + b"\xff" * 40)
    sparse = make_run(hostile_env.folder / "runs", "sparse")
    os.truncate(sparse / "metrics.jsonl", 1 << 40)
    seal_text = (sparse / "manifest.json").read_text()
    (sparse / "manifest.json").write_text(
        seal_text.replace('"bytes": ', '"bytes": 1099511627776, "x": ')
    )
    done = hostile_env.run("audit", "runs")
    assert done.status == 1
    assert "limits." in done.stdout or "more than" in done.stdout or "at most" in done.stdout


NAMES = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=PWN()>',
    "\x1b]0;title\x07\x1b[2J\x1b]52;c;aGk=\x07",
    "\u202egnp.exe\u2066\u200b\ufeff",
    "::error::injected",
    "a\n::set-env name=PATH::x",
    "##[command]x",
    "$(touch PWNED) `touch PWNED`",
    "{{7*7}} ${7*7} %s {0.__class__}",
    "__proto__",
    "x" * 5000,
)


def make_runs_of_hostile_names(hostile_env: HostileEnvironment) -> None:
    """A run a name, with the name wherever a run holds text."""
    for number, text in enumerate(NAMES):
        make_run(
            hostile_env.folder / "runs",
            f"run{number}",
            run={
                "name": text,
                "notes": text,
                "tags": {text: text},
                "command": {"argv": ["train.py", f"--{text}", text]},
                "stopped_early": text,
                "status": "interrupted",
            },
            config={text: text, "lr": "${" + text},
            metrics=[
                {"step": step, "time": 1.0, "metrics": {text: value}}
                for step, value in enumerate((1.0, "NaN"))
            ],
            git={"branch": text, "commit": text},
            data={"inputs": [{"name": text, "path": text}]},
            files={"stderr.log": f"{text}\n", "requirements.txt": f"{text}\n"},
        )


def test_hostile_names_are_shown_and_never_obeyed(hostile_env: HostileEnvironment) -> None:
    make_runs_of_hostile_names(hostile_env)
    done = hostile_env.run("audit", "runs", environment={"GITHUB_ACTIONS": "true"})
    assert done.status == 1
    assert "<script>alert(1)</script>" in done.stdout
    assert "\\x1b" in done.stdout
    assert "\\u202e" in done.stdout


@pytest.mark.parametrize("output", ["sarif", "junit"])
def test_hostile_names_are_text_in_what_services_read(
    hostile_env: HostileEnvironment, output: str
) -> None:
    make_runs_of_hostile_names(hostile_env)
    done = hostile_env.run("audit", "runs", "--format", output)
    assert done.status == 1
    if output == "junit":
        cases = ElementTree.fromstring(done.stdout).iter("testcase")
        assert sum(1 for _ in cases) >= len(NAMES) * len(CHECKS)
    else:
        (run,) = json.loads(done.stdout)["runs"]
        assert {one["properties"]["run"] for one in run["results"] if "properties" in one} >= {
            "<script>alert(1)</script>",
            "__proto__",
            "$(touch PWNED) `touch PWNED`",
        }


def test_hostile_file_names(hostile_env: HostileEnvironment) -> None:
    run = make_run(hostile_env.folder / "runs")
    for name in (b"x\xff\xfe", b"a\nb", b"\x1b[2J", b"-rf", b".hidden", b"trail. "):
        with open(os.path.join(os.fsencode(run), name), "wb") as file:
            file.write(b"x")
    done = hostile_env.run("audit", "runs")
    assert "not sealed" in done.stdout
    json_done = hostile_env.run("audit", "runs", "--format", "json")
    assert json_done.status == done.status


def test_a_checkpoint_that_would_run_a_program_is_only_hashed(
    hostile_env: HostileEnvironment,
) -> None:
    evil = pickle.dumps(Payload())
    make_run(
        hostile_env.folder / "runs",
        checkpoints=False,
        files={"checkpoints/checkpoint_epoch_9.pt": evil, "predictions/val.npy": evil},
    )
    done = hostile_env.run("audit", "runs")
    assert "checkpoint_epoch_9.pt has no description that names its hash" in done.stdout


def hostile_config(repository: Path) -> None:
    """Every way that a repository's own configuration has to run a program."""
    program = repository / "evil.sh"
    program.write_text(f"#!/bin/sh\n{TOUCH}\ncat\n")
    program.chmod(0o755)
    hooks = repository / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "post-checkout", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\n{TOUCH}\n")
        (hooks / name).chmod(0o755)
    for key, value in {
        "core.fsmonitor": str(program),
        "core.hooksPath": str(hooks),
        "core.pager": str(program),
        "core.sshCommand": str(program),
        "core.attributesFile": str(repository / "attributes"),
        "core.worktree": "/",
        "diff.external": str(program),
        "diff.evil.textconv": str(program),
        "diff.evil.command": str(program),
        "filter.evil.clean": str(program),
        "filter.evil.smudge": str(program),
        "filter.evil.process": str(program),
        "gpg.program": str(program),
        "log.showSignature": "true",
        "credential.helper": f"!{TOUCH}",
        "alias.cat-file": f"!{TOUCH}",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::sh -c {TOUCH.replace(' ', '% ')}",
        "protocol.ext.allow": "always",
        "include.path": str(repository / "included"),
        "includeIf.gitdir:/**.path": str(repository / "included"),
        "url.ext::sh -c touch% PWNED.insteadOf": "https://",
        "uploadpack.packObjectsHook": str(program),
        "core.gitProxy": str(program),
        "core.editor": str(program),
        "core.askPass": str(program),
        "sequence.editor": str(program),
        "merge.evil.driver": str(program),
        "trailer.evil.command": str(program),
        "alias.log": f"!{TOUCH}",
        "alias.ls-tree": f"!{TOUCH}",
        "pager.log": str(program),
    }.items():
        git(repository, "config", "--file", str(repository / ".git/config"), key, value)
    (repository / "included").write_text(f"[core]\n\tfsmonitor = {program}\n")
    (repository / "attributes").write_text("* filter=evil diff=evil merge=evil\n")
    # The same size at another time: plain git would run the filter to tell whether it changed.
    os.utime(repository / "train.py", (1, 1))
    (repository / ".git/info").mkdir(exist_ok=True)
    (repository / ".git/info/attributes").write_text("* filter=evil diff=evil\n")
    (repository / ".gitattributes").write_text("* filter=evil diff=evil\n")
    for name in ("json.py", "reportgen.py", "sitecustomize.py", "conftest.py"):
        (repository / name).write_text(f"import os\nos.system({TOUCH!r})\n")


def test_a_hostile_repository_runs_nothing_and_changes_no_result(
    hostile_env: HostileEnvironment,
) -> None:
    repository = make_repository(hostile_env.folder / "lab")
    (repository / "helper.py").write_text("WIDTH = 64\n")
    make_run(repository / "runs", repository=repository)
    clean = hostile_env.run("audit", "lab/runs")
    hostile_config(repository)
    other = make_repository(hostile_env.folder.parent / "other", {"a.py": "a = 1\n"})
    (hostile_env.folder / "git").write_text(f"#!/bin/sh\n{TOUCH}\n")
    (hostile_env.folder / "git").chmod(0o755)
    done = hostile_env.run(
        "audit",
        "lab/runs",
        environment={
            "PATH": f".:{os.environ['PATH']}",
            "GIT_DIR": str(other / ".git"),
            "GIT_WORK_TREE": str(other),
            "GIT_OBJECT_DIRECTORY": str(other / ".git/objects"),
            "GIT_INDEX_FILE": "/nowhere",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "core.fsmonitor",
            "GIT_CONFIG_VALUE_0": TOUCH,
            "GIT_EXTERNAL_DIFF": TOUCH,
            "GIT_SSH_COMMAND": TOUCH,
            "GIT_TRACE": str(hostile_env.folder / "trace"),
            "PAGER": TOUCH,
        },
    )
    assert (done.status, done.stdout) == (clean.status, clean.stdout)
    assert "The gate passes" in done.stdout


def test_a_hostile_repository_runs_nothing_when_its_base_is_read(
    hostile_env: HostileEnvironment,
) -> None:
    repository = make_repository(hostile_env.folder / "lab")
    good = make_run(repository / "runs", "good", repository=repository)
    evil = pickle.dumps(Payload())
    crash = {"status": "failed", "exit_code": 1}
    files = {"checkpoints/checkpoint_epoch_8.pt": evil}
    make_run(repository / "runs", "gone", repository=repository, run=crash, files=files)
    (good / "outside").symlink_to(hostile_env.folder.parent / "secret.txt")
    (hostile_env.folder.parent / "secret.txt").write_text(SECRET)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "$(touch PWNED) `touch PWNED`")
    shutil.rmtree(good.parent / "gone")
    (good / "labels.yaml").write_text("notes: looked at\n")
    make_run(repository / "runs", "new", repository=repository, run=crash)
    clean = hostile_env.run("audit", "lab/runs", "--base", "main")
    hostile_config(repository)
    git_variables = {"GIT_EXTERNAL_DIFF": TOUCH, "GIT_SSH_COMMAND": TOUCH, "PAGER": TOUCH}
    done = hostile_env.run("audit", "lab/runs", "--base", "main", environment=git_variables)
    assert (done.status, done.stdout) == (clean.status, clean.stdout)
    assert done.status == 1
    assert "gone     gone   failed there: metrics.run-completed" in done.stdout
    assert SECRET not in done.stdout
    for revision in (f"--output={CANARY}", f"main; {TOUCH}", f"$({TOUCH})", "main@{upstream}"):
        refused = hostile_env.run("audit", "lab/runs", f"--base={revision}")
        assert (refused.status, refused.stdout) == (2, "")


def test_a_git_file_that_points_elsewhere_gives_nothing_away(
    hostile_env: HostileEnvironment,
) -> None:
    other = make_repository(hostile_env.folder.parent / "private")
    run = make_run(hostile_env.folder / "lab" / "runs")
    (hostile_env.folder / "lab" / ".git").write_text(f"gitdir: {other}/.git\n")
    commit = git(other, "rev-parse", "HEAD")
    done = hostile_env.run("audit", str(run))
    assert commit not in done.stdout
