from pathlib import Path

import pytest
from audit.case import Case, assert_case

from reportgen.seeds import expected_state_sha256
from reportgen.testing import ABSENT

SEEDS = "environment.seeds-recorded"
STATE = "environment.seeds-rng-state-verified"


def seeds(**changed: object) -> dict[str, object]:
    return {"environment": {"seeds": changed}}


FOREST = {"packages": {"torch": ABSENT, "numpy": ABSENT, "click": "8.0"}, "seeds": None}
GPU = {"hardware": {"gpus": [{"name": "A100", "memory_bytes": 1}]}}

CASES = (
    Case(SEEDS, "passes", "python 7, numpy 7, torch 7"),
    Case(SEEDS, "passes", "cuda 7", {"environment": {"seeds": {"cuda": 7}, **GPU}}, name="cuda"),
    Case(SEEDS, "fails", "no seed for python, numpy, torch", {"environment": {"seeds": None}}),
    Case(SEEDS, "fails", "there is no environment.yaml", {"environment": None}, name="no-file"),
    Case(SEEDS, "partly", "none for torch", seeds(torch=None)),
    Case(SEEDS, "partly", "none for cuda", {"environment": GPU}, name="cuda"),
    Case(
        SEEDS,
        "partly",
        "is not recorded",
        {"environment": {"packages": None}},
        name="packages-unknown",
    ),
    # The keys are there; their values seed nothing.
    Case(SEEDS, "cheats", "no seed for", seeds(python=None, numpy="random", torch=True)),
    Case(SEEDS, "not-applicable", "no seed was set", {"environment": FOREST}),
    Case(
        SEEDS,
        "inconclusive",
        "a fork",
        {"environment": {"seeds": None, "not_available": {"seeds": "a fork"}}},
    ),
    Case(
        STATE, "passes", "python, numpy, torch: 3 states recomputed, equal", more={"evidence": "E3"}
    ),
    Case(STATE, "fails", "no fingerprint", seeds(state_sha256=ABSENT)),
    Case(STATE, "partly", "nothing for torch", seeds(state_sha256={"torch": ABSENT})),
    # Seeds that were written down and never set: the generators were in another state.
    Case(
        STATE,
        "cheats",
        "another state than its seed gives: numpy (seed 7)",
        seeds(state_sha256={"numpy": expected_state_sha256("numpy", 8)}),
    ),
    # Set and recorded, and the configuration tells readers of another one.
    Case(
        STATE,
        "partly",
        "set to 7; seed is 42 in the configuration",
        {"config": {"seed": 42}},
        name="configured",
    ),
    Case(
        STATE,
        "passes",
        "",
        {"config": {"data": {"seed": 3}, "split_seed": 5}},
        name="seeds-of-other-things",
    ),
    Case(STATE, "cheats", "torch (seed 8)", seeds(torch=8), name="another-seed"),
    Case(
        STATE,
        "cheats",
        "no fingerprint",
        seeds(state_sha256=dict.fromkeys(("python", "numpy", "torch"), "yes")),
        name="words",
    ),
    Case(STATE, "not-applicable", "", {"environment": FOREST}),
    Case(STATE, "inconclusive", "", {"environment": {"seeds": None}}, more={"blocked_by": SEEDS}),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)
