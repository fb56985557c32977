"""The findings as annotations of GitHub's pull requests: workflow commands on standard output.

``::error file=F,line=N,title=T::message`` with ``%``, CR and LF encoded, and ``:`` and ``,`` too
in a property ("Workflow commands for GitHub Actions" in its documentation). A step may make ten of
each kind; the gravest are kept and the rest are counted. Every line begins with words of ours.
"""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.audit.evidence import counted, listed
from reportgen.audit.formats.findings import Finding, Gravity, findings_of, path_of, plain
from reportgen.audit.report import AuditReport
from reportgen.errors import UnsafePathError
from reportgen.fs.paths import safe_relpath

EACH = 10
_COMMANDS: dict[Gravity, str] = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: AuditReport) -> str:
    """Return the report as workflow commands, one a line."""
    commands = list(_commands(report))
    lines = []
    for name in _COMMANDS.values():
        lines += [line for line in commands if line.startswith(f"::{name} ")][:EACH]
    rest = len(commands) - len(lines)
    if rest:
        lines.append(f"reportgen audit: {counted(rest, 'more finding')}, in the other outputs")
    verdict = "passes" if report.gate.passed else "fails"
    lines.append(f"reportgen audit: the gate {verdict}, {counted(len(report.runs), 'run')}")
    return "\n".join(lines) + "\n"


def _commands(report: AuditReport) -> Iterator[str]:
    found = findings_of(report)
    known = {(one.run.path, one.result.id) for one in found}
    for reason in report.gate.reasons:
        if (reason.path, reason.check) not in known:
            said = f"{reason.run}: {reason.message}"
            yield _command("error", {"title": "The gate fails"}, said)
    for problem in report.problems:
        if problem.severity == "warning":
            file = {"file": problem.file} if _is_inside(problem.file) else {}
            yield _command("warning", {**file, "title": problem.id}, problem.message)
    for run in report.base.deleted if report.base else ():
        if not run.passed:
            failed = f"{run.name}, which failed {listed(run.failing) or 'the score'}"
            yield _command("warning", {"title": "A failing run was deleted"}, failed)
    for one in found:
        if one.gravity in _COMMANDS:
            yield _annotation(_COMMANDS[one.gravity], one)


def _is_inside(file: str) -> bool:
    try:
        return bool(safe_relpath(file))
    except UnsafePathError:
        return False


def _annotation(command: str, finding: Finding) -> str:
    run, result = finding.run, finding.result
    first = result.where[0] if result.where else None
    properties = {"file": plain(path_of(run, first)), "title": f"{result.title} ({result.id})"}
    if first is not None and first.line is not None:
        properties["line"] = str(first.line)
    remedy = f". To do: {result.remedy}" if result.remedy else ""
    return _command(command, properties, f"{run.name}: {result.message}{remedy}")


def _command(command: str, properties: dict[str, str], message: str) -> str:
    told = ",".join(f"{name}={_property(plain(value))}" for name, value in properties.items())
    return f"::{command} {told}::{_data(plain(message, 4_000))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
