"""Text and addresses, made fit for a page."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.site.text import (
    clip,
    honest,
    joined,
    plain_log,
    safe_url,
    script_json,
    sentence,
    visible,
    web_address,
    without_credentials,
)

PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(-1e9, 1e9),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=12,
)


@given(st.text())
def test_visible_text_is_utf8_and_xml(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    ET.fromstring(f"<a>{escape(shown)}</a>")
    assert len(shown) == len(text)


def test_controls_become_pictures() -> None:
    assert visible("a\x00\x1b\x7f\x85\ud800b\tc\nd") == "a\u2400\u241b\u2421\ufffd\ufffdb\tc\nd"


def test_a_long_text_says_how_long_it_was() -> None:
    assert clip("a" * 1_000_000, 5) == "aaaaa… (1,000,000 characters)"
    assert clip("abc", 3) == "abc"


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;javascript:x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;aGk=\x07", ""),
        ("10%\r50%\r100%\n", "100%\n"),
        ("windows\r\nline", "windows\nline"),
        ("\x1bP1;2|x\x1b\\after", "after"),
        ("rlo \u202egnp", "rlo \\u202egnp"),
        ("plain", "plain"),
    ],
)
def test_a_log_reads_as_what_was_seen(raw: str, plain: str) -> None:
    assert plain_log(raw) == plain


@given(st.text(st.sampled_from("\x1b[]P\\;m07\x07\x9b\r\n ab"), max_size=60))
def test_no_escape_survives_in_a_log(text: str) -> None:
    shown = visible(plain_log(text))
    assert "\x1b" not in shown
    assert "\r" not in shown


def test_deceptive_characters_are_spelt_out_in_code() -> None:
    assert honest("a\u202eb\u200bc\ufeff") == "a\\u202eb\\u200bc\\ufeff"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVa\tScRiPt:alert(1)",
        "&#106;avascript:x",
        "data:text/html,x",
        "vbscript:x",
        "//e.example",
        "\\\\e\\share",
        " https://x.example",
        "http://[::1",
        "http://",
        "file:///etc/passwd",
        "https://ex ample.org",
        "https://b\u00fccher.example",
        "",
        None,
        "https://x.example/" + "a" * 5000,
    ],
)
def test_an_address_that_is_not_plain_web_is_no_link(address: str | None) -> None:
    assert safe_url(address) is None


def test_credentials_leave_an_address() -> None:
    assert safe_url("https://u:p@example.org:8443/a?b=c#d") == "https://example.org:8443/a?b=c"
    assert without_credentials("https://token@example.org/a.git") == "https://example.org/a.git"


@pytest.mark.parametrize(
    ("remote", "page"),
    [
        ("https://example.org/lab/digits.git", "https://example.org/lab/digits"),
        ("git@example.org:lab/digits.git", "https://example.org/lab/digits"),
        ("ssh://git@example.org/lab/digits", "https://example.org/lab/digits"),
        ("ext::sh -c touch", None),
        ("--upload-pack=x", None),
        ("/srv/git/digits.git", None),
        (None, None),
    ],
)
def test_the_page_of_a_remote(remote: str | None, page: str | None) -> None:
    assert web_address(remote) == page


@given(PLAIN)
def test_script_json_is_the_value_in_harmless_ascii(value: Any) -> None:
    text = script_json(value)
    assert text.isascii()
    assert not set("<>&\x7f") & set(text)
    assert json.loads(text) == value


def test_script_json_spells_out_what_ends_a_script() -> None:
    assert script_json("</script>\u2028") == '"\\u003c/script\\u003e\\u2028"'
    assert json.loads(script_json({"a\ud800": ["\ud800", "\U0001f600"]})) == {
        "a\ufffd": ["\ufffd", "\U0001f600"]
    }


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("no end and no writer", "No end and no writer."),
        ("checkpoints/a.pt: gone", "checkpoints/a.pt: gone."),
        ("already done!", "Already done!"),
        ("3 of 5", "3 of 5."),
        ("", ""),
    ],
)
def test_sentences(text: str, written: str) -> None:
    assert sentence(text) == written


def test_joined() -> None:
    assert [joined(["a", "b", "c"][:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
