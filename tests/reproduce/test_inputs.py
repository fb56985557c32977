"""Inputs are known by their fingerprints, and a missing one by where it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import UnavailableError
from reportgen.fs.hashing import sha256_bytes, sha256_folder
from reportgen.reproduce.inputs import FoundInput, find_inputs, origin, place_inputs
from reportgen.runs.schema import Input

CONTENT = b"1,2\n"
TABLE = Input(name="t", path="data/t.csv", sha256=sha256_bytes(CONTENT), bytes=4)


def found(recorded: Input, *around: Path, tracked: bool = False) -> FoundInput:
    (one,) = find_inputs([recorded], in_tree=lambda path: tracked, around=around)
    return one


def holding(folder: Path, content: bytes = CONTENT) -> Path:
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "t.csv").write_bytes(content)
    return folder


def test_from_the_first_folder_that_holds_just_this(tmp_path: Path) -> None:
    other, right = holding(tmp_path / "other", b"x"), holding(tmp_path / "right")
    assert found(TABLE, other, right).kept == right / "data/t.csv"
    assert found(TABLE, tmp_path, other).state == "other"
    assert found(TABLE, tmp_path).state == "missing"
    assert found(TABLE, right, tracked=True).state == "code"
    tree = tmp_path / "tree"
    tree.mkdir()
    assert place_inputs(tree, [found(TABLE, right)]) == []
    assert (tree / "data/t.csv").read_bytes() == CONTENT


def test_a_folder_by_the_hash_of_its_files(tmp_path: Path) -> None:
    folder = holding(tmp_path / "kept") / "data"
    recorded = Input(name="d", path="data", sha256=sha256_folder(folder)[0], files=1)
    tree = tmp_path / "tree"
    tree.mkdir()
    assert place_inputs(tree, [found(recorded, tmp_path / "kept")]) == []
    assert (tree / "data/t.csv").read_bytes() == CONTENT
    (folder / "more.csv").write_bytes(b"")
    assert found(recorded, tmp_path / "kept").state == "other"


def test_one_outside_the_repository_is_read_where_it_is(tmp_path: Path) -> None:
    place = holding(tmp_path) / "data/t.csv"
    recorded = Input(name="t", path=str(place), sha256=TABLE.sha256)
    assert found(recorded).state == "place"
    place.write_bytes(b"other")
    assert found(recorded).state == "other"
    place.unlink()
    with pytest.raises(UnavailableError, match="not here"):
        place_inputs(tmp_path, [found(recorded)])


def test_a_record_that_names_what_is_no_data(tmp_path: Path) -> None:
    for path in ("/dev/zero", "~no-such-user/x", "/\0", "../" * 3):
        recorded = Input(name="t", path=path, sha256=TABLE.sha256)
        assert found(recorded).state in ("missing", "other", "place")
    assert found(Input(name="t", path="/", sha256=TABLE.sha256)).state == "place"
    assert found(Input(name="t", path="/dev/zero", sha256=TABLE.sha256)).state == "other"


def test_what_the_tree_holds_may_still_be_another(tmp_path: Path) -> None:
    holding(tmp_path, b"changed")
    assert place_inputs(tmp_path, [found(TABLE, tracked=True)]) == ["data/t.csv"]


def test_what_is_no_file_needs_no_file() -> None:
    listed = [Input(name="p", path="x", version={"kind": "package", "name": "sklearn"})]
    listed += [Input(name="g", version={"kind": "generator", "seed": 1}), Input(name="n")]
    assert find_inputs(listed, in_tree=lambda path: False, around=[]) == []


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (None, ""),
        ({"kind": "dvc", "md5": "ab"}, "; `dvc pull data/t.csv` brings it (md5 ab)"),
        ({"kind": "hf", "commit": "c1"}, "; it came by hf (commit c1)"),
        (
            {"kind": "url", "url": "https://example.org"},
            "; it came by url (url https://example.org",
        ),
        ({"kind": ["odd"]}, ""),
    ],
)
def test_where_a_missing_one_came_from(version: dict[str, Any] | None, words: str) -> None:
    recorded = Input(name="t", path="data/t.csv", version=version)
    assert origin(recorded).startswith(words)
    assert bool(origin(recorded)) is bool(words)
