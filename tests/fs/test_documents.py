from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from reportgen.errors import LimitError, ReportgenError, UnreadableError
from reportgen.fs.documents import (
    dump_json,
    dump_yaml,
    load_json,
    load_yaml,
    parse_json,
    parse_yaml,
)
from reportgen.fs.limits import Limits

TEXT = st.text()
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
PLAIN = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
@example({"a": "no", "b": "3.10", "c": "12:30", "d": "1e3", "e": "0o7", "f": "y", "g": "~"})
@example({"no": 1, "null": 2, "<<": {"a": 1}, "=": 3, "2024-01-01": 4, "": 5})
@example(["\x00", "\x85", "\u2028", "\ufeff", "\x7f", " a ", "a\n\nb\n", "- a", "#", "!x", "&a"])
@example([0.1, 1e-05, 1e16, 1e300, 5e-324, -0.0, 2**53 + 1, 10**30, math.inf, -math.inf])
def test_yaml_comes_back_as_it_went(value: Any) -> None:
    text = dump_yaml(value)
    parsed = parse_yaml(text.encode(), name="x")
    assert parsed.value == value
    assert [note for note in parsed.notes if note.id == "yaml.ambiguous"] == []


@given(st.dictionaries(TEXT, SCALARS, max_size=6))
def test_what_we_write_plain_pyyaml_reads_alike(value: dict[str, Any]) -> None:
    assert yaml.safe_load(dump_yaml(value)) == value


def test_nan_comes_back_as_nan() -> None:
    assert math.isnan(load_yaml(dump_yaml({"a": math.nan}).encode(), name="x")["a"])


def test_a_value_in_two_places_is_written_twice() -> None:
    shared = [1, 2]
    assert "&" not in dump_yaml({"a": shared, "b": shared})


JSON_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)


@given(
    st.recursive(
        JSON_SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
        max_leaves=12,
    ),
    st.booleans(),
)
def test_json_comes_back_as_it_went(value: Any, indent: bool) -> None:
    data = dump_json(value, indent=indent)
    assert data.endswith(b"\n")
    assert load_json(data, name="x") == value
    assert json.loads(data) == value


def test_json_holds_what_orjson_does_not() -> None:
    value = {"seed": 2**70, 7: "\udcff", "nan": math.nan, "list": (1, math.inf)}
    assert json.loads(dump_json(value)) == {
        "seed": 2**70,
        "7": "\\xff",
        "nan": None,
        "list": [1, None],
    }


def test_yaml_of_undecodable_bytes() -> None:
    text = dump_yaml({"argv": [b"x\xff".decode("utf-8", "surrogateescape"), "\ud800"], "n": 0.5})
    assert load_yaml(text.encode(), name="x") == {"argv": ["x\\xff", "\ufffd"], "n": 0.5}


# -- faults name file and line -------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("a: 1\nb: [1,\n", "c.yaml:3", "not valid YAML"),
        ("a: 1\n\tb: 2\n", "c.yaml:2", "not valid YAML"),
        ("a\n---\nb\n", "c.yaml:2", "another document"),
        ("%YAML 9.9\n---\na: 1\n", "c.yaml:1", "incompatible"),
        ("a: 1\n? [1]\n: 2\n", "c.yaml:2", "as a key"),
        ("a: 1\nb: 2\na: 3\n", "c.yaml:3", "'a' stands twice"),
        ("a: *gone\n", "c.yaml:1", "undefined alias"),
        ("a: 1\nb: !!int x\n", "c.yaml:2", "no number"),
        ("b: !!bool maybe\n", "c.yaml:1", "neither true nor false"),
        ("<<: 3\n", "c.yaml:1", "merges"),
        ("a: \x07\n", "c.yaml", "not valid YAML"),
    ],
)
def test_a_fault_in_yaml_has_its_place(text: str, where: str, what: str) -> None:
    with pytest.raises(UnreadableError, match=what) as caught:
        load_yaml(text.encode(), name="c.yaml")
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("data", "where", "what"),
    [
        (b'{"a": 1,\n "b": }', "m.json:2", "not valid JSON"),
        (b'{"a": NaN}', "m.json:1", "not valid JSON"),
        (b'{"a": 1, "a": 2}', "m.json", "'a' stands twice"),
        (b"\xff\xfe{}", "m.json:1", "not valid JSON"),
        (b"", "m.json:1", "not valid JSON"),
    ],
)
def test_a_fault_in_json_has_its_place(data: bytes, where: str, what: str) -> None:
    with pytest.raises(UnreadableError, match=what) as caught:
        load_json(data, name="m.json")
    assert caught.value.where == where


