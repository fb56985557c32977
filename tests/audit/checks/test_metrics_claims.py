from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec
import pytest
from audit.case import Case, assert_case, unchanged

from reportgen.audit.policy import load_policy
from reportgen.testing import make_repository, make_run, run_check
from reportgen.testing.documents import metric_records

BOUND = "metrics.claims-cell-bound"
SPREAD = "metrics.replicates-dispersion-recomputes"
NAME = "mlp_digits_20260102-030405_lr0.1"
BEST = f"{{{{run:{NAME} val/accuracy best}}}}"
LOSS = f"{{{{run:{NAME} train/loss last}}}}"
MEAN = "{{group:baseline val/accuracy mean by seed}}"
SD = "{{group:baseline val/accuracy sd by seed}}"
COUNT = "{{group:baseline val/accuracy n by seed}}"
LOSSES = [[one["metrics"]["train/loss"] for one in metric_records(seed)] for seed in range(7, 12)]
LAST, LEAST = [losses[-1] for losses in LOSSES], [min(losses) for losses in LOSSES]
NO_METRICS = {"metrics": b"", "summary": None}


def written(text: str, path: str = "README.md") -> Callable[[Path], None]:
    """A document of the repository that is there after the run."""

    def write(repository: Path) -> None:
        (repository / path).parent.mkdir(exist_ok=True)
        (repository / path).write_text(text)

    return write


def quoted(check: str, kind: str, says: str, text: str, **more: Any) -> Case:
    path = more.pop("path", "README.md")
    return Case(check, kind, says, before=unchanged, after=written(text, path), **more)


def replicates(run: Path) -> None:
    """Four more seeds. Of the best accuracies 33, 34, 32, 33 and 34 of 36 the mean is 0.9222."""
    for seed in range(8, 12):
        make_run(run.parents[2], f"seed{seed}", seed=seed)


def another_seed(run: Path) -> None:
    make_run(run.parents[2], "seed8", seed=8)


def of_five(kind: str, says: str, text: str, **more: Any) -> Case:
    return quoted(SPREAD, kind, says, text, change=more.pop("change", replicates), **more)


def failed_as_well(run: Path) -> None:
    replicates(run)
    make_run(run.parents[2], "seed12", seed=12, run={"status": "failed", "exit_code": 1})


def of_two_rates(run: Path) -> None:
    make_run(run.parents[2], "seed8", seed=8, config={"lr": 0.2})


TABLE = f"""
| model | accuracy |
|-------|----------|
| mlp   | 91.67 % <!-- {BEST} --> |
| older | 90.1 % |
"""
TWO_TABLES = f"""
| mine  | accuracy |
|-------|----------|
| mlp   | 0.917 {BEST} |

| others | accuracy |
|--------|----------|
| seed8  | 0.944 {BEST.replace(NAME, "seed8")} |
| older  | 0.91 |
"""
BOUND_CASES = (
    quoted(
        BOUND,
        "passes",
        "1 link to this run",
        TWO_TABLES,
        change=another_seed,
        name="another-table",
    ),
    quoted(
        BOUND,
        "not-applicable",
        "",
        f"0.99 {{{{group:{NAME} val/accuracy mean}}}}\n",
        name="a-group-of-this-name",
    ),
    quoted(
        BOUND,
        "passes",
        "2 links to this run, 2 with a number, all equal as printed",
        f"An accuracy of 0.917 {BEST} at a loss of {LOSS}: 0.11.\n",
        more={"inspected": 2},
    ),
    quoted(BOUND, "passes", "0 with a number", f"{BEST}\n", name="to-be-filled-in"),
    quoted(BOUND, "passes", "", f"91.7 % {BEST}, of {MEAN}\n", name="per-cent"),
    quoted(
        BOUND,
        "passes",
        "",
        f"91.67\\,\\% % {BEST.replace('_', chr(92) + '_')}\n",
        path="paper/main.tex",
        name="tex",
    ),
    quoted(BOUND, "partly", "README.md:5: 90.1 % has no link", TABLE),
    quoted(
        BOUND,
        "partly",
        "README.md:2: there is no run mlp_gone",
        f"0.917 {BEST}\n0.99 {{{{run:mlp_gone val/accuracy best}}}}\n",
        name="no-such-run",
    ),
    quoted(
        BOUND,
        "partly",
        "is no link that can be read",
        f"0.917 {BEST}, 0.9 {{{{run:{NAME} val/accuracy}}}}\n",
        name="malformed",
    ),
    quoted(
        BOUND,
        "fails",
        "README.md:3: 0.921 is quoted, best val/accuracy is 0.9167",
        f"x\n\n0.921 {BEST}\n",
    ),
    quoted(
        BOUND,
        "fails",
        "the run has no val/f1",
        f"0.9 {{{{run:{NAME} val/f1 best}}}}\n",
        name="no-such-metric",
    ),
    quoted(
        BOUND,
        "fails",
        "train/lr has no best value",
        f"0.1 {{{{run:{NAME} train/lr best}}}}\n",
        name="no-goal",
    ),
    # A link to the right cell, and a number that is a little better.
    quoted(BOUND, "cheats", "91.7667 % is quoted", f"91.7667 % {BEST}\n"),
    quoted(
        BOUND, "cheats", "0.92 is quoted, last", f"0.917 {BEST}, loss 0.92 {LOSS}\n", name="last"
    ),
    quoted(BOUND, "not-applicable", "no claims file quotes this run", "Accuracy 0.99.\n"),
    quoted(BOUND, "not-applicable", "", f"```\n0.99 {BEST}\n```\n", name="in-code"),
    quoted(BOUND, "not-applicable", "", f"0.99 {BEST}\n", path="notes/a.md", name="another-folder"),
    quoted(BOUND, "not-applicable", "", f"0.9 {MEAN}\n", name="of-the-group"),
    Case(BOUND, "inconclusive", "the run lies in no repository"),
    quoted(
        BOUND,
        "inconclusive",
        "",
        f"0.99 {BEST}\n",
        golden=NO_METRICS,
        more={"blocked_by": "metrics.series-present"},
        name="no-metrics",
    ),
)

