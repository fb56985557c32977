"""Withheld evidence never raises a score: what is not there counts as nothing at the low end."""

from __future__ import annotations

import datetime
from functools import partial
from pathlib import Path

import pytest
from planted_defects.lab import Lab, golden_lab

from reportgen.audit.interface import AuditContext, Outcome
from reportgen.audit.judge import audit_run
from reportgen.audit.report import RunAudit
from reportgen.audit.repository import Repositories
from reportgen.audit.siblings import Siblings
from reportgen.errors import SchemaError
from reportgen.runs import layout
from reportgen.runs.view import RunView
from reportgen.runs.writer import seal, write_plain
from reportgen.testing import golden_policy, sign_run

DOCUMENTS = (
    *(layout.RUN, layout.GIT, layout.ENVIRONMENT, layout.DATA),
    *(layout.OPENS, layout.MODULES, layout.CONFIG_ACCESS, layout.EXIT, layout.OPTIMIZER),
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return golden_lab("plain", tmp_path_factory.mktemp("golden") / "lab")


def audited(lab: Lab) -> RunAudit:
    """Judge the run, with what follows from its record made anew and the seal signed again."""
    lab.remake()
    seal(lab.run)
    sign_run(lab.run)
    view = RunView(lab.run)
    with Repositories() as repositories:
        context = AuditContext(
            view,
            policy=golden_policy(),
            repository=repositories.around(view.folder),
            siblings=partial(Siblings().of, view),
        )
        return audit_run(context, today=datetime.date(2026, 3, 1))


def assert_no_better(audit: RunAudit, golden: RunAudit, what: str) -> None:
    assert audit.score.low <= golden.score.low, what
    for one, other in zip(audit.categories.values(), golden.categories.values(), strict=True):
        assert one.low <= other.low, (what, one)
    assert audit.level <= golden.level, what
    errors = [one.message for one in audit.checks if one.outcome is Outcome.ERROR]
    assert errors == [], what


def test_no_file_is_better_left_out(lab: Lab) -> None:
    golden = audited(lab)
    kept_out = (layout.RUN, layout.MANIFEST)
    files = [path for path in sorted(lab.run.rglob("*")) if path.is_file()]
    for path in files:
        place = path.relative_to(lab.run).as_posix()
        if place in kept_out or place.startswith(layout.SIGNATURES):
            continue
        before = path.read_bytes()
        path.unlink()
        try:
            assert_no_better(audited(lab), golden, place)
        finally:
            path.write_bytes(before)


@pytest.mark.parametrize("place", DOCUMENTS)
def test_no_key_is_better_left_out(lab: Lab, place: str) -> None:
    golden = audited(lab)
    path: Path = lab.run / place
    before = path.read_bytes()
    for key in lab.document(place):
        document = lab.document(place)
        del document[key]
        write_plain(lab.run, place, document)
        try:
            assert_no_better(audited(lab), golden, f"{place}: {key}")
        except SchemaError:  # without it, it is no run
            assert key in ("schema", "id", "name", "status", "created")
        finally:
            path.write_bytes(before)
