"""Sealed documents that were changed, found by their hashes alone."""

from __future__ import annotations

from reportgen.reproduce.refusals import changed_since_sealed, sealed_hashes
from reportgen.runs.view import RunView


def test_a_run_as_it_was_sealed(recorded: RunView) -> None:
    assert changed_since_sealed(recorded) == []
    assert "metrics.jsonl" in sealed_hashes(recorded)


def test_documents_that_were_changed_or_taken_away(recorded: RunView) -> None:
    place = recorded.folder / "metrics.jsonl"
    place.write_bytes(place.read_bytes().replace(b'"step":7', b'"step":8'))
    (recorded.folder / "data.yaml").unlink()
    changed = changed_since_sealed(RunView(recorded.folder))
    assert changed == ["metrics.jsonl", "data.yaml"]


def test_a_run_without_a_seal(recorded: RunView) -> None:
    (recorded.folder / "manifest.json").unlink()
    assert changed_since_sealed(RunView(recorded.folder)) == []
