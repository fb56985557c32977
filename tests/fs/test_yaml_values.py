from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import UnreadableError
from reportgen.fs.documents import _Loader, parse_yaml
from reportgen.fs.parsed import Parsed

_NUMBERS = ("1", "1.5", "1e3", "0x1f", "0o7", "12:30", "1_000", ".5", "+1", "-.inf", "1" * 64)
_OTHERS = ("yes", "on", "null", "~", "-", "a", "2026-01-02", "=", "<<", "x" * 64, "x" * 65)
WORDS = st.sampled_from([*_NUMBERS, "1" * 65, *_OTHERS])


def parse(text: str) -> Parsed:
    return parse_yaml(text.encode(), name="c.yaml")


@pytest.mark.parametrize(
    ("text", "value", "source", "severity"),
    [
        ("no", False, "no", "warning"),
        ("On", True, "On", "warning"),
        ("3.10", 3.1, "3.10", "info"),
        ("12:30:45", 45045, "12:30:45", "warning"),
        ("010", 8, "010", "warning"),
        ("1_000", 1000, "1_000", "warning"),
        ("1e3", "1e3", None, "warning"),
        ("1e-4", "1e-4", None, "warning"),
        ("2024-01-01", "2024-01-01", None, "info"),
        ("2024-13-45", "2024-13-45", None, "info"),
        ("1.0e+999", float("inf"), "1.0e+999", "info"),
    ],
)
def test_what_others_read_differently(
    text: str, value: Any, source: str | None, severity: str
) -> None:
    parsed = parse(f"\nkey: {text}\n")
    assert parsed.value == {"key": value}
    assert parsed.sources.get(("key",)) == source
    (note,) = parsed.notes
    assert (note.id, note.severity, note.line) == ("yaml.ambiguous", severity, 2)
    assert note.message.startswith(text)


@pytest.mark.parametrize(
    ("text", "value", "source"),
    [
        ("true", True, None),
        ("True", True, "True"),
        ("null", None, None),
        ("~", None, "~"),
        ("", None, ""),
        ("7", 7, None),
        ("+7", 7, "+7"),
        ("0x1F", 31, "0x1F"),
        ("0.001", 0.001, None),
        ("1.0e-3", 0.001, "1.0e-3"),
        (".inf", float("inf"), ".inf"),
        ("'no'", "no", None),
        ('"3.10"', "3.10", None),
        ("3.10.1", "3.10.1", None),
        ("!!str 3.10", "3.10", None),
        ("y", "y", None),
        ("=", "=", None),
        ("1e", "1e", None),
    ],
)
def test_what_is_plain(text: str, value: Any, source: str | None) -> None:
    parsed = parse(f"key: {text}\n")
    assert parsed.value == {"key": value}
    assert parsed.notes == []
    assert parsed.sources.get(("key",)) == source


def test_a_number_of_5000_digits_stays_text() -> None:
    parsed = parse("n: " + "9" * 5000)
    assert parsed.value == {"n": "9" * 5000}
    assert "too many digits" in parsed.notes[0].message
    assert len(parsed.notes[0].message) < 200


def test_keys_are_text() -> None:
    parsed = parse("1: a\nnull: b\non: c\n1.5: d\n2024-01-01: e\n")
    assert list(parsed.value) == ["1", "null", "on", "1.5", "2024-01-01"]
    assert [note.line for note in parsed.notes] == [2, 3]


def test_the_place_of_a_spelling_is_its_path() -> None:
    parsed = parse("model:\n  layers: [{act: no}, {act: 1.10}]\n")
    assert parsed.sources == {
        ("model", "layers", 0, "act"): "no",
        ("model", "layers", 1, "act"): "1.10",
    }


def test_merged_keys_stand_behind_own_ones() -> None:
    parsed = parse(
        "base: &b {lr: 0.10, width: 64}\nlate: &l {lr: 0.3, depth: 2}\n"
        "one:\n  lr: 0.2\n  <<: *b\nmany:\n  <<: [*b, *l]\n"
    )
    assert parsed.value["one"] == {"lr": 0.2, "width": 64}
    assert parsed.value["many"] == {"lr": 0.1, "width": 64, "depth": 2}
    assert parsed.sources == {("base", "lr"): "0.10"}


def test_aliases_are_copies() -> None:
    value = parse("a: &a [1, {b: 2}]\nc: *a\n").value
    assert value == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}
    value["a"][1]["b"] = 3
    assert value["c"] == [1, {"b": 2}]


def test_a_python_tuple_is_a_list() -> None:
    parsed = parse("betas: !!python/tuple [0.9, 0.999]\n")
    assert parsed.value == {"betas": [0.9, 0.999]}
    assert [(note.id, note.severity) for note in parsed.notes] == [("yaml.tag", "info")]


@pytest.mark.parametrize(
    "text",
    [
        *("!custom x", "!!binary aGk=", "a: !!set {a}", "!!omap [a: 1]", "!!python/tuple {a: 1}"),
        *("? !x a\n: 1", "!!python/object:x.Y {}", "!!python/tuple x", "!!map [a]", "!!seq {a: 1}"),
    ],
)
def test_tags_that_build_something_are_refused(text: str) -> None:
    with pytest.raises(UnreadableError, match="carries the tag") as caught:
        parse(text)
    assert caught.value.problem == "yaml.tag"
    assert caught.value.where == "c.yaml:1"


@given(WORDS | st.text(min_size=1, max_size=70))
def test_what_a_plain_word_is_does_not_hang_on_what_was_read_before(word: str) -> None:
    loader = _Loader("")
    expected = super(_Loader, loader).resolve(yaml.ScalarNode, word, (True, False))
    assert loader.resolve(yaml.ScalarNode, word, (True, False)) == expected
    assert loader.resolve(yaml.ScalarNode, word, (False, True)) == "tag:yaml.org,2002:str"
