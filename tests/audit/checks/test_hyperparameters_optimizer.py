from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from audit.case import Case, assert_case

from reportgen.testing import ABSENT
from reportgen.testing.documents import CREATED, metric_records

CORE = "hyperparameters.optimizer-core-logged"
SCHEDULE = "hyperparameters.schedule-lr-series"
PARSES = "hyperparameters.config-parses"


def optimizer(name: str = "SGD", lr: float = 0.1, end: float | None = None, **more: Any) -> Any:
    ended = lr if end is None else end
    return {
        "captured": {
            "optimizer": {
                "class": name,
                "groups": [{"lr": lr, **more}],
                "groups_end": [{"lr": ended}],
            }
        }
    }


def rates(*values: float | None, every: int = 12, name: str = "train/lr") -> Any:
    """The golden metrics with these learning rates, one each ``every`` steps."""
    records = metric_records()
    for record in records:
        del record["metrics"]["train/lr"]
        place, rest = divmod(record["step"], every)
        if rest == 0 and place < len(values) and values[place] is not None:
            record["metrics"][name] = values[place]
    return {"metrics": records}


def decayed(step: int) -> float:
    return 0.1 * 0.9 ** (step // 12)


EACH_EPOCH = [decayed(12 * epoch) for epoch in range(10)]
DECAY = optimizer(initial_lr=0.1, end=decayed(120))
NO_GRADIENTS = {
    "config": {"lr": ABSENT, "optimizer": ABSENT},
    "environment": {"packages": {"torch": ABSENT, "scikit-learn": "1.7"}},
    "captured": {"optimizer": None},
}
EVALUATION = {"run": {"kind": "evaluation"}, "captured": {"optimizer": None}}


def trained(examples: int, **changes: Any) -> Any:
    splits = {"train": {"count": examples, "ids_sha256": "ab" * 32}}
    return {"data": {"splits": splits}, **changes}


CORE_CASES = (
    Case(CORE, "passes", "sgd, learning rate 0.1, batch 12, 120 steps: as SGD had them"),
    Case(
        CORE,
        "passes",
        "adamw_torch_fused",
        {"config": {"optimizer": "adamw_torch_fused"}, **optimizer("AdamW")},
        name="build",
    ),
    Case(
        CORE,
        "passes",
        "",
        {
            "config": {"optimizer": {"name": "torch.optim.Adam", "lr": 0.1}, "lr": ABSENT},
            **optimizer("Adam"),
        },
        name="nested",
    ),
    # A 32-bit learning rate; one that a scheduler had changed by the first step.
    Case(CORE, "passes", "", optimizer(lr=0.10000000149011612), name="32-bit"),
    Case(CORE, "passes", "", optimizer(lr=0.001, initial_lr=0.1), name="warmup"),
    Case(CORE, "passes", "", trained(143), name="last-batch-smaller"),
    Case(CORE, "passes", "", trained(155), name="last-batch-dropped"),
    Case(CORE, "passes", "", optimizer("AcceleratedOptimizer"), name="wrapped"),
    Case(
        CORE,
        "passes",
        "",
        {"config": {"batch_size": 6, "grad_accum": 2}},
        name="accumulated",
    ),
    Case(
        CORE,
        "passes",
        "",
        {"config": {"batch_size": 6}, "run": {"ranks": 2}},
        name="two-processes",
    ),
    Case(
        CORE,
        "passes",
        "batch 12, 10 epochs",
        {"run": {"planned": {"steps": None}}},
        name="steps-that-ran",
    ),
    Case(CORE, "partly", "what ran was not captured", {"captured": {"optimizer": None}}),
    Case(
        CORE,
        "partly",
        "does not name the optimizer",
        {"config": {"optimizer": ABSENT}},
        name="captured-only",
        more={"evidence": "E2"},
    ),
    Case(CORE, "fails", "optimizer is 'adam', SGD ran", {"config": {"optimizer": "adam"}}),
    Case(
        CORE, "fails", "AdamW ran", optimizer("AdamW") | {"config": {"optimizer": "adam"}}, name="w"
    ),
    Case(
        CORE, "fails", "batch size not recorded", {"config": {"batch_size": ABSENT}}, name="batch"
    ),
    Case(CORE, "fails", "steps not recorded", {"run": {"planned": None}}, name="steps"),
    Case(
        CORE,
        "fails",
        "144 examples in batches of 12 for 10 epochs are 120 steps, not 60 steps",
        {"run": {"planned": {"steps": 60}}},
        name="plan",
    ),
    # All four are there, as were meant: the rate of another run, the batch of another machine.
    Case(CORE, "cheats", "lr is 0.05, the optimizer had 0.1", {"config": {"lr": 0.05}}),
    Case(
        CORE,
        "cheats",
        "60 steps, not 120 steps",
        {"config": {"batch_size": 24}},
        name="another-batch",
    ),
    Case(
        CORE,
        "cheats",
        "60 steps, not 120 that ran",
        {"config": {"batch_size": 24}, "run": {"planned": {"steps": None}}},
        name="another-batch-without-planned-steps",
    ),
    Case(
        CORE,
        "cheats",
        "optimizer, learning rate not recorded",
        {
            "config": {"optimizer": "", "lr": "fast"},
            "captured": {"optimizer": {"class": None, "groups": [], "groups_end": []}},
        },
        name="blanks",
    ),
    Case(CORE, "not-applicable", "no gradient training", NO_GRADIENTS),
    # A kind that nothing is asked of, and an optimizer that stepped.
    Case(
        CORE,
        "cheats",
        "optimizer is 'sgd', Adam ran",
        {"run": {"kind": "other"}, **optimizer("Adam")},
        name="kind",
    ),
    # Configured and built as said, and another rate in the log from its first step on.
    Case(CORE, "cheats", "lr is 0.1, 0.01 was logged", rates(*[0.01] * 10), name="logged-rate"),
    Case(CORE, "passes", "", rates(None, *[0.01] * 9), name="rate-logged-later"),
    Case(CORE, "passes", "", {**rates(*[0.1] * 10, name="lr/group1")}, name="rate-of-a-group"),
    Case(CORE, "not-applicable", "evaluation", EVALUATION, name="evaluation"),
    Case(CORE, "inconclusive", "", {"config": None}, more={"blocked_by": PARSES}),
)

SCHEDULE_CASES = (
    Case(
        SCHEDULE,
        "passes",
        "train/lr has 10 points for 10 epochs, from 0.1 to 0.03874",
        {**rates(*EACH_EPOCH), **DECAY},
    ),
    Case(
        SCHEDULE,
        "passes",
        "lr-SGD has 120 points",
        {**rates(*map(decayed, range(120)), every=1, name="lr-SGD"), **DECAY},
        name="each-step",
    ),
    Case(
        SCHEDULE,
        "passes",
        "",
        {
            **rates(*[0.1 * min(1, (step + 1) / 20) for step in range(120)], every=1),
            **optimizer(lr=0.005, initial_lr=0.1, end=0.1),
        },
        name="warmup-begins-at-the-rate-that-ran",
    ),
    Case(
        SCHEDULE,
        "passes",
        "",
        {"config": {"scheduler": "reduce_on_plateau"}},
        name="plateau-that-never-came",
    ),
    # The settings of the end were read a while before the run was killed.
    Case(
        SCHEDULE,
        "passes",
        "",
        {
            **rates(*EACH_EPOCH),
            **optimizer(initial_lr=0.1),
            "run": {"status": "failed", "exit_code": 137},
        },
        name="killed",
    ),
    Case(
        SCHEDULE,
        "passes",
        "train/learning_rate has 10 points",
        {**rates(*EACH_EPOCH, name="train/learning_rate"), **DECAY},
        name="spelled-out",
    ),
    Case(
        SCHEDULE,
        "partly",
        "train/lr has 3 points for 10 epochs",
        {**rates(0.1, decayed(48), decayed(96), every=48), **DECAY},
    ),
    Case(SCHEDULE, "partly", "1 point", {**rates(0.1), **DECAY}, name="one-point"),
    Case(
        SCHEDULE,
        "partly",
        "begins after the first step",
        {**rates(None, *[decayed(step) for step in range(12, 120)], every=1), **DECAY},
        name="late",
    ),
    Case(
        SCHEDULE,
        "fails",
        "the optimizer had a scheduler, and no series of the learning rate",
        {**rates(), **DECAY},
        more={"evidence": "E0"},
    ),
    Case(
        SCHEDULE,
        "fails",
        "no series of the learning rate",
        {**rates(*EACH_EPOCH, name="learning_progress"), **DECAY},
        name="another-series",
    ),
    Case(
        SCHEDULE,
        "fails",
        "scheduler is 'cosine'; train/lr is 0.1 at each of 120 points",
        {"config": {"scheduler": "cosine"}},
        name="constant",
    ),
    Case(
        SCHEDULE,
        "fails",
        "warmup_steps is 20; train/lr is 0.1",
        {"config": {"warmup_steps": 20}},
        name="declared-by-its-warmup",
    ),
    Case(
        SCHEDULE,
        "fails",
        "begins with 0.5, not with 0.1",
        {**rates(*[5 * rate for rate in EACH_EPOCH]), **DECAY},
        name="another-start",
    ),
    # A series in the right form that is not that of the optimizer: it was to decay and did not.
    Case(
        SCHEDULE,
        "cheats",
        "ends at 0.03874, the optimizer at 0.1",
        {**rates(*EACH_EPOCH), **optimizer(initial_lr=0.1, end=0.1)},
    ),
    Case(
        SCHEDULE,
        "cheats",
        "no finite value",
        {**rates(*["NaN"] * 10), **DECAY},  # type: ignore[arg-type, list-item]
        name="nothing-in-it",
    ),
    Case(SCHEDULE, "not-applicable", "no scheduler"),
    Case(
        SCHEDULE,
        "not-applicable",
        "no scheduler",
        {"config": {"scheduler": {"name": "constant", "warmup_steps": 0}}},
        name="constant",
    ),
    Case(SCHEDULE, "not-applicable", "no gradient training", NO_GRADIENTS, name="no-gradients"),
    Case(
        SCHEDULE,
        "inconclusive",
        "",
        {"metrics": b"", "summary": None, **DECAY},
        more={"blocked_by": "metrics.series-present"},
    ),
)

CASES = CORE_CASES + SCHEDULE_CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


@pytest.mark.parametrize("counted", ["epochs", "examples"])
def test_steps_that_count_something_else_contradict_nothing(counted: str, tmp_path: Path) -> None:
    """``step`` is the user's: epochs and examples seen are as customary as updates."""
    factor = 1 if counted == "epochs" else 144
    records = [
        {
            "step": epoch * factor,
            "time": CREATED + epoch,
            "metrics": {"train/loss": math.exp(-epoch)},
        }
        for epoch in range(1, 11)
    ]
    plan = {"run": {"planned": {"steps": None}}, "metrics": records, "checkpoints": False}
    assert_case(Case(CORE, "passes", "batch 12, 10 epochs", plan), tmp_path)
