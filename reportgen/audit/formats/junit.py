"""The results as JUnit XML, which test services read: a suite a run, a case a check.

Red is what stops the gate. A finding that does not stop it is a skipped case that says so, since
JUnit has no word for a warning: it is never shown as passed. The elements and attributes are those
that the readers of Jenkins, GitLab and GitHub agree on.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from reportgen.audit.evidence import counted
from reportgen.audit.formats.findings import plain
from reportgen.audit.report import AuditReport, CheckResult, GateReason, Outcome, RunAudit

_WORDS = {
    Outcome.FAIL: "fails, which does not stop the gate",
    Outcome.PARTIAL: "in part",
    Outcome.INCONCLUSIVE: "could not be judged",
    Outcome.EXEMPT: "exempt",
    Outcome.NOT_APPLICABLE: "does not apply",
}
# Whatever XML 1.0 cannot hold even as a reference (w3.org/TR/xml, "Characters").
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PROBLEMS = 100


def render(report: AuditReport) -> str:
    """Return the report as JUnit XML."""
    suites = ElementTree.Element("testsuites", name="reportgen audit")
    for run in report.runs:
        reasons = [reason for reason in report.gate.reasons if reason.path == run.path]
        suites.append(_suite(run, reasons))
    known = {run.path for run in report.runs}
    others = [reason for reason in report.gate.reasons if reason.path not in known]
    if others or report.problems:
        suites.append(_rest(report, others))
    for name in ("tests", "failures", "errors", "skipped"):
        suites.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    ElementTree.indent(suites)
    text = ElementTree.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(run: RunAudit, reasons: list[GateReason]) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=_text(run.name))
    stopping = {reason.check for reason in reasons}
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (("id", run.id), ("path", run.place), ("level", run.level)):
        ElementTree.SubElement(properties, "property", name=name, value=_text(value))
    for result in run.checks:
        _case(suite, run, result, stops=result.id in stopping)
    judged = {result.id for result in run.checks}
    for reason in reasons:
        if reason.check not in judged:
            _gate_case(suite, reason)
    noticed = [f"{one.severity}: {one.file}: {one.message}" for one in run.problems]
    _say(suite, noticed)
    return _counted(suite)


def _rest(report: AuditReport, reasons: list[GateReason]) -> ElementTree.Element:
    """What no run of the report stands for: reasons and problems of the search."""
    suite = ElementTree.Element("testsuite", name="audit")
    for reason in reasons:
        _gate_case(suite, reason)
    _say(suite, [f"{one.severity}: {one.file}: {one.message}" for one in report.problems])
    return _counted(suite)


def _case(suite: ElementTree.Element, run: RunAudit, result: CheckResult, *, stops: bool) -> None:
    case = ElementTree.SubElement(suite, "testcase", name=result.id, classname=_text(run.name))
    if result.outcome is Outcome.ERROR:
        _marked(case, "error", result, "not judged")
    elif stops:
        _marked(case, "failure", result, result.severity.words)
    elif result.outcome is not Outcome.PASS:
        words = f"{_WORDS[result.outcome]}: {result.message}"
        ElementTree.SubElement(case, "skipped", message=_text(words))


def _marked(case: ElementTree.Element, tag: str, result: CheckResult, kind: str) -> None:
    mark = ElementTree.SubElement(case, tag, message=_text(result.message), type=kind)
    places = "; ".join(
        f"{one.file}:{one.line}" if one.line else one.file for one in result.where[:20]
    )
    lines = [result.title, result.message, places, result.remedy, result.command or ""]
    mark.text = "\n".join(_text(line) for line in lines if line)


def _gate_case(suite: ElementTree.Element, reason: GateReason) -> None:
    name = reason.check or "gate"
    case = ElementTree.SubElement(suite, "testcase", name=name, classname=_text(reason.run))
    message = _text(reason.message)
    ElementTree.SubElement(case, "failure", message=message, type="gate").text = message


def _say(suite: ElementTree.Element, noticed: list[str]) -> None:
    if noticed:
        rest = len(noticed) - _PROBLEMS
        last = [f"and {counted(rest, 'more notice')}"] if rest > 0 else []
        said = ElementTree.SubElement(suite, "system-err")
        said.text = "\n".join(_text(line) for line in [*noticed[:_PROBLEMS], *last])


def _counted(suite: ElementTree.Element) -> ElementTree.Element:
    suite.set("tests", str(len(suite.findall("testcase"))))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))
    return suite


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", plain(text))
