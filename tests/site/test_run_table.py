"""The table of runs as data: columns, order, files, and its twins for programs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from site_runs import records, seeded_run

from reportgen.config import Settings
from reportgen.runs.numbers import to_stored
from reportgen.runs.table import row_of
from reportgen.runs.view import RunView
from reportgen.site.build import project_of
from reportgen.site.gather import Gathered, read_runs
from reportgen.site.project import Project
from reportgen.site.run_columns import columns_of
from reportgen.site.run_exports import export_files
from reportgen.site.run_table import RunTable, run_table
from reportgen.site.table import short_titles
from reportgen.site.theme import load_theme


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("runs")
    for number, lr in enumerate((0.1, 0.1, 0.01)):
        lines = records(lr=lr, seed=number, steps=30)
        run = {"tags": {"author": "=cmd()", "deep": {"er": 1}}, "notes": "<b>why</b>"}
        seeded_run(root, number, f"mlp_s{number}", lr=lr, seed=number, metrics=lines, run=run)
    seeded_run(root, 3, "diverged", lr=5.0, seed=1, metrics=records(steps=30, nan=9))
    files = {"labels.yaml": "archived: true\n"}
    seeded_run(root, 4, "old", lr=0.1, seed=9, metrics=records(steps=30), files=files)
    views, problems = read_runs([root])
    return project_of(Gathered(views, None, problems), load_theme("default"), Settings())


@pytest.fixture(scope="module")
def table(project: Project) -> RunTable:
    return run_table(project)


def content(data: bytes) -> Any:
    text = data.decode("ascii")
    return json.loads(f"[{text[len('reportgen.put(') : -3]}]")[1]


def test_names_and_values_are_those_of_the_command_line(project: Project) -> None:
    columns = columns_of(project, project.records)
    for place, record in enumerate(project.records):
        row = row_of(RunView(record.view.folder))
        row.pop("path")
        held = {column.key: column.values[place] for column in columns}
        for key, value in row.items():
            assert held[key] == (to_stored(value) if isinstance(value, float) else value), key


def test_best_first_diverged_behind_and_archived_last(table: RunTable) -> None:
    names = [record.name for record in table.records]
    assert names[-2:] == ["diverged", "old"]
    assert names[2] == "mlp_s2"


def test_what_ranks_comes_first_and_what_is_the_same_in_all_is_not_shown(table: RunTable) -> None:
    assert table.shown[:2] == ["name", "metrics.val/accuracy"]
    assert "config.lr" in table.shown
    assert "group" not in table.shown
    assert not any("optimizer" in key for key in table.shown)


def test_the_first_file_holds_what_is_shown_and_says_where_the_rest_is(table: RunTable) -> None:
    first = content(table.files[0].data)
    described = {column["key"]: column for column in first["columns"]}
    paths = {file.path for file in table.files}
    assert len(first["slugs"]) == 5
    for key, column in described.items():
        here = "of" in column or "all" in column
        assert here is (key in {*table.shown, "project", "group", "state", "archived"}), key
        assert here or column["path"] in paths
    lr = described["config.lr"]
    values = lr.get("all") or [lr["of"][place] for place in lr["at"]]
    assert values == [record.config["lr"] for record in table.records]
    assert first["troubles"] == [[3, "train/loss", "NaN at step 9"]]
    assert first["settings"]["at"][-1] == -1


def test_small_curves_come_apart(project: Project, table: RunTable) -> None:
    first = content(table.files[0].data)
    sparks = content(table.files[-1].data)
    assert first["sparks"] == [{"name": "sparks/0", "path": table.files[-1].path}]
    assert sparks["paths"] == [project.spark(record) for record in table.records]


def test_the_twins_for_programs(table: RunTable) -> None:
    json_file, csv_file = export_files(table.records, table.columns)
    document = json.loads(json_file.data)
    assert document["schema"] == "reportgen.runs/1"
    assert document["columns"]["metrics.val/accuracy"] == {"kind": "metric", "goal": "maximize"}
    first = document["runs"][0]
    assert first["page"] == table.records[0].page
    assert first["tags.author"] == "=cmd()"
    assert first["tags.deep.er"] == 1
    rows = list(csv.DictReader(io.StringIO(csv_file.data.decode())))
    assert len(rows) == 5
    assert rows[0]["tags.author"] == "'=cmd()"
    assert rows[0]["config.lr"] == "0.1"
    assert float(rows[0]["metrics.val/accuracy"]) == first["metrics.val/accuracy"]
    assert str(Path.cwd()) not in csv_file.data.decode()


def test_titles_are_short_where_that_is_clear() -> None:
    keys = ["model.width", "lr", "model.name", "a.lr"]
    assert list(short_titles(keys).values()) == ["width", "lr", "model.name", "a.lr"]
    assert list(short_titles(["a.lr", "b.lr", "odd."]).values()) == ["a.lr", "b.lr", "odd."]
