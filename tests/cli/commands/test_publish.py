"""``reportgen publish`` against a repository on disk, and what it pushed below a base path."""

from __future__ import annotations

import json
import secrets
import subprocess
import urllib.request
from pathlib import Path

import pytest
from site_browser import served
from site_runs import records, seeded_run

from reportgen.cli.main import main
from reportgen.site.build import build_site


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def near(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose remote is ``far.git`` beside it, with a site."""
    git(tmp_path, "init", "-q", "--bare", "far.git")
    git(tmp_path, "init", "-q", "near")
    near = tmp_path / "near"
    git(near, "remote", "add", "origin", "../far.git")
    (near / "code.py").write_text("pass\n")
    seeded_run(near / "runs", 1, "one", lr=0.1, seed=1, metrics=records(steps=5))
    build_site([near / "runs"], near / "site")
    monkeypatch.chdir(near)
    return near


def branches(near: Path) -> str:
    return git(near.parent / "far.git", "branch", "--list")


def test_a_look_pushes_nothing(near: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["publish"]) == 0
    output, errors = capsys.readouterr()
    assert output.startswith("Facts on persons:")
    assert "Runs: 1\n" in output
    assert "Nothing was pushed. --yes pushes it to gh-pages" in errors
    assert branches(near) == ""


def test_one_commit_without_history_holds_the_site(near: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert main(["publish", "site", "--yes"]) == 0
    far = tmp_path / "far.git"
    assert git(far, "rev-list", "--count", "gh-pages") == "1"
    assert git(near, "status", "--porcelain", "--untracked-files=all", "code.py") == "?? code.py"
    assert not (near / "site" / ".git").exists()
    held = set(git(far, "ls-tree", "-r", "--name-only", "gh-pages").splitlines())
    site = near / "site"
    assert held == {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()}
    assert ".nojekyll" in held
    git(tmp_path, "clone", "-q", "-b", "gh-pages", str(far), "public/a/b")
    with served(tmp_path / "public") as address:
        page = urllib.request.urlopen(f"{address}/a/b/index.html").read()
    assert page == (site / "index.html").read_bytes()


def test_the_domain_of_the_branch_stays(near: Path, tmp_path: Path) -> None:
    assert main(["publish", "--yes"]) == 0
    git(tmp_path, "clone", "-q", "-b", "gh-pages", "far.git", "edit")
    (tmp_path / "edit" / "CNAME").write_text("runs.example.org\n")
    git(tmp_path / "edit", "add", "CNAME")
    git(tmp_path / "edit", "commit", "-q", "-m", "domain")
    git(tmp_path / "edit", "push", "-q")
    assert main(["publish", "--yes"]) == 0
    assert git(tmp_path / "far.git", "show", "gh-pages:CNAME") == "runs.example.org"
    assert git(tmp_path / "far.git", "rev-list", "--count", "gh-pages") == "1"


def test_a_secret_stops_it(near: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = "ghp_" + secrets.token_hex(18)
    (near / "site" / "data" / "notes.txt").write_text(secret)
    assert main(["publish", "--yes"]) == 2
    output, errors = capsys.readouterr()
    assert "data/notes.txt holds what looks like a secret" in errors
    assert secret not in output + errors
    assert branches(near) == ""


def test_the_result_as_json(near: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["publish", "--json", "--yes", "--branch", "pages"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["commit"] == git(near.parent / "far.git", "rev-parse", "pages")
    assert found["refused"] == []
    assert len(found["runs"]) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "is no site"),
        (["--remote", "nobody"], "there is no remote 'nobody'"),
        (["--remote", "--upload-pack=touch PWNED"], "is no remote"),
        (["--branch", "a b"], "no name of a branch"),
        (["--branch", "--force"], "--branch"),
    ],
)
def test_what_is_refused(
    words: list[str], said: str, near: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["publish", "--yes", *words]) == 2
    assert said in capsys.readouterr().err
    assert branches(near) == ""


def test_a_push_that_fails_says_so(near: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hook = near.parent / "far.git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho no entry >&2\nexit 1\n")
    hook.chmod(0o755)
    assert main(["publish", "--yes"]) != 0
    assert "git push refused" in capsys.readouterr().err
    assert branches(near) == ""
