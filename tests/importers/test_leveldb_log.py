from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from importers.wandb_log import BLOCK, HEADER, log_bytes

from reportgen.importers.leveldb_log import LogReader

RECORDS = [b"a" * 10, b"b" * BLOCK, b"c", b"d" * (3 * BLOCK), b"e" * (BLOCK - 60), b"f" * 40]


def read(data: bytes) -> tuple[list[bytes], LogReader]:
    reader = LogReader("f")
    return list(reader.records(data)), reader


def test_records_come_back_over_the_edges_of_blocks() -> None:
    found, reader = read(log_bytes(RECORDS))
    assert found == RECORDS
    assert reader.problems == []


@given(st.lists(st.integers(0, 2 * BLOCK), max_size=6))
@settings(max_examples=40)
def test_whatever_their_lengths(lengths: list[int]) -> None:
    records = [bytes([at % 250]) * length for at, length in enumerate(lengths)]
    found, reader = read(log_bytes(records))
    assert found == records
    assert reader.problems == []


@pytest.mark.parametrize("cut", [1, 6, 7, 8, 39, 46])
def test_a_torn_end(cut: int) -> None:
    found, reader = read(log_bytes(RECORDS)[:-cut])
    assert found == RECORDS[:-1]
    assert [problem.id for problem in reader.problems] == ["import.torn_tail"]


def test_only_a_header() -> None:
    assert read(HEADER) == ([], LogReader("f"))
    assert read(b"") == ([], LogReader("f"))
    assert read(HEADER + bytes(BLOCK))[1].problems == []


def test_a_damaged_record_costs_its_block() -> None:
    data = bytearray(log_bytes([b"a" * 10, b"b" * 10, b"c" * BLOCK, b"d" * 10]))
    data[20] ^= 1
    found, reader = read(bytes(data))
    assert found == [b"d" * 10]
    assert [problem.id for problem in reader.problems] == ["import.corrupt"]
    assert "byte 7 " in reader.problems[0].message


@given(st.integers(0, 200), st.integers(1, 255))
def test_no_changed_byte_makes_up_a_record(place: int, change: int) -> None:
    data = bytearray(log_bytes([b"abc" * 9, b"defg" * 9, b"hi" * 40, b"j" * BLOCK]))
    data[7 + place] ^= change
    found, _ = read(bytes(data))
    assert set(found) <= {b"abc" * 9, b"defg" * 9, b"hi" * 40, b"j" * BLOCK}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_a_fault(data: bytes) -> None:
    read(HEADER + data)
