"""The findings as annotations of GitHub's pull requests: workflow commands on standard output.

``::error file=F,line=N,title=T::message`` with ``%``, CR and LF encoded, and ``:`` and ``,`` too
in a property ("Workflow commands for GitHub Actions" in its documentation). A step may make ten of
each kind; the gravest are kept and the rest are counted. Every line begins with words of ours.
"""

from __future__ import annotations

from reportgen.audit.evidence import counted
from reportgen.audit.formats.findings import Finding, Gravity, findings_of, path_of, plain
from reportgen.audit.report import AuditReport

EACH = 10
_COMMANDS: dict[Gravity, str] = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: AuditReport) -> str:
    """Return the report as workflow commands, one a line."""
    found = findings_of(report)
    lines = []
    known = {(one.run.path, one.result.id) for one in found}
    for reason in report.gate.reasons:
        if (reason.path, reason.check) not in known:
            said = f"{reason.run}: {reason.message}"
            lines.append(_command("error", {"title": "The gate fails"}, said))
    rest = 0
    for gravity, command in _COMMANDS.items():
        own = [one for one in found if one.gravity == gravity]
        free = EACH - sum(line.startswith(f"::{command} ") for line in lines)
        lines += [_annotation(command, one) for one in own[:free]]
        rest += len(own[free:])
    if rest:
        lines.append(f"reportgen audit: {counted(rest, 'more finding')}, in the other outputs")
    verdict = "passes" if report.gate.passed else "fails"
    lines.append(f"reportgen audit: the gate {verdict}, {counted(len(report.runs), 'run')}")
    return "\n".join(lines) + "\n"


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
