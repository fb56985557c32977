"""JUnit XML: read by a strict parser and by a reader of JUnit, red where the gate is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import junitparser
import msgspec
import pytest
from audit.report_of_every_kind import HOSTILE, every_slot, make_report
from hypothesis import given
from hypothesis import strategies as st

from reportgen.audit.formats.junit import render
from reportgen.audit.report import AuditReport, Gate, GateReason, Outcome


def parsed(report: AuditReport) -> ElementTree.Element:
    return ElementTree.fromstring(render(report).encode())


def shape(element: ElementTree.Element) -> object:
    return element.tag, sorted(element.attrib), [shape(child) for child in element]


def marks(report: AuditReport) -> dict[str, list[str]]:
    first = parsed(report)[0]
    return {case.attrib["name"]: [child.tag for child in case] for case in first.iter("testcase")}


def test_a_report_of_every_kind(golden: Callable[[str, str], None]) -> None:
    golden("audit/every_kind.junit.xml", render(make_report()))


def test_red_is_what_stops_the_gate_and_only_a_pass_is_green() -> None:
    report = make_report()
    assert marks(report) == {
        "hyperparameters.config-parses": [],
        "hyperparameters.config-resolved": ["skipped"],
        "metrics.series-finite": ["skipped"],
        "metrics.run-completed": ["failure"],
        "metrics.not-diverged": ["skipped"],
        "metrics.summary-recomputes": ["skipped"],
        "artifacts.checkpoint-present": ["skipped"],
        "code.commit-exists": ["skipped"],
        "code.patch-applies": ["skipped"],
        "environment.python-recorded": ["error"],
        "gate": ["failure"],
    }
    green = msgspec.structs.replace(report, gate=Gate(passed=True))
    assert not any("failure" in tags for tags in marks(green).values())


def test_a_finding_that_stops_the_gate_though_it_does_not_fail_is_red() -> None:
    report = make_report()
    run = report.runs[0]
    worse = GateReason(
        run=run.name, path=run.path, check="code.commit-exists", message="passed on the base"
    )
    gate = msgspec.structs.replace(report.gate, reasons=(worse,))
    assert marks(msgspec.structs.replace(report, gate=gate))["code.commit-exists"] == ["failure"]


def test_counts_agree_with_the_cases() -> None:
    root = parsed(make_report())
    totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for suite in root:
        for name in totals:
            totals[name] += int(suite.attrib[name])
    assert {name: int(root.attrib[name]) for name in totals} == totals
    assert totals == {"tests": 12, "failures": 2, "errors": 1, "skipped": 7}
    outcomes = [one.outcome for run in make_report().runs for one in run.checks]
    assert outcomes.count(Outcome.PASS) == 12 - 2 - 1 - 7


def test_a_reader_of_junit_understands_it(tmp_path: Path) -> None:
    file = tmp_path / "audit.xml"
    file.write_text(render(make_report()), encoding="utf-8")
    suites = list(junitparser.JUnitXml.fromfile(str(file)))
    assert [suite.name for suite in suites] == ["mlp_digits", "mlp_digits", "audit"]
    failed = [case for case in suites[0] if case.is_failure]
    assert [case.name for case in failed] == ["metrics.run-completed", "gate"]
    assert failed[0].result[0].message == "train/loss is NaN at step 60"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_change_words_alone(text: str) -> None:
    assert shape(parsed(make_report(every_slot(text)))) == shape(parsed(make_report()))


@given(st.text(st.characters(), max_size=80))
def test_no_words_are_too_odd(text: str) -> None:
    assert shape(parsed(make_report(every_slot(text)))) == shape(parsed(make_report()))
