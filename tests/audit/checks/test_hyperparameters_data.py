from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from audit.case import Case, assert_case

from reportgen.testing import ABSENT
from reportgen.testing.documents import data_document, metric_records

BATCH = "hyperparameters.batch-effective-consistent"
SPLIT = "hyperparameters.split-params-logged"
INPUT = data_document()["inputs"][0]
ONLY_TRAINING = [
    {**one, "metrics": {"train/loss": one["metrics"]["train/loss"]}} for one in metric_records()
]


def batch(ranks: int = 1, **config: Any) -> Any:
    return {"config": {"batch_size": ABSENT, **config}, "run": {"ranks": ranks}}


def splits(train: int | None = 144, val: int | None = 36, ids: bool = False, **more: Any) -> Any:
    parts = {"train": {"count": train}, "val": {"count": val}}
    changes: dict[str, Any] = {"data": {"splits": {**parts, **more.pop("splits", {})}, **more}}
    return changes if ids else {**changes, "captured": {"splits": None}}


BATCH_CASES = (
    Case(
        BATCH,
        "passes",
        "6 x 2 x 1 = 12, global_batch_size 12",
        batch(batch_size=6, grad_accum=2, global_batch_size=12),
    ),
    Case(
        BATCH,
        "passes",
        "8 x 4 x 8 = 256, train_batch_size 256",
        batch(
            8,
            train_micro_batch_size_per_gpu=8,
            gradient_accumulation_steps=4,
            train_batch_size=256,
        ),
        name="three-parts",
    ),
    Case(
        BATCH,
        "passes",
        "4 x 1 x 8 = 32",
        batch(micro_batch_size=4, trainer={"devices": 4, "num_nodes": 2}, global_batch_size=32),
        name="devices-of-one-process",
    ),
    Case(
        BATCH, "partly", "6 x 2 x 1 = 12, which is not declared", batch(batch_size=6, accum_steps=2)
    ),
    Case(
        BATCH,
        "partly",
        "global_batch_size 64 makes 16 a device, not declared",
        batch(4, global_batch_size=64),
        name="whole-only",
    ),
    Case(
        BATCH,
        "fails",
        "6 x 2 x 1 = 12, global_batch_size 16",
        batch(batch_size=6, grad_accum=2, global_batch_size=16),
    ),
    Case(BATCH, "fails", "no batch size is configured", batch(grad_accum=2), name="none"),
    Case(
        BATCH,
        "fails",
        "no multiple of 3 x 1",
        batch(global_batch_size=64, grad_accum=3),
        name="odd",
    ),
    # The product is right for the eight processes that were meant; two ran.
    Case(
        BATCH,
        "cheats",
        "world_size is 8, 2 processes ran",
        batch(2, batch_size=4, world_size=8, global_batch_size=32),
    ),
    Case(
        BATCH,
        "cheats",
        "world_size is 8, 1 process ran",
        batch(batch_size=4, world_size=8, global_batch_size=32),
        name="one-process",
    ),
    # How batches were added up is left out of the configuration.
    Case(
        BATCH,
        "cheats",
        "5 x 1 x 1 = 5, global_batch_size 10",
        batch(micro_batch_size=5, global_batch_size=10),
        name="accumulation-left-out",
    ),
    Case(BATCH, "not-applicable", "one process and no accumulation"),
    Case(
        BATCH,
        "not-applicable",
        "",
        batch(batch_size=12, grad_accum=1, world_size=1),
        name="ones",
    ),
    Case(
        BATCH,
        "inconclusive",
        "",
        {"config": None, "run": {"ranks": 2}},
        more={"blocked_by": "hyperparameters.config-parses"},
    ),
)

SPLIT_CASES = (
    Case(SPLIT, "passes", "random, seed 0: train 144, val 36; 180 rows in all"),
    Case(SPLIT, "passes", "180 rows", splits(), name="without-ids"),
    Case(
        SPLIT,
        "passes",
        "as many ids as that are kept",
        {"data": {"inputs": [{**INPUT, "rows": None}]}},
        name="counted-by-ids",
    ),
    Case(
        SPLIT,
        "passes",
        "official, seed None",
        splits(splits={"method": "official", "seed": None}),
        name="without-chance",
    ),
    Case(
        SPLIT,
        "passes",
        "",
        splits(144, 36, inputs=[{**INPUT, "rows": 144}, {**INPUT, "name": "val", "rows": 36}]),
        name="a-file-each",
    ),
    Case(SPLIT, "partly", "the seed not recorded", splits(splits={"seed": None})),
    Case(SPLIT, "partly", "the method not", splits(splits={"method": " "}), name="method"),
    Case(SPLIT, "partly", "80 of 180 rows are in no split", splits(80, 20), name="some-left"),
    Case(
        SPLIT,
        "partly",
        "neither rows nor ids",
        splits(inputs=[{**INPUT, "rows": None}]),
        name="nothing-to-count-by",
        more={"evidence": "E1"},
    ),
    Case(SPLIT, "fails", "no split is recorded", {"data": {"splits": ABSENT}}),
    Case(SPLIT, "fails", "no split is recorded", {"data": None}, name="no-file"),
    Case(
        SPLIT,
        "fails",
        "the method, the seed not recorded",
        splits(splits={"method": None, "seed": True}),
        name="sizes-only",
    ),
    # Sizes that cannot be: more than there are, or other than the ids kept.
    Case(SPLIT, "cheats", "1,036 examples of 180 rows", splits(1000, 36)),
    Case(SPLIT, "cheats", "train 100 with 144 ids", splits(100, 80, ids=True), name="other-ids"),
    Case(
        SPLIT,
        "cheats",
        "val 36 with 0 ids",
        {**splits(ids=True), "captured": {"splits": {"val": ""}}},
        name="no-ids",
    ),
    Case(
        SPLIT,
        "cheats",
        "the size of train, val",
        splits(0, None, splits={"seed": None}),
        name="no-sizes",
    ),
    Case(
        SPLIT,
        "not-applicable",
        "nothing is measured on another split",
        {"metrics": ONLY_TRAINING, "data": {"splits": ABSENT}, "checkpoints": False},
    ),
    Case(
        SPLIT,
        "not-applicable",
        "evaluation",
        {"run": {"kind": "evaluation"}, "data": {"splits": ABSENT}},
        name="evaluation",
    ),
    Case(
        SPLIT,
        "inconclusive",
        "took too long",
        {"data": {"splits": ABSENT, "not_available": {"splits": "took too long"}}},
    ),
)

CASES = BATCH_CASES + SPLIT_CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)
