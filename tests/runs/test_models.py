"""models.yaml: names bound to checkpoints, moved with their history, and hashed again."""

from __future__ import annotations

import json
from difflib import ndiff
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import NotFoundError, ReportgenError, UnavailableError, UsageError
from reportgen.fs.documents import dump_yaml
from reportgen.runs.beside import read_promotions
from reportgen.runs.model_check import check_registry
from reportgen.runs.models import (
    Promoted,
    bindings,
    parse_name,
    plan_promotion,
    promote,
    read_registry,
)
from reportgen.runs.view import RunView
from reportgen.runs.writer import seal

NOW = "2026-11-23T10:15:00.123Z"
LATER = "2026-11-24T10:15:00.123Z"


def make_run(root: Path, name: str, content: bytes = b"weights") -> RunView:
    folder = root / "digits" / name
    (folder / "checkpoints").mkdir(parents=True)
    run = {"schema": "reportgen.run/1", "id": f"ID-{name}", "name": name, "created": NOW}
    (folder / "run.yaml").write_text(dump_yaml({**run, "project": "digits", "status": "finished"}))
    for epoch in (1, 2):
        (folder / "checkpoints" / f"{epoch}.pt").write_bytes(content + bytes([epoch]))
        metric = {"name": "val/accuracy", "value": 0.9 - epoch / 10}
        document = {"epoch": epoch, "metric": metric}
        (folder / "checkpoints" / f"{epoch}.json").write_text(json.dumps(document))
    seal(folder)
    return RunView(folder)


def given_name(view: RunView, name: str = "digits@champion", **more: Any) -> Promoted:
    plan = plan_promotion(view, name, now=more.pop("now", NOW), **more)
    promote(plan)
    return plan


def test_a_name_is_bound_to_the_best_checkpoint_by_its_hash(tmp_path: Path) -> None:
    given_name(make_run(tmp_path, "a"), note="first")
    raw = yaml.safe_load((tmp_path / "models.yaml").read_text())
    assert raw == {
        "schema": "reportgen.models/1",
        "models": {
            "digits": {
                "champion": {
                    "run": "ID-a",
                    "checkpoint": "checkpoints/1.pt",
                    "sha256": sha256(b"weights\1").hexdigest(),
                    "path": "digits/a",
                    "promoted": NOW,
                    "metric": {"name": "val/accuracy", "value": 0.8},
                    "note": "first",
                }
            }
        },
    }


def test_what_an_alias_stood_for_stays_in_its_history(tmp_path: Path) -> None:
    for number, name in enumerate("abc"):
        given_name(make_run(tmp_path, name), now=f"2026-11-2{number}T00:00:00.000Z")
    registry = read_registry(tmp_path)
    assert registry is not None
    ((name, alias, binding),) = bindings(registry)
    assert (name, alias, binding.run) == ("digits", "champion", "ID-c")
    assert [(one.run, one.until) for one in binding.history] == [
        ("ID-b", "2026-11-22T00:00:00.000Z"),
        ("ID-a", "2026-11-21T00:00:00.000Z"),
    ]


def test_the_change_is_of_the_lines_that_change(tmp_path: Path) -> None:
    given_name(make_run(tmp_path, "a"))
    given_name(make_run(tmp_path, "b"), "other@candidate")
    before = (tmp_path / "models.yaml").read_text().splitlines()
    given_name(make_run(tmp_path, "c"), "another@x")
    after = (tmp_path / "models.yaml").read_text().splitlines()
    assert [line for line in ndiff(before, after) if line.startswith("- ")] == []


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    view = make_run(tmp_path, "a")
    given_name(view)
    text = (tmp_path / "models.yaml").read_text()
    assert not plan_promotion(view, "digits@champion", now=LATER).changed
    assert (tmp_path / "models.yaml").read_text() == text
    assert plan_promotion(view, "digits@champion", now=LATER, checkpoint="checkpoints/2.pt").changed


def test_the_audit_reads_what_is_bound_now(tmp_path: Path) -> None:
    given_name(make_run(tmp_path, "a"))
    given_name(make_run(tmp_path, "b"))
    (found,) = read_promotions(tmp_path)
    assert (found.name, found.run) == ("models.digits.champion", "ID-b")
    assert found.sha256 == sha256(b"weights\1").hexdigest()


