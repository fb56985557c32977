"""Charts as pages carry them."""

from __future__ import annotations

import json

import pytest
from site_runs import records, seeded_run

from reportgen.config import Settings
from reportgen.site.build import project_of
from reportgen.site.chart_figure import Series, chart_figure
from reportgen.site.gather import Gathered, read_runs
from reportgen.site.pages.run import metric_figures
from reportgen.site.project import Project
from reportgen.site.theme import load_theme


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("figures")
    seeded_run(root, 1, "one", lr=0.1, seed=1)
    seeded_run(root, 2, "nan", lr=0.1, seed=2, metrics=records(nan=60))
    views, _ = read_runs([root])
    return project_of(Gathered(views, None, ()), load_theme("default"), Settings())


def test_the_summary_says_the_chart_in_words(project: Project) -> None:
    record = next(r for r in project.records if r.name == "nan")
    figure = chart_figure(project, [Series(record, "train/loss", "x", (0, 0))], title="train/loss")
    assert figure is not None
    assert figure.summary.startswith("train/loss goes from 2.3")
    assert figure.summary.endswith("NaN at step 60.")
    assert figure.rows[0].points == 120


def test_the_script_is_given_files_and_styles(project: Project) -> None:
    series = [Series(r, "val/loss", r.name, r.style) for r in project.records]
    figure = chart_figure(project, series, title="val/loss")
    assert figure is not None
    given = json.loads(figure.data)
    assert [row["label"] for row in given] == ["one", "nan"]
    assert all(row["path"].startswith("data/curves/") for row in given)
    assert len({(row["colour"], row["dash"]) for row in given}) == 2


def test_units_stand_in_the_axis_title(project: Project) -> None:
    record = project.records[0]
    figure = chart_figure(project, [Series(record, "val/accuracy", "x", (0, 0))], title="acc")
    assert figure is not None
    assert figure.y_title == "acc (share)"


def test_nothing_to_draw_is_no_figure(project: Project) -> None:
    assert chart_figure(project, [Series(project.records[0], "no", "x", (0, 0))], title="x") is None


def test_splits_of_one_quantity_share_a_chart(project: Project) -> None:
    figures = metric_figures(project, project.records[0])
    assert [figure.title for figure in figures] == ["val/accuracy", "loss", "train/lr"]
    assert sorted(row.label for row in figures[1].rows) == ["train", "val"]
