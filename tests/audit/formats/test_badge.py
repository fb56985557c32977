"""The badge: valid XML, readable contrast, no words of other people."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import msgspec
import pytest
from audit.report_of_every_kind import HOSTILE, every_slot, make_report

from reportgen.audit.formats import badge
from reportgen.audit.formats.badge import AMBER, GREEN, GREY, INK, RED, render, verdict
from reportgen.audit.report import AuditReport, Gate


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_report_of_every_kind(golden: Callable[[str, str], None]) -> None:
    golden("audit/every_kind.svg", render(make_report()))


@pytest.mark.parametrize("colour", [GREY, GREEN, AMBER, RED])
def test_small_text_can_be_read(colour: str) -> None:
    bright, dark = sorted((luminance(INK), luminance(colour)), reverse=True)
    assert (bright + 0.05) / (dark + 0.05) >= 4.5


def passing(level: str) -> AuditReport:
    report = make_report()
    runs = tuple(msgspec.structs.replace(run, passed=True, level=level) for run in report.runs)
    return msgspec.structs.replace(report, runs=runs, gate=Gate(passed=True))


@pytest.mark.parametrize(
    ("report", "words", "colour"),
    [
        (make_report(), "1 of 2 pass", RED),
        (passing("L2"), "2 runs at L2 consistent", GREEN),
        (passing("L1"), "2 runs at L1 complete", AMBER),
        (AuditReport(gate=Gate(passed=True)), "no runs", GREY),
        (AuditReport(gate=Gate(passed=False)), "gate fails", RED),
    ],
)
def test_its_words(report: AuditReport, words: str, colour: str) -> None:
    assert verdict(report) == (words, colour)


def test_a_gate_that_fails_though_each_run_passes_is_red() -> None:
    report = msgspec.structs.replace(passing("L2"), gate=Gate(passed=False))
    assert verdict(report) == ("gate fails, L2 consistent", RED)


def test_it_is_an_image_of_fitting_size() -> None:
    svg = ElementTree.fromstring(render(make_report()))
    boxes = svg.findall("{http://www.w3.org/2000/svg}rect")
    assert sum(int(box.attrib["width"]) for box in boxes) == int(svg.attrib["width"])
    assert svg.attrib["aria-label"] == f"{badge.LABEL}: 1 of 2 pass"


@pytest.mark.parametrize("text", HOSTILE)
def test_no_words_of_other_people_are_in_it(text: str) -> None:
    assert render(make_report(every_slot(text))) == render(make_report())
