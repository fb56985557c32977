from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from audit.case import Case, assert_case

from reportgen.testing.documents import metric_records

RECOMPUTE = "metrics.predictions-recompute"
VAL = "predictions/val.csv"
# Four of six right; by class: 2 of 3 and 2 of 3 found, 2 of 3 and 2 of 3 right.
TABLE = "id,label,prediction\na,0,0\nb,0,0\nc,0,1\nd,1,1\ne,1,1\nf,1,0\n"
SKEWED = "id,label,prediction\na,0,0\nb,0,0\nc,0,0\nd,1,0\ne,2,1\nf,2,2\n"
SCORES = "id,label,prediction,score_0,score_1\na,0,0,0.8,0.2\nb,1,1,0.4,0.6\nc,1,0,0.7,0.3\n"
DISTANCES = "id,label,prediction\na,1.5,1\nb,2.5,3\nc,4,3\n"


def logged(metric: str, *values: float, table: str | None = TABLE, **definition: Any) -> Any:
    """A run whose headline metric has these values, with these predictions."""
    records = metric_records()
    for record in records:
        record["metrics"].pop("val/accuracy", None)
    places = [one for one in records if "val/loss" in one["metrics"]][-len(values) :]
    for place, value in zip(places, values, strict=True):
        place["metrics"][metric] = value
    return {
        "metrics": records,
        "run": {"checkpoints": {"best": metric}},
        "definitions": {"metrics": {metric: {"goal": "maximize", **definition}}},
        "files": {VAL: table},
        "checkpoints": False,
    }


CASES = (
    Case(
        RECOMPUTE,
        "passes",
        "val/accuracy of 36 predictions: 0.9167, the last value",
        more={"inspected": 36},
    ),
    Case(
        RECOMPUTE,
        "passes",
        "the best value",
        logged("val/accuracy", 4 / 6, 0.5),
        name="of-the-best-epoch",
    ),
    Case(RECOMPUTE, "passes", "the last value", {"definitions": None}, name="not-defined"),
    Case(
        RECOMPUTE,
        "passes",
        "the last value",
        logged("val/outcome", 4 / 6, goal=None, implementation="sklearn.metrics.accuracy_score"),
        name="without-a-goal",
    ),
    Case(
        RECOMPUTE,
        "passes",
        "66.67, the last value",
        logged("val/accuracy", 0.5, 100 * 4 / 6, unit="%"),
        name="per-cent",
    ),
    Case(
        RECOMPUTE,
        "passes",
        "(weighted): 0.6508",
        logged("val/f1", 0.1, 0.6507936507936507, table=SKEWED, aggregation="weighted"),
        name="average",
    ),
    Case(
        RECOMPUTE,
        "passes",
        "(macro)",
        logged("val/recall", 0.1, 0.5, table=SKEWED),
        name="some-average",
    ),
    Case(
        RECOMPUTE,
        "passes",
        "val/score of 3 predictions: 0.646",
        logged(
            "val/score",
            0.6459806598020456,
            table=SCORES,
            implementation="torch.nn.functional.cross_entropy",
        ),
        name="likelihood",
    ),
    Case(RECOMPUTE, "passes", "", logged("val/roc_auc", 0.0, 1.0, table=SCORES), name="area"),
    Case(
        RECOMPUTE,
        "passes",
        "",
        logged("val/rmse", 1.0, 0.5**0.5, table=DISTANCES, goal="minimize"),
        name="distance",
    ),
    # A number that went through 32 bits is the same number.
    Case(RECOMPUTE, "passes", "", logged("val/accuracy", 0.6666666865348816), name="32-bit"),
    Case(
        RECOMPUTE,
        "partly",
        "of which the last value 0.67 is rounded",
        logged("val/accuracy", 0.67),
    ),
    Case(
        RECOMPUTE,
        "fails",
        "val/accuracy of 6 predictions: 0.6667; logged: last 0.71, best 0.81",
        logged("val/accuracy", 0.81, 0.71),
    ),
    Case(
        RECOMPUTE,
        "fails",
        "macro 0.5; logged",
        logged("val/recall", 0.1, 2 / 3, table=SKEWED, aggregation="macro"),
        name="another-average",
    ),
    # A file of the right name, without what it takes; predictions of another model.
    Case(RECOMPUTE, "cheats", "has no row", {"files": {VAL: "id,label,prediction\n"}}),
    Case(
        RECOMPUTE, "cheats", "no column label", {"files": {VAL: "id,prediction\n1,2\n"}}, name="a"
    ),
    Case(RECOMPUTE, "cheats", "has no column", {"files": {VAL: ""}}, name="nothing"),
    Case(
        RECOMPUTE,
        "cheats",
        "val/accuracy of 6 predictions: 0.6667; logged: last 0.9167",
        {"files": {VAL: TABLE}},
        name="another-model",
    ),
    Case(RECOMPUTE, "not-applicable", "unsupervised", {"run": {"kind": "unsupervised"}}),
    Case(RECOMPUTE, "inconclusive", "no predictions of the split val", {"files": {VAL: None}}),
    Case(
        RECOMPUTE,
        "inconclusive",
        "no predictions of the split val",
        {"files": {VAL: None, "predictions/test.csv": TABLE}},
        name="another-split",
    ),
    Case(
        RECOMPUTE,
        "inconclusive",
        "is no CSV",
        {"files": {VAL: None, "predictions/val.parquet": b"PAR1"}},
        name="parquet",
    ),
    Case(
        RECOMPUTE,
        "inconclusive",
        "by which formula val/bleu",
        logged("val/bleu", 0.5),
        name="formula",
    ),
    Case(
        RECOMPUTE,
        "inconclusive",
        "no scores are kept",
        logged("val/auc", 0.5),
        name="no-scores",
    ),
    Case(
        RECOMPUTE,
        "inconclusive",
        "has no labels",
        {"files": {VAL: "id,label,prediction\n1,,2\n"}},
        name="no-labels",
    ),
    Case(
        RECOMPUTE,
        "inconclusive",
        "",
        {"metrics": b"", "summary": None},
        more={"blocked_by": "metrics.series-present"},
        name="no-metrics",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_predictions_over_the_limit_are_left_open(tmp_path: Path) -> None:
    from reportgen.fs.limits import Limits
    from reportgen.runs.view import RunView
    from reportgen.testing import make_run, run_check

    view = RunView(make_run(tmp_path), limits=Limits(text_bytes=300))
    result = run_check(RECOMPUTE, view)
    assert (result.outcome, "too large" in result.message) == ("inconclusive", True)
