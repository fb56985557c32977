from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from audit.case import Case, assert_case

from reportgen.audit.runner import audit_runs
from reportgen.testing import ABSENT, make_repository, make_run, run_check
from reportgen.testing.documents import metric_records

SPACE = "hyperparameters.search-space-recorded"
SELECTION = "hyperparameters.search-selection-recomputes"
GOLDEN = "mlp_digits_20260102-030405_lr0.1"
RATES = (0.01, 0.03, 0.3)
SWEEP = {
    "name": "lr",
    "space": {"lr": {"min": 0.001, "max": 1.0}},
    "method": "random",
    "planned": 4,
    "metric": "val/accuracy",
    "goal": "maximize",
    "chosen": GOLDEN,
}


def worse(by: float, last: float | None = None) -> list[dict[str, Any]]:
    """The golden metrics with an accuracy that is lower by so much, or otherwise at the end."""
    records = metric_records()
    validated = [one["metrics"] for one in records if "val/accuracy" in one["metrics"]]
    for values in validated:
        values["val/accuracy"] -= by
    if last is not None:
        validated[-1]["val/accuracy"] = last
    return records


def trial(beside: Path, name: str, **changes: Any) -> Path:
    """One more run of the group of a run."""
    group = beside.parent.name
    return make_run(beside.parents[2], name, group=group, checkpoints=False, **changes)


def search(
    *,
    trials: Mapping[str, Mapping[str, Any]] | None = None,
    models: Mapping[str, Any] | None = None,
    without: tuple[str, ...] = (),
    **sweep: Any,
) -> Callable[[Path], None]:
    """Three more trials with lower accuracy, and sweep.yaml with these keys."""

    def build(run: Path) -> None:
        for place, lr in enumerate(RATES):
            name = f"lr{lr}"
            changes = {"config": {"lr": lr}, "metrics": worse(0.1 * (place + 1))}
            trial(run, name, **{**changes, **(trials or {}).get(name, {})})
        for name, changes in (trials or {}).items():
            if not (run.parent / name).exists():
                trial(run, name, **changes)
        document = {key: value for key, value in {**SWEEP, **sweep}.items() if key not in without}
        (run.parent / "sweep.yaml").write_text(yaml.safe_dump(document))
        if models is not None:
            (run.parents[2] / "models.yaml").write_text(yaml.safe_dump(models))

    return build


def seeds_alone(chosen: str) -> Callable[[Path], None]:
    """One more seed, with a lower accuracy, in a search over seeds."""

    def build(run: Path) -> None:
        trial(run, "another_seed", seed=8, metrics=worse(0.1))
        document = {**SWEEP, "space": {"seed": [7, 8]}, "planned": 2, "chosen": chosen}
        (run.parent / "sweep.yaml").write_text(yaml.safe_dump(document))

    return build


def by_hand(count: int) -> Callable[[Path], None]:
    """Runs of other learning rates in the same group, without a record of the search."""

    def build(run: Path) -> None:
        for lr in RATES[:count]:
            trial(run, f"lr{lr}", config={"lr": lr})
        trial(run, "another_seed", seed=8)

    return build


def written(text: str) -> Callable[[Path], None]:
    return lambda run: void((run.parent / "sweep.yaml").write_text(text))


def void(_: object) -> None:
    """Nothing."""


