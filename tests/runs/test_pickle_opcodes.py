"""Pickles are walked to the last byte and never loaded."""

from __future__ import annotations

import collections
import io
import os
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.runs.pickle_opcodes import TENSOR_GLOBALS, walk_pickles

STATE = {"model": collections.OrderedDict(w=[1.0, 2.0]), "epoch": 3, "names": {"a", "b"}}


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch PWNED",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_values_name_nothing_else(protocol: int) -> None:
    content = walk_pickles(pickle.dumps(STATE, protocol=protocol))
    assert (content.pickles, content.others, content.unknown, content.fault) == (1, [], 0, None)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_call_is_named_whatever_the_protocol(protocol: int) -> None:
    content = walk_pickles(pickle.dumps([Trap(), Trap()], protocol=protocol))
    assert content.others == ["posix system"]


def test_a_name_built_from_the_memo_is_resolved() -> None:
    data = (
        b"\x80\x04\x8c\x05posix\x940\x8c\x06system\x940"  # both texts into the memo, and popped
        b"h\x00h\x01\x93\x8c\x0btouch PWNED\x85R."
    )
    assert walk_pickles(data).others == ["posix system"]


def test_a_memo_that_is_written_over_is_followed() -> None:
    """A scanner that remembers the first entry of the memo sees "collections" here."""
    data = (
        b"\x80\x04\x8c\x0bcollectionsq\x000\x8c\x05posixq\x000"
        b"h\x00\x8c\x06system\x93\x8c\x0btouch PWNED\x85R."
    )
    assert walk_pickles(data).others == ["posix system"]


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x04\x8c\x05posix\x8c\x03sys\x8c\x03tem\x86\x93.",  # a tuple in place of a text
        b"\x80\x04\x8c\x06system\x8c\x05posix2\x93.",  # DUP of a text is not followed
        b"\x80\x02\x82\x01.",  # a registered extension
        b"\x80\x02\x83\x01\x00.",
        b"\x80\x04N\x8c\x06system\x93.",
    ],
)
def test_what_cannot_be_told_is_counted_as_unknown(data: bytes) -> None:
    assert walk_pickles(data).unknown == 1


def test_a_second_pickle_behind_the_first_is_walked() -> None:
    data = pickle.dumps({"epoch": 1}) + pickle.dumps(Trap())
    content = walk_pickles(data)
    assert (content.pickles, content.others) == (2, ["posix system"])


def test_bytes_behind_a_pickle_are_a_fault() -> None:
    assert walk_pickles(pickle.dumps(1) + b"\xff\xff").fault is not None


def test_a_pickle_is_never_whole_when_it_is_cut() -> None:
    data = pickle.dumps(STATE)
    for length in range(1, len(data)):
        assert walk_pickles(data[:length]).fault is not None


def test_protocol_0_and_instances_are_walked() -> None:
    assert walk_pickles(b"cposix\nsystem\n(S'touch PWNED'\ntR.").others == ["posix system"]
    assert walk_pickles(b"(S'touch PWNED'\niposix\nsystem\n.").others == ["posix system"]


def test_a_name_with_a_space_passes_for_no_other() -> None:
    assert walk_pickles(b"ctorch._utils _rebuild_tensor\n_v2\n.").others
    assert walk_pickles(b"c\ncollections OrderedDict\n.").others


def test_opcodes_are_counted_and_bounded() -> None:
    puts = b"\x80\x02" + b"N0" * 600 + b"N."
    assert walk_pickles(puts, limit=1_000).fault == "has more than 1,000 opcodes"
    assert walk_pickles(puts, limit=2_000).fault is None


def test_persistent_ids_count_with_the_texts_before_them() -> None:
    class Pickler(pickle.Pickler):
        def persistent_id(self, value: Any) -> Any:
            return ("storage", str(value)) if isinstance(value, float) else None

    out = io.BytesIO()
    Pickler(out, protocol=2).dump([1.5, 2.5, 1.5])
    content = walk_pickles(out.getvalue())
    assert content.tensors == 3
    assert [bool({"1.5", "2.5"} & nearby) for nearby in content.nearby] == [True] * 3


def test_no_name_of_the_list_runs_a_program() -> None:
    modules = {name.partition(" ")[0].partition(".")[0] for name in TENSOR_GLOBALS}
    assert modules == {"torch", "numpy", "collections", "_codecs", "builtins", "__builtin__"}
    named = {name.partition(" ")[2] for name in TENSOR_GLOBALS}
    assert not named & {"eval", "exec", "getattr", "compile", "open", "load", "__import__"}


@given(st.binary(max_size=300))
def test_arbitrary_bytes_raise_nothing(data: bytes) -> None:
    walk_pickles(data)
    walk_pickles(b"\x80\x04" + data + b".")
