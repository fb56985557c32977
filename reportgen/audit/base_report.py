"""Compare an audit with the report of an earlier one, for runs that git does not keep.

The report is the JSON of ``reportgen audit --format json``, made where the runs were as they should
be. It says nothing of what changed in a run, so every run is audited; those that it knows are held
to what they passed there, the others to the whole gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from reportgen.audit.change import Base, DeletedRun
from reportgen.audit.comparison import added, compared
from reportgen.audit.registry import CHECKS_BY_ID
from reportgen.audit.report import AUDIT_SCHEMA, RULES, AuditReport
from reportgen.audit.runner import Judged
from reportgen.errors import NotFoundError, SchemaError, UnreadableError, UsageError
from reportgen.runs.problems import Problem

_LIMIT = 512 * 2**20


def read_report(file: Path, paths: Sequence[Path]) -> AuditReport:
    """Return the report of an earlier audit.

    Args:
        file: Its JSON.
        paths: What is audited now; a report inside it would be the word of the audited.

    Raises:
        UsageError: It lies inside what is audited.
        NotFoundError: There is no such file.
        UnreadableError: It is no report of an audit, or too large.
    """
    for path in paths:
        if file.resolve().is_relative_to(path.resolve()):
            raise UsageError(
                "lies inside what is audited, which could say anything of itself",
                where=str(file),
                fix="Keep it elsewhere, for example as an artifact of the default branch",
            )
    try:
        with file.open("rb") as stream:
            data = stream.read(_LIMIT + 1)
    except OSError as error:
        raise NotFoundError(
            f"cannot be read: {error.strerror}",
            where=str(file),
            expected="what `reportgen audit --format json` printed",
        ) from None
    if len(data) > _LIMIT:
        raise UnreadableError("is too large", where=str(file), expected=f"at most {_LIMIT} bytes")
    return _decoded(data, file)


def _decoded(data: bytes, file: Path) -> AuditReport:
    expected = f"a report of an audit ({AUDIT_SCHEMA})"
    try:
        report = msgspec.json.decode(data, type=AuditReport)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        what = f"is no report: {error}"
        raise SchemaError(what, where=str(file), expected=expected) from None
    if report.schema != AUDIT_SCHEMA:
        what = f"is of schema {report.schema!r:.60}"
        raise SchemaError(what, where=str(file), expected=expected)
    return report


def compared_with(
    judged: Sequence[Judged], before: AuditReport, name: str
) -> tuple[list[Judged], Base, list[Problem]]:
    """Return the runs beside what a report says of them, the base, and what to know of it.

    Args:
        judged: The runs, each with the policy that judges it.
        before: The report.
        name: What its file is called.
    """
    known = {run.id: run for run in before.runs}
    found: list[Judged] = []
    for audit, policy in judged:
        was = known.get(audit.id)
        beside = (
            added(audit)
            if was is None
            else compared(audit, was, "known", policy=policy, checks=CHECKS_BY_ID)
        )
        found.append((beside, policy))
    here = {audit.id for audit, _ in judged}
    deleted = tuple(
        DeletedRun(
            id=run.id,
            name=run.name,
            place=run.place,
            passed=run.passed,
            failing=tuple(
                reason.check
                for reason in before.gate.reasons
                if reason.path == run.path and reason.check
            ),
        )
        for run in before.runs
        if run.id not in here
    )
    problems = []
    if before.rules != RULES:
        message = f"was made by rules {before.rules}, this audit by rules {RULES}"
        problems.append(Problem("base.rules", "info", name, message))
    return found, Base(report=name, deleted=deleted), problems
