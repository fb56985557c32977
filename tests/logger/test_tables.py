"""tables/<name>.csv: what a run keeps of a table, replaced whole, bounded, without secrets."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportgen.errors import UsageError
from reportgen.logger import tables as module
from reportgen.logger.context import RunContext
from reportgen.logger.tables import TableStore


def read(path: Path | None) -> list[list[str]]:
    assert path is not None
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_a_table_and_its_next_state(context: RunContext) -> None:
    store = TableStore(context)
    path = store.log(
        "worst examples", ["id", "loss", "text"], [[3, 0.5, 'a, "b"\nc'], [4, None, ""]]
    )
    assert path == context.folder / "tables" / "worst-examples.csv"
    assert read(path) == [["id", "loss", "text"], ["3", "0.5", 'a, "b"\nc'], ["4", "", ""]]
    assert store.log("worst examples", pd.DataFrame({"id": [9], "loss": [math.nan]})) == path
    assert read(path) == [["id", "loss"], ["9", "NaN"]]
    assert [p.name for p in path.parent.iterdir()] == ["worst-examples.csv"]
    assert context.run.overhead_seconds["tables"] > 0


def test_two_names_never_share_a_file(context: RunContext) -> None:
    store = TableStore(context)
    first, second, third = (store.log(name, ["a"], [[name]]) for name in ("a/b", "a b", "A-B"))
    assert len({first, second, third}) == 3
    assert read(second)[1] == ["a b"]
    assert store.log("a b", ["a"], [[1]]) == second


@pytest.mark.parametrize(("name", "columns"), [("", ["a"]), ([], ["a"]), ("x", "a"), ("x", [])])
def test_misuse_is_refused_at_first_and_counted_later(
    context: RunContext, name: Any, columns: Any
) -> None:
    store = TableStore(context)
    with pytest.raises(UsageError):
        store.log(name, columns, [[1]])
    path = store.log("x", ["a"], [[1]])
    if name == "x":
        assert store.log(name, columns, [[1]]) is None
        assert store.log("x", ["a"], [[1], [1, 2]]) is None
        assert context.run.dropped == {"tables": 2}
    assert read(path) == [["a"], ["1"]]


def test_what_the_bound_cuts_off_is_recorded(
    context: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS_KEPT", 5)
    monkeypatch.setattr(module, "_AT_ONCE", 2)
    store = TableStore(context)
    assert len(read(store.log("a", ["n"], [[n] for n in range(5)]))) == 6
    assert context.run.left_out == []
    assert read(store.log("b", ["n"], ([n] for n in range(9))))[-1] == ["4"]
    (entry,) = context.run.left_out
    assert (entry.where, entry.rule) == ("tables/b.csv", "size")


def test_secrets_do_not_reach_the_file(context: RunContext) -> None:
    secret = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6"
    store = TableStore(context)
    path = store.log("prompts", ["id", "text"], [[1, f"use {secret}, please"], [2, "a, b"]])
    assert secret not in path.read_text()  # type: ignore[union-attr]
    rows = read(path)
    assert rows[2] == ["2", "a, b"]
    assert rows[1][1].startswith("use <redacted")
    assert context.run.redacted == 1


def test_a_disk_that_refuses_is_counted(context: RunContext) -> None:
    (context.folder / "tables").write_text("a file")
    assert TableStore(context).log("a", ["n"], [[1]]) is None
    assert context.run.dropped == {"tables": 1}


def test_nothing_comes_after_the_end(context: RunContext) -> None:
    store = TableStore(context)
    context.close()
    assert store.log("a", ["n"], [[1]]) is None
    assert not (context.folder / "tables").exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.lists(
        st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.floats(), st.integers()),
        min_size=1,
    )
)
def test_text_and_numbers_come_back(context: RunContext, rows: list[tuple[Any, ...]]) -> None:
    found = read(TableStore(context).log("a", ["text", "x", "n"], rows))[1:]
    assert [row[2] for row in found] == [str(row[2]) for row in rows]
    assert [float(row[1]) for row in found] == pytest.approx([r[1] for r in rows], nan_ok=True)
    for row, kept in zip(rows, found, strict=True):
        assert kept[0] == row[0] or "<redacted" in kept[0]
