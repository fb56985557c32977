"""Colours of terminals as names of classes, and nothing else of their escapes."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from reportgen.site.parts.ansi import Segment, segments_of


def test_colours_and_bold_begin_and_end() -> None:
    text = "a \x1b[31mred\x1b[0m b \x1b[1;92mloud\x1b[22m soft\x1b[39m c"
    assert segments_of(text) == [
        Segment("", "a "),
        Segment("ansi-red", "red"),
        Segment("", " b "),
        Segment("bold ansi-green", "loud"),
        Segment("ansi-green", " soft"),
        Segment("", " c"),
    ]


def test_a_colour_lasts_over_lines_and_neighbours_of_one_look_are_one_piece() -> None:
    assert segments_of("\x1b[33mone\ntwo\x1b[0m\nthree") == [
        Segment("ansi-yellow", "one\ntwo"),
        Segment("", "\nthree"),
    ]


def test_an_overprinted_line_is_its_last_form() -> None:
    assert segments_of("10 %\r20 %\r\x1b[32m100 %\n") == [
        Segment("ansi-green", "100 %\n"),
    ]


def test_titles_clipboards_and_numbered_colours_are_dropped() -> None:
    text = "\x1b]0;title\x07a\x1b]52;c;aGk=\x07b\x1b[38;5;196mc\x1b[2Jd"
    assert segments_of(text) == [Segment("", "abcd")]


@given(st.text(alphabet=st.sampled_from("ab\n\r\x1b[0;139m]\x07"), max_size=80))
def test_no_escape_is_left_and_looks_are_of_a_closed_set(text: str) -> None:
    for piece in segments_of(text):
        assert "\x1b" not in piece.text
        assert re.fullmatch(r"(bold)?( ?ansi-[a-z]+)?", piece.look)