@pytest.mark.parametrize("data", ["a: é".encode("latin-1"), "a: é".encode("utf-16")])
def test_other_encodings_are_named(data: bytes) -> None:
    with pytest.raises(UnreadableError, match="is not UTF-8"):
        load_yaml(data, name="c.yaml")


def test_a_byte_order_mark_is_no_fault() -> None:
    assert load_yaml(b"\xef\xbb\xbfa: 1", name="x") == {"a": 1}
    assert load_json(b'\xef\xbb\xbf{"a": 1}', name="x") == {"a": 1}


@pytest.mark.parametrize("data", [b"", b"\n", b"# only a remark\n", b"---\n"])
def test_an_empty_document_is_nothing(data: bytes) -> None:
    assert load_yaml(data, name="x") is None


# -- what is read all the same, with a note ------------------------------------------------


def test_the_last_of_two_equal_keys_counts() -> None:
    for parse, data in ((parse_yaml, b"a: 1\nb:\n  c: 1\n  c: 2\n"), (parse_json, b"")):
        data = data or b'{"a": 1, "b": {"c": 1, "c": 2}}'
        parsed = parse(data, name="x")
        assert parsed.value == {"a": 1, "b": {"c": 2}}
        (note,) = parsed.notes
        assert (note.id, note.severity) == ("document.duplicate_key", "warning")
        assert "'c' stands twice" in note.message


@pytest.mark.parametrize("data", [b'{"a\\":b": 1}', b'{"x": "a\\":", "y": "\\":"}', b'["\\":"]'])
def test_colons_inside_text_are_no_keys(data: bytes) -> None:
    assert parse_json(data, name="x").notes == []


def test_hidden_characters_are_noted_in_keys_and_values() -> None:
    (note,) = parse_yaml(b'a:\n- "\\u202e"\n', name="x").notes
    assert (note.id, note.line) == ("text.bidi", 2)
    assert [note.id for note in parse_json('{"\u202e": 1}'.encode(), name="x").notes] == [
        "text.bidi"
    ]
    assert [note.id for note in parse_json(b'[["\\u2066"]]', name="x").notes] == ["text.bidi"]


def test_many_notes_of_one_kind_are_counted() -> None:
    text = "".join(f"k{number}: no\n" for number in range(33))
    notes = parse_yaml(text.encode(), name="x").notes
    assert len(notes) == 21
    assert notes[-1].message == "13 more like these"


# -- limits --------------------------------------------------------------------------------

BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{level}: &a{level} [{','.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 11)
)
MERGE_BOMB = "a0: &a0 {k: v}\n" + "".join(
    f"a{level}: &a{level} {{<<: [{','.join([f'*a{level - 1}'] * 10)}]}}\n" for level in range(1, 11)
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        MERGE_BOMB,
        "&a [*a]",
        "a: &a {b: *a}",
        "[" * 5_000,
        "[" * 1_000_000,
        "{a: " * 500_000,
        "- " * 1_000_000,
        "? " * 500_000,
        "".join(" " * depth + "a:\n" for depth in range(500)),
        "a: &x " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 40 + "*x" + "]" * 40,
        "[" + "a," * 1_000_000 + "]",
        "- &a b\n" + "- *a\n" * 300_000,
    ],
    ids=[
        *("aliases", "merges", "itself", "itself in a mapping", "5,000 brackets"),
        *("a million brackets", "braces", "dashes", "question marks", "indentation"),
        *("depth by an alias", "a million values", "a value many times"),
    ],
)
def test_yaml_without_bounds_is_refused(text: str) -> None:
    with pytest.raises(ReportgenError) as caught:
        load_yaml(text.encode(), name="c.yaml")
    assert caught.value.problem == "yaml.limits"


