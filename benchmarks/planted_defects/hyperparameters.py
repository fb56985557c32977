"""Defects of configurations, optimizers, splits and searches."""

from __future__ import annotations

from planted_defects.defect import (
    Defect,
    lay,
    put,
    relog,
    revalue,
    several,
    swap_in_repository,
)
from planted_defects.lab import Lab, Record
from reportgen.fs.documents import dump_yaml, load_yaml
from reportgen.testing import ABSENT

SWEEP = "runs/digits/search/sweep.yaml"
ACCESS = "captured/config_access.json"
OPTIMIZER = "captured/optimizer.json"


def _wider_everywhere(lab: Lab) -> None:
    """The width that is said to have run, in the logged configuration and the copy of the file."""
    lab.lay("config.yaml", {"width": 48})
    lab.replace("config/configs/mlp.yaml", "width: 32", "width: 48")


def _seldom(records: list[Record]) -> list[Record]:
    """Learning rates at every thirtieth step only."""
    for one in records:
        if one["step"] % 30:
            one["metrics"].pop("train/lr", None)
    return [one for one in records if one["metrics"]]


CONFIGURATION = (
    Defect(
        "config.yaml is a list of words",
        "hyperparameters.config-parses",
        put("config.yaml", "- mlp\n- digits\n"),
    ),
    Defect(
        "the network is recorded as the text of an object",
        "hyperparameters.config-parses",
        lay("config.yaml", {"model": "<models.Mlp object at 0x7f3a5c1e9d90>"}),
        least="partial",
    ),
    Defect(
        "half of the configuration is interpolations that nobody resolved",
        "hyperparameters.config-resolved",
        lay(
            "config.yaml",
            {
                "lr": "${optim.lr}",
                "epochs": "${train.epochs}",
                "width": "${net.width}",
                "batch_size": "${train.batch}",
            },
        ),
    ),
    Defect(
        "a mandatory value was never filled in",
        "hyperparameters.config-resolved",
        lay("config.yaml", {"optimizer": "???"}),
        least="partial",
    ),
    Defect(
        "the configuration was logged before the command line was applied",
        "hyperparameters.config-argv-consistent",
        lay("run.yaml", {"command": {"argv": ["train.py", "--lr", "0.5", "--epochs", "10"]}}),
    ),
    Defect(
        "a value was edited in the logged configuration",
        "hyperparameters.config-source-match",
        lay("config.yaml", {"width": 48}),
    ),
    Defect(
        "a value was edited in the logged configuration and in the copy of its file",
        "hyperparameters.config-source-match",
        _wider_everywhere,
    ),
    Defect(
        "the file on the command line was not kept",
        "hyperparameters.config-source-match",
        lambda lab: (lab.run / "config/configs/mlp.yaml").unlink(),
    ),
    Defect(
        "a key is configured and never read",
        "hyperparameters.config-keys-consumed",
        lambda lab: lab.lay(
            ACCESS, {"read": [key for key in lab.document(ACCESS)["read"] if key != "width"]}
        ),
    ),
    Defect(
        "a default in the code stood in for a key that is not configured",
        "hyperparameters.config-keys-consumed",
        lay(ACCESS, {"absent": {"dropout": 0.5}}),
    ),
)

