"""What the compare page is given of a run."""

from __future__ import annotations

import json
from pathlib import Path

from reportgen.config import Settings
from reportgen.site.build import project_of
from reportgen.site.gather import Gathered, read_runs
from reportgen.site.pages.compare import run_document, run_file, runs_file, suggestions
from reportgen.site.theme import load_theme


def project(root: Path):  # type: ignore[no-untyped-def]
    views, _ = read_runs([root])
    return project_of(Gathered(views, None, ()), load_theme("default"), Settings())


def test_a_run_s_file_says_nothing_of_other_runs(runs_root: Path) -> None:
    found = project(runs_root)
    record = found.records[0]
    document = run_document(found, record)
    facts = dict(document["sections"])["Configuration"]["facts"]
    assert ["lr", "0.1", True, ""] in facts
    assert {metric["name"] for metric in document["metrics"]} == record.metrics.keys()
    others = [other.slug for other in found.records if other is not record]
    text = json.dumps(document)
    assert not any(other in text for other in others)


def test_nan_travels_as_text(runs_root: Path) -> None:
    found = project(runs_root)
    record = next(r for r in found.records if "diverged" in r.name)
    metrics = {metric["name"]: metric for metric in run_document(found, record)["metrics"]}
    assert metrics["train/loss"]["last"] == "NaN"
    assert b"NaN" in run_file(found, record).data


def test_the_list_names_each_run_s_file(runs_root: Path) -> None:
    found = project(runs_root)
    paths = {record.slug: f"data/{record.slug}.js" for record in found.records}
    data = runs_file(found, paths).data.decode()
    rows = json.loads(f"[{data[len('reportgen.put(') : -3]}]")[1]["runs"]
    assert {row["slug"]: row["path"] for row in rows} == paths
    labels = {record.slug: record.label for record in found.records}
    assert {row["slug"]: row["label"] for row in rows} == labels


def test_suggestions_are_the_best_and_the_seeds(runs_root: Path) -> None:
    words = [words for words, _ in suggestions(project(runs_root))]
    assert words[0] == "the best run of the first 4 groups"
    assert "the 3 seeds of mlp_digits_lr0.1" in words
