"""Workflow commands: ours alone, every value escaped, within the limits of a step."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec
import pytest
from audit.report_of_every_kind import HOSTILE, every_slot, make_change
from hypothesis import given
from hypothesis import strategies as st

from reportgen.audit.formats.github import EACH, render

COMMAND = re.compile(
    r"::(error|warning|notice) ((?:file=[^,:\n]*,)?title=[^,:\n]*(?:,line=\d+)?)::([^\n]*)"
)
OWN = re.compile(r"reportgen audit: [a-z0-9, ]+")


def commands(text: str) -> list[tuple[str, str, str]]:
    """Parse as the service does: any line that begins with two colons is a command."""
    found = []
    for line in re.split(r"\r\n|\r|\n", text.rstrip("\n")):
        match = COMMAND.fullmatch(line)
        assert match or OWN.fullmatch(line), line
        if match:
            found.append((match[1], re.sub("=[^,]*", "=", match[2]), match[3]))
    return found


def test_a_report_of_every_kind(golden: Callable[[str, str], None]) -> None:
    golden("audit/every_kind.github.txt", render(make_change()))


def structure(text: str) -> list[tuple[str, str]]:
    return [(name, keys) for name, keys, _ in commands(text)]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_start_no_command(text: str) -> None:
    assert structure(render(make_change(every_slot(text)))) == structure(render(make_change()))


@given(st.text(max_size=80))
def test_no_words_are_too_odd(text: str) -> None:
    assert structure(render(make_change(every_slot(text)))) == structure(render(make_change()))


def test_values_are_escaped_and_come_back() -> None:
    text = render(make_change(every_slot("a,b:c%d")))
    assert "file=runs/digits/run1/a%2Cb%3Ac%25d" in text
    assert "a,b:c%25d" in text


def test_a_step_makes_as_many_of_each_kind_as_are_shown() -> None:
    report = make_change()
    template = report.runs[0].checks[2]
    many = tuple(
        msgspec.structs.replace(template, id=f"metrics.check-{number}") for number in range(1_000)
    )
    run = msgspec.structs.replace(report.runs[0], checks=many + report.runs[0].checks)
    text = render(msgspec.structs.replace(report, runs=(run,)))
    kinds = [name for name, _, _ in commands(text)]
    assert kinds.count("warning") == EACH
    assert kinds.count("error") == 2
    assert "reportgen audit: 994 more findings, in the other outputs" in text