OPTIMIZATION = (
    Defect(
        "another optimizer ran than is configured",
        "hyperparameters.optimizer-core-logged",
        lay(OPTIMIZER, {"class": "AdamW"}),
    ),
    Defect(
        "the optimizer had another learning rate than is configured",
        "hyperparameters.optimizer-core-logged",
        lay(OPTIMIZER, {"groups": [{"lr": 0.01}], "groups_end": [{"lr": 0.01}]}),
    ),
    Defect(
        "examples, batch size and epochs do not give the steps that ran",
        "hyperparameters.optimizer-core-logged",
        lay("config.yaml", {"batch_size": 48}),
    ),
    Defect(
        "neither optimizer nor batch size is recorded",
        "hyperparameters.optimizer-core-logged",
        several(
            lay("config.yaml", {"optimizer": ABSENT, "batch_size": ABSENT}),
            lambda lab: (lab.run / OPTIMIZER).unlink(),
        ),
    ),
    Defect(
        "a scheduler is configured and the learning rate stood still",
        "hyperparameters.schedule-lr-series",
        revalue("train/lr", lambda step, value: 0.1),
        base="full",
    ),
    Defect(
        "the logged learning rate begins at another value than the configured one",
        "hyperparameters.schedule-lr-series",
        revalue("train/lr", lambda step, value: 3 * value),
        base="full",
    ),
    Defect(
        "the optimizer ended at another learning rate than was logged",
        "hyperparameters.schedule-lr-series",
        lay(OPTIMIZER, {"groups_end": [{"lr": 0.05, "initial_lr": 0.1}]}),
        base="full",
    ),
    Defect(
        "the scheduled learning rate is logged four times in ten epochs",
        "hyperparameters.schedule-lr-series",
        relog(_seldom),
        base="full",
        least="partial",
    ),
    Defect(
        "batch and accumulation do not give the declared batch of a step",
        "hyperparameters.batch-effective-consistent",
        lay("config.yaml", {"grad_accum": 4}),
        base="full",
    ),
    Defect(
        "four processes are configured and one ran",
        "hyperparameters.batch-effective-consistent",
        lay("config.yaml", {"world_size": 4}),
    ),
)

DATA_AND_SEARCH = (
    Defect(
        "the splits hold more examples than the data",
        "hyperparameters.split-params-logged",
        lay(
            "data.yaml",
            {"splits": {"train": {"count": 1440}, "val": {"count": 360}}},
        ),
    ),
    Defect(
        "how and with which seed the data was split is not recorded",
        "hyperparameters.split-params-logged",
        lay("data.yaml", {"splits": {"method": ABSENT, "seed": ABSENT}}),
    ),
    Defect(
        "a trial lies outside of the declared bounds",
        "hyperparameters.search-space-recorded",
        lambda lab: _resweep(lab, space={"lr": {"min": 0.01, "max": 0.05}}),
        base="full",
    ),
    Defect(
        "the bounds of a setting are upside down",
        "hyperparameters.search-space-recorded",
        swap_in_repository(SWEEP, "max: 0.1", "max: 0.05"),
        base="full",
        least="partial",
    ),
    Defect(
        "fifteen of twenty planned trials are not there",
        "hyperparameters.search-space-recorded",
        swap_in_repository(SWEEP, "planned: 5", "planned: 20"),
        base="full",
        least="partial",
    ),
    Defect(
        "the space is named without bounds",
        "hyperparameters.search-space-recorded",
        lambda lab: _resweep(lab, space={"seed": None, "lr": None}),
        base="full",
    ),
    Defect(
        "the chosen trial is not the best",
        "hyperparameters.search-selection-recomputes",
        lambda lab: _resweep(lab, chosen=lab.runs[2].name),
        base="full",
    ),
    Defect(
        "the trial was chosen by the test split",
        "hyperparameters.search-selection-recomputes",
        lambda lab: _resweep(lab, metric="test/accuracy"),
        base="full",
    ),
    Defect(
        "the goal of the search is the opposite of the metric's",
        "hyperparameters.search-selection-recomputes",
        lambda lab: _resweep(lab, goal="minimize", chosen=lab.runs[2].name),
        base="full",
    ),
)


def _resweep(lab: Lab, **changes: object) -> None:
    path = lab.repository / SWEEP
    sweep = load_yaml(path.read_bytes(), name=SWEEP)
    path.write_text(dump_yaml({**sweep, **changes}), encoding="utf-8")


DEFECTS = (*CONFIGURATION, *OPTIMIZATION, *DATA_AND_SEARCH)