SPACE_CASES = (
    Case(SPACE, "passes", "lr 0.001 to 1.0; random, 4 trials planned and found", change=search()),
    Case(
        SPACE,
        "passes",
        "lr one of 0.1, 0.01, 0.03, 0.3, width 32.0 to 32.0; grid",
        change=search(
            space={"lr": [0.1, 0.01, 0.03, 0.3], "width": "uniform(32, 32)"}, method="grid"
        ),
        name="choices",
    ),
    Case(SPACE, "partly", "no method", change=search(method=" ")),
    Case(SPACE, "partly", "9 trials planned, 4 found", change=search(planned=9), name="unfinished"),
    Case(SPACE, "partly", "is not recorded", change=search(without=("planned",)), name="no-plan"),
    Case(
        SPACE,
        "partly",
        "width varied as well",
        change=search(trials={"lr0.3": {"config": {"lr": 0.3, "width": 64}}}),
        name="another-key",
    ),
    Case(
        SPACE,
        "partly",
        "no bounds of width",
        change=search(space={"lr": [0.1, 0.01, 0.03, 0.3], "width": None}),
        name="some-bounds",
    ),
    Case(
        SPACE,
        "fails",
        "4 settings were tried in the group, without sweep.yaml",
        change=by_hand(3),
        more={"evidence": "E0"},
    ),
    Case(SPACE, "fails", "the space is empty", change=search(space={}), name="empty"),
    Case(SPACE, "fails", "is no mapping", change=written("- lr\n"), name="a-list"),
    Case(SPACE, "fails", "is not valid YAML", change=written("space: [\n"), name="torn"),
    # Keys without bounds, and bounds that are not those of what ran.
    Case(SPACE, "cheats", "no bounds of lr, width", change=search(space={"lr": {}, "width": ""})),
    Case(
        SPACE,
        "cheats",
        "lr is 0.1 in mlp_digits",
        change=search(space={"lr": {"min": 0.2, "max": 1}}),
        name="elsewhere",
    ),
    Case(
        SPACE,
        "cheats",
        "has no dropout",
        change=search(space={"dropout": [0.1, 0.2]}),
        name="another-space",
    ),
    Case(
        SPACE,
        "cheats",
        "no bounds of lr",
        change=search(space={"lr": {"min": 1, "max": 0}}),
        name="z",
    ),
    Case(SPACE, "not-applicable", "part of no search"),
    Case(SPACE, "not-applicable", "", change=by_hand(1), name="a-comparison"),
    Case(SPACE, "not-applicable", "", {"group": None}, name="no-group"),
)

SELECTION_CASES = (
    Case(
        SELECTION,
        "passes",
        f"{GOLDEN} is the best of 4 trials by the best of val/accuracy, 0.9167",
        change=search(),
    ),
    Case(
        SELECTION,
        "passes",
        "by the best of val/loss",
        change=search(metric="val/loss", goal="minimize"),
        name="minimize",
    ),
    Case(
        SELECTION,
        "passes",
        "by the last of",
        {"metrics": worse(0, 0.5)},
        change=search(chosen="lr0.01", trials={"lr0.01": {"metrics": worse(0.1, 0.75)}}),
        name="by-the-last-value",
    ),
    Case(
        SELECTION,
        "passes",
        "by the mean over seeds of",
        change=search(
            chosen="lr0.01",
            planned=6,
            trials={
                "lr0.01": {"config": {"lr": 0.01}, "metrics": worse(0.01)},
                "lr0.01_s8": {"config": {"lr": 0.01, "seed": 8}, "metrics": worse(0.02)},
                "lr0.1_s8": {"config": {"seed": 8}, "metrics": worse(0.3)},
            },
        ),
        name="by-the-mean-of-a-setting",
    ),
    # Seeds alone were searched: all trials have one mean over seeds, and it chooses none.
    Case(
        SELECTION,
        "cheats",
        f"another_seed has 0.8167 of val/accuracy, {GOLDEN} has 0.9167",
        change=seeds_alone("another_seed"),
        name="worst-seed",
    ),
    Case(
        SELECTION,
        "passes",
        f"{GOLDEN} is the best of 2 trials by the best of",
        change=seeds_alone(GOLDEN),
        name="best-seed",
    ),
    Case(SELECTION, "partly", "no trial is chosen", change=search(chosen=None)),
    Case(
        SELECTION,
        "partly",
        "of which split it is is not declared",
        {
            "metrics": [{**one, "metrics": {"reward": one["step"]}} for one in metric_records()],
            "checkpoints": False,
        },
        change=search(
            metric="reward",
            trials={
                f"lr{lr}": {
                    "config": {"lr": lr},
                    "metrics": [
                        {**one, "metrics": {"reward": one["step"] / 2}} for one in metric_records()
                    ],
                }
                for lr in RATES
            },
        ),
        name="no-split",
    ),
    Case(
        SELECTION, "fails", "lr0.01 has 0.8167 of val/accuracy, mlp", change=search(chosen="lr0.01")
    ),
    Case(SELECTION, "fails", "which metric", change=search(metric=""), name="no-metric"),
    Case(
        SELECTION, "fails", "of the train split", change=search(metric="train/loss"), name="train"
    ),
    Case(SELECTION, "fails", "the other way", change=search(goal="minimize"), name="goal"),
    Case(
        SELECTION,
        "fails",
        "lr0.01 was promoted",
        change=search(models={"digits": {"best": {"run": "lr0.01", "sha256": "ab" * 32}}}),
        name="promoted",
    ),
    Case(
        SELECTION,
        "fails",
        "or did not end",
        {"run": {"status": "failed", "exit_code": 1}},
        change=search(),
        name="failed",
    ),
    # Everything is named; the metric is a test metric under another label.
    Case(
        SELECTION,
        "cheats",
        "chosen by test/accuracy, a metric of the test split",
        {
            "metrics": [
                {**one, "metrics": {"test/accuracy": one["step"]}} for one in metric_records()
            ],
            "definitions": {"metrics": {"test/accuracy": {"goal": "maximize", "split": "val"}}},
            "checkpoints": False,
        },
        change=search(metric="test/accuracy"),
    ),
    Case(
        SELECTION, "cheats", "has no value of val/f1", change=search(metric="val/f1"), name="none"
    ),
    Case(SELECTION, "not-applicable", "part of no search"),
    Case(SELECTION, "inconclusive", "is not here", change=search(chosen="another")),
    Case(
        SELECTION,
        "inconclusive",
        "5 of 9 planned are not here",
        change=search(planned=9),
        name="missing-trials",
    ),
    Case(
        SELECTION,
        "inconclusive",
        "no sweep.yaml",
        change=by_hand(3),
        more={"blocked_by": SPACE},
        name="no-record",
    ),
    Case(
        SELECTION,
        "inconclusive",
        "",
        change=written("- lr\n"),
        more={"blocked_by": SPACE},
        name="unreadable",
    ),
)