def test_only_the_checkpoint_that_was_sealed_is_bound(tmp_path: Path) -> None:
    view = make_run(tmp_path, "a")
    (view.folder / "checkpoints" / "1.pt").write_bytes(b"other")
    with pytest.raises(UsageError, match="is not the file that the run sealed"):
        plan_promotion(view, "digits@champion", now=NOW)
    with pytest.raises(NotFoundError, match=r"there is no checkpoint 'checkpoints/9\.pt'"):
        plan_promotion(view, "digits@champion", now=NOW, checkpoint="checkpoints/9.pt")
    with pytest.raises(NotFoundError):
        plan_promotion(view, "digits@champion", now=NOW, checkpoint="../../../etc/passwd")
    assert not (tmp_path / "models.yaml").exists()


def test_two_at_once_lose_nothing(tmp_path: Path) -> None:
    one = plan_promotion(make_run(tmp_path, "a"), "digits@one", now=NOW)
    given_name(make_run(tmp_path, "b"), "digits@two")
    with pytest.raises(UnavailableError, match="was changed meanwhile"):
        promote(one)
    assert "ID-b" in (tmp_path / "models.yaml").read_text()


@given(st.text(max_size=20))
def test_names_are_what_they_should_be_or_refused(text: str) -> None:
    try:
        name, alias = parse_name(text)
    except UsageError:
        return
    assert f"{name}@{alias}" == text
    assert name.isascii()
    assert not {"/", "\n", " ", "@"} & set(name + alias)


@pytest.mark.parametrize(
    "text", ["", "digits", "@x", "digits@", "a b@c", "a@b@c", "-a@b", "../a@b", "a@../b"]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="NAME@ALIAS"):
        parse_name(text)


# -- hashed again -----------------------------------------------------------------------------


def faults(root: Path) -> list[tuple[str, str]]:
    return [(one.path, one.fault) for one in check_registry(root).differences]


def test_a_registry_that_holds(tmp_path: Path) -> None:
    given_name(make_run(tmp_path, "a"))
    check = check_registry(tmp_path)
    assert (check.bound, check.bytes, check.differences) == (1, 8, [])


def test_a_run_that_moved_is_found_by_its_id(tmp_path: Path) -> None:
    given_name(make_run(tmp_path, "a"))
    (tmp_path / "digits" / "a").rename(tmp_path / "digits" / "renamed")
    assert check_registry(tmp_path).bound == 1


def test_each_way_not_to_hold_is_named(tmp_path: Path) -> None:
    for name in "abcd":
        given_name(make_run(tmp_path, name), f"digits@{name}")
    digits = tmp_path / "digits"
    (digits / "a" / "checkpoints" / "1.pt").write_bytes(b"other")
    (digits / "b" / "checkpoints" / "1.pt").unlink()
    (digits / "b" / "manifest.json").unlink()
    (digits / "c" / "checkpoints" / "1.pt").unlink()
    (digits / "d" / "run.yaml").unlink()
    assert faults(tmp_path) == [
        ("digits@a", "changed"),
        ("digits@b", "missing"),
        ("digits@d", "missing"),
    ]
    assert check_registry(tmp_path).sealed_only == ["digits@c"]


def test_a_link_in_the_place_of_a_checkpoint_is_not_followed(tmp_path: Path) -> None:
    view = make_run(tmp_path, "a")
    given_name(view)
    place = view.folder / "checkpoints" / "1.pt"
    place.rename(tmp_path / "kept")
    place.symlink_to(tmp_path / "kept")
    assert faults(tmp_path) == [("digits@champion", "unreadable")]


@pytest.mark.parametrize(
    "text",
    [
        "models: {}\n",
        "schema: reportgen.models/2\nmodels: {}\n",
        "schema: reportgen.models/1\nmodels: []\n",
        "schema: reportgen.models/1\nmodels: {a: {b: {run: x, checkpoint: y, sha256: z}}}\n",
        "[",
    ],
)
def test_what_is_no_registry_is_refused_and_stays(tmp_path: Path, text: str) -> None:
    view = make_run(tmp_path, "a")
    (tmp_path / "models.yaml").write_text(text)
    with pytest.raises(ReportgenError, match=r"models\.yaml"):
        check_registry(tmp_path)
    with pytest.raises(ReportgenError, match=r"models\.yaml"):
        plan_promotion(view, "digits@champion", now=NOW)
    assert (tmp_path / "models.yaml").read_text() == text


def test_a_path_of_the_registry_that_leaves_its_folder_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    given_name(make_run(root, "a"))
    (root / "digits" / "a").rename(tmp_path / "outside")
    text = (root / "models.yaml").read_text().replace("path: digits/a", "path: ../outside")
    (root / "models.yaml").write_text(text)
    assert faults(root) == [("digits@champion", "missing")]
