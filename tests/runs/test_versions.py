"""Runs of older versions must read the same for ever."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reportgen.fs.documents import parse_json, parse_yaml
from reportgen.fs.hashing import sha256_file
from reportgen.runs.numbers import to_stored
from reportgen.runs.schema import DOCUMENTS, Document, json_schemas, to_plain
from reportgen.runs.view import RunView

HERE = Path(__file__).resolve().parents[1] / "runs_by_version"
RUNS = sorted(path.with_suffix("").with_suffix("") for path in HERE.glob("*/*.expected.json"))


def reading(folder: Path) -> dict[str, Any]:
    """Everything that the reader makes of a folder, as plain values that JSON keeps."""
    view = RunView(folder).load()
    documents = {
        place: view.captured(place, kind)
        for place, kind in DOCUMENTS.items()
        if "<" not in place and view.exists(place) and place != "run.yaml"
    }
    found = {
        "format": view.format,
        "state": view.state,
        "tags": view.tags,
        "run": to_plain(view.run),
        "config": view.config,
        "config_sources": view.config_sources,
        "documents": {place: plain(document) for place, document in documents.items()},
        "checkpoints": {path: plain(document) for path, document in view.checkpoints.items()},
        "series": {
            name: {
                "steps": list(series.steps),
                "times": [to_stored(time) for time in series.times],
                "attempts": list(series.attempts),
                "settled": [[step, to_stored(value)] for step, value in series.settled()],
            }
            for name, series in view.series.items()
        },
        "events": [[event.kind, event.record, event.step] for event in view.metrics.events],
        "summary": to_plain(view.summary),
        "headline": view.headline_metric,
        "files": view.file_sizes,
        "problems": [
            [problem.id, problem.severity, problem.file, problem.line] for problem in view.problems
        ],
    }
    result: dict[str, Any] = json.loads(json.dumps(found))
    return result


def plain(document: Document | None) -> dict[str, Any] | None:
    return None if document is None else to_plain(document)


def assert_reads(found: Any, expected: Any, place: str) -> None:
    """What was read then is read now; a key that came later says nothing of an old run."""
    if isinstance(expected, dict) and place.count(".") and ("documents" in place or "run" in place):
        assert isinstance(found, dict), place
        for key, value in expected.items():
            assert_reads(found.get(key), value, f"{place}.{key}")
        new = {key: value for key, value in found.items() if key not in expected}
        assert not any(new.values()), f"{place} has {new}"
    else:
        assert found == expected, place


@pytest.mark.parametrize("folder", RUNS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_it_reads_as_it_did(folder: Path) -> None:
    expected = json.loads(folder.with_name(f"{folder.name}.expected.json").read_text())
    found = reading(folder)
    assert found.keys() == expected.keys()
    for part, value in expected.items():
        assert_reads(found[part], value, f"{folder.name}.{part}")


def test_there_are_runs_of_every_kind() -> None:
    kinds = {path.name for path in RUNS if path.parent.name == "v1"}
    assert kinds == {"written", "by_hand", "plain_tracker"}


def test_every_hash_of_the_seal_holds() -> None:
    folder = HERE / "v1" / "written"
    manifest = RunView(folder).manifest
    assert manifest is not None
    assert len(manifest.files) > 15
    for file in manifest.files:
        assert sha256_file(folder, file.path) == (file.sha256, file.bytes)


@pytest.mark.parametrize("place", [place for place in DOCUMENTS if "<" not in place])
def test_what_was_written_is_of_the_published_schema(place: str) -> None:
    path = HERE / "v1" / "written" / place
    if not path.exists():
        elsewhere = ("sweep.yaml", "models.yaml", "labels.yaml")
        assert place in (*elsewhere, "captured/optimizer.json", "captured/import.json")
        return
    parse = parse_json if place.endswith(".json") else parse_yaml
    parsed = parse(path.read_bytes(), name=place)
    assert parsed.notes == []
    jsonschema.Draft202012Validator(json_schemas()[place]).validate(parsed.value)


def test_no_machine_shows_in_what_was_written() -> None:
    for path in (HERE / "v1" / "written").rglob("*"):
        if path.is_file() and path.name != "reproduce.sh":  # it names /tmp for whoever runs it
            text = path.read_bytes()
            assert not [name for name in (b"/home/", b"/root", b"/tmp", b"/Users/") if name in text]
