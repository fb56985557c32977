"""Which findings an output lists, how grave each is, and in which order: the same for all."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple
from urllib.parse import quote

from reportgen.audit.report import AuditReport, CheckResult, Outcome, RunAudit, Where
from reportgen.errors import UnsafePathError
from reportgen.fs.paths import safe_relpath
from reportgen.fs.text import storable
from reportgen.runs import layout
from reportgen.terminal import one_line

Gravity = Literal["error", "warning", "note", "none"]
GRAVITIES: tuple[Gravity, ...] = ("error", "warning", "note", "none")
REPOSITORY = "repository:"

_BY_OUTCOME: dict[Outcome, Gravity] = {
    Outcome.FAIL: "warning",
    Outcome.ERROR: "warning",
    Outcome.PARTIAL: "note",
    Outcome.EXEMPT: "note",
}


class Finding(NamedTuple):
    """A finding with the run that it was made in.

    Attributes:
        run: The run.
        result: What a check says of it.
        gravity: ``error`` stops the gate, ``warning`` fails without stopping it, ``note`` is half
            of a pass or exempt, ``none`` could not be judged.
        under: Ids of the checks that it explains, or keeps from being judged.
    """

    run: RunAudit
    result: CheckResult
    gravity: Gravity
    under: tuple[str, ...] = ()


def findings_of(report: AuditReport) -> list[Finding]:
    """Return the findings of a report, gravest first; one cause is one finding.

    What has the same cause as another finding of its run is left out, unless it stops the gate.
    """
    stopping = {(reason.path, reason.check) for reason in report.gate.reasons}
    found = [one for run in report.runs for one in _of_run(run, stopping)]
    return sorted(found, key=_order)


def _of_run(run: RunAudit, stopping: Collection[tuple[str, str | None]]) -> Iterator[Finding]:
    findings = run.findings
    shown = {result.id for result in findings}
    under: dict[str, list[str]] = {}
    for result in findings:
        for cause in {result.cause or "", result.blocked_by or ""} & shown:
            under.setdefault(cause, []).append(result.id)
    for result in run.checks:
        own = tuple(under.get(result.id, ()))
        if (run.path, result.id) in stopping:
            yield Finding(run, result, "error", own)
        elif result.is_finding and result.cause not in shown:
            yield Finding(run, result, _BY_OUTCOME.get(result.outcome, "none"), own)


def _order(finding: Finding) -> tuple[int, int]:
    return GRAVITIES.index(finding.gravity), -finding.result.severity.weight


def path_of(run: RunAudit, where: Where | None) -> str:
    """Return the path of a place from the top of the repository.

    Without a place, or with one that leads out of the folder, it is that of the run's own document.
    """
    file = layout.RUN if where is None else where.file
    inside = file.removeprefix(REPOSITORY)
    try:
        safe_relpath(inside)
    except UnsafePathError:
        file = inside = layout.RUN
    if file != inside:
        return inside
    return file if run.place == "." else f"{run.place}/{file}"


def uri_of(path: str) -> str:
    """Return a relative path as a URI reference (RFC 3986), every odd byte percent-encoded."""
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair, which no file name has
        raw = storable(path).encode()
    return quote(raw, safe="/-._~")


def plain(text: str, limit: int = 1_000) -> str:
    """Return text on one line, fit to be seen and stored, cut with a count of what is left out."""
    shown = one_line(storable(text[: limit + 1]))
    rest = len(text) - limit
    return shown if rest <= 0 else f"{shown[:limit]}… and {rest:,} more characters"
