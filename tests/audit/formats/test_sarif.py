"""SARIF: valid by its schema, within the limits of services, the same when only words change."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from audit.report_of_every_kind import HOSTILE, PLAIN, every_slot, make_report
from hypothesis import given
from hypothesis import strategies as st

from reportgen import __version__
from reportgen.audit.formats.sarif import RESULTS, document, escaped, render
from reportgen.audit.report import AuditReport, CheckResult, Outcome, Severity
from reportgen.runs.problems import Problem

# As SchemaStore publishes it, unchanged.
SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_bytes())
VALID = jsonschema.Draft4Validator(SCHEMA)


def the_run(report: AuditReport) -> dict[str, Any]:
    (run,) = document(report)["runs"]
    return dict(run)


def by_rule(report: AuditReport) -> dict[str, dict[str, Any]]:
    return {one["ruleId"]: one for one in the_run(report)["results"]}


def test_a_report_of_every_kind(golden: Callable[[str, str], None]) -> None:
    golden("audit/every_kind.sarif", render(make_report()).replace(__version__, "VERSION"))


def test_it_is_valid_by_the_public_schema() -> None:
    VALID.check_schema(SCHEMA)
    VALID.validate(json.loads(render(make_report())))
    with pytest.raises(jsonschema.ValidationError):
        VALID.validate({"version": "2.1.0", "runs": [{}]})


def shape(value: Any) -> Any:
    """What a schema could judge of a value: its structure and types."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    return [shape(one) for one in value] if isinstance(value, list) else type(value)


TWIN = shape(document(make_report()))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_change_words_alone(text: str) -> None:
    assert shape(json.loads(render(make_report(every_slot(text))))) == TWIN


@given(st.text(max_size=80))
def test_no_words_are_too_odd(text: str) -> None:
    assert shape(json.loads(render(make_report(every_slot(text))))) == TWIN


def test_all_hostile_words_at_once_are_valid() -> None:
    VALID.validate(json.loads(render(make_report(every_slot("".join(HOSTILE))))))


def test_gravity_follows_the_gate_and_the_outcome() -> None:
    found = by_rule(make_report())
    assert {rule: (one["kind"], one["level"]) for rule, one in found.items()} == {
        "audit.gate": ("fail", "error"),
        "metrics.run-completed": ("fail", "error"),
        "environment.python-recorded": ("fail", "warning"),
        "metrics.series-finite": ("fail", "warning"),
        "hyperparameters.config-resolved": ("fail", "note"),
        "artifacts.checkpoint-present": ("fail", "note"),
        "code.commit-exists": ("open", "none"),
    }
    assert [one["level"] for one in the_run(make_report())["results"]] == sorted(
        (one["level"] for one in found.values()),
        key=["error", "warning", "note", "none"].index,
    )
    assert not the_run(make_report())["invocations"][0]["executionSuccessful"]


def test_one_cause_is_one_result_that_names_what_it_holds_up() -> None:
    found = by_rule(make_report())
    assert (
        "Held up by it: metrics.summary-recomputes"
        in found["metrics.run-completed"]["message"]["text"]
    )
    assert (
        "Held up by it: metrics.not-diverged" in found["metrics.series-finite"]["message"]["text"]
    )


def test_an_exempt_finding_is_suppressed_with_its_reason() -> None:
    (one,) = by_rule(make_report())["artifacts.checkpoint-present"]["suppressions"]
    assert (one["kind"], one["status"]) == ("external", "accepted")
    assert "accepted, by A. Person until 2099-12-31" in one["justification"]


def test_rules_are_those_of_the_results_and_their_indices_are_right() -> None:
    run = the_run(make_report())
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    assert {rule["id"] for rule in rules} == {one["ruleId"] for one in run["results"]}


def places(report: AuditReport) -> list[str]:
    text = render(report)
    return re.findall(r'"uri": "(.*)"', text)


