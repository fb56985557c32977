"""Metrics out of the tables that programs write by themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.logger.harvest import Harvester, records_of


class Taken:
    def __init__(self) -> None:
        self.records: list[tuple[int | None, dict[str, Any]]] = []

    def __call__(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        self.records.append((step, dict(metrics)))


@pytest.fixture
def taken() -> Taken:
    return Taken()


def harvester(folder: Path, taken: Taken) -> Harvester:
    return Harvester(folder, taken, skip=folder / "runs")


def test_a_csv_that_grows_is_followed_row_by_row(tmp_path: Path, taken: Taken) -> None:
    follower = harvester(tmp_path, taken)
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,loss,val/acc,note\n0,1.0,0.5,x\n1,0.")
    follower.poll()
    assert taken.records == [(0, {"loss": 1.0, "val/acc": 0.5})]
    path.write_text("epoch,loss,val/acc,note\n0,1.0,0.5,x\n1,0.5,,y\n2,nan,inf,z\n")
    follower.poll()
    follower.poll()
    assert taken.records[1:2] == [(1, {"loss": 0.5})]
    assert [step for step, _ in taken.records] == [0, 1, 2]
    assert follower.files == [str(path)]


def test_json_lines_are_flattened(tmp_path: Path, taken: Taken) -> None:
    follower = harvester(tmp_path, taken)
    (tmp_path / "log.jsonl").write_text(
        '{"step": 3, "loss": 0.5, "eval": {"acc": 0.9, "name": "x"}, "flag": true}\n'
        '{"step": 4, "metrics": {"train/loss": 0.25}}\n'
        "torn\n"
        '{"loss": 1}\n'
    )
    follower.poll()
    assert taken.records == [(3, {"loss": 0.5, "eval/acc": 0.9}), (4, {"train/loss": 0.25})]


@pytest.mark.parametrize(
    "header", ["step,loss", "global_step,loss", "Iteration,loss", "epoch,loss", "iter,loss"]
)
def test_customary_names_of_the_step(tmp_path: Path, taken: Taken, header: str) -> None:
    follower = harvester(tmp_path, taken)
    (tmp_path / "progress.csv").write_text(f"{header}\n5,0.5\n")
    follower.poll()
    assert taken.records == [(5, {"loss": 0.5})]


def test_the_step_wins_over_the_epoch(tmp_path: Path, taken: Taken) -> None:
    follower = harvester(tmp_path, taken)
    (tmp_path / "metrics.csv").write_text("epoch,step,loss\n1,100,0.5\n")
    follower.poll()
    assert taken.records == [(100, {"epoch": 1.0, "loss": 0.5})]


def test_what_was_there_before_is_another_run_s(tmp_path: Path, taken: Taken) -> None:
    grows, stays, anew = (tmp_path / name for name in ("metrics.csv", "old.csv", "log.jsonl"))
    grows.write_text("step,a\n0,1\n1,2\n")
    stays.write_text("step,b\n0,1\n")
    anew.write_text('{"step": 0, "c": 1}\n')
    follower = harvester(tmp_path, taken)
    follower.poll()
    assert taken.records == []
    grows.write_text("step,a\n0,1\n1,2\n2,3\n")
    anew.write_text('{"step": 7, "c": 5}\n{"step": 8, "c": 6}\n')
    follower.poll()
    assert sorted(taken.records, key=str) == [(2, {"a": 3.0}), (7, {"c": 5.0}), (8, {"c": 6.0})]


def test_a_table_written_anew_with_more_columns_repeats_no_row(
    tmp_path: Path, taken: Taken
) -> None:
    follower = harvester(tmp_path, taken)
    path = tmp_path / "metrics.csv"
    path.write_text("step,a\n0,1\n1,2\n")
    follower.poll()
    path.write_text("step,a,b\n0,1,\n1,2,\n2,3,9\n")
    follower.poll()
    assert taken.records == [(0, {"a": 1.0}), (1, {"a": 2.0}), (2, {"a": 3.0, "b": 9.0})]


def test_tables_of_other_names_and_places_keep_them(tmp_path: Path, taken: Taken) -> None:
    follower = harvester(tmp_path, taken)
    (tmp_path / "out" / "v0").mkdir(parents=True)
    (tmp_path / "metrics.csv").write_text("step,loss\n0,1\n")
    (tmp_path / "out" / "v0" / "metrics.csv").write_text("step,loss\n0,2\n")
    (tmp_path / "train.tsv").write_text("step\tloss\n0\t3\n")
    follower.poll()
    assert sorted(taken.records, key=str) == [
        (0, {"loss": 1.0}),
        (0, {"out/v0/metrics/loss": 2.0}),
        (0, {"train/loss": 3.0}),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("data.csv", "id,label\n1,2\n"),
        ("empty.csv", ""),
        ("bad.csv", 'step,"unclosed\n1,2\n'),
        ("text.jsonl", "[1, 2]\n3\n"),
        ("negative.csv", "step,a\n-1,2\nx,3\nnan,4\n"),
        ("runs/p/metrics.jsonl", '{"step": 1, "metrics": {"a": 1}}\n'),
        (".hidden/metrics.csv", "step,a\n1,2\n"),
        ("node_modules/metrics.csv", "step,a\n1,2\n"),
        ("1/2/3/4/5/metrics.csv", "step,a\n1,2\n"),
    ],
)
def test_what_is_no_log_of_the_command_is_passed_over(
    tmp_path: Path, taken: Taken, name: str, text: str
) -> None:
    follower = harvester(tmp_path, taken)
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    follower.poll()
    assert taken.records == []


def test_a_link_is_not_followed(tmp_path: Path, taken: Taken) -> None:
    elsewhere = tmp_path / ".elsewhere.csv"
    elsewhere.write_text("step,a\n0,1\n")
    follower = harvester(tmp_path, taken)
    (tmp_path / "metrics.csv").symlink_to(elsewhere)
    follower.poll()
    assert taken.records == []


@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.tsv", "a.jsonl"]))
def test_no_bytes_raise_anything_but_a_table_s_own_error(data: bytes, path: str) -> None:
    import csv

    try:
        records = records_of(path, data)
    except csv.Error:
        return
    assert all(isinstance(record, dict) for record in records)
    json.dumps(records)