CASES = SPACE_CASES + SELECTION_CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_a_search_that_still_runs_is_not_held_to_its_plan(tmp_path: Path) -> None:
    import os

    from reportgen.runs import lock

    run = make_run(tmp_path, group="lr")
    search(planned=6)(run)
    live = {"status": "running", "ended": None, "exit_code": None}
    running = trial(run, "live", run=live, config={"lr": 0.2}, summary=None, sealed=False)
    descriptor = os.open(running / "metrics.jsonl", os.O_RDWR)
    try:
        assert lock.hold(descriptor)
        result = run_check(SPACE, run)
    finally:
        os.close(descriptor)
    assert (result.outcome, "live still running" in result.message) == ("inconclusive", True)


def test_each_trial_is_judged_alike_by_its_group_wherever_the_audit_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path / "runs", config={"lr": 0.1})
    search()(run)
    monkeypatch.chdir(run.parent)
    for path in (tmp_path / "runs", run, Path(run.name), Path(".")):
        for audit in audit_runs([path]).runs:
            assert audit.result(SPACE).outcome == "pass"
            assert audit.result(SELECTION).outcome == "pass"


def test_a_finding_names_the_file_beside_the_run(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs")
    search(method="")(run)
    assert run_check(SPACE, run).where[0].file == "../sweep.yaml"
    lab = make_repository(tmp_path / "lab")
    run = make_run(lab / "runs", repository=lab)
    models = {"digits": {"run": "lr0.01", "sha256": "ab" * 32}}
    search(method="", models=models)(run)
    assert run_check(SPACE, run).where[0].file == "repository:runs/digits/baseline/sweep.yaml"
    places = [one.file for one in run_check(SELECTION, run).where]
    assert places == [
        "repository:runs/models.yaml",
        "repository:runs/digits/baseline/sweep.yaml",
    ]


def test_a_configuration_that_lost_the_searched_key_is_no_trial_of_it(tmp_path: Path) -> None:
    case = Case(
        SPACE,
        "fails",
        "lr0.3 has no lr",
        change=search(trials={"lr0.3": {"config": {"lr": ABSENT}}}),
    )
    assert_case(case, tmp_path)
