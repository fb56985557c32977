from __future__ import annotations

import getpass
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from published_checks import check_ids, named_in

from reportgen.capture import environment
from reportgen.cli import preview
from reportgen.cli.commands import doctor
from reportgen.cli.main import main
from reportgen.cli.optional_packages import OPTIONAL
from reportgen.runs.schema import Editable
from reportgen.testing import git


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a commit, a lock file and a remote, and the working directory in it."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "train.py").write_text("print(1)\n")
    (folder / "uv.lock").write_text("version = 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    git(folder, "remote", "add", "origin", "https://example.org/a/b.git")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(preview, "_network_file_system", lambda place: None)
    # In a checkout reportgen itself is one.
    monkeypatch.setattr(environment, "editable_packages", lambda top: {})
    return folder


def diagnosis(capsys: pytest.CaptureFixture[str], status: int = 0) -> dict[str, Any]:
    assert main(["doctor", "--json"]) == status
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def checks(result: dict[str, Any]) -> set[str]:
    return {lack["check"] for lack in result["missing"]} - {None, "environment.container-digest"}


def test_everything_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = diagnosis(capsys)
    assert result["schema"] == "reportgen.doctor/1"
    assert checks(result) == set()
    code = result["captured"]["code"]
    assert code["commit"] == git(project, "rev-parse", "HEAD").strip()
    assert (code["branch"], code["dirty"], code["changed"], code["remote"]) == (
        *("main", False, 0, True),
    )
    assert result["captured"]["lock_file"] == ["uv.lock"]
    assert result["captured"]["roots"] == ["runs"]
    assert result["captured"]["settings"] is None
    assert result["captured"]["seeds"][0] == "python"
    assert result["captured"]["hardware"]["cores"] >= 1
    assert result["installed"]["git"][0].isdigit()


def test_as_text_in_one_line_each(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "train.py").write_text("print(2)\n")
    (project / "new.py").write_text("")
    (project / "reportgen.toml").write_text('roots = ["out"]\n')
    assert main(["doctor"]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines() if line]
    said = {first[0]: first[1] for first in lines if len(first) == 2}
    commit = git(project, "rev-parse", "--short=12", "HEAD").strip()
    text = f"commit {commit} on main, 3 uncommitted files kept as a patch of "
    assert said["code"].startswith(text)
    assert said["settings"] == "reportgen.toml"
    assert said["roots"] == "out"


def test_outside_of_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    result = diagnosis(capsys, status=1)
    (lack,) = (lack for lack in result["missing"] if lack["matters"])
    assert lack["check"] == "code.commit-recorded"
    assert "not a git repository" in lack["what"]
    assert "git init" in lack["fix"]


def test_a_repository_without_a_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    git(tmp_path, "init", "--quiet")
    monkeypatch.chdir(tmp_path)
    result = diagnosis(capsys, status=1)
    assert [lack["fix"][:15] for lack in result["missing"] if lack["matters"]] == [
        "Commit the code"
    ]


def test_without_git(project: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    result = subprocess.run(
        [sys.executable, "-m", "reportgen", "doctor"],
        env={**os.environ, "PATH": str(tmp_path / "bin")},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1, result.stderr
    assert "The code would not be recorded: git is not installed" in result.stdout
    assert "Install git" in result.stdout
    assert result.stderr == ""


def test_what_an_audit_would_find(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(project, "rm", "--quiet", "uv.lock")
    git(project, "remote", "remove", "origin")
    (project / "big.bin").write_bytes(os.urandom(2_000_000))
    assert checks(diagnosis(capsys)) == {
        "environment.lock-present",
        "code.remote-usable",
        "code.untracked-captured",
    }


def test_a_package_in_a_folder_with_changes(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {
        "committed": Editable(commit="a" * 40, dirty=False),
        "changed": Editable(commit="a" * 40, dirty=True),
        "nowhere": Editable(),
    }
    monkeypatch.setattr(environment, "editable_packages", lambda top: found)
    result = diagnosis(capsys)
    assert checks(result) == {"code.editable-deps-pinned"}
    named = {
        lack["what"].split()[0] for lack in result["missing"] if lack["fix"] == "Commit it there"
    }
    assert named == {"changed", "nowhere"}


def test_a_container_of_an_unknown_image(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking() -> list[str]:
        return [lack["check"] for lack in diagnosis(capsys)["missing"]]

    monkeypatch.setenv("container", "podman")
    assert lacking() == ["environment.container-digest"]
    monkeypatch.setenv("REPORTGEN_CONTAINER", "image:latest")
    assert lacking() == ["environment.container-digest"]
    monkeypatch.setenv("REPORTGEN_CONTAINER", f"image@sha256:{'0' * 64}")
    assert lacking() == []


def test_a_root_that_cannot_be_written_to(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "reportgen.toml").write_text('roots = ["train.py/runs"]\n')
    (lack,) = (lack for lack in diagnosis(capsys, status=1)["missing"] if lack["matters"])
    assert lack["what"].startswith("train.py/runs cannot be written to")


def test_a_network_file_system(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import psutil

    part = type("Part", (), {"mountpoint": str(project), "fstype": "nfs4"})
    monkeypatch.undo()
    monkeypatch.chdir(project)
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: [part])
    assert any("(nfs4)" in lack["what"] for lack in diagnosis(capsys)["missing"])
    monkeypatch.setattr(part, "fstype", "ext4")
    assert not any("network" in lack["what"] for lack in diagnosis(capsys)["missing"])


def test_packages_that_are_missing_or_a_stranger_s(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "missing_requirements", lambda: ["orjson"])
    monkeypatch.setattr(doctor, "version_of", lambda name: "0.1.0")
    fixes = [lack["fix"] for lack in diagnosis(capsys, status=1)["missing"] if lack["matters"]]
    assert fixes == [
        "pip install orjson",
        "pip uninstall reportgen, then install reportgen-runs again",
    ]


def test_it_names_nobody(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert main(["doctor", "--json"]) == 0
    out += capsys.readouterr().out
    assert socket.gethostname() not in out
    assert str(project) not in out
    assert os.path.expanduser("~") not in out.replace(str(project), "")
    if len(getpass.getuser()) > 4:
        assert getpass.getuser() not in out


def test_every_check_that_it_names_exists() -> None:
    named = named_in(Path(preview.__file__).read_text(encoding="utf-8"))
    assert len(named) >= 9
    assert named <= check_ids()


def test_nobody_is_sent_to_the_stranger_s_package() -> None:
    for package in OPTIONAL:
        assert "pip install reportgen" not in package.install
        assert package.extra is None or package.install.endswith(
            f"reportgen-runs[{package.extra}]'"
        )


def test_it_imports_no_optional_package(project: Path) -> None:
    code = (
        "import sys; from reportgen.cli.main import main; main(['doctor', '--quiet'])\n"
        "print({'torch', 'matplotlib', 'tensorboard', 'pandas', 'numpy'} & set(sys.modules),"
        " file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stderr == "set()\n"
