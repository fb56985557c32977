import math
from collections.abc import Iterable
from pathlib import Path

import pytest
from audit.case import Case, assert_case

PRESENT = "metrics.series-present"
FINITE = "metrics.series-finite"
COMPLETE = "metrics.series-complete"


def losses(values: Iterable[object], name: str = "train/loss") -> list[dict[str, object]]:
    return [
        {"step": step, "time": 1e9 + step, "metrics": {name: value}}
        for step, value in enumerate(values)
    ]


def falling(count: int, **bad: object) -> list[object]:
    """A falling loss with some of its points replaced: ``falling(20, at_5="NaN")``."""
    values: list[object] = [2 * math.exp(-step / 9) for step in range(count)]
    for key, value in bad.items():
        values[int(key.removeprefix("at_"))] = value
    return values


def planned(**plan: object) -> dict[str, object]:
    return {"run": {"planned": {"steps": None, "epochs": None, **plan}}}


CASES = (
    Case(PRESENT, "passes", "5 series, 380 points"),
    Case(PRESENT, "fails", "no metric record", {"metrics": None}, more={"evidence": "E0"}),
    Case(PRESENT, "partly", "none at more than one step", {"metrics": losses([0.5])}),
    Case(
        PRESENT,
        "partly",
        "none at more than one step",
        {"metrics": [{"step": 3, "time": 1.0, "metrics": {"loss": value}} for value in (1.0, 0.5)]},
        name="one-step",
    ),
    # Lines are there, and not one of them is a number at a step.
    Case(
        PRESENT,
        "cheats",
        "no metric record",
        {
            "metrics": [
                {"step": "1", "time": 1.0, "metrics": {"train/loss": 0.5}},
                {"step": 2, "time": 1.0, "metrics": {"train/loss": "good"}},
                {"step": 3, "time": 1.0, "metrics": {}},
                {"event": "resume", "step": 4, "attempt": 2},
            ]
        },
    ),
    Case(PRESENT, "cheats", "no metric record", {"metrics": b""}, name="empty-file"),
    Case(PRESENT, "not-applicable", "evaluation", {"run": {"kind": "evaluation"}}),
    Case(FINITE, "passes", "380 points, no NaN"),
    Case(
        FINITE,
        "partly",
        "train/loss is NaN at step 5 (2 of 20 points, recovered)",
        {"metrics": losses(falling(20, at_5="NaN", at_6="-Infinity"))},
    ),
    Case(
        FINITE,
        "fails",
        "train/loss is NaN at step 18 (2 of 20 points, to the end)",
        {"metrics": losses(falling(20, at_18="NaN", at_19="NaN"))},
    ),
    Case(
        FINITE,
        "fails",
        "is Infinity at step 19",
        {"metrics": losses(falling(20, at_19="Infinity"))},
        name="infinite-at-the-end",
    ),
    # The last value was put right; the summary still says that nothing finite was ever best.
    Case(
        FINITE,
        "cheats",
        "train/loss is NaN",
        {
            "metrics": losses(falling(20, at_18="NaN")),
            "summary": {"metrics": {"train/loss": {"best": "NaN"}}},
        },
    ),
    Case(FINITE, "inconclusive", "", {"metrics": None}, more={"blocked_by": PRESENT}),
    Case(COMPLETE, "passes", "last step 119 of 120 planned"),
    Case(COMPLETE, "passes", "", planned(epochs=10), name="epochs-by-validation"),
    Case(
        COMPLETE,
        "passes",
        "epoch reaches 9 of 10",
        {"metrics": losses(range(10), "epoch"), **planned(epochs=10)},
        name="epochs-by-counter",
    ),
    Case(
        COMPLETE,
        "passes",
        "stopped early: no progress for 5 epochs",
        {"run": {"planned": {"steps": 900}, "stopped_early": "no progress for 5 epochs"}},
        name="with-a-reason",
    ),
    Case(COMPLETE, "partly", "last step 119 of 125 planned, and no reason", planned(steps=125)),
    Case(COMPLETE, "fails", "last step 119 of 900 planned, and no reason", planned(steps=900)),
    # A reason field that gives none.
    Case(COMPLETE, "cheats", "", {"run": {"planned": {"steps": 900}, "stopped_early": "  "}}),
    Case(COMPLETE, "inconclusive", "is not recorded", {"run": {"planned": None}}),
    Case(COMPLETE, "inconclusive", "is not recorded", planned(steps=0), name="planned-nothing"),
    Case(
        COMPLETE,
        "inconclusive",
        "no series counts epochs",
        {"metrics": losses(falling(40)), "data": None, **planned(epochs=10)},
        name="epochs-uncounted",
    ),
    Case(
        COMPLETE,
        "inconclusive",
        "no series counts epochs",
        {"metrics": losses(falling(900)), **planned(epochs=10)},
        name="steps-of-something-else",
    ),
    # The plan names epochs alone, and the end of the metrics was cut off.
    Case(
        COMPLETE,
        "cheats",
        "last step 39 of the 120 that 10 planned epochs make, and no reason",
        {"metrics": losses(falling(40)), **planned(epochs=10)},
        name="epochs-by-examples",
    ),
    Case(
        COMPLETE,
        "passes",
        "last step 119 of the 120 that 10 planned epochs make",
        {"metrics": losses(falling(120)), **planned(epochs=10)},
        name="epochs-by-examples",
    ),
    Case(
        COMPLETE,
        "inconclusive",
        "last step 119 of 900",
        {"run": {"planned": {"steps": 900}, "status": "failed", "exit_code": 1}},
        name="crashed",
        more={"blocked_by": "metrics.run-completed"},
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_a_resumed_run_is_judged_by_the_line_that_counts(tmp_path: Path) -> None:
    first = losses(falling(20, at_15="NaN", at_16="NaN"))
    again = [record for record in losses(falling(20)) if record["step"] >= 10]  # type: ignore[operator]
    marker = {"event": "resume", "step": 10, "time": 1e9, "attempt": 2}
    case = Case(FINITE, "passes", golden={"metrics": [*first, marker, *again]})
    assert_case(case, tmp_path)
