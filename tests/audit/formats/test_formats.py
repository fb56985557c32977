"""The table of formats, and what all of them keep to."""

from __future__ import annotations

import pytest
from audit.report_of_every_kind import HOSTILE, every_slot, make_report

from reportgen.audit.formats import FORMATS, Format, by_name
from reportgen.audit.formats.findings import findings_of, path_of, plain, uri_of
from reportgen.audit.report import AuditReport, Gate, Where
from reportgen.errors import UsageError

LARGEST = 64 * 1024


def test_an_unknown_format_names_the_known_ones() -> None:
    names = ["text", "json", "markdown", "github", "sarif", "junit", "badge"]
    assert [one.name for one in FORMATS] == names
    with pytest.raises(UsageError, match="Did you mean json"):
        by_name("jsn")


@pytest.mark.parametrize("output", FORMATS, ids=lambda one: one.name)
def test_a_format_ends_its_last_line_and_says_the_same_twice(output: Format) -> None:
    text = output.render(make_report())
    assert text.endswith("\n")
    assert output.render(make_report()) == text


@pytest.mark.parametrize("output", FORMATS, ids=lambda one: one.name)
def test_a_format_has_words_for_no_runs_at_all(output: Format) -> None:
    assert output.render(AuditReport(gate=Gate(passed=True)))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("output", FORMATS, ids=lambda one: one.name)
def test_hostile_words_become_text_that_can_be_stored(output: Format, text: str) -> None:
    shown = output.render(make_report(every_slot(text)))
    assert shown.encode()
    if output.name != "json":  # whose escapes are its readers' business
        assert not any(ord(one) < 32 and one != "\n" for one in shown)


def test_findings_are_in_order_of_gravity_one_a_cause() -> None:
    found = [(one.gravity, one.result.id, one.under) for one in findings_of(make_report())]
    assert found == [
        ("error", "metrics.run-completed", ("metrics.summary-recomputes",)),
        ("warning", "environment.python-recorded", ()),
        ("warning", "metrics.series-finite", ("metrics.not-diverged",)),
        ("note", "hyperparameters.config-resolved", ()),
        ("note", "artifacts.checkpoint-present", ()),
        ("none", "code.commit-exists", ()),
    ]


def test_places_are_named_from_the_top_of_the_repository() -> None:
    run = make_report().runs[0]
    assert path_of(run, Where(file="config.yaml")) == "runs/digits/run1/config.yaml"
    assert path_of(run, Where(file="repository:uv.lock")) == "uv.lock"
    assert path_of(run, Where(file="../../secret")) == "runs/digits/run1/run.yaml"
    assert path_of(run, None) == "runs/digits/run1/run.yaml"
    assert uri_of("a b/é#?%") == "a%20b/%C3%A9%23%3F%25"


def test_long_text_is_cut_with_its_count() -> None:
    assert plain("x" * 1_200) == "x" * 1_000 + "… and 200 more characters"
    assert plain("a\nb\x1b") == "a\\x0ab\\x1b"