SPREAD_CASES = (
    of_five(
        "passes",
        "3 numbers over 5 runs by seed, all equal",
        f"0.922 {MEAN} \u00b1 0.023 {SD}, n = 5 {COUNT}\n",
    ),
    of_five("passes", "", f"92.22 % {MEAN}\n", change=failed_as_well, name="only-finished-runs"),
    of_five("passes", "", f"0.922 {MEAN.replace('baseline', 'digits/baseline')}\n", name="project"),
    of_five(
        "passes",
        "",
        f"{fmean(LAST):.4f} {{{{group:baseline train/loss last mean by seed}}}}, at best "
        f"{fmean(LEAST):.4f} {{{{group:baseline train/loss best mean by seed}}}}\n",
        name="last-and-best",
    ),
    of_five("partly", "is not said", "0.922 {{group:baseline val/accuracy mean}}\n"),
    of_five(
        "partly", "lr differ as well as seed", f"0.931 {MEAN}\n", change=of_two_rates, name="lr"
    ),
    of_five("fails", "README.md:1: 0.93 is quoted, the mean of the best", f"0.93 {MEAN}\n"),
    of_five("fails", "0.021 is quoted, the sd of", f"0.021 {SD}\n", name="population-deviation"),
    of_five("fails", "6 is quoted, the number of runs", f"6 {COUNT}\n", name="n"),
    of_five(
        "fails",
        "lr is the same in all 5 runs",
        "0.922 {{group:baseline val/accuracy mean by lr}}\n",
        name="factor",
    ),
    of_five("fails", "there is no sd", f"0.0 {SD}\n", change=None, name="of-one-run"),
    # A mean, with a link and a factor, of the best three of the five.
    of_five("cheats", "0.935 is quoted", f"0.935 {MEAN} \u00b1 0.023 {SD}\n"),
    of_five("not-applicable", "no claims file quotes the run's group", f"0.917 {BEST}\n"),
    of_five("not-applicable", "", "0.9 {{group:other val/accuracy mean}}\n", name="another-group"),
    of_five(
        "not-applicable", "", f"0.9 {MEAN}\n", golden={"group": None}, change=None, name="none"
    ),
    Case(SPREAD, "inconclusive", "the run lies in no repository"),
)

CASES = BOUND_CASES + SPREAD_CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_a_finding_names_file_and_line_of_the_repository(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    run = make_run(lab / "runs", repository=lab)
    written(f"\n0.99 {BEST}\n")(lab)
    (place,) = run_check(BOUND, run).where
    assert (place.file, place.line) == ("repository:README.md", 2)


def test_the_policy_names_the_files_and_links_are_not_followed(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    run = make_run(lab / "runs", repository=lab)
    written(f"0.99 {BEST}\n", "notes/a.md")(lab)
    policy = msgspec.structs.replace(load_policy(), claims=("notes/*.md", "none/*.md", "*.png"))
    assert run_check(BOUND, run, policy=policy).outcome == "fail"
    outside = tmp_path / "outside.md"
    outside.write_text(f"0.99 {BEST}\n")
    (lab / "README.md").symlink_to(outside)
    assert run_check(BOUND, run).outcome == "not-applicable"


def test_claims_are_read_once_for_all_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reportgen.audit.runner import audit_runs
    from reportgen.runs import claims

    lab = make_repository(tmp_path / "lab")
    written(f"0.917 {BEST}\n")(lab)
    for name in (NAME, "b", "c"):
        make_run(lab / "runs", name, repository=lab)
    read: list[str] = []
    real = claims.read_claims
    monkeypatch.setattr(
        claims, "read_claims", lambda text, **more: read.append(text) or real(text, **more)
    )
    report = audit_runs([lab / "runs"])
    outcomes = {run.name: run.result(BOUND).outcome.value for run in report.runs}
    assert outcomes == {NAME: "pass", "b": "not-applicable", "c": "not-applicable"}
    assert len(read) == 1
