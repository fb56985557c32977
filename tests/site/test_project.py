"""Ranks, slugs and styles over all runs."""

from __future__ import annotations

from pathlib import Path

from site_runs import records, seeded_run

from reportgen.config import Settings
from reportgen.runs.view import RunView
from reportgen.site.build import project_of
from reportgen.site.gather import Gathered, read_runs
from reportgen.site.project import Project, records_from
from reportgen.site.theme import load_theme
from reportgen.testing import make_run


def project_at(root: Path, settings: Settings | None = None) -> Project:
    views, problems = read_runs([root])
    gathered = Gathered(views, None, problems)
    return project_of(gathered, load_theme("default"), settings or Settings())


def test_seeds_of_one_setting_are_one_row(runs_root: Path) -> None:
    project = project_at(runs_root)
    found = {setting.name: len(setting.records) for setting in project.settings}
    assert found == {
        "mlp_digits_lr0.1": 3,
        "mlp_digits_lr0.01": 2,
        "mlp_diverged": 1,
        "mlp_killed": 1,
        "mlp_dirty": 1,
    }
    assert project.metric == "val/accuracy"
    assert project.curve_metric == "val/loss"
    assert project.varied[0] == "lr"
    assert "optimizer" in project.same


def test_settings_come_best_first_and_the_diverged_one_last(runs_root: Path) -> None:
    names = [setting.name for setting in project_at(runs_root).settings]
    assert names[-1] == "mlp_diverged"
    assert names.index("mlp_digits_lr0.1") < names.index("mlp_digits_lr0.01")


def test_a_smaller_loss_ranks_first(runs_root: Path) -> None:
    project = project_at(runs_root, Settings(goals={"val/loss": "minimize"}))
    assert project.metric == "val/loss"
    means = [sum(s.values) / len(s.values) for s in project.settings if s.values]
    assert means == sorted(means)


def test_groups_follow_the_settings(runs_root: Path) -> None:
    project = project_at(runs_root, Settings(group_by=("config.lr",)))
    assert sorted(len(setting.records) for setting in project.settings) == [1, 2, 5]


def test_each_run_has_a_style_of_its_own_and_leaders_come_first(runs_root: Path) -> None:
    project = project_at(runs_root)
    styles = [record.style for record in project.records]
    assert len(set(styles)) == len(styles)
    assert [setting.best.style for setting in project.settings] == [(i, 0) for i in range(5)]


def test_settings_of_one_name_are_told_apart_by_their_group(tmp_path: Path) -> None:
    for number, group in enumerate(["sweep", "golden"]):
        seeded_run(tmp_path / group, number, f"mlp_s{number}", lr=0.1, seed=number, group=group)
        seeded_run(tmp_path / group, number + 2, f"mlp_s{number + 2}", lr=0.1, seed=9, group=group)
    found = {(s.name, s.qualifier) for s in project_at(tmp_path).settings}
    assert found == {("mlp", "sweep"), ("mlp", "golden")}


def test_archived_runs_count_nowhere(tmp_path: Path) -> None:
    seeded_run(tmp_path, 1, "kept", lr=0.1, seed=1)
    seeded_run(tmp_path, 2, "old", lr=0.2, seed=1, files={"labels.yaml": "archived: true\n"})
    project = project_at(tmp_path)
    assert [record.name for record in project.shown] == ["kept"]
    assert [setting.name for setting in project.settings] == ["kept"]
    assert len(project.records) == 2


def test_a_later_run_changes_no_slug(tmp_path: Path) -> None:
    first = seeded_run(tmp_path / "a", 1, "same", lr=0.1, seed=1)
    second = seeded_run(tmp_path / "b", 2, "same", lr=0.1, seed=2)
    alone = records_from([RunView(first)], None, {})
    both = records_from([RunView(second), RunView(first)], None, {})
    assert both[0].slug == alone[0].slug
    assert both[1].slug != alone[0].slug
    assert len({record.slug.casefold() for record in both}) == 2


def test_names_that_some_file_systems_confuse_get_pages_of_their_own(tmp_path: Path) -> None:
    names = ["Run", "run", "caf\u00e9", "cafe\u0301", "CON", "a?b", "a#b", "a%41"]
    views = []
    for number, name in enumerate(names):
        folder = make_run(tmp_path, f"r{number}", run={"name": name, "id": str(number)})
        views.append(RunView(folder))
    slugs = {record.slug for record in records_from(views, None, {})}
    assert len({slug.casefold() for slug in slugs}) == len(names)
    assert all(slug.replace("-", "").replace(".", "").isalnum() for slug in slugs)


def test_a_copied_folder_is_a_run_of_its_own(tmp_path: Path) -> None:
    copies = [seeded_run(tmp_path / place, 1, "same", lr=0.1, seed=1) for place in "abc"]
    found = records_from([RunView(copy) for copy in copies], None, {})
    assert len({record.slug for record in found}) == 3


def test_runs_without_metrics_or_config_make_a_project(tmp_path: Path) -> None:
    make_run(tmp_path, "bare", config=None, metrics=None, summary=None, definitions=None)
    project = project_at(tmp_path)
    assert project.metric is None
    assert project.curve_metric is None
    assert project.curves == {}
    assert len(records(steps=3)) == 3
