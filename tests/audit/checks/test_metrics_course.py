from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from audit.case import Case, assert_case

from reportgen.testing import ABSENT
from reportgen.testing.documents import CREATED, SECONDS_A_STEP, metric_records

STEPS = "metrics.series-steps-sane"
NORMS = "metrics.gradient-norms"
PRESENT = "metrics.series-present"
RECORDS = metric_records()


def resumed(step: int, attempt: int = 2) -> dict[str, Any]:
    time = CREATED + 1000 + step * SECONDS_A_STEP
    return {"event": "resume", "step": step, "time": time, "attempt": attempt}


def later(records: Iterable[dict[str, Any]], seconds: float) -> list[dict[str, Any]]:
    return [{**one, "time": one["time"] + seconds} for one in records]


def kept(*records: dict[str, Any], attempt: int = 1, **changes: Any) -> Any:
    return {"metrics": records, "run": {"attempt": attempt, **changes}, "checkpoints": False}


def norms(*values: float | str, name: str = "train/grad_norm") -> Any:
    records = metric_records()
    for record in records:
        del record["metrics"]["train/grad_norm"]
        if record["step"] < len(values):
            record["metrics"][name] = values[record["step"]]
    return {"metrics": records}


FIRST, SECOND = RECORDS[:75], later(RECORDS[60:], 1000)
STEP_CASES = (
    Case(STEPS, "passes", "5 series in order"),
    Case(
        STEPS,
        "passes",
        "resumed 1 time",
        kept(*FIRST, resumed(60), *SECOND, attempt=2),
        name="resumed",
    ),
    Case(STEPS, "passes", "", kept(*RECORDS[::4]), name="every-fourth"),
    Case(
        STEPS,
        "passes",
        "5 series in order",
        kept(*RECORDS, {"event": "note", "step": 119, "time": CREATED + 60}),
        name="another-mark",
    ),
    Case(
        STEPS,
        "passes",
        "",
        kept(*RECORDS[:60], *later(RECORDS[60:], -200)),
        name="clock-set-back-a-little",
    ),
    Case(
        STEPS,
        "partly",
        "nothing from step 29 to 60",
        kept(*RECORDS[:30], resumed(60), *SECOND, attempt=2),
    ),
    Case(
        STEPS,
        "partly",
        "records were lost: disk full 30",
        kept(*RECORDS[:30], *RECORDS[60:], dropped={"disk full": 30}),
        name="lost",
    ),
    Case(STEPS, "fails", "nothing from step 29 to 60", kept(*RECORDS[:30], *RECORDS[60:])),
    Case(STEPS, "fails", "has step 60 after 74", kept(*FIRST, *SECOND), name="two-attempts"),
    Case(
        STEPS,
        "fails",
        "has step 5 twice",
        kept(*RECORDS[:6], RECORDS[5], *RECORDS[6:]),
        name="twice",
    ),
    # Attempts that no marker stands for.
    Case(
        STEPS,
        "partly",
        "0 marks of a resumed run, run.yaml counts 3 attempts",
        kept(*RECORDS, attempt=3),
        name="marks-gone",
    ),
    # Markers that no attempt stands behind; two runs glued together with steps that go on.
    Case(
        STEPS,
        "cheats",
        "1 mark of a resumed run, run.yaml counts 1 attempt",
        kept(*FIRST, resumed(60), *SECOND),
    ),
    Case(
        STEPS,
        "cheats",
        "goes back 999.8 s in time at step 60",
        kept(*later(RECORDS[:60], 1000), *RECORDS[60:]),
        name="glued",
    ),
    Case(STEPS, "not-applicable", "no series has two points", kept(RECORDS[0])),
    Case(
        STEPS,
        "inconclusive",
        "",
        {"metrics": b"", "summary": None},
        more={"blocked_by": PRESENT},
    ),
)

NORM_CASES = (
    Case(NORMS, "passes", "train/grad_norm has 120 points"),
    Case(NORMS, "passes", "", norms(1, 2, 3, name="gradient/norm.2"), name="another-name"),
    Case(NORMS, "fails", "no series of a gradient norm", norms(), more={"evidence": "E0"}),
    Case(NORMS, "fails", "no series", norms(1, 2, name="train/weight_norm"), name="of-weights"),
    Case(NORMS, "fails", "no series", norms(1, 2, name="train/grad_scale"), name="no-norm"),
    Case(NORMS, "fails", "has 1 finite value", norms(1, "NaN", "Infinity"), name="not-finite"),
    # There by name, and nothing that a gradient could have.
    Case(NORMS, "cheats", "is 1 at each of 120 points", norms(*[1.0] * 120)),
    Case(NORMS, "cheats", "not negative", norms(1, -2, 3), name="negative"),
    Case(
        NORMS,
        "cheats",
        "repeats train/loss value by value",
        norms(*[one["metrics"]["train/loss"] for one in RECORDS]),
        name="copied",
    ),
    Case(
        NORMS,
        "not-applicable",
        "evaluation",
        {"run": {"kind": "evaluation"}, "captured": {"optimizer": None}},
    ),
    Case(
        NORMS,
        "not-applicable",
        "no gradient training",
        {
            "config": {"lr": ABSENT, "optimizer": ABSENT},
            "environment": {"packages": {"torch": ABSENT}},
            "captured": {"optimizer": None},
        },
        name="no-gradients",
    ),
    Case(
        NORMS,
        "inconclusive",
        "",
        {"metrics": b"", "summary": None},
        more={"blocked_by": PRESENT},
    ),
)

CASES = STEP_CASES + NORM_CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)
