"""data.yaml and captured/splits.json."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from reportgen.errors import UsageError
from reportgen.logger import inputs
from reportgen.logger.context import RunContext
from reportgen.logger.inputs import DataRecord, checked_input, split_hashes


class Later:
    """Takes tasks as the background does, and runs them when told."""

    def __init__(self) -> None:
        self.tasks: list[Callable[[], object]] = []

    def __call__(self, name: str, task: Callable[[], object]) -> None:
        self.tasks.append(task)

    def run(self) -> None:
        while self.tasks:
            self.tasks.pop(0)()


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def record(context: RunContext, later: Later, tmp_path: Path) -> DataRecord:
    return DataRecord(context, later, tmp_path)


def document(context: RunContext) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((context.folder / "data.yaml").read_text())
    return loaded


def splits_in(context: RunContext) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((context.folder / "captured/splits.json").read_bytes())
    return loaded


def hashes_in(context: RunContext, split: str) -> list[bytes]:
    data = base64.b64decode(splits_in(context)[split])
    return [data[at : at + 8] for at in range(0, len(data), 8)]


def test_an_input_is_known_at_once_and_hashed_later(
    record: DataRecord, later: Later, context: RunContext, tmp_path: Path
) -> None:
    path = tmp_path / "train.csv"
    path.write_text("x,y\n1,2\n3,4\n")
    record.add(path)
    record.write()
    assert document(context)["not_available"] == {"train.csv": "not hashed yet"}
    later.run()
    found = document(context)
    assert found["not_available"] == {}
    entry = found["inputs"][0]
    assert entry["path"] == "train.csv"
    assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (entry["bytes"], entry["rows"]) == (12, 2)


def test_an_input_of_the_same_name_replaces_the_one_before(
    record: DataRecord, later: Later, context: RunContext, tmp_path: Path
) -> None:
    path = tmp_path / "train.csv"
    for text in ("x\n1\n", "x\n1\n2\n"):
        path.write_text(text)
        record.add(str(path))
    later.run()
    assert [entry["rows"] for entry in document(context)["inputs"]] == [2]


def test_an_input_that_vanishes_has_a_reason(
    record: DataRecord, later: Later, context: RunContext, tmp_path: Path
) -> None:
    path = tmp_path / "train.csv"
    path.write_text("x\n")
    record.add(path)
    path.unlink()
    later.run()
    assert list(document(context)["not_available"]) == ["train.csv"]
    assert document(context)["inputs"][0]["sha256"] is None


def test_what_was_not_hashed_when_the_run_ended_says_so(
    record: DataRecord, context: RunContext, tmp_path: Path
) -> None:
    (tmp_path / "big.bin").write_bytes(b"0")
    record.add(tmp_path / "big.bin")
    record.too_late(["input big.bin", "splits"])
    record.write()
    assert document(context)["not_available"] == {
        "big.bin": "took too long: the run ended before",
        "splits": "took too long: the run ended before",
    }


@pytest.mark.parametrize("spec", ["no/such.csv", {"name": "a", "path": "no/such"}, 3, {"nme": "a"}])
def test_misuse_raises_at_once(spec: Any) -> None:
    with pytest.raises(UsageError):
        checked_input(spec)


def test_what_has_no_file_is_no_misuse() -> None:
    spec = {"name": "blobs", "generator": {"call": "make_blobs", "seed": 3}}
    assert checked_input(spec) is spec


def test_splits_are_counted_and_their_hash_recomputes(
    record: DataRecord, later: Later, context: RunContext
) -> None:
    record.set_splits(
        {"train": range(5), "val": np.array([5, 6]), "test": ["a", "b"]}, method="random", seed=7
    )
    later.run()
    found = document(context)["splits"]
    assert (found["method"], found["seed"]) == ("random", 7)
    for split, ids in (("train", "01234"), ("val", "56"), ("test", "ab")):
        expected = sorted(hashlib.sha256(text.encode()).digest()[:8] for text in ids)
        assert hashes_in(context, split) == expected
        assert found[split] == {
            "count": len(ids),
            "ids_sha256": hashlib.sha256(b"".join(expected)).hexdigest(),
        }
    assert splits_in(context)["kept"] == 1.0


def test_an_id_is_the_same_whatever_library_it_comes_from(
    record: DataRecord, later: Later, context: RunContext
) -> None:
    record.set_splits(
        {"a": [3], "b": np.array([3.0]), "c": torch.tensor([3]), "d": ["3"], "e": (np.int8(3),)},
        method=None,
        seed=None,
    )
    later.run()
    assert len({tuple(hashes_in(context, split)) for split in "abcde"}) == 1


def test_an_id_that_stands_twice_counts_twice(
    record: DataRecord, later: Later, context: RunContext
) -> None:
    record.set_splits({"train": [1, 1, 2]}, method=None, seed=None)
    later.run()
    assert document(context)["splits"]["train"]["count"] == 3
    assert len(hashes_in(context, "train")) == 3


def test_of_many_ids_those_below_one_bound_are_kept_so_that_overlaps_survive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inputs, "_KEPT_IDS", 1_000)

    def hashed(numbers: range) -> list[bytes]:
        return sorted(hashlib.sha256(str(number).encode()).digest()[:8] for number in numbers)

    train, val = hashed(range(7_500)), hashed(range(6_500, 9_000))
    document, kept = split_hashes({"train": train, "val": val})
    assert kept == 0.1
    parts = {}
    for name in ("train", "val"):
        data = base64.b64decode(document[name])
        parts[name] = {data[at : at + 8] for at in range(0, len(data), 8)}
    bound = int(0.1 * 2**64)
    assert parts["train"] == {value for value in train if int.from_bytes(value) < bound}
    shared = {value for value in set(train) & set(val) if int.from_bytes(value) < bound}
    assert parts["train"] & parts["val"] == shared
    assert math.isclose(len(shared), 100, abs_tol=60)


@pytest.mark.parametrize(
    "splits",
    [None, [1, 2], {}, {"train": 3}, {"train": "abc"}, {"method": [1]}, {"train": {"a": 1}}],
)
def test_what_are_no_splits_is_refused(record: DataRecord, splits: Any) -> None:
    with pytest.raises(UsageError, match=r"run\.log_splits"):
        record.set_splits(splits, method=None, seed=None)


def test_data_that_dvc_does_not_know_is_said(
    context: RunContext, later: Later, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n")
    (tmp_path / "a.csv.dvc").write_text(f"outs:\n- md5: {'ab' * 16}\n  hash: md5\n  path: a.csv\n")
    DataRecord(context, later, tmp_path).add(tmp_path / "a.csv")
    later.run()
    assert [text for text in caplog.messages if "a.csv is not what a.csv.dvc says" in text]
    (entry,) = yaml.safe_load((context.folder / "data.yaml").read_text())["inputs"]
    assert entry["version"]["declared"] == "ab" * 16