def test_many_anchors_are_fine() -> None:
    text = "".join(f"- &a{number} {number}\n" for number in range(20_000)) + "- *a7\n"
    assert load_yaml(text.encode(), name="x")[-1] == 7


def test_depth_is_counted_alike_in_yaml_and_json() -> None:
    limits = Limits(depth=5)
    for depth in (5, 6):
        data = ("[" * depth + "]" * depth).encode()
        for load in (load_yaml, load_json):
            if depth == 5:
                load(data, name="x", limits=limits)
            else:
                with pytest.raises(LimitError, match="deeper than 5"):
                    load(data, name="x", limits=limits)


def test_json_nesting_never_reaches_the_stack() -> None:
    for depth in (65, 1_024, 200_000):
        with pytest.raises(ReportgenError):
            load_json(b"[" * depth + b"]" * depth, name="x")


@pytest.mark.parametrize("load", [load_yaml, load_json])
def test_size(load: Any) -> None:
    with pytest.raises(LimitError, match="has 101 bytes; expected at most 100") as caught:
        load(b"1" * 101, name="x", limits=Limits(document_bytes=100))
    assert caught.value.problem == "limits.bytes"


@given(st.binary(max_size=200))
@example(b"!!python/object/apply:os.system [touch PWNED]")
@example(b"2024-13-45")
@example(b"1:99999999999999999999")
@example(b"._")
@example(b"0x_")
@example(b"+_")
@example(b"!!timestamp x")
@example(b"!!float x")
def test_any_bytes_are_a_value_or_one_error(data: bytes) -> None:
    places = []
    for load in (load_yaml, load_json):
        try:
            load(data, name="c.yaml")
        except ReportgenError as error:
            places.append(str(error))
    assert all("c.yaml" in place for place in places)


YAML_BITS = st.lists(
    st.sampled_from(
        [
            *(
                "a",
                "- ",
                ": ",
                "\n",
                "  ",
                "[",
                "]",
                "{",
                "}",
                ",",
                "&a ",
                "*a",
                "!!",
                "!!int ",
                "? ",
            ),
            *(
                "<<: ",
                "---\n",
                "|\n",
                ">\n",
                '"',
                "'",
                "#",
                "%",
                "1",
                ".",
                "_",
                "0x",
                "no",
                "\t",
                "é",
            ),
            *(
                "!!set ",
                "!!binary ",
                "!!timestamp ",
                "!!null ",
                "!!str ",
                "!!python/tuple ",
                "\ufeff",
            ),
        ]
    ),
    max_size=40,
).map("".join)


@given(YAML_BITS)
def test_anything_like_yaml_is_a_value_or_one_error(text: str) -> None:
    try:
        parsed = parse_yaml(text.encode(), name="x")
    except ReportgenError:
        return
    json.dumps(parsed.value)


def test_every_truncation_of_a_document_is_a_value_or_one_error() -> None:
    data = dump_yaml({"a": {"b": [1, 2.5, "x: y"], "c": None}, "é": "no", "t": "a\nb\n"}).encode()
    for end in range(len(data)):
        try:
            load_yaml(data[:end], name="x")
        except UnreadableError:
            continue


def test_nothing_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for tag in ("object/apply:os.system", "object/new:os.system", "name:os.system", "module:os"):
        with pytest.raises(UnreadableError) as caught:
            load_yaml(f"!!python/{tag} [touch PWNED]".encode(), name="x")
        assert caught.value.problem == "yaml.tag"
    assert not (tmp_path / "PWNED").exists()
