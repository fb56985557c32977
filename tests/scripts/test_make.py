"""The shell behind make: which Python it takes, which browser, what the demo's end means."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="make and its scripts need a POSIX shell")


def stub(folder: Path, name: str, body: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def run(
    script: str, *words: str, path: Path, cwd: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", SCRIPTS / script, *words],
        cwd=cwd,
        env={"PATH": str(path), **variables},
        capture_output=True,
        text=True,
    )


def link_tools(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).symlink_to(shutil.which(name) or pytest.fail(f"no {name}"))


@pytest.fixture
def bin_(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


class TestFindPython:
    def test_the_first_that_runs_is_taken(self, bin_: Path, tmp_path: Path) -> None:
        stub(bin_, "python3.13", "echo 'no such version' >&2; exit 127")
        good = stub(bin_, "python3", f'exec "{sys.executable}" "$@"')
        result = run("find_python.sh", path=bin_, cwd=tmp_path)
        assert (result.returncode, result.stdout, result.stderr) == (0, f"{good}\n", "")

    def test_the_one_asked_for_is_taken_or_refused(self, bin_: Path, tmp_path: Path) -> None:
        stub(bin_, "python3", f'exec "{sys.executable}" "$@"')
        result = run("find_python.sh", sys.executable, path=bin_, cwd=tmp_path)
        assert result.stdout == f"{sys.executable}\n"
        result = run("find_python.sh", "/a place/python", path=bin_, cwd=tmp_path)
        assert result.returncode == 1
        assert "/a place/python does not do; expected Python 3.11 or later" in result.stderr

    def test_an_old_python_does_not_do(self, bin_: Path, tmp_path: Path) -> None:
        old = "import sys; sys.version_info = (3, 10, 14, 'final', 0);"
        stub(bin_, "python3", f'exec "{sys.executable}" -c "{old} $2"')
        result = run("find_python.sh", path=bin_, cwd=tmp_path)
        assert result.returncode == 1
        assert "python3-venv" in result.stderr

    def test_a_python_without_ensurepip_does_not_do(self, bin_: Path, tmp_path: Path) -> None:
        bare = "import sys; sys.modules['ensurepip'] = None;"
        stub(bin_, "python3", f'exec "{sys.executable}" -c "{bare} $2"')
        assert run("find_python.sh", path=bin_, cwd=tmp_path).returncode == 1


class TestEnsureChromium:
    TOOLS = ("id", "mktemp", "tail", "rm", "touch", "chmod", "cp")

    def test_a_browser_that_is_there_is_enough(self, bin_: Path, tmp_path: Path) -> None:
        stub(bin_, "google-chrome", "exit 0")
        stub(bin_, "apt-get", "echo installing; exit 1")
        result = run("ensure_chromium.sh", path=bin_, cwd=tmp_path)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")

    def test_root_installs_the_package(self, bin_: Path, tmp_path: Path) -> None:
        link_tools(bin_, *self.TOOLS)
        (bin_ / "id").unlink()
        stub(bin_, "id", "echo 0")
        stub(
            bin_,
            "apt-get",
            f'echo "$@" >> "{tmp_path}/calls"\n[ "$1" = update ] || '
            f'cp "{bin_}/id" "{bin_}/chromium"',
        )
        result = run("ensure_chromium.sh", path=bin_, cwd=tmp_path, TMPDIR=str(tmp_path))
        assert result.returncode == 0
        assert result.stderr == ""
        assert (tmp_path / "calls").read_text().splitlines() == [
            "update",
            "install -y --no-install-recommends chromium",
        ]
        assert {path.name for path in tmp_path.iterdir()} == {"bin", "calls"}

    def test_a_failed_install_says_what_to_do(self, bin_: Path, tmp_path: Path) -> None:
        link_tools(bin_, *self.TOOLS)
        (bin_ / "id").unlink()
        stub(bin_, "id", "echo 0")
        stub(bin_, "apt-get", "echo 'E: no network' >&2; exit 100")
        result = run("ensure_chromium.sh", path=bin_, cwd=tmp_path, TMPDIR=str(tmp_path))
        assert result.returncode == 0
        assert "E: no network" in result.stderr
        assert "apt-get install chromium" in result.stderr

    def test_without_rights_nothing_is_tried(self, bin_: Path, tmp_path: Path) -> None:
        stub(bin_, "id", "echo 1000")
        stub(bin_, "sudo", "exit 1")
        stub(bin_, "apt-get", f'touch "{tmp_path}/called"')
        result = run("ensure_chromium.sh", path=bin_, cwd=tmp_path)
        assert result.returncode == 0
        assert "No Chromium found" in result.stderr
        assert not (tmp_path / "called").exists()


class TestInstallExamples:
    def calls(self, bin_: Path, tmp_path: Path, body: str) -> tuple[int, list[str], str]:
        python = stub(bin_, "python", f'echo "$@" >> calls\n{body}')
        result = run("install_examples.sh", str(python), path=bin_, cwd=tmp_path)
        return result.returncode, (tmp_path / "calls").read_text().splitlines(), result.stderr

    def test_the_lock_is_what_is_installed(self, bin_: Path, tmp_path: Path) -> None:
        status, calls, said = self.calls(bin_, tmp_path, "exit 0")
        assert (status, said) == (0, "")
        assert [call.partition(" install ")[2] for call in calls] == [
            "--require-hashes -r requirements.lock",
            "--no-deps -e .",
        ]

    def test_elsewhere_the_ranges_are_and_that_is_said(self, bin_: Path, tmp_path: Path) -> None:
        refuse = 'case "$*" in *--require-hashes*) exit 1;; esac'
        status, calls, said = self.calls(bin_, tmp_path, refuse)
        assert status == 0
        assert calls[-1].endswith("install -e .[examples]")
        assert "digits of the runs may differ" in said

    def test_nothing_to_be_had_is_a_failure(self, bin_: Path, tmp_path: Path) -> None:
        assert self.calls(bin_, tmp_path, "exit 1")[0] == 1


class TestDemo:
    def demo(self, tmp_path: Path, audit: int, build: int) -> subprocess.CompletedProcess[str]:
        stub(
            tmp_path / ".venv" / "bin",
            "reportgen",
            f'echo "$@" >> calls; [ "$1" = audit ] && exit {audit}; exit {build}',
        )
        return run("demo.sh", path=Path("/nonexistent"), cwd=tmp_path)

    @pytest.mark.parametrize(
        ("audit", "word"),
        [(0, "The gate passes."), (1, "The gate fails"), (3, "could not be read")],
    )
    def test_any_verdict_ends_well(self, tmp_path: Path, audit: int, word: str) -> None:
        result = self.demo(tmp_path, audit, 0)
        assert result.returncode == 0
        assert word in result.stdout
        assert f"{tmp_path}/site/index.html" in result.stdout
        assert (tmp_path / "calls").read_text().splitlines() == [
            "audit example_runs",
            "build example_runs -o site",
        ]

    @pytest.mark.parametrize(("audit", "build", "status"), [(2, 0, 2), (4, 0, 4), (1, 2, 2)])
    def test_a_fault_is_passed_on(
        self, tmp_path: Path, audit: int, build: int, status: int
    ) -> None:
        result = self.demo(tmp_path, audit, build)
        assert result.returncode == status
        assert "index.html" not in result.stdout
