"""The findings as SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), for code scanning.

One run of the tool. Inside the limits of GitHub ("SARIF support for code scanning" in its
documentation): 5,000 results, the gravest kept and the rest counted; paths relative to the top of
the repository; fingerprints that stay when a message changes or a line moves.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import PurePath
from typing import Any

import orjson

from reportgen import __version__
from reportgen.audit.formats.findings import (
    Finding,
    Gravity,
    findings_of,
    path_of,
    plain,
    uri_of,
)
from reportgen.audit.interface import Check
from reportgen.audit.registry import CHECKS_BY_ID
from reportgen.audit.report import AuditReport, GateReason, Outcome, Severity, Where
from reportgen.runs.problems import Problem

RESULTS = 5_000
NOTIFICATIONS = 200
_PLACES = 20
_GATE = "audit.gate"
_ROOT = "%SRCROOT%"
_LEVELS: dict[Severity, Gravity] = {
    Severity.B: "error",
    Severity.H: "warning",
    Severity.M: "warning",
    Severity.L: "note",
}
_PROBLEM_LEVELS: dict[str, Gravity] = {"error": "error", "warning": "warning", "info": "note"}

Json = dict[str, Any]


def render(report: AuditReport) -> str:
    """Return the report as SARIF."""
    text = orjson.dumps(document(report), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return text.decode()


def document(report: AuditReport) -> Json:
    """Return the report as plain values in SARIF's shape."""
    found = findings_of(report)
    kept = found[:RESULTS]
    of_gate = [reason for reason in report.gate.reasons if reason.check not in CHECKS_BY_ID]
    ids = list(dict.fromkeys(one.result.id for one in kept)) + [_GATE] * bool(of_gate)
    rules = {check: index for index, check in enumerate(ids)}
    results = [_gate_result(reason, rules[_GATE], report) for reason in of_gate]
    results += [_result(one, rules[one.result.id]) for one in kept]
    driver = {
        "name": "reportgen",
        "version": __version__,
        "rules": [_rule(check) for check in ids],
        "properties": {"rules": report.rules, "policy": plain(report.policy)},
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "reportgen/"},
        "originalUriBaseIds": {_ROOT: {"description": _text("The top of the repository")}},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report, len(found))],
        "results": results[:RESULTS],
    }
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }


def escaped(text: str) -> str:
    """Return text as a plain message: no link, no placeholder (SARIF 2.1.0, 3.11.5 and 3.11.6)."""
    pieces = []
    slashes = 0
    for character in plain(text, 4_000):
        # Only before a bracket is a backslash more than itself.
        pieces.append("\\" * (slashes + 1) if character in "[]" else "")
        slashes = slashes + 1 if character == "\\" else 0
        pieces.append(character * 2 if character in "{}" else character)
    return "".join(pieces)


def _text(text: str) -> Json:
    return {"text": escaped(text)}


def _rule(check: str) -> Json:
    known = CHECKS_BY_ID.get(check)
    if known is None:
        return {"id": check, "shortDescription": _text("The gate of the audit fails")}
    return {
        "id": check,
        "name": "".join(word.capitalize() for word in check.partition(".")[2].split("-")),
        "shortDescription": _text(known.failure),
        "fullDescription": _text(known.why),
        "help": {"text": escaped(f"{known.why} {known.fix}."), "markdown": _help(known)},
        "defaultConfiguration": {"level": _LEVELS[known.severity]},
        "properties": {
            "tags": [known.category, "reproducibility"],
            "severity": known.severity.words,
            "evidence": known.evidence.value,
            "needs": list(known.needs),
        },
    }


def _help(check: Check) -> str:
    """Words of ours only: no data of a run is in them."""
    line = f"\n\n```\n{check.command}\n```" if check.command else ""
    return f"{check.why}\n\n{check.fix}.{line}\n\n`reportgen audit --explain {check.id}` says more."


