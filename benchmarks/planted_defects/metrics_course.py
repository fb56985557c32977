"""Defects of the course of metrics, of its end, and of what was learned."""

from __future__ import annotations

import math

from planted_defects.defect import (
    Defect,
    lay,
    put,
    relog,
    rename,
    revalue,
)
from planted_defects.lab import Record


def _cut(records: list[Record]) -> list[Record]:
    """The last third is gone."""
    return records[:80]


def _without_middle(records: list[Record]) -> list[Record]:
    return [one for one in records if not 40 <= one["step"] < 75]


def _two_runs_in_one(records: list[Record]) -> list[Record]:
    """The second half counts its steps anew, with no mark of a resume."""
    for one in records[60:]:
        one["step"] -= 60
    return records


def _out_of_order(records: list[Record]) -> list[Record]:
    records[50], records[51] = records[51], records[50]
    return records


def _validated_on_the_training_data(records: list[Record]) -> list[Record]:
    for one in records:
        values = one["metrics"]
        if "val/loss" in values:
            values["train/accuracy"] = values["val/accuracy"]
            values["val/loss"] = values["train/loss"]
    return records


def _seldom(records: list[Record]) -> list[Record]:
    """The training loss at every fiftieth step only."""
    for one in records:
        if one["step"] % 50:
            one["metrics"].pop("train/loss")
    return records


COURSE = (
    Defect(
        "the metrics are gone",
        "metrics.series-present",
        put("metrics.jsonl", b""),
    ),
    Defect(
        "every metric has a single value",
        "metrics.series-present",
        relog(lambda records: records[-1:]),
        least="partial",
    ),
    Defect(
        "the validation loss is NaN from the middle on",
        "metrics.series-finite",
        revalue("val/loss", lambda step, value: "NaN" if step > 60 else value),
    ),
    Defect(
        "the gradients were infinite once",
        "metrics.series-finite",
        revalue("train/grad_norm", lambda step, value: "Infinity" if step == 30 else value),
        least="partial",
    ),
    Defect(
        "two records stand in the wrong order",
        "metrics.series-steps-sane",
        relog(_out_of_order),
    ),
    Defect(
        "two runs are glued into one, steps begin again without a mark",
        "metrics.series-steps-sane",
        relog(_two_runs_in_one),
    ),
    Defect(
        "a bad stretch was cut out of the middle",
        "metrics.series-steps-sane",
        relog(_without_middle),
    ),
    Defect(
        "the run says that it was resumed twice, with one mark more than attempts",
        "metrics.series-steps-sane",
        relog(
            lambda records: [
                *records[:60],
                {"event": "resume", "step": 60, "time": records[60]["time"], "attempt": 2},
                *records[60:],
            ]
        ),
    ),
    Defect(
        "the last third of the metrics was deleted",
        "metrics.series-complete",
        relog(_cut),
    ),
    Defect(
        "the run stopped a little early without a reason",
        "metrics.series-complete",
        relog(lambda records: records[:110]),
        least="partial",
    ),
    Defect(
        "a crash is recorded as finished",
        "metrics.run-completed",
        lay("run.yaml", {"exit_code": 137}),
    ),
    Defect(
        "the run says finished and has no end",
        "metrics.run-completed",
        lay("run.yaml", {"ended": None, "exit_code": None}),
    ),
    Defect(
        "the run was interrupted, by nobody and for nothing",
        "metrics.run-completed",
        lay("run.yaml", {"status": "interrupted", "exit_code": 130}),
    ),
)

LEARNING = (
    Defect(
        "nothing was measured on held-out data",
        "metrics.split-validation-present",
        rename(val__loss=None, val__accuracy=None),
    ),
    Defect(
        "the validation metrics repeat those of the training data",
        "metrics.split-validation-present",
        relog(_validated_on_the_training_data),
    ),
    Defect(
        "the training loss is not logged",
        "metrics.training-loss",
        rename(train__loss=None),
    ),
    Defect(
        "the training loss is one number throughout",
        "metrics.training-loss",
        revalue("train/loss", lambda step, value: 0.05),
    ),
    Defect(
        "the training loss is logged three times in ten epochs",
        "metrics.training-loss",
        relog(_seldom),
        least="partial",
    ),
    Defect(
        "the training diverged after its middle",
        "metrics.not-diverged",
        revalue("train/loss", lambda step, v: v if step < 60 else v + math.exp((step - 60) / 12)),
    ),
    Defect(
        "the training rose to twenty times its lowest loss",
        "metrics.not-diverged",
        revalue("train/loss", lambda step, v: 0.05 + 0.001 * v if 20 < step < 100 else 1.5),
        least="partial",
    ),
    Defect(
        "the norm of the gradients is a constant",
        "metrics.gradient-norms",
        revalue("train/grad_norm", lambda step, value: 1.0),
    ),
    Defect(
        "the loss is logged again as the norm of the gradients",
        "metrics.gradient-norms",
        relog(
            lambda records: [
                {
                    **one,
                    "metrics": one["metrics"] | {"train/grad_norm": one["metrics"]["train/loss"]},
                }
                for one in records
            ]
        ),
    ),
    Defect(
        "no norm of gradients is logged",
        "metrics.gradient-norms",
        rename(train__grad_norm=None),
    ),
)

DEFECTS = (*COURSE, *LEARNING)
