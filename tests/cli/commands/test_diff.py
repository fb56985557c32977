from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reportgen.cli.main import main
from reportgen.testing import git, make_repository, make_run


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    make_repository(folder)
    monkeypatch.chdir(folder)
    return folder


def commit_of(repository: Path) -> str:
    return git(repository, "rev-parse", "HEAD").strip()


def test_twins_do_not_differ(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = make_run(tmp_path / "a", "one"), make_run(tmp_path / "b", "other")
    assert main(["diff", str(one), str(other)]) == 0
    assert capsys.readouterr().out.endswith("No difference.\n")


def test_a_difference_is_status_1_and_only_where_it_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = str(make_run(tmp_path / "a", "one"))
    other = str(make_run(tmp_path / "b", "other", config={"lr": 0.2}))
    assert main(["diff", one, other]) == 1
    assert "config\tlr\t0.1\t0.2\n" in capsys.readouterr().out
    assert main(["diff", one, other, "--only", "metrics,data"]) == 0
    assert main(["diff", one, other, "--only", "config", "--json"]) == 1
    found = json.loads(capsys.readouterr().out.partition("No difference.\n")[2])
    assert found["differing"] == ["config"]
    assert "metrics" not in found


def test_the_tolerance(add_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = (
        str(add_run(name, {"loss": [1.0, value]})) for name, value in (("a", 0.5), ("b", 0.5000001))
    )
    assert main(["diff", one, other, "--only", "metrics"]) == 1
    assert main(["diff", one, other, "--only", "metrics", "--tolerance", "1e-6"]) == 0
    assert main(["diff", one, other, "--tolerance", "-1"]) == 2
    assert main(["diff", one, other, "--tolerance", "nan"]) == 2


def test_an_unknown_part_names_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = str(make_run(tmp_path))
    assert main(["diff", run, run, "--only", "metric"]) == 2
    assert "Did you mean metrics?" in capsys.readouterr().err.replace("'", "").replace("`", "")


def test_code_is_compared_between_the_recorded_trees(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = make_run(repository / "runs", "first", repository=repository)
    script = next(path for path in sorted(repository.rglob("*.py")) if "runs" not in path.parts)
    script.write_text(script.read_text() + "CHANGED = 1\n")
    git(repository, "commit", "-qam", "change")
    second = make_run(repository / "runs", "second", repository=repository)
    assert main(["diff", str(first), str(second), "--only", "code"]) == 1
    out = capsys.readouterr().out
    assert "\n+CHANGED = 1\n" in out
    assert "Code, from A to B: 1 file, +1 -0:" in out
    assert main(["diff", str(second), str(first), "--only", "code", "--json"]) == 1
    code = json.loads(capsys.readouterr().out)["code"]
    assert code["changes_from"] == "trees"
    assert "\n-CHANGED = 1\n" in code["changes"][0]["text"]


def test_without_a_repository_the_patches_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patch = "diff --git a/m.py b/m.py\n--- a/m.py\n+++ b/m.py\n@@ -1 +1 @@\n-a\n+{}\n"
    runs = [
        make_run(
            tmp_path / name,
            name,
            git={"dirty": True, "tree": name * 40},
            files={"git_diff.patch": patch.format(name)},
        )
        for name in ("a", "b")
    ]
    assert main(["diff", *map(str, runs), "--only", "code"]) == 1
    out = capsys.readouterr().out
    assert "between the recorded patches" in out
    assert "\n-+a\n++b\n" in out


def test_another_commit_without_a_repository_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = make_run(tmp_path / "a", "one")
    other = make_run(tmp_path / "b", "other", git={"commit": "0" * 40, "tree": "1" * 40})
    assert main(["diff", str(one), str(other)]) == 1
    assert "No diff of the code: no repository is at hand" in capsys.readouterr().out


def test_as_a_process(tmp_path: Path) -> None:
    one = make_run(tmp_path / "a", "one")
    other = make_run(tmp_path / "b", "other", seed=9)
    words = [sys.executable, "-m", "reportgen", "diff", str(one), str(other)]
    result = subprocess.run(words, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr == ""
    assert "They differ in " in result.stdout
