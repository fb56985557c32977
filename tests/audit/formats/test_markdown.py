"""Markdown: what a run says is code, whatever it says; the size stays that of a comment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import msgspec
import pytest
from audit.report_of_every_kind import HOSTILE, every_slot, make_change
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reportgen.audit.formats.findings import plain
from reportgen.audit.formats.markdown import LIMIT, block, cell, code, render, words
from reportgen.audit.report import AuditReport, Gate

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
CALL = re.compile(r"@\w|#\d|\bGH-\d|://|\bwww\.", re.IGNORECASE)


def tokens(text: str) -> Iterator[Token]:
    for token in PARSER.parse(text):
        yield token
        yield from token.children or ()


def structure(text: str) -> list[str]:
    """The elements of a page in their order: code is code however it is written."""
    found: list[str] = []
    inside = False
    for token in tokens(text):
        if token.type == "html_inline":
            assert token.content in ("<code>", "</code>")
            inside = token.content == "<code>"
            if inside:
                found.append("code")
        elif token.type in ("code_inline", "fence"):
            found.append("code")
        elif token.type not in ("text", "inline", "text_special"):
            assert not inside
            found.append(token.type)
    return found


def shown_outside_code(text: str) -> str:
    """What a page shows that is no code: there a service looks for mentions and links."""
    return "\n".join(token.content for token in tokens(text) if token.type.startswith("text"))


TWIN = structure(render(make_change()))


def test_a_report_of_every_kind(golden: Callable[[str, str], None]) -> None:
    golden("audit/every_kind.md", render(make_change()))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_change_words_alone(text: str) -> None:
    page = render(make_change(every_slot(text)))
    assert structure(page) == TWIN
    assert not CALL.search(shown_outside_code(page))


@given(st.text(st.sampled_from("`|\\@#*_<>![]()&-1\n a"), max_size=40) | st.text(max_size=40))
def test_no_words_are_too_odd(text: str) -> None:
    page = render(make_change(every_slot(text)))
    assert structure(page) == TWIN
    assert not CALL.search(shown_outside_code(page))


@given(st.text(st.sampled_from("`|\\ @#*_<>&[]x"), min_size=1, max_size=60))
def test_code_shows_the_text_it_was_given(text: str) -> None:
    for element in (code(text), cell(text)):
        found = list(tokens(f"a {element} b"))
        shown = "".join(one.content for one in found if one.type == "code_inline") or "".join(
            one.content for one in found[2:-1] if one.type in ("text", "text_special")
        )
        if text.strip():
            assert plain(text) in shown.replace("\u200b", "")


@given(st.text(st.sampled_from("`|\\ @#*_<>![]()&~$:/w.GH-1+=x"), max_size=40))
def test_words_are_words(text: str) -> None:
    before, after = "- one ", " two\n"
    assert structure(before + words(text) + after) == structure(f"{before}x{after}")
    assert not CALL.search(shown_outside_code(before + words(text) + after))
    (shown,) = [
        "".join(one.content for one in token.children or ())
        for token in PARSER.parse(before + words(text) + after)
        if token.type == "inline"
    ]
    assert text.strip() in shown.replace("\u200b", "")


@pytest.mark.parametrize("text", ["- x", "+ x", "1. x", "12) x", "=", "# x", "> x", "* x"])
def test_words_at_the_start_of_a_paragraph_begin_no_list(text: str) -> None:
    assert structure(words(text)) == ["paragraph_open", "paragraph_close"]


def test_a_command_is_a_block_unless_it_could_end_it() -> None:
    assert block("git push origin HEAD") == "```\ngit push origin HEAD\n```"
    assert structure(block("```` x")) == ["paragraph_open", "code", "paragraph_close"]


def test_the_size_stays_under_that_of_a_comment() -> None:
    report = make_change(every_slot("é|`" * 1_000))
    many = tuple(
        msgspec.structs.replace(report.runs[0], path=f"runs/{number}") for number in range(500)
    )
    page = render(msgspec.structs.replace(report, runs=many))
    assert LIMIT // 2 < len(page.encode()) <= LIMIT
    assert page.endswith("The rest is left out here: the other outputs have it.\n")


def test_what_does_not_stop_the_gate_is_folded_up() -> None:
    page = render(make_change())
    before, _, folded = page.partition("<details>")
    folded, _, after = folded.partition("</details>")
    assert "### Stops the gate" in before
    assert [line for line in folded.splitlines() if line.startswith("### ")] == [
        "### Fails",
        "### In part, or exempt",
        "### Could not be judged",
    ]
    assert "### Deleted runs" in after
    passes = msgspec.structs.replace(make_change(), gate=Gate(passed=True))
    assert "<details>" not in render(passes)


def test_a_fold_is_closed_where_the_rest_is_left_out() -> None:
    report = make_change(every_slot("é|`" * 1_000))
    run = report.runs[0]
    checks = tuple(
        msgspec.structs.replace(one, id=f"{one.id}-{number}")
        for number in range(400)
        for one in run.checks
        if number == 0 or one.id != "metrics.run-completed"
    )
    whole = msgspec.structs.replace(run, checks=checks + run.checks)
    page = render(msgspec.structs.replace(report, runs=(whole,)))
    assert page.count("<details>") == page.count("</details>") == 1
    assert page.endswith("The rest is left out here: the other outputs have it.\n")


def test_a_change_of_the_rules_is_said_at_the_top() -> None:
    assert render(make_change()).split("\n\n")[2] == (
        "**Rules** changed in `audit.yaml`: this audit goes by those of `main (012345678)`."
    )


def test_the_verdict_comes_first() -> None:
    passing = tuple(run for run in make_change().runs if run.passed)
    report = AuditReport(gate=Gate(passed=True, warnings=3), runs=passing)
    assert render(report).startswith(
        "## Audit of runs: the gate passes\n\n1 run, 3 findings to look at (policy `default`"
    )
    assert render(make_change()).startswith(
        "## Audit of runs: the gate fails\n\n1 of 2 runs fail it, added or changed since"
    )
