"""Records are counted as the format defines them, or not at all."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from reportgen.capture.row_count import count_rows


@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        ("a.csv", "x,y\n1,2\n3,4\n", 2),
        ("a.csv", "x,y\n1,2\n3,4", 2),
        ("a.csv", "1,2\n3,4\n", 2),
        ("a.csv", "x,y\r\n1,2\r\n\r\n3,4\r\n", 2),
        ("a.csv", "\ufeffx,y\n1,2\n", 1),
        ("a.csv", 'x,y\n"two\nlines",2\n"say ""no""",3\n', 2),
        ("a.csv", '"x","y"\n1,2\n', 1),
        ("a.csv", "x\n", 0),
        ("a.csv", "", 0),
        ("a.csv", "\n\n", 0),
        ("a.CSV", "name,1e-3\n1,2\n", 2),
        ("a.tsv", "x\ty\n1\t2\n", 1),
        ("a.jsonl", '{"a":1}\n\n{"a":2}', 2),
        ("a.ndjson", '{"a":1}\n', 1),
        ("a.txt", "one\ntwo\n\n", 2),
        ("a.bin", "x\ny\n", None),
        ("plain", "x\ny\n", None),
        ("a.json", '{"a": [1, 2]}', None),
        ("a.parquet", "not one", None),
        ("a.npy", "not one", None),
    ],
)
def test_rows_of_text_formats(tmp_path: Path, name: str, content: str, rows: int | None) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode())
    assert count_rows(path) == rows


def test_packed_files_are_counted_too(tmp_path: Path) -> None:
    path = tmp_path / "digits.csv.gz"
    path.write_bytes(gzip.compress(b"x,y\n1,2\n3,4\n"))
    assert count_rows(path) == 2
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b"{}\n{}\n"))
    assert count_rows(path) == 2
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(b"x\n"))
    assert count_rows(path) is None
    path = tmp_path / "broken.csv.gz"
    path.write_bytes(b"no gzip at all")
    assert count_rows(path) is None
    whole = gzip.compress(b"x,y\n" + b"1,2\n" * 10_000)
    path.write_bytes(whole[: len(whole) // 2])
    assert count_rows(path) is None


@pytest.mark.parametrize("shape", [(7,), (7, 3), (0, 4), ()])
def test_an_array_says_its_first_dimension(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.zeros(shape))
    assert count_rows(path) == (shape[0] if shape else 1)


def test_an_array_header_that_lies_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    for header in (b"(" * 60_000, b"{'shape': 'x'}", b"__import__('os')", b"\xff\xfe", b"{}"):
        path.write_bytes(b"\x93NUMPY\x02\x00" + len(header).to_bytes(4, "little") + header)
        assert count_rows(path) is None