def _result(finding: Finding, rule: int) -> Json:
    run, result, gravity, under = finding
    open_question = gravity == "none"
    said = f"{run.name}: {result.title}: {result.message}"
    if result.remedy:
        said += f". To do: {result.remedy}"
    if under:
        said += f". Held up by it: {', '.join(under)}"
    first, *others = result.where[:_PLACES] or (None,)
    found: Json = {
        "ruleId": result.id,
        "ruleIndex": rule,
        "kind": "open" if open_question else "fail",
        "level": gravity,
        "message": _text(said),
        "locations": [_location(path_of(run, first), first)],
        "partialFingerprints": _fingerprints(run.id, result.id),
        "properties": {
            "run": plain(run.name),
            "outcome": result.outcome.value,
            "severity": result.severity.words,
            "evidence": result.evidence.value,
        },
    }
    if others:
        found["relatedLocations"] = [_location(path_of(run, place), place) for place in others]
    if result.exemption is not None:
        why = result.exemption
        note = f"{why.reason}, by {why.by} until {why.until} {why.note}".rstrip()
        accepted = {"kind": "external", "status": "accepted", "justification": plain(note)}
        found["suppressions"] = [accepted]
    return found


def _gate_result(reason: GateReason, rule: int, report: AuditReport) -> Json:
    """A reason that no check gave, such as the minimum score."""
    run = next((run for run in report.runs if run.path == reason.path), None)
    identity = run.id if run else reason.path
    path = path_of(run, None) if run else reason.run
    return {
        "ruleId": _GATE,
        "ruleIndex": rule,
        "kind": "fail",
        "level": "error",
        "message": _text(f"{reason.run}: {reason.message}"),
        "locations": [_location(path, None)],
        "partialFingerprints": _fingerprints(identity, f"{_GATE} {reason.check or ''}"),
    }


def _location(path: str, where: Where | None) -> Json:
    physical: Json = {"artifactLocation": {"uri": uri_of(path), "uriBaseId": _ROOT}}
    # A finding without a line is about the whole file; services show it at its first one.
    physical["region"] = {"startLine": (where and where.line) or 1}
    location: Json = {"physicalLocation": physical}
    if where is not None and where.step is not None:
        location["message"] = _text(f"step {where.step}")
    if where is not None and where.key is not None:
        name = plain(where.key)
        location["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "member"}]
    return location


def _fingerprints(run: str, check: str) -> Json:
    """The run and the check identify a finding: not its words, values or lines."""
    digest = sha256(f"{run}\0{check}".encode("utf-8", "surrogatepass")).hexdigest()
    return {"primaryLocationLineHash": f"{digest[:16]}:1", "reportgen/finding/v1": digest}


def _invocation(report: AuditReport, found: int) -> Json:
    noticed = list(_notifications(report))
    notes = noticed[:NOTIFICATIONS]
    if len(noticed) > NOTIFICATIONS:
        rest = f"{len(noticed) - NOTIFICATIONS:,} more notices are left off"
        notes.append({"level": "warning", "message": _text(rest)})
    if found > RESULTS:
        rest = (
            f"{found:,} findings: the {RESULTS:,} gravest are listed, {found - RESULTS:,} are not"
        )
        notes.insert(0, {"level": "warning", "message": _text(rest)})
    faults = any(one.outcome is Outcome.ERROR for run in report.runs for one in run.checks)
    return {"executionSuccessful": not faults, "toolExecutionNotifications": notes}


def _notifications(report: AuditReport) -> Iterable[Json]:
    for problem in report.problems:
        # As it was asked for, which may be a path of one machine: its last part is enough.
        name = PurePath(problem.file).name
        yield _notification(problem, name if problem.file.startswith("/") else problem.file)
    for run in report.runs:
        for problem in run.problems:
            yield _notification(problem, path_of(run, Where(file=problem.file)))


def _notification(problem: Problem, path: str) -> Json:
    return {
        "descriptor": {"id": problem.id},
        "level": _PROBLEM_LEVELS.get(problem.severity, "warning"),
        "message": _text(f"{path}: {problem.message}"),
    }
