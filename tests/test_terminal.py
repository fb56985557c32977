from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.terminal import one_line, printable, use_color

ANY_TEXT = st.text(st.characters())  # surrogates too


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ("plain, ångström, 日本, 👩🏽‍🔬", "plain, ångström, 日本, 👩🏽‍🔬"),
        ("\x1b]52;c;cm0gLXJm\x07", "\\x1b]52;c;cm0gLXJm\\x07"),
        ("ok\rFAIL", "ok\\x0dFAIL"),
        ("a\n::error::b", "a\\x0a::error::b"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u2028b", "a\\u2028b"),
        ("\udcff", "\\udcff"),
        ("a\U000e0041", "a\\U000e0041"),
    ],
)
def test_one_line(data: str, shown: str) -> None:
    assert one_line(data) == shown


@given(ANY_TEXT)
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    shown = one_line(text)
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in shown)
    assert len((shown + ".").splitlines()) == 1


@given(ANY_TEXT)
def test_printable_keeps_lines_and_tabs_alone(text: str) -> None:
    shown = printable(text)
    assert shown.count("\n") == text.count("\n")
    assert shown.count("\t") == text.count("\t")
    assert [one_line(part) for part in text.split("\n") if "\t" not in part] == [
        part for part in shown.split("\n") if "\t" not in part
    ]


@pytest.mark.parametrize(
    ("stream", "variables", "colored"),
    [
        (io.StringIO(), {}, False),
        (Terminal(), {"TERM": "xterm"}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
        (io.StringIO(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_color(
    monkeypatch: pytest.MonkeyPatch,
    stream: io.StringIO,
    variables: dict[str, str],
    colored: bool,
) -> None:
    monkeypatch.delenv("TERM", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert use_color(stream) is colored
