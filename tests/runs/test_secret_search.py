"""Where a secret begins and ends, in text of any length."""

from __future__ import annotations

import pytest

from reportgen.runs.secret_search import (
    NAMED,
    is_named_secret,
    is_text_secret,
    named_hits,
    option_hits,
    shape_hits,
    userinfo_hits,
)


def found(text: str, hits) -> list[tuple[str, str]]:
    return [(text[hit.start : hit.end], hit.rule) for hit in hits]


@pytest.mark.parametrize("length", [5, 95, 96, 97, 500, 5_000])
@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_a_value_is_taken_to_its_end(length: int, quote: str) -> None:
    value = "a1" * (length // 2 + 1)
    text = f"password={quote}{value}{quote} after"
    assert found(text, named_hits(text, is_text_secret)) == [(value, NAMED)]


def test_a_quoted_value_ends_at_its_quote_and_a_bare_one_at_a_space() -> None:
    text = "{'password': 'two words', 'x': 1, \"secret\": bare, token=1}"
    assert found(text, named_hits(text, is_text_secret)) == [("two words", NAMED), ("bare", NAMED)]


def test_letters_that_change_length_in_lower_case_move_nothing() -> None:
    text = "İİİ password=hunter2"
    assert found(text, named_hits(text, is_text_secret)) == [("hunter2", NAMED)]


def test_options_take_the_next_word() -> None:
    text = "run --password hunter2 --token --x y --max-tokens 5"
    assert found(text, option_hits(text)) == [("hunter2", NAMED)]


def test_userinfo_goes_to_the_last_at_sign() -> None:
    text = "see https://a@b:c@host/x@y and ssh://git@host and x://@"
    assert found(text, userinfo_hits(text)) == [("a@b:c", "url-userinfo")]


def test_a_shape_within_a_longer_word_is_none() -> None:
    inner = "ghp_" + "a" * 36
    assert found(f"x{inner}", shape_hits(f"x{inner}")) == []
    assert found(f"_{inner}", shape_hits(f"_{inner}")) == [(inner, "github-token")]


@pytest.mark.parametrize(
    ("kind", "value", "secret"),
    [
        ("sure", "x1", True),
        ("sure", "none", False),
        ("sure", "<redacted:named>", False),
        ("sure", "1234", True),
        ("bare", "1234", False),
        ("bare", "word", True),
        ("likely", "word", False),
        ("likely", "0123456789abcdef01", True),
    ],
)
def test_how_sure_a_name_is_decides(kind, value: str, secret: bool) -> None:
    assert is_named_secret(kind, value) is secret
