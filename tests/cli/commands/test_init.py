"""``reportgen init``: shows, asks, writes once, never over something else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import reportgen
from reportgen.cli.main import main
from reportgen.config import load_settings
from reportgen.testing import git, make_repository, make_run

FILES = {
    "reportgen.toml",
    "runs/.gitignore",
    ".github/workflows/reportgen-audit.yml",
    ".github/workflows/reportgen-pages.yml",
}


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_repository(tmp_path / "lab")
    monkeypatch.chdir(folder)
    return folder


def written(folder: Path) -> set[str]:
    listed = git(folder, "status", "--porcelain", "--untracked-files=all", "--ignored")
    return {line[3:] for line in listed.splitlines()}


def test_it_shows_what_it_writes_and_writes_what_it_shows(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--yes"]) == 0
    said = capsys.readouterr()
    assert written(lab) == FILES
    shown = {}
    for part in said.out.split(" (new)\n")[1:]:
        name = said.out.split(part)[0].splitlines()[-1].removesuffix(" (new)")
        lines = [line[4:] for line in part.splitlines() if line.startswith("  | ")]
        shown[name] = "\n".join(lines) + "\n"
    assert shown == {name: (lab / name).read_text() for name in FILES}
    assert said.err.startswith("Wrote reportgen.toml, runs/.gitignore")


def test_without_a_terminal_it_writes_nothing_unless_told(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init"]) == 2
    said = capsys.readouterr()
    assert "reportgen.toml (new)" in said.out
    assert "nothing was written: 4 files are shown above. Say --yes" in said.err
    assert written(lab) == set()


def test_a_second_time_there_is_nothing_to_do(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--yes"]) == 0
    before = {name: (lab / name).stat().st_mtime_ns for name in FILES}
    capsys.readouterr()
    assert main(["init"]) == 0
    assert capsys.readouterr().out == "Everything is there already, nothing was written.\n"
    assert {name: (lab / name).stat().st_mtime_ns for name in FILES} == before


@pytest.mark.parametrize("name", sorted(FILES - {"reportgen.toml"}))
def test_what_is_there_with_other_content_is_never_overwritten(
    lab: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (lab / name).parent.mkdir(parents=True, exist_ok=True)
    (lab / name).write_text("mine\n")
    assert main(["init", "--yes"]) == 2
    said = capsys.readouterr()
    assert (said.out, f"{name}: is there already with other content" in said.err) == ("", True)
    assert written(lab) == {name}
    assert (lab / name).read_text() == "mine\n"


def test_a_link_in_the_place_of_a_file_is_not_written_through(lab: Path, tmp_path: Path) -> None:
    (lab / "runs").mkdir()
    (lab / "runs/.gitignore").symlink_to(tmp_path / "victim")
    assert main(["init", "--yes"]) == 2
    assert not (tmp_path / "victim").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("reportgen.toml", 'roots = ["experiments/all"]\n'),
        ("pyproject.toml", '[tool.reportgen]\nroots = ["experiments/all"]\n'),
    ],
)
def test_settings_that_are_there_are_kept_and_followed(lab: Path, name: str, text: str) -> None:
    (lab / name).write_text(text)
    assert main(["init", "--yes"]) == 0
    assert (lab / name).read_text() == text
    assert (lab / "experiments/all/.gitignore").is_file()
    assert not (lab / "runs").exists()
    assert not (lab / "reportgen.toml").exists() or name == "reportgen.toml"


def test_the_settings_are_settings_whatever_the_folder_is_called(tmp_path: Path) -> None:
    folder = tmp_path / 'a "b" \\ é'
    folder.mkdir()
    assert main(["init", str(folder), "--yes", "--root", "experiments"]) == 0
    settings = load_settings(folder, environ={})
    assert settings.roots == (folder / "experiments",)
    assert settings.site.title == folder.name
    assert tomllib.loads((folder / "reportgen.toml").read_text())["roots"] == ["experiments"]


@pytest.mark.parametrize("root", ["../runs", "/tmp/runs", ".", "a b", "$(x)", "a/../b", "-x", ""])
def test_a_root_that_could_mean_something_else_is_refused(lab: Path, root: str) -> None:
    assert main(["init", "--yes", f"--root={root}"]) == 2
    assert written(lab) == set()


def test_committed_runs_leave_what_is_large_behind(lab: Path) -> None:
    assert main(["init", "--yes", "--runs-in-git", "commit"]) == 0
    run = make_run(lab / "runs", "mlp", repository=lab)
    (run / "best_model.pt").write_bytes(b"weights")
    (run / "artifacts").mkdir()
    (run / "artifacts" / "big.bin").write_bytes(b"big")
    git(lab, "add", "--all")
    kept = set(git(lab, "ls-files", "runs").splitlines())
    place = "runs/digits/baseline/mlp"
    assert {f"{place}/run.yaml", f"{place}/metrics.jsonl", f"{place}/manifest.json"} <= kept
    assert f"{place}/checkpoints/checkpoint_epoch_9.json" in kept
    assert not [path for path in kept if path.endswith((".pt", ".bin"))]


def test_runs_kept_out_of_git_get_no_workflows_and_are_told_the_other_way(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--yes", "--runs-in-git", "ignore", "--root", "out"]) == 0
    assert written(lab) == {"reportgen.toml", "out/.gitignore"}
    assert "reportgen audit out --base-report base.json" in capsys.readouterr().out
    make_run(lab / "out", "mlp")
    git(lab, "add", "--all")
    assert git(lab, "ls-files", "out") == "out/.gitignore"


def test_an_older_pattern_that_ignores_runs_is_pointed_out(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (lab / ".gitignore").write_text("runs/\n")
    assert main(["init", "--yes"]) == 0
    assert "git still ignores runs/: take the line" in capsys.readouterr().err


def test_outside_of_a_repository_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path), "--yes"]) == 0
    assert "There is no git repository here yet" in capsys.readouterr().err


def test_the_workflows_install_this_version(lab: Path) -> None:
    assert main(["init", "--yes"]) == 0
    for name in FILES:
        text = (lab / name).read_text()
        assert "@VERSION@" not in text
        if name.endswith(".yml"):
            assert f'"reportgen-runs=={reportgen.__version__}"' in text


def answered(lab: Path, answers: str) -> tuple[int, str]:
    """Run the command on a terminal and type answers."""
    master, slave = pty.openpty()
    words = [sys.executable, "-m", "reportgen", "init"]
    process = subprocess.Popen(words, cwd=lab, stdin=slave, stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    os.write(master, answers.encode())
    output = process.communicate(timeout=60)[0].decode()
    os.close(master)
    return process.returncode, output


@pytest.mark.parametrize(
    ("answers", "status", "files"),
    [
        ("1\ny\n", 0, FILES),
        ("\nyes\n", 0, FILES),
        ("2\ny\n", 0, {"reportgen.toml", "runs/.gitignore"}),
        ("1\nn\n", 2, set()),
        ("1\n\n", 2, set()),
        ("3\n", 2, set()),
    ],
)
def test_on_a_terminal_it_asks(lab: Path, answers: str, status: int, files: set[str]) -> None:
    returned, output = answered(lab, answers)
    assert returned == status
    assert "Do runs live in git?" in output
    assert written(lab) == files
