from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from audit.case import Case, assert_case

from reportgen.audit.policy import load_policy
from reportgen.testing import ABSENT, make_run, run_check
from reportgen.testing.documents import CREATED, metric_records

TEST = "metrics.split-test-isolated"
DEFINITION = "metrics.definition-declared"
PRESENT = "metrics.series-present"
NO_METRICS = {"metrics": b"", "summary": None}


def with_test(*steps: int, name: str = "test/accuracy", **changes: Any) -> Any:
    """The golden metrics with a test metric at these steps, after what was logged there."""
    records = []
    for record in metric_records():
        records.append(record)
        if record["step"] in steps:
            records.append({**record, "metrics": {name: 0.9}})
    return {"metrics": records, **changes}


def defined(name: str = "val/accuracy", **keys: Any) -> Any:
    return {"definitions": {"metrics": {name: keys}}}


def searched(metric: str) -> Callable[[Path], None]:
    def write(run: Path) -> None:
        text = yaml.safe_dump({"space": {"lr": [0.1]}, "metric": metric})
        (run.parent / "sweep.yaml").write_text(text)

    return write


def rated(metric: str) -> Callable[[Path], None]:
    def write(run: Path) -> None:
        path = run / "checkpoints/checkpoint_epoch_9.json"
        path.write_text(path.read_text().replace("val/accuracy", metric))

    return write


EARLY = [
    {"step": 119, "time": CREATED, "metrics": {"test/accuracy": 0.9}},
    *metric_records(),
]
TEST_CASES = (
    Case(TEST, "passes", "test/accuracy measured once, at step 119", with_test(119)),
    Case(
        TEST,
        "passes",
        "",
        {
            "run": {"kind": "evaluation"},
            "metrics": [{"step": 0, "time": CREATED, "metrics": {"test/f1": 0.9}}],
        },
        name="evaluation",
    ),
    # Norms of the last step that a watcher writes behind it are no training after the test.
    Case(
        TEST,
        "passes",
        "",
        {
            "metrics": [
                *with_test(119)["metrics"],
                {"step": 119, "time": CREATED + 60, "metrics": {"train/grad_norm": 1.5}},
            ]
        },
        name="written-later",
    ),
    Case(
        TEST,
        "passes",
        "",
        {
            "metrics": [
                {"step": step, "time": CREATED + step, "metrics": values}
                for step, values in enumerate(
                    [{"train/reward": 1}, {"test/reward": 2}, {"val/reward": 3}]
                )
            ],
            "checkpoints": False,
        },
        name="after-a-training-without-loss",
    ),
    Case(TEST, "partly", "measured at 3 steps, nothing chosen", with_test(39, 79, 119)),
    Case(TEST, "partly", "training went on to step 119", with_test(60), name="early"),
    Case(
        TEST,
        "fails",
        "the best checkpoint is kept by test/accuracy",
        with_test(119, run={"checkpoints": {"best": "test/accuracy"}}),
    ),
    Case(
        TEST,
        "fails",
        "checkpoint_epoch_9.pt is rated by test/accuracy",
        with_test(119),
        change=rated("test/accuracy"),
        name="checkpoint",
    ),
    Case(
        TEST,
        "fails",
        "the search is by test/accuracy",
        with_test(119),
        change=searched("test/accuracy"),
        name="search",
    ),
    Case(
        TEST,
        "fails",
        "the training was stopped by test/accuracy",
        with_test(119, run={"stopped_early": "no better test/accuracy for 5 epochs"}),
        name="stopped",
    ),
    Case(
        TEST,
        "cheats",
        "the training was stopped by test/accuracy",
        with_test(119, run={"stopped_early": "Test accuracy has not risen for 5 epochs"}),
        name="stopped-in-other-words",
    ),
    Case(
        TEST,
        "passes",
        "",
        with_test(119, run={"stopped_early": "no better val/accuracy; the test set was not used"}),
        name="stopped-by-validation",
    ),
    Case(
        TEST,
        "fails",
        "early_stopping.monitor is 'test_accuracy'",
        with_test(119, config={"early_stopping": {"monitor": "test_accuracy"}}),
        name="monitored",
    ),
    # Measured once at the end, by its step and by its name: neither says what was done.
    Case(
        TEST,
        "cheats",
        "is kept by test/accuracy",
        with_test(
            119,
            run={"checkpoints": {"best": "test/accuracy"}},
            **defined("test/accuracy", split="val"),
        ),
    ),
    Case(TEST, "partly", "measured at step 119", {"metrics": EARLY}, name="written-first"),
    Case(TEST, "not-applicable", "no test metric"),
    Case(
        TEST,
        "not-applicable",
        "no test metric",
        with_test(119, name="val/test_time", **defined("val/test_time", split="val")),
        name="only-a-word",
    ),
    Case(TEST, "inconclusive", "", {**NO_METRICS, "run": {"checkpoints": {"best": "test/f1"}}}),
)

