"""The ledger on the page of a run: what is about this run, the latest first, all of it text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen.fs.documents import dump_yaml
from reportgen.runs.view import RunView
from reportgen.site.build import build_site
from reportgen.site.parts.reproductions import ROWS, reproductions_of

RUN = {
    "schema": "reportgen.run/1",
    "id": "01JD3W8M7T4Q",
    "name": "a",
    "status": "finished",
    "created": "2026-11-23T10:15:00.123Z",
}
ENTRY: dict[str, Any] = {
    "schema": "reportgen.reproduction/1",
    "run": RUN["id"],
    "verdict": "identical",
    "steps": 20,
    "band": 1e-5,
    "created": "2026-11-24T10:15:00.000Z",
    "cold": True,
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "a"
    (folder / "reproductions").mkdir(parents=True)
    (folder / "run.yaml").write_text(dump_yaml(RUN))
    return folder


def add(folder: Path, name: str, **changed: Any) -> None:
    (folder / "reproductions" / f"{name}.yaml").write_text(dump_yaml({**ENTRY, **changed}))


def test_the_latest_attempt_comes_first(run: Path) -> None:
    add(run, "a")
    first = {"series": "loss", "step": 3, "recorded": 0.5, "replayed": "NaN"}
    later = {"created": "2026-12-01T00:00:00.000Z", "cold": False, "environment": "current"}
    add(run, "b", verdict="diverges", first_difference=first, **later)
    rows = reproductions_of(RunView(run))
    assert [(row.word, row.tone) for row in rows] == [("Diverges", "poor"), ("Identical", "good")]
    assert rows[0].detail == "loss at step 3: recorded 0.5, replayed NaN"
    assert rows[0].environment == "the one at hand"
    assert rows[1].extent == "20 steps, band 1e-05"
    assert rows[1].environment == "made from the record"
    assert rows[1].created == "24 Nov 2026, 10:15"


def test_two_verdicts_are_kept_apart(run: Path) -> None:
    add(run, "a", steps=None, verdict="diverges", conclusion={"same": True, "n": 5})
    add(run, "b", steps=None, conclusion={"same": None, "reason": "no seeds"})
    said = {row.conclusion for row in reproductions_of(RunView(run))}
    assert said == {"same conclusion, from 5 seeds", "cannot be told: no seeds"}


def test_what_is_of_another_run_or_no_entry_is_left_out(run: Path) -> None:
    add(run, "a", run="another")
    add(run, "b", schema="other/1")
    add(run, "c", verdict="perfect")
    (run / "reproductions" / "d.yaml").write_text("{")
    (run / "reproductions" / "e.svg").write_text("<svg/>")
    assert reproductions_of(RunView(run)) == []


def test_no_more_rows_than_a_page_takes(run: Path) -> None:
    for number in range(ROWS + 5):
        add(run, f"{number:03}")
    assert len(reproductions_of(RunView(run))) == ROWS


def test_on_the_page_nothing_of_an_entry_is_obeyed(run: Path, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    add(run, "a", verdict="cannot-run", reason=evil, signer=evil, environment=evil)
    build_site([run.parent], tmp_path / "site")
    pages = (tmp_path / "site" / "runs").glob("*/index.html")
    (text,) = (page.read_text() for page in pages)
    assert "Cannot be run" in text
    assert "&lt;script&gt;alert(1)" in text
    assert evil not in text
