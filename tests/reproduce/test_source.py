"""Where the recorded commit comes from."""

from __future__ import annotations

from dataclasses import replace

import pytest
from reproduce.projects import MakeProject, Project, facts_at

from reportgen.errors import NotFoundError, UsageError
from reportgen.reproduce.source import Source, find_source


def test_the_repository_around_the_run_or_the_one_that_is_named(
    project: Project, make_project: MakeProject
) -> None:
    facts = facts_at(project.capture())
    (project.top / "runs").mkdir()
    assert find_source(project.top / "runs", facts) == Source(project.top)
    elsewhere = make_project("elsewhere")
    elsewhere.write("a", "a")
    elsewhere.commit()
    with pytest.raises(NotFoundError, match="--repository"):
        find_source(elsewhere.top, facts)
    assert find_source(elsewhere.top, facts, project.top) == Source(project.top, trusted=True)
    with pytest.raises(NotFoundError, match="holds no commit"):
        find_source(project.top, facts, elsewhere.top)
    remote = replace(facts, remote="https://example.org/a/b.git")
    assert find_source(elsewhere.top, remote) == Source(remote="https://example.org/a/b.git")
    with pytest.raises(UsageError, match="nothing is fetched"):
        find_source(elsewhere.top, replace(facts, remote_refused=True))
