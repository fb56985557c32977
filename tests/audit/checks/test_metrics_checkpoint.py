from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from audit.case import Case, assert_case

from reportgen.testing.documents import metric_records

BEST = "metrics.checkpoint-best-by-validation"
LAST, BEFORE = "checkpoints/checkpoint_epoch_9", "checkpoints/checkpoint_epoch_8"


def validated(*values: float) -> Any:
    """The golden metrics with these accuracies in the last epochs."""
    records = metric_records()
    places = [one for one in records if "val/accuracy" in one["metrics"]]
    for place, value in zip(places[-len(values) :], values, strict=True):
        place["metrics"]["val/accuracy"] = value
    return {"metrics": records}


def rated(**ratings: Any) -> Callable[[Path], None]:
    """Describe the checkpoints otherwise, by the last digit of their name."""

    def change(run: Path) -> None:
        for epoch, keys in ratings.items():
            path = run / f"checkpoints/checkpoint_epoch_{epoch[1:]}.json"
            path.write_text(json.dumps({**json.loads(path.read_text()), **keys}))

    return change


def rating(value: object, name: str = "val/accuracy") -> dict[str, object]:
    return {"metric": {"name": name, "value": value}}


def copied(source: str, name: str = "best_model.pt") -> Callable[[Path], None]:
    return lambda run: void((run / name).write_bytes((run / f"{source}.pt").read_bytes()))


def promoted(source: str) -> Callable[[Path], None]:
    def write(run: Path) -> None:
        digest = sha256((run / f"{source}.pt").read_bytes()).hexdigest()
        models = {"digits": {"best": {"run": run.name, "sha256": digest}}}
        (run.parents[2] / "models.yaml").write_text(yaml.safe_dump(models))

    return write


def undescribed(run: Path) -> None:
    for path in (run / "checkpoints").glob("*.json"):
        path.write_text("{}")


def void(_: object) -> None:
    """Nothing."""


def both(*changes: Callable[[Path], None]) -> Callable[[Path], None]:
    return lambda run: void([change(run) for change in changes])


# The accuracy fell in the last epoch, and the ratings say so.
FELL = validated(0.9, 0.8)
FELL_RATED = rated(_8=rating(0.9), _9=rating(0.8))

CASES = (
    Case(BEST, "passes", f"{LAST}.pt is of step 119, the best of val/accuracy: 0.9167"),
    Case(BEST, "passes", f"{BEFORE}.pt is of step 107", FELL, change=FELL_RATED, name="not-last"),
    Case(BEST, "passes", LAST, change=copied(LAST), name="a-copy"),
    Case(BEST, "passes", LAST, change=promoted(LAST), name="promoted"),
    Case(
        BEST,
        "passes",
        "the best of val/loss",
        {"run": {"checkpoints": {"best": "val/loss"}}},
        change=rated(_8=rating(None), _9=rating(None)),
        name="minimize",
    ),
    Case(
        BEST,
        "passes",
        "",
        {"run": {"checkpoints": {"best": None}}},
        change=rated(_8={"metric": None}, _9={"metric": None}),
        name="unrated-and-last",
    ),
    Case(
        BEST,
        "passes",
        "",
        {
            "run": {"kind": "unsupervised", "checkpoints": {"best": "train/loss"}},
            "metrics": [
                {**one, "metrics": {"train/loss": 1 / (1 + one["step"])}}
                for one in metric_records()
            ],
        },
        change=rated(_8=rating(1 / 108, "train/loss"), _9=rating(1 / 120, "train/loss")),
        name="without-labels",
    ),
    Case(
        BEST,
        "partly",
        "within the noise of its values",
        {**validated(0.8, 0.9, 0.8, 0.9, 0.89), "run": {"checkpoints": {"best": None}}},
        change=rated(_8={"metric": None}, _9={"metric": None}),
    ),
    Case(
        BEST,
        "fails",
        f"{BEFORE}.pt is of step 107 (0.8611), val/accuracy is best at step 119 (0.9167)",
        change=copied(BEFORE),
    ),
    Case(BEST, "fails", f"{BEFORE}.pt is of step 107", change=promoted(BEFORE), name="promoted"),
    Case(
        BEST,
        "fails",
        "rated by test/accuracy, no metric of validation",
        {"run": {"checkpoints": {"best": "test/accuracy"}}},
        name="test",
    ),
    Case(
        BEST,
        "fails",
        "rated by train/loss",
        {"run": {"checkpoints": {"best": "train/loss"}}},
        name="train",
    ),
    Case(
        BEST,
        "fails",
        "none of 2 checkpoints says at which step",
        change=undescribed,
        name="undescribed",
    ),
    Case(
        BEST,
        "fails",
        "val/f1 has no finite value",
        {"run": {"checkpoints": {"best": "val/f1"}}},
        name="not-logged",
    ),
    Case(
        BEST,
        "fails",
        "has no goal",
        {
            "run": {"checkpoints": {"best": "val/quality"}},
            "metrics": [{**one, "metrics": {"val/quality": 1.0}} for one in metric_records()],
        },
        name="no-goal",
    ),
    # Rated, and better than it was; a best model of bytes that no checkpoint has.
    Case(
        BEST,
        "cheats",
        f"{BEFORE}.pt says val/accuracy 0.99 at step 107, where 0.8611 was logged",
        change=rated(_8=rating(0.99)),
    ),
    Case(
        BEST,
        "cheats",
        "says val/accuracy 0.9167 at step 5, where nothing was logged",
        change=rated(_9={"step": 5}),
        name="another-step",
    ),
    Case(
        BEST,
        "cheats",
        "has the hash of no checkpoint",
        change=lambda run: void((run / "best_model.pt").write_bytes(b"PK another")),
        name="another-file",
    ),
    Case(
        BEST,
        "cheats",
        "has the hash of no checkpoint",
        change=both(promoted(LAST), rated(_9={"sha256": "ab" * 32})),
        name="promoted-bytes-are-gone",
    ),
    Case(
        BEST,
        "not-applicable",
        "the last checkpoint alone",
        {"run": {"checkpoints": {"keep_last": 1, "best": None}}},
    ),
    Case(
        BEST, "not-applicable", "makes no model", {"run": {"kind": "evaluation"}}, name="evaluation"
    ),
    Case(
        BEST,
        "inconclusive",
        "",
        {"checkpoints": False},
        more={"blocked_by": "artifacts.checkpoint-present"},
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_a_best_model_too_large_to_hash_is_left_open(tmp_path: Path) -> None:
    import msgspec

    from reportgen.audit.policy import load_policy
    from reportgen.testing import make_run, run_check

    run = make_run(tmp_path)
    (run / "best_model.pt").write_bytes(b"x" * 100_000)
    policy = load_policy()
    small = msgspec.structs.replace(policy.tolerances, hash_bytes=50_000)
    result = run_check(BEST, run, policy=msgspec.structs.replace(policy, tolerances=small))
    assert (result.outcome, "too large" in result.message) == ("inconclusive", True)
