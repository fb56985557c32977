from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from audit.case import Case, assert_case

from reportgen.runs.view import RunView
from reportgen.runs.writer import write_plain
from reportgen.testing import golden_policy, make_run, run_check
from reportgen.testing.signing import signature

PREFIX = "environment.replay-prefix"
INDEPENDENT = "environment.replay-independent"
POLICY = golden_policy("colleague")
HERE, THERE = "a" * 64, "b" * 64


def ledger(*entries: dict[str, Any], signed: str | None = None) -> Callable[[Path], None]:
    """Entries in the run's ledger: replays of train/loss at its last steps, equal unless told."""

    def write(run: Path) -> None:
        view = RunView(run)
        step, value = view.series["train/loss"].settled()[-1]
        for number, changed in enumerate(entries):
            factor = changed.get("factor", 1.0)
            pair = {"step": step, "recorded": value, "replayed": value * factor}
            entry = {
                "schema": "reportgen.reproduction/1",
                "run": view.id,
                "verdict": "identical",
                "steps": 20,
                "band": 1e-5,
                "metrics": {"train/loss": pair},
                "created": f"2026-02-0{number + 1}T00:00:00.000Z",
                "cold": True,
                "host": THERE,
                "signer": None,
                **{key: said for key, said in changed.items() if key != "factor"},
            }
            place = f"reproductions/{number}.yaml"
            write_plain(run, place, entry)
            if signed:
                (run / "signatures").mkdir(exist_ok=True)
                data = signature((run / place).read_bytes(), signed)
                (run / "signatures" / f"{number}.yaml.sig").write_bytes(data)

    return write


DIVERGES = {
    "verdict": "diverges",
    "first_difference": {"series": "train/loss", "step": 3, "recorded": 2.1, "replayed": 2.4},
}
FULL = {"steps": None}

CASES = (
    Case(PREFIX, "inconclusive", "not replayed"),
    Case(
        PREFIX,
        "inconclusive",
        "1 attempt came to no end",
        change=ledger({"verdict": "cannot-run"}),
        name="cannot-run",
    ),
    Case(
        PREFIX,
        "passes",
        "identical over 20 steps, in an environment made anew",
        change=ledger({}),
        more={"evidence": "E5"},
    ),
    Case(
        PREFIX,
        "passes",
        "within-band to the end",
        change=ledger({"verdict": "within-band", "factor": 1 + 1e-6, "steps": None}),
        name="within-band",
    ),
    Case(
        PREFIX,
        "passes",
        "identical",
        change=ledger(DIVERGES, {}),
        name="the-latest-counts",
    ),
    Case(
        PREFIX,
        "fails",
        "train/loss at step 3: recorded 2.1, replayed 2.4",
        change=ledger({}, DIVERGES),
    ),
    Case(PREFIX, "partly", "that was there already", change=ledger({"cold": False})),
    Case(
        PREFIX,
        "partly",
        "over 3 steps, the policy asks for 20",
        change=ledger({"steps": 3}),
        name="short",
    ),
    # A verdict that its own numbers deny, a band of its own, and numbers of another run.
    Case(PREFIX, "cheats", "says identical with a difference", change=ledger({"factor": 1.001})),
    Case(
        PREFIX,
        "cheats",
        "says within-band with a difference",
        change=ledger({"verdict": "within-band", "band": 1.0, "factor": 1.5}),
        name="own-band",
    ),
    Case(
        PREFIX,
        "cheats",
        "lists no value that was compared",
        change=ledger({"metrics": {}}),
        name="no-values",
    ),
    Case(
        PREFIX,
        "cheats",
        "with a difference of inf",
        change=ledger({"metrics": {"train/loss": {"recorded": 0.5, "replayed": 0.5}}}),
        name="other-numbers",
    ),
    Case(
        PREFIX,
        "inconclusive",
        "not replayed",
        change=ledger({"run": "01KDYTEST0000000"}),
        name="of-another-run",
    ),
    Case(INDEPENDENT, "inconclusive", "nobody else reproduced it"),
    Case(INDEPENDENT, "inconclusive", "nobody else", change=ledger({}), name="prefix-only"),
    Case(
        INDEPENDENT,
        "inconclusive",
        "all on the run's own machine",
        {"environment": {"host": HERE}},
        change=ledger({**FULL, "host": HERE}),
        name="own-machine",
    ),
    Case(
        INDEPENDENT,
        "passes",
        "identical, on another machine, signed by colleague",
        change=ledger(FULL, signed="colleague"),
        policy=POLICY,
        more={"evidence": "E6"},
    ),
    Case(INDEPENDENT, "fails", "replayed 2.4", change=ledger({**DIVERGES, **FULL})),
    Case(INDEPENDENT, "partly", "by no other party that is known", change=ledger(FULL)),
    Case(
        INDEPENDENT,
        "partly",
        "by no other party",
        {"signed": True},
        change=ledger(FULL, signed="golden"),
        policy=POLICY,
        name="signed-by-the-author",
    ),
    Case(
        INDEPENDENT,
        "partly",
        "'A. Colleague' is claimed, not signed for",
        change=ledger({**FULL, "signer": "A. Colleague"}),
        name="claimed",
    ),
    Case(
        INDEPENDENT,
        "partly",
        "by no other party",
        change=ledger(FULL, signed="stranger"),
        policy=POLICY,
        name="strangers-key",
    ),
    Case(
        INDEPENDENT,
        "cheats",
        "says identical with a difference",
        change=ledger({**FULL, "factor": 2.0}, signed="colleague"),
        policy=POLICY,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_an_entry_that_was_changed_after_it_was_signed_is_nobodys(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    ledger(FULL, signed="colleague")(run)
    place = run / "reproductions" / "0.yaml"
    place.write_text(place.read_text().replace(THERE, "c" * 64))
    result = run_check(INDEPENDENT, run, policy=POLICY)
    assert (result.outcome, "by no other party" in result.message) == ("partial", True)
