from pathlib import Path

import pytest

from reportgen.audit import siblings as module
from reportgen.audit.runner import audit_runs
from reportgen.audit.siblings import Siblings
from reportgen.runs.root import root_of
from reportgen.runs.view import RunView
from reportgen.testing import make_run


def names(view: RunView) -> set[str]:
    return {one.name for one in Siblings().of(view)}


def test_the_runs_of_all_projects_and_groups_of_the_root_are_siblings(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / "runs", name) for name in ("a", "b")]
    other = make_run(tmp_path / "runs", "d", group=None, project="other")
    beside = make_run(tmp_path / "runs", "e", group=None, project=None)
    assert names(RunView(runs[0])) == {"b", "d", "e"}
    assert names(RunView(other)) == {"a", "b", "e"}
    assert names(RunView(beside)) == {"a", "b", "d"}


def test_a_run_copied_elsewhere_has_the_runs_beside_it_and_nothing_above(tmp_path: Path) -> None:
    """A record that names a group and a project says nothing of the folders it lies in now."""
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    copied = make_run(tmp_path / "runs", "a").rename(downloads / "a")
    make_run(tmp_path / "runs", "b")
    make_run(downloads, "c", project=None, group=None)
    make_run(downloads / "deeper", "d", project=None, group=None)
    assert root_of(RunView(copied)) == (downloads, 1)
    assert names(RunView(copied)) == {"c"}


def test_a_group_whose_name_is_no_folder_name_is_known_by_the_one_made_of_it(
    tmp_path: Path,
) -> None:
    run = make_run(tmp_path / "runs", "a", group="lr-search", run={"group": "lr search"})
    make_run(tmp_path / "runs", "b", project="other")
    assert names(RunView(run)) == {"b"}


def test_each_root_and_each_run_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        make_run(tmp_path / "runs", name)
    views = [RunView(path) for path in sorted((tmp_path / "runs/digits/baseline").iterdir())]
    searched: list[object] = []
    real = module.find_runs
    monkeypatch.setattr(
        module, "find_runs", lambda roots, **more: searched.append(roots) or real(roots, **more)
    )
    siblings = Siblings(views)
    assert [[one.name for one in siblings.of(view)] for view in views] == [
        ["b", "c"],
        ["a", "c"],
        ["a", "b"],
    ]
    assert siblings.of(views[0])[0] is views[1]
    assert len(searched) == 1


def test_a_sibling_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs", "a")
    (make_run(tmp_path / "runs", "b") / "run.yaml").write_text("schema: reportgen.run/2\n")
    make_run(tmp_path / "runs", "c")
    assert names(RunView(run)) == {"c"}


def test_siblings_are_not_reported(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / "runs", name) for name in ("a", "b")]
    assert [one.name for one in audit_runs(runs[:1]).runs] == ["a"]
