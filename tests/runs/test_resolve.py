from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import NewerVersionError, NotFoundError, UsageError
from reportgen.runs.resolve import resolve_run


@pytest.fixture
def roots(make_run: Any, tmp_path: Path) -> list[Path]:
    make_run("runs/a/one", run={"id": "ID1", "name": "first"})
    make_run("runs/b/one", run={"id": "ID2", "name": "second"})
    make_run("runs/b/three", run={"id": "ID3", "name": "third run"})
    make_run("runs/b/new", run={"schema": "reportgen.run/2"})
    return [tmp_path / "runs", tmp_path / "gone"]


@pytest.mark.parametrize("text", ["ID3", "third run", "three"])
def test_by_id_name_and_folder(roots: list[Path], text: str) -> None:
    assert resolve_run(text, roots).id == "ID3"


def test_by_path(roots: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve_run(str(roots[0] / "a" / "one"), []).id == "ID1"
    monkeypatch.chdir(roots[0] / "b")
    assert resolve_run("one", roots).id == "ID2"


def test_an_ambiguous_name_lists_the_candidates(roots: list[Path]) -> None:
    with pytest.raises(UsageError, match="2 runs are called 'one'") as caught:
        resolve_run("one", roots)
    for folder in ("a/one", "b/one"):
        assert str(roots[0] / folder) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"), [("thrid run", "Did you mean third run?"), ("xyz", "reportgen list")]
)
def test_no_such_run(roots: list[Path], text: str, says: str) -> None:
    with pytest.raises(NotFoundError, match="no run") as caught:
        resolve_run(text, roots)
    assert says in str(caught.value)


def test_the_empty_text_means_no_run(roots: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(roots[0] / "a" / "one")
    with pytest.raises(NotFoundError):
        resolve_run("", roots)


def test_a_run_that_cannot_be_read_says_why(roots: list[Path]) -> None:
    with pytest.raises(NewerVersionError):
        resolve_run("new", roots)
    with pytest.raises(NewerVersionError):
        resolve_run(str(roots[0] / "b" / "new"), roots)
