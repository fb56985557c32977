"""Thirty thousand findings of hundreds of runs: every output stays whole and within bounds."""

from __future__ import annotations

import json
from collections.abc import Callable
from xml.etree import ElementTree

import msgspec
import pytest
from audit.report_of_every_kind import make_report

from reportgen.audit.formats import FORMATS, by_name
from reportgen.audit.formats.sarif import RESULTS
from reportgen.audit.interface import CheckResult, Outcome
from reportgen.audit.registry import CHECKS
from reportgen.audit.report import AuditReport, Gate

RUNS = 400
FINDINGS = RUNS * len(CHECKS)
HOSTILE = "[x](javascript:alert(1)) {0} ::error::x <b>&\x1b[2J %n"


@pytest.fixture(scope="module")
def report() -> AuditReport:
    """Each check fails for each run, in words of its own and at a path of its own."""
    made = make_report()
    template = next(one for one in made.runs[0].checks if one.outcome is Outcome.FAIL)

    def failed(number: int, check: str, severity: object) -> CheckResult:
        return msgspec.structs.replace(
            template, id=check, severity=severity, message=f"{HOSTILE} {number} {check}"
        )

    runs = tuple(
        msgspec.structs.replace(
            made.runs[0],
            name=f"{number} {HOSTILE}",
            path=f"runs/a b#%{number}\udcff",
            place=f"runs/a b#%{number}\udcff",
            checks=tuple(failed(number, check.id, check.severity) for check in CHECKS),
        )
        for number in range(RUNS)
    )
    return msgspec.structs.replace(made, runs=runs, problems=(), gate=Gate(passed=False))


def of_json(text: str) -> int:
    return sum(len(run["checks"]) for run in json.loads(text)["runs"])


def of_sarif(text: str) -> int:
    (run,) = json.loads(text)["runs"]
    assert len(run["results"]) == RESULTS
    for result in run["results"][:200]:
        for location in result.get("locations", ()):
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            assert not uri.startswith("/")
            assert not set(" <>\x1b") & set(uri)
    return FINDINGS


def of_junit(text: str) -> int:
    return sum(1 for _ in ElementTree.fromstring(text).iter("testcase"))


def shortened(limit: int) -> Callable[[str], int]:
    """For people: what is left out is counted, not printed."""

    def read(text: str) -> int:
        assert len(text.encode("utf-8", "replace")) <= limit
        return FINDINGS

    return read


READERS: dict[str, Callable[[str], int]] = {
    "text": shortened(1 << 20),
    "json": of_json,
    "markdown": shortened(60_000),
    "github": shortened(100_000),
    "sarif": of_sarif,
    "junit": of_junit,
    "badge": shortened(10_000),
}


def test_these_are_all_outputs() -> None:
    assert list(READERS) == [one.name for one in FORMATS]


@pytest.mark.parametrize("name", READERS)
def test_an_output_holds_as_many_findings_as_its_reader_takes(
    report: AuditReport, name: str
) -> None:
    text = by_name(name).render(report)
    assert READERS[name](text) == FINDINGS
    assert "\x1b" not in text
