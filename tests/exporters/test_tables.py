"""Each format holds the same rows, exactly, and CSV runs nothing in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import UnavailableError, UsageError
from reportgen.exporters import EXPORTERS, by_name
from reportgen.exporters.csv import cell, guarded, original
from reportgen.exporters.tables import points_of, run_row
from reportgen.runs.view import RunView
from reportgen.testing import make_run

ODD = {
    "=cmd|' /C calc'!A0": "=1+1",
    "text": "1",
    "number": 1,
    "float": -1.5,
    "tiny": 5e-324,
    "truth": True,
    "none": None,
    "list": [1, "a", None],
    "big": 10**30,
    "nan": float("nan"),
    "inf": float("-inf"),
    "lines": "a\r\nb\n\"quoted\", and, 'more'",
    "plus": "+49",
    "dash": "-flag",
    "at": "@here",
    "wide": "＝1",
    "tab": "\tx",
    "apostrophe": "'=x",
    "empty": "",
    "date": "2026-01-01",
}
RECORDS = [
    {"step": 0, "time": 1.7e9, "metrics": {"loss": 0.1 + 0.2, "=evil()": 1}},
    {"step": 1, "metrics": {"loss": "NaN", "x": 2**53 + 1}},
    {"step": 2, "time": 1.7e9, "metrics": {"loss": "-Infinity", "x": 5e-324}},
    {"event": "resume", "step": 1, "time": 1.7e9, "attempt": 2},
    {"step": 1, "time": 1.7e9, "metrics": {"loss": -0.0}},
]


@pytest.fixture
def views(tmp_path: Path) -> list[RunView]:
    odd = make_run(tmp_path / "runs", "odd", config=ODD, metrics=RECORDS)
    plain = make_run(tmp_path / "runs", "plain", config={"number": "text here", "truth": 3})
    return [RunView(odd), RunView(plain)]


def test_the_rows_of_points(views: list[RunView]) -> None:
    found = [tuple(point[1:]) for point in points_of(views[0])]
    assert repr(found) == repr(
        [
            ("loss", 0, 1.7e9, 0.1 + 0.2, 1),
            ("loss", 1, None, math.nan, 1),
            ("loss", 2, 1.7e9, -math.inf, 1),
            ("loss", 1, 1.7e9, -0.0, 2),
            ("=evil()", 0, 1.7e9, 1.0, 1),
            ("x", 1, None, 2**53 + 1, 1),
            ("x", 2, 1.7e9, 5e-324, 1),
        ]
    )
    assert {point.run for point in points_of(views[0])} == {views[0].id}


def read_csv(path: Path) -> list[dict[str, Any]]:
    """Read by the rule of the documents: text in quotes, everything else bare."""
    rows = []
    for line in _cells(path.read_bytes().decode()):
        rows.append([_value(text, quoted) for text, quoted in line])
    header, *rest = rows
    return [dict(zip(header, row, strict=True)) for row in rest]


def _cells(text: str) -> list[list[tuple[str, bool]]]:
    lines: list[list[tuple[str, bool]]] = [[]]
    at = 0
    while at < len(text):
        quoted = text[at] == '"'
        found = ""
        if quoted:
            at += 1
            while text[at : at + 2] == '""' or text[at] != '"':
                step = 2 if text[at] == '"' else 1
                found += text[at]
                at += step
            at += 1
        else:
            while text[at] not in ",\r":
                found += text[at]
                at += 1
        lines[-1].append((found, quoted))
        if text[at] == ",":
            at += 1
            if text[at] == "\r":
                lines[-1].append(("", False))
        if text[at : at + 2] == "\r\n":
            at += 2
            lines.append([])
    return lines[:-1]


def _value(text: str, quoted: bool) -> Any:
    if quoted:
        return original(text)
    if text in ("true", "false"):
        return text == "true"
    if not text:
        return None
    return int(text) if text.lstrip("-").isdigit() else float(text)


def same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return type(left) is type(right) and repr(left) == repr(right)


def test_csv_reads_back_as_it_was(views: list[RunView], tmp_path: Path) -> None:
    runs, metrics = by_name("csv").export(views, tmp_path / "out")
    assert [path.name for path in (runs, metrics)] == ["runs.csv", "metrics.csv"]
    table = read_csv(runs)
    for view, row in zip(views, table, strict=True):
        expected = run_row(view)
        assert row.keys() >= expected.keys()
        for key, value in row.items():
            wanted = expected.get(key)
            if isinstance(wanted, list):
                assert json.loads(value) == wanted
            else:
                assert same(value, wanted), key
    wanted_points = [point for view in views for point in points_of(view)]
    found = [tuple(row.values()) for row in read_csv(metrics)]
    assert len(found) == len(wanted_points)
    for row, point in zip(found, wanted_points, strict=True):
        assert all(map(same, row, point))


def test_csv_is_what_other_readers_take_for_csv(views: list[RunView], tmp_path: Path) -> None:
    runs, metrics = by_name("csv").export(views, tmp_path / "out")
    for path, count in ((runs, 2), (metrics, sum(len(list(points_of(v))) for v in views))):
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        assert len(rows) == count + 1
        assert {len(row) for row in rows} == {len(rows[0])}


@pytest.mark.parametrize("start", list("=+-@\t\r＝＋－＠"))
def test_no_text_is_a_formula(start: str) -> None:
    assert cell(f"{start}x") == f'"\'{start}x"'
    assert cell(f"'{start}x") == f"\"''{start}x\""


def test_numbers_are_never_text() -> None:
    assert [cell(value) for value in (-1.5, -3, 0.1, 1e-320, True, None)] == [
        *("-1.5", "-3", "0.1", "1e-320", "true", ""),
    ]


@given(st.text())
def test_the_guard_comes_off_again(text: str) -> None:
    assert original(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_json_is_exact(views: list[RunView], tmp_path: Path) -> None:
    runs, metrics = by_name("json").export(views, tmp_path / "out")
    document = json.loads(runs.read_bytes(), parse_constant=pytest.fail)
    assert document["schema"] == "reportgen.export/1"
    odd, plain = document["runs"]
    expected = {**odd["config"], **ODD, "nan": "NaN", "inf": "-Infinity"}
    assert odd["config"] == expected
    assert plain["config"]["number"] == "text here"
    assert odd["environment"]["packages"]
    lines = [json.loads(line, parse_constant=pytest.fail) for line in metrics.open()]
    loss = next(line for line in lines if line["metric"] == "loss")
    assert loss["values"] == [0.1 + 0.2, "NaN", "-Infinity", -0.0]
    assert loss["attempts"] == [1, 1, 1, 2]
    assert loss["times"][1] is None
    whole = next(line for line in lines if line["metric"] == "x")
    assert whole["values"] == [2**53 + 1, 5e-324]
    assert sum(len(line["steps"]) for line in lines) == sum(len(list(points_of(v))) for v in views)


def test_parquet_keeps_types(views: list[RunView], tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    runs, metrics = by_name("parquet").export(views, tmp_path / "out")
    table = parquet.read_table(runs)
    rows = table.to_pylist()
    for view, row in zip(views, rows, strict=True):
        for key, wanted in run_row(view).items():
            field = table.schema.field(key)
            value = row[key]
            if field.metadata and field.metadata.get(b"reportgen") == b"json":
                value = None if value is None else json.loads(value)
                if isinstance(wanted, int) and abs(wanted) > 2**63:
                    wanted = str(wanted)
            assert same(value, wanted), key
    assert json.loads(rows[0]["config.number"]) == 1
    assert json.loads(rows[1]["config.number"]) == "text here"
    found = [tuple(row.values()) for row in parquet.read_table(metrics).to_pylist()]
    wanted_points = [point for view in views for point in points_of(view)]
    for one, point in zip(found, wanted_points, strict=True):
        assert all(map(same, one, (*point[:4], float(point.value), point.attempt)))


def test_without_pyarrow_the_extra_is_named(
    views: list[RunView], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(UnavailableError, match=r"reportgen-runs\[parquet\]"):
        by_name("parquet").export(views, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_same_runs_give_the_same_bytes(views: list[RunView], tmp_path: Path) -> None:
    for name in ("csv", "json", "parquet"):
        again = [RunView(view.folder) for view in views]
        first = by_name(name).export(views, tmp_path / "one")
        second = by_name(name).export(again, tmp_path / "two")
        assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_exporters_have_names_and_an_unknown_one_lists_them() -> None:
    names = [exporter.name for exporter in EXPORTERS]
    assert len(set(names)) == len(names)
    with pytest.raises(UsageError, match="csv, json, parquet"):
        by_name("xls")
