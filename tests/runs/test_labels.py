from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import SchemaError, UnavailableError, UnreadableError, UnsafePathError
from reportgen.fs.documents import load_yaml
from reportgen.runs import lock
from reportgen.runs.labels import (
    Change,
    LabelEdit,
    changes,
    edit_labels,
    edited,
    group_in_force,
    notes_in_force,
    read_labels,
    tags_in_force,
)
from reportgen.runs.schema import Labels, Run
from reportgen.runs.view import RunView


def run_with(**keys: Any) -> Run:
    return Run(schema="reportgen.run/1", id="I", name="n", status="finished", created="", **keys)


RUN = run_with(tags={"goal": "baseline", "n": 1, "empty": None}, group="g", notes="why")


def test_labels_win_and_take_away() -> None:
    labels = Labels(tags={"goal": None, "n": 2, "more": True}, group="", notes="")
    assert tags_in_force(RUN, labels) == {"n": 2, "more": True, "empty": None}
    assert group_in_force(RUN, labels) is None
    assert notes_in_force(RUN, labels) is None
    assert tags_in_force(RUN, Labels()) == RUN.tags
    assert (group_in_force(RUN, Labels()), notes_in_force(RUN, Labels())) == ("g", "why")


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (LabelEdit(tags={"a": 1}), Labels(tags={"a": 1})),
        (LabelEdit(tags={"goal": "baseline"}), Labels()),
        (LabelEdit(tags={"n": True}), Labels(tags={"n": True})),
        (LabelEdit(tags={"n": 1.0}), Labels(tags={"n": 1.0})),
        (LabelEdit(untag=["goal"]), Labels(tags={"goal": None})),
        (LabelEdit(untag=["empty"]), Labels(tags={"empty": None})),
        (LabelEdit(untag=["never"]), Labels()),
        (LabelEdit(group="g"), Labels()),
        (LabelEdit(group="h"), Labels(group="h")),
        (LabelEdit(group=""), Labels(group="")),
        (LabelEdit(notes=""), Labels(notes="")),
        (LabelEdit(archived=True), Labels(archived=True)),
        (LabelEdit(archived=False), Labels()),
    ],
)
def test_what_run_yaml_says_is_not_said_again(edit: LabelEdit, expected: Labels) -> None:
    assert edited(RUN, Labels(), edit) == expected


def test_changes_are_what_reads_differently() -> None:
    after = Labels(tags={"goal": None, "n": True}, archived=True)
    assert changes(RUN, Labels(), after) == [
        Change("tags.goal", "baseline", None),
        Change("tags.n", 1, True),
        Change("archived", False, True),
    ]
    assert changes(RUN, after, after) == []


TAGS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2) | st.sampled_from(["x", "y"]))
TEXTS = st.none() | st.sampled_from(["", "one", "two"])


@given(
    own=TAGS,
    later=TAGS,
    tags=TAGS,
    untag=st.sets(st.sampled_from("abc")),
    group=TEXTS,
    notes=TEXTS,
    archived=st.none() | st.booleans(),
)
def test_an_edit_is_in_force_and_leaves_the_rest(
    own: Any, later: Any, tags: Any, untag: Any, group: Any, notes: Any, archived: Any
) -> None:
    run = run_with(tags=own, group="one", notes="two")
    before = Labels(tags=later or None)
    tags = {key: value for key, value in tags.items() if key not in untag}
    after = edited(run, before, LabelEdit(tags, untag, notes, group, archived))
    expected = {**tags_in_force(run, before), **tags}
    assert tags_in_force(run, after) == {k: v for k, v in expected.items() if k not in untag}
    assert group_in_force(run, after) == ("one" if group is None else group or None)
    assert notes_in_force(run, after) == ("two" if notes is None else notes or None)
    assert after.archived is bool(archived)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.yaml").write_text(
        "schema: reportgen.run/1\nid: I\nname: n\nstatus: finished\n"
        "created: '2026-11-23T10:15:00.123Z'\ntags: {goal: baseline}\n"
    )
    return folder


def edit(folder: Path, **what: Any) -> list[Change]:
    return edit_labels(folder, RunView(folder).run, LabelEdit(**what))


def test_the_file_lives_as_long_as_it_has_something_to_say(folder: Path) -> None:
    sealed = (folder / "run.yaml").read_bytes()
    assert edit(folder, tags={"goal": "x"}, archived=True) == [
        Change("tags.goal", "baseline", "x"),
        Change("archived", False, True),
    ]
    assert load_yaml((folder / "labels.yaml").read_bytes(), name="") == {
        "tags": {"goal": "x"},
        "archived": True,
    }
    view = RunView(folder)
    assert view.tags == {"goal": "x"}
    assert view.labels.archived
    edit(folder, tags={"goal": "baseline"}, archived=False)
    assert os.listdir(folder) == ["run.yaml"]
    assert (folder / "run.yaml").read_bytes() == sealed


def test_unknown_keys_are_kept(folder: Path) -> None:
    (folder / "labels.yaml").write_text("reviewer: k\narchived: true\n")
    edit(folder, archived=False)
    assert (folder / "labels.yaml").read_text() == "reviewer: k\n"


def test_an_edit_that_changes_nothing_writes_nothing(folder: Path) -> None:
    (folder / "labels.yaml").write_text("archived: true  # since May\n")
    assert edit(folder, archived=True) == []
    assert (folder / "labels.yaml").read_text() == "archived: true  # since May\n"


def test_text_is_read_as_it_was_spelled(folder: Path) -> None:
    (folder / "labels.yaml").write_text("notes: on\ngroup: 3.10\n")
    edit(folder, archived=True)
    assert read_labels(folder)[1] == Labels(notes="on", group="3.10", archived=True)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("[1]\n", SchemaError, "is no mapping"),
        ("tags: 5\n", SchemaError, "Mend that key"),
        ("a: [\n", UnreadableError, "labels.yaml:2"),
    ],
)
def test_what_would_be_lost_is_refused(
    folder: Path, text: str, error: type[Exception], says: str
) -> None:
    (folder / "labels.yaml").write_text(text)
    with pytest.raises(error, match=says):
        edit(folder, archived=True)
    assert (folder / "labels.yaml").read_text() == text


def test_a_link_is_not_written_through(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("archived: false\n")
    (folder / "labels.yaml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafePathError):
        edit(folder, archived=True)
    assert (tmp_path / "elsewhere").read_text() == "archived: false\n"


def test_two_edits_at_once_lose_none(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    assert lock.hold(descriptor)
    with pytest.raises(UnavailableError, match="somebody else"):
        edit(folder, archived=True)
    os.close(descriptor)
    assert edit(folder, archived=True)
