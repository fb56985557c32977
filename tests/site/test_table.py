"""Columns and cells of the tables of runs."""

from __future__ import annotations

from pathlib import Path

from site_runs import records

from reportgen.runs.view import RunView
from reportgen.site.model import Record, record_of, setting_from
from reportgen.site.table import (
    config_cell,
    config_columns,
    record_value,
    setting_value,
    value_decimals,
)
from reportgen.testing import make_run


def record(root: Path, name: str, **given: object) -> Record:
    view = RunView(make_run(root, name, **given))  # type: ignore[arg-type]
    return record_of(view, name, judged=None, goals={})


def test_columns_have_short_titles_where_they_are_clear() -> None:
    configs = [{"a.lr": 0.1, "b.lr": 1, "model.width": 64, "model.name": "x"}]
    columns = config_columns(["a.lr", "b.lr", "model.width", "model.name"], configs, 4)
    assert [(c.title, c.numeric) for c in columns] == [
        ("a.lr", True),
        ("b.lr", True),
        ("width", True),
        ("model.name", False),
    ]


def test_cells_sort_by_number_where_they_hold_one() -> None:
    assert config_cell({"lr": 0.1}, "lr").number == 0.1
    assert config_cell({"lr": True}, "lr").number is None
    assert config_cell({}, "lr").text == "–"
    assert config_cell({"lr": 10**400}, "lr").number == float("inf")


def test_means_spreads_and_trouble(tmp_path: Path) -> None:
    good = [record(tmp_path, f"g{i}", metrics=records(seed=i)) for i in range(2)]
    bad = record(tmp_path, "bad", metrics=records(nan=60))
    setting = setting_from([*good, bad], "x", "val/accuracy")
    decimals = value_decimals([setting])
    cell = setting_value(setting, decimals)
    assert cell.count == "2 of 3"
    assert cell.spread.startswith("± 0.")
    assert cell.trouble == ""
    alone = setting_value(setting_from([bad], "bad", "val/accuracy"), decimals)
    assert (alone.trouble, alone.trouble_metric) == ("NaN at step 60", "train/loss")
    assert record_value(bad, "val/accuracy", 3).number is None
    assert record_value(good[0], "no such metric", 3).mean == "–"