def test_paths_are_relative_and_percent_encoded() -> None:
    assert places(make_report())[:2] == [
        "runs/digits/run1/run.yaml",
        "runs/digits/run1/run.yaml",
    ]
    assert "configs/mlp.yaml" in places(make_report())
    odd = msgspec.structs.replace(make_report().runs[0], place="runs/a b#c%d\udcffé")
    found = places(msgspec.structs.replace(make_report(), runs=(odd,)))
    assert "runs/a%20b%23c%25d%FF%C3%A9/run.yaml" in found


@pytest.mark.parametrize("file", ["/etc/passwd", "../../x", "C:\\x", "a\\b", "", "repository:../x"])
def test_a_place_outside_the_folder_is_no_location(file: str) -> None:
    uris = places(make_report(replace(PLAIN, file=file)))
    assert not any(uri.startswith("/") or ".." in uri or "\\" in uri for uri in uris)


def test_no_absolute_path_of_this_machine_is_told() -> None:
    elsewhere = Problem("run.unreadable", "error", "/home/somebody/runs/newer", "is newer")
    text = render(msgspec.structs.replace(make_report(), problems=(elsewhere,)))
    assert "/home/somebody" not in text
    assert "newer: is newer" in text


def test_fingerprints_stay_when_words_and_places_change() -> None:
    before = by_rule(make_report())
    after = by_rule(make_report(replace(PLAIN, message="other words", file="run.yaml")))
    assert {rule: one["partialFingerprints"] for rule, one in before.items()} == {
        rule: one["partialFingerprints"] for rule, one in after.items()
    }
    prints = [json.dumps(one["partialFingerprints"]) for one in before.values()]
    assert len(set(prints)) == len(prints)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[a](b)", "\\[a\\](b)"),
        ("\\[a", "\\\\\\[a"),
        ("C:\\x", "C:\\x"),
        ("{0}", "{{0}}"),
        ("}{", "}}{{"),
    ],
)
def test_messages_hold_no_link_and_no_placeholder(text: str, shown: str) -> None:
    assert escaped(text) == shown


@given(st.text(alphabet="[]{}\\(a)0", max_size=40))
def test_whoever_reads_a_message_gets_the_text_back(text: str) -> None:
    said = escaped(text)
    assert not re.search(r"(?<!\{)(?:\{\{)*\{(?!\{)", said)
    assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]]", said)
    read = re.sub(r"(\\*)\\([\[\]])", lambda m: m[1][: len(m[1]) // 2] + m[2], said)
    assert read.replace("{{", "{").replace("}}", "}") == text


def test_many_findings_are_cut_at_the_limit_and_counted() -> None:
    report = make_report()
    template = report.runs[0].checks[2]

    def one(number: int, severity: Severity) -> CheckResult:
        message = f"[x](javascript:alert({number})) {{0}}"
        return msgspec.structs.replace(template, severity=severity, message=message)

    few = tuple(one(number, Severity.B) for number in range(10))
    many = tuple(one(number, Severity.L) for number in range(30_000))
    run = msgspec.structs.replace(report.runs[0], checks=many + few)
    text = render(msgspec.structs.replace(report, runs=(run,), gate=report.gate))
    found = json.loads(text)["runs"][0]
    assert len(found["results"]) == RESULTS
    assert [one["properties"]["severity"] for one in found["results"][1:11]] == ["blocker"] * 10
    note = found["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert note == "30,010 findings: the 5,000 gravest are listed, 25,010 are not"
    assert len(gzip.compress(text.encode())) < 10 * 2**20
    VALID.validate({**json.loads(text), "runs": [{**found, "results": found["results"][:5]}]})


def test_a_report_without_findings_is_valid_too() -> None:
    report = make_report()
    passing = tuple(one for one in report.runs[0].checks if one.outcome is Outcome.PASS)
    run = msgspec.structs.replace(report.runs[0], checks=passing, problems=())
    gate = msgspec.structs.replace(report.gate, passed=True, reasons=())
    empty = msgspec.structs.replace(report, runs=(run,), gate=gate, problems=())
    VALID.validate(document(empty))
    assert the_run(empty)["results"] == []
    assert the_run(empty)["invocations"][0]["executionSuccessful"]
