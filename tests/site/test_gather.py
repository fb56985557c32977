"""Reading the runs: what cannot be read is named, the rest goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import NotFoundError, SchemaError
from reportgen.runs.view import RunView
from reportgen.site.gather import gather, newest_moment, read_runs
from reportgen.testing import make_run


def test_a_run_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    make_run(tmp_path, "good")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "run.yaml").write_text("[1, 2]\n")
    views, problems = read_runs([tmp_path])
    assert [view.name for view in views] == ["good"]
    assert [(p.id, p.file) for p in problems] == [("run.unreadable", "bad")]


def test_nothing_readable_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "run.yaml").write_text("[1, 2]\n")
    with pytest.raises(SchemaError):
        read_runs([tmp_path])


def test_no_run_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="start_run"):
        read_runs([tmp_path])
    with pytest.raises(NotFoundError, match="no such folder"):
        read_runs([tmp_path / "nowhere"])


def test_a_refusal_comes_before_the_audit(tmp_path: Path) -> None:
    make_run(tmp_path, "good")

    def refuse(views: object) -> None:
        raise RuntimeError("refused")

    with pytest.raises(RuntimeError, match="refused"):
        gather([tmp_path], accept=refuse)


def test_the_newest_moment_is_the_last_end(tmp_path: Path) -> None:
    early = {"created": "2026-01-01T00:00:00.000Z", "ended": "2026-01-03T00:00:00.000Z"}
    late = {"created": "2026-01-02T00:00:00.000Z", "ended": None}
    views = [
        RunView(make_run(tmp_path, "a", run=early)),
        RunView(make_run(tmp_path, "b", run=late, summary=None)),
    ]
    assert newest_moment(views) == 1_767_398_400.0
    assert newest_moment([]) is None