DEFINITION_CASES = (
    Case(
        DEFINITION,
        "passes",
        "maximize, val, share, micro, 'numpy.mean' of numpy 2.4.6",
        more={"evidence": "E2"},
    ),
    Case(
        DEFINITION,
        "passes",
        "of scikit-learn 1.7.0",
        {
            **defined(implementation="sklearn.metrics.f1_score(average='macro')"),
            "environment": {"packages": {"scikit-learn": "1.7.0"}},
            "captured": {"modules": {"third_party": {"sklearn": "scikit-learn"}}},
        },
        name="distribution-of-another-name",
    ),
    Case(DEFINITION, "passes", "of train.py", defined(implementation="train.accuracy"), name="own"),
    Case(
        DEFINITION,
        "passes",
        "of Python 3.11.7",
        defined(implementation="statistics.mean"),
        name="standard-library",
    ),
    Case(
        DEFINITION,
        "partly",
        "is to maximize; not declared: unit, aggregation",
        defined(unit=None, aggregation="TODO"),
    ),
    Case(
        DEFINITION, "partly", "names no package", defined(implementation="share of right"), name="w"
    ),
    Case(
        DEFINITION,
        "partly",
        "not recorded",
        {"environment": {"packages": None}},
        name="no-packages",
    ),
    Case(
        DEFINITION,
        "fails",
        "val/accuracy is not defined",
        {"definitions": None},
        more={"evidence": "E0"},
    ),
    Case(DEFINITION, "fails", "has no goal", defined(goal=None), name="no-goal"),
    # All five are there: of another metric, of another split, of a package that never ran.
    Case(
        DEFINITION,
        "cheats",
        "val/accuracy is not defined",
        {
            "definitions": {
                "metrics": {
                    "val/accuracy": ABSENT,
                    "val/loss": dict.fromkeys(("goal", "unit", "split"), "minimize"),
                }
            }
        },
    ),
    Case(DEFINITION, "cheats", "as of the split 'test'", defined(split="test"), name="split"),
    Case(
        DEFINITION,
        "cheats",
        "nothing of that name was imported",
        defined(implementation="torchmetrics.functional.accuracy"),
        name="package",
    ),
    Case(DEFINITION, "not-applicable", "no metric", {**NO_METRICS, "run": {"kind": "evaluation"}}),
    Case(DEFINITION, "inconclusive", "", NO_METRICS, more={"blocked_by": PRESENT}),
)

CASES = TEST_CASES + DEFINITION_CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


@pytest.mark.parametrize(
    ("best", "sweep", "goals", "metric"),
    [
        ("val/accuracy", "val/f1", {"train/loss": "minimize"}, "val/accuracy"),
        ("val/none", "val/f1", {"train/loss": "minimize"}, "val/f1"),
        (None, "val/none", {"train/none": "minimize", "train/loss": "minimize"}, "train/loss"),
        (None, None, {}, "val/f1"),
    ],
)
def test_the_headline_metric_is_that_of_checkpoints_search_policy_or_validation(
    best: str | None, sweep: str | None, goals: dict[str, Any], metric: str, tmp_path: Path
) -> None:
    records = metric_records()
    for record in records:
        record["metrics"]["val/f1"] = 0.5
    run = make_run(
        tmp_path,
        metrics=records,
        run={"checkpoints": {"best": best}},
        definitions=None,
        checkpoints=False,
    )
    if sweep:
        searched(sweep)(run)
    policy = msgspec.structs.replace(load_policy(), goals=goals)
    result = run_check(DEFINITION, run, policy=policy)
    assert result.message.startswith(f"{metric} ")


def test_without_a_validation_metric_it_is_one_of_the_test_split_or_any(tmp_path: Path) -> None:
    for place, (name, other) in enumerate([("test/f1", "a"), ("loss", "x")]):
        records = [{**one, "metrics": {other: 1.0, name: 0.5}} for one in metric_records()]
        run = make_run(tmp_path, str(place), metrics=records, checkpoints=False, definitions=None)
        expected = name if name.startswith("test") else other
        assert run_check(DEFINITION, run).message == f"{expected} is not defined"


def test_the_call_that_would_define_it_has_what_its_name_says(tmp_path: Path) -> None:
    for place, (name, goal, split) in enumerate(
        [("test/f1", "maximize", "test"), ("speed_of_x", "minimize or maximize", "val")]
    ):
        records = [{**one, "metrics": {name: 0.5}} for one in metric_records()]
        run = make_run(tmp_path, str(place), metrics=records, checkpoints=False, definitions=None)
        expected = f'run.define_metric("{name}", goal="{goal}", split="{split}", unit=...'
        assert (run_check(DEFINITION, run).command or "").startswith(expected)
