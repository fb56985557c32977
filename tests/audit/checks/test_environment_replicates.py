from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from audit.case import Case, assert_case

from reportgen.testing import make_run, run_check

DISTINCT = "environment.seeds-replicates-distinct"


def beside(**golden: Any) -> Callable[[Path], None]:
    """Another run in the same group."""

    def make(run: Path) -> None:
        make_run(run.parents[2], "other", **golden)

    return make


def seeds(seed: int) -> dict[str, Any]:
    return {"seeds": dict.fromkeys(("python", "numpy", "torch"), seed)}


CASES = (
    Case(DISTINCT, "passes", "2 runs of one configuration", change=beside(seed=8)),
    Case(DISTINCT, "fails", "the same as in other", change=beside()),
    # The configuration names another seed; the generators had the same one.
    Case(
        DISTINCT,
        "cheats",
        "torch 7: the same as in other",
        change=beside(seed=8, environment=seeds(7)),
    ),
    Case(
        DISTINCT,
        "cheats",
        "the same as in other",
        {"config": {"data_seed": 3}},
        change=beside(config={"data_seed": 4}),
        name="another-seed-key",
    ),
    Case(DISTINCT, "not-applicable", "no other finished run"),
    Case(
        DISTINCT,
        "not-applicable",
        "this configuration",
        change=beside(config={"lr": 0.2}),
        name="other-configuration",
    ),
    Case(
        DISTINCT,
        "not-applicable",
        "code and data",
        change=beside(git={"tree": "ab" * 20}),
        name="other-tree",
    ),
    Case(
        DISTINCT,
        "not-applicable",
        "this configuration",
        {"config": None},
        change=beside(config=None),
        name="no-configuration",
    ),
    Case(
        DISTINCT,
        "not-applicable",
        "finished",
        change=beside(run={"status": "failed", "exit_code": 1}),
        name="failed",
    ),
    Case(
        DISTINCT,
        "inconclusive",
        "",
        {"environment": {"seeds": None}},
        change=beside(),
        more={"blocked_by": "environment.seeds-recorded"},
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_five_seeds_are_distinct_whoever_asks(tmp_path: Path) -> None:
    runs = [make_run(tmp_path, f"seed{seed}", seed=seed) for seed in range(5)]
    found = {run_check(DISTINCT, run).outcome.value for run in runs}
    assert found == {"pass"}
