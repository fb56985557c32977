from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.fs.text import hidden_character, storable

ANY_TEXT = st.text(st.characters(min_codepoint=0, max_codepoint=0x10FFFF, exclude_categories=()))


@pytest.mark.parametrize(
    "char", ["\u061c", "\u200b", "\u200e", "\u202a", "\u202e", "\u2066", "\u2069", "\ufeff"]
)
def test_what_reorders_or_hides_is_named(char: str) -> None:
    assert hidden_character(f"train/{char}loss") == f"U+{ord(char):04X}"


def test_tag_characters_are_hidden() -> None:
    assert hidden_character("a\U000e0041") == "U+E0041"


@pytest.mark.parametrize("text", ["loss", "потери", "損失", "\u200d👩‍🔬", "a\tb\n", ""])
def test_scripts_and_emoji_hide_nothing(text: str) -> None:
    assert hidden_character(text) is None


@given(ANY_TEXT)
def test_everything_becomes_storable(text: str) -> None:
    stored = storable(text)
    stored.encode("utf-8")
    if not any("\ud800" <= char <= "\udfff" for char in text):
        assert stored == text


def test_bytes_of_a_name_stay_visible() -> None:
    name = b"x\xff\xfe".decode("utf-8", "surrogateescape")
    assert storable(name) == "x\\xff\\xfe"
    assert storable("a\ud800b") == "a\ufffdb"
