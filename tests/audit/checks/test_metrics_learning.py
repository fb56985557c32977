import math
from pathlib import Path

import pytest
from audit.case import Case, assert_case

from reportgen.audit.policy import Policy, load_policy
from reportgen.testing import make_run, run_check

VALIDATION = "metrics.split-validation-present"
LOSS = "metrics.training-loss"
DIVERGED = "metrics.not-diverged"


def course(**series: object) -> dict[str, object]:
    """Records of equally long series; ``__`` in a name stands for a slash."""
    names = [name.replace("__", "/") for name in series]
    rows = zip(*series.values(), strict=True)  # type: ignore[call-overload]
    return {
        "metrics": [
            {"step": step, "time": 1e9 + step, "metrics": dict(zip(names, row, strict=True))}
            for step, row in enumerate(rows)
        ]
    }


FALLING = [2 * math.exp(-step / 9) for step in range(40)]

CASES = (
    Case(VALIDATION, "passes", "has 10 points"),
    Case(VALIDATION, "fails", "no validation metric among train/loss", course(train__loss=FALLING)),
    Case(
        VALIDATION,
        "partly",
        "only test metrics",
        course(train__loss=FALLING, test__accuracy=FALLING),
    ),
    Case(
        VALIDATION,
        "partly",
        "val/loss has a single point",
        {
            "metrics": [
                {"step": 0, "time": 1.0, "metrics": {"train/loss": 1.0}},
                {"step": 1, "time": 2.0, "metrics": {"train/loss": 0.5, "val/loss": 0.6}},
            ]
        },
        name="one-point",
    ),
    # The training series under a second name.
    Case(
        VALIDATION,
        "cheats",
        "repeats the training series",
        course(train__loss=FALLING, val__loss=FALLING),
    ),
    Case(
        VALIDATION,
        "cheats",
        "no finite value",
        course(train__loss=FALLING, val__loss=["NaN"] * 40),
        name="nan",
    ),
    Case(VALIDATION, "not-applicable", "unsupervised", {"run": {"kind": "unsupervised"}}),
    Case(LOSS, "passes", "train/loss has 120 points for 10 epochs"),
    Case(
        LOSS,
        "passes",
        "has 40 points",
        {**course(loss=FALLING), "run": {"planned": None}},
        name="bare",
    ),
    Case(LOSS, "fails", "no training loss among val/loss", course(val__loss=FALLING)),
    Case(
        LOSS,
        "partly",
        "has 4 points for 10 epochs",
        {
            "metrics": [
                {"step": step, "time": 1e9, "metrics": {"train/loss": 1 / (step + 1)}}
                for step in (0, 39, 79, 119)
            ]
        },
    ),
    # A loss that is logged, and always the same number.
    Case(LOSS, "cheats", "is 0 at each of 40 points", course(train__loss=[0.0] * 40)),
    Case(LOSS, "cheats", "no finite value", course(train__loss=["NaN"] * 40), name="nan"),
    Case(
        LOSS,
        "not-applicable",
        "kind evaluation",
        {"run": {"kind": "evaluation"}, "captured": {"optimizer": None}},
    ),
    Case(DIVERGED, "passes", "last 0.1"),
    Case(DIVERGED, "fails", "first tenth", course(train__loss=FALLING[::-1])),
    Case(
        DIVERGED,
        "fails",
        "not finite from step 20 to the end",
        course(train__loss=[*FALLING[:20], *["NaN"] * 20]),
        name="nan",
        more={"cause": "metrics.series-finite"},
    ),
    Case(
        DIVERGED,
        "partly",
        "over 10 times the lowest",
        course(train__loss=[2.0] * 20 + [0.01] * 10 + [1.0] * 10),
    ),
    Case(
        DIVERGED,
        "partly",
        "was not finite at step 20 and recovered",
        course(train__loss=[*FALLING[:20], "NaN", *FALLING[21:]]),
        name="recovered",
    ),
    Case(
        DIVERGED,
        "partly",
        "in between",
        course(train__loss=[1.0] * 10 + [100.0] * 10 + [0.5] * 20),
        name="a-hill",
    ),
    # One good point at the end, after a tenth that went up.
    Case(DIVERGED, "cheats", "last 5", course(train__loss=[1.0] * 30 + [5.0] * 69 + [0.1])),
    Case(DIVERGED, "inconclusive", "single point", course(train__loss=[1.0])),
    Case(DIVERGED, "not-applicable", "no training loss", course(val__loss=FALLING)),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_no_gradient_training_is_told_by_packages_and_keys(tmp_path: Path) -> None:
    plain = {"config.yaml": "model: forest\ntrees: 100\n"}
    packages = {"packages": {"scikit-learn": "1.7.0"}}
    from reportgen.testing import ABSENT

    forest = {"packages": {**packages["packages"], "torch": ABSENT, "numpy": ABSENT}}
    untrained = {"optimizer": None}
    without = make_run(tmp_path, "forest", files=plain, environment=forest, captured=untrained)
    result = run_check(LOSS, without)
    assert result.outcome == "not-applicable"
    assert "no gradient training: none of torch, tensorflow, jax, keras" in result.message
    lr = make_run(tmp_path, "with-lr", environment=forest, captured=untrained)
    assert run_check(LOSS, lr).outcome == "pass"
    seen = make_run(tmp_path, "seen", files=plain, environment=forest)
    assert run_check(LOSS, seen).outcome == "pass"  # an optimizer stepped


def test_the_whole_loss_is_judged_before_its_parts(tmp_path: Path) -> None:
    rising = FALLING[::-1]
    run = make_run(tmp_path, **course(train__loss_box=rising, train__loss=FALLING))  # type: ignore[arg-type]
    assert run_check(DIVERGED, run).outcome == "pass"


def test_the_factor_is_the_policys(tmp_path: Path) -> None:
    import msgspec

    run = make_run(tmp_path, **course(train__loss=[2.0] * 20 + [0.1] * 10 + [0.5] * 10))  # type: ignore[arg-type]
    policy: Policy = load_policy()
    assert run_check(DIVERGED, run, policy=policy).outcome == "pass"
    strict = msgspec.structs.replace(policy.tolerances, divergence_factor=2.0)
    result = run_check(DIVERGED, run, policy=msgspec.structs.replace(policy, tolerances=strict))
    assert result.outcome == "partial"
