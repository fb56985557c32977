from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from importers.events import framed

from reportgen.importers import tfrecord
from reportgen.importers.tfrecord import RecordReader

RECORDS = [bytes([65 + at]) * (3 + at % 4) for at in range(40)]
WHOLE = b"".join(map(framed, RECORDS))


def read(data: bytes, size: int = 10**9) -> tuple[list[bytes], RecordReader]:
    reader = RecordReader("f")
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    found = []
    for block in reader.blocks(pieces):
        found += [bytes(block.record(index)) for index in range(len(block.starts))]
    return found, reader


def ids(reader: RecordReader) -> list[str]:
    return [problem.id for problem in reader.problems]


def test_all_records_come_back() -> None:
    assert read(WHOLE) == (RECORDS, RecordReader("f"))
    assert read(b"")[0] == []


@given(st.lists(st.binary(max_size=30), max_size=400), st.integers(1, 3))
def test_whatever_the_lengths_and_their_pattern(records: list[bytes], times: int) -> None:
    records = records * times * 3
    found, reader = read(b"".join(map(framed, records)))
    assert found == records
    assert reader.problems == []


def test_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfrecord, "_BLOCK", 100)
    assert read(WHOLE, size=7)[0] == RECORDS


def test_a_pattern_that_breaks_off_is_noticed() -> None:
    records = [b"abc", b"defgh"] * 500 + [b"x"] + [b"abc", b"defgh"] * 500
    assert read(b"".join(map(framed, records)))[0] == records


@pytest.mark.parametrize("cut", range(1, len(framed(RECORDS[-1]))))
def test_a_torn_end_is_said_once_and_the_rest_is_read(cut: int) -> None:
    found, reader = read(WHOLE[:-cut])
    assert found == RECORDS[:-1]
    assert ids(reader) == ["import.torn_tail"]
    assert f"byte {len(WHOLE) - len(framed(RECORDS[-1]))} " in reader.problems[0].message


def test_damaged_data_cost_one_record() -> None:
    place = len(b"".join(map(framed, RECORDS[:4])))
    data = bytearray(WHOLE)
    data[place + 12] ^= 1
    found, reader = read(bytes(data))
    assert found == RECORDS[:4] + RECORDS[5:]
    assert ids(reader) == ["import.corrupt"]
    assert f"byte {place} " in reader.problems[0].message


def test_a_damaged_length_ends_the_reading_there() -> None:
    place = len(b"".join(map(framed, RECORDS[:4])))
    for bit in (0, 5):
        data = bytearray(WHOLE)
        data[place] ^= 1 << bit
        found, reader = read(bytes(data))
        assert found == RECORDS[:4]
        assert "import.corrupt" in ids(reader)
        assert f"byte {place} " in reader.problems[-1].message


@pytest.mark.parametrize("good_crc", [True, False])
def test_a_length_that_no_file_has_allocates_nothing(good_crc: bool) -> None:
    header = struct.pack("<Q", 2**60)
    crc = framed(header)[20:24] if good_crc else b"abcd"
    found, reader = read(WHOLE + header + crc + b"rest")
    assert found == RECORDS
    assert ids(reader) == ["import.corrupt"]


def test_a_record_over_the_limit_is_refused_before_the_file_is_read_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tfrecord, "_BLOCK", 100)
    monkeypatch.setattr(tfrecord, "RECORD_BYTES", 200)
    header = struct.pack("<Q", 10**6)
    data = WHOLE + header + framed(header)[20:24] + bytes(10**6)
    given: list[int] = []

    def pieces() -> object:
        for at in range(0, len(data), 100):
            given.append(at)
            yield data[at : at + 100]

    reader = RecordReader("f")
    list(reader.blocks(pieces()))  # type: ignore[arg-type]
    assert "at most 200 are read" in reader.problems[0].message
    assert given[-1] < len(WHOLE) + 1000


def test_zeros_behind_the_records_are_a_clean_end() -> None:
    assert read(WHOLE + bytes(5000))[1].problems == []
    assert read(WHOLE + bytes(50) + b"left over from another file")[1].problems == []


def test_padding_behind_empty_records_is_no_further_record() -> None:
    found, reader = read(framed(b"") * 400 + bytes(16 * 300))
    assert found == [b""] * 400
    assert reader.problems == []


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_no_changed_byte_makes_up_a_record(place: int, change: int) -> None:
    data = bytearray(WHOLE)
    data[place] ^= change
    found, reader = read(bytes(data))
    assert set(found) <= set(RECORDS)
    assert reader.problems


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_a_fault(data: bytes) -> None:
    read(data)
