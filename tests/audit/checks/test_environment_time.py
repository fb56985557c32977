from pathlib import Path
from typing import Any

import pytest
from audit.case import Case, assert_case, unchanged

from reportgen.runs.times import to_iso
from reportgen.testing import make_repository, make_run, run_check
from reportgen.testing.documents import CREATED

CLOCK = "environment.clock-sane"
COMPUTE = "environment.compute-recorded"
END = "metrics.run-completed"


def metrics(*times: float | None) -> dict[str, Any]:
    records = [
        {"step": step, "time": time, "metrics": {"train/loss": 1.0 / (step + 1)}}
        for step, time in enumerate(times)
    ]
    return {"metrics": records}


def started(offset: float, *, ended: float | None = None) -> dict[str, Any]:
    times: dict[str, Any] = {"created": to_iso(CREATED + offset)}
    if ended is not None:
        times["ended"] = to_iso(CREATED + ended)
    return {"run": times}


def spent(seconds: float, **run: Any) -> dict[str, Any]:
    return {"environment": {"compute": {"wall_seconds": seconds}}, "run": run}


def compute(**changed: Any) -> dict[str, Any]:
    return {"environment": {"compute": changed}}


KILLED = {"run": {"status": "running", "ended": None, "exit_code": None}, "sealed": False}

CASES = (
    Case(
        CLOCK,
        "passes",
        "the commit, the start, the first metric, the last metric, the end: in this order",
        before=unchanged,
        more={"evidence": "E3"},
    ),
    Case(CLOCK, "passes", "the start, the first", more={"evidence": "E2"}, name="no-repository"),
    Case(CLOCK, "passes", "", spent(2, attempt=2), name="paused"),
    Case(
        CLOCK,
        "fails",
        "the end is 2 h before",
        started(0, ended=29.75 - 7200),
    ),
    Case(
        CLOCK,
        "fails",
        "times recorded: the start",
        {"metrics": b"", "run": {"ended": "soon"}},
        name="no-times",
    ),
    Case(
        CLOCK,
        "fails",
        "before the commit",
        {"run": {"created": "2025-12-31T00:00:00.000Z"}},
        before=unchanged,
        name="before-the-commit",
    ),
    Case(CLOCK, "partly", "the first metric is 60 s before the start", started(60)),
    # Times that stand in order, and a measured time that cannot have passed between them.
    Case(CLOCK, "cheats", "2 h more measured than from start to end", spent(7231)),
    Case(CLOCK, "cheats", "10 h less measured", {**started(0, ended=36031)}, name="pushed-back"),
    Case(CLOCK, "inconclusive", "no end", KILLED, more={"blocked_by": END}),
    Case(COMPUTE, "passes", "31 s, 314,572,800 bytes, 0 s of devices"),
    Case(COMPUTE, "fails", "not recorded: wall_seconds", {"environment": {"compute": None}}),
    Case(COMPUTE, "partly", "31 s; not peak_memory_bytes", compute(peak_memory_bytes=None)),
    Case(
        COMPUTE,
        "partly",
        "this system does not tell",
        {
            "environment": {
                "compute": {"peak_memory_bytes": None},
                "not_available": {"compute.peak_memory_bytes": "this system does not tell"},
            }
        },
        name="not-available",
    ),
    # Numbers are there, and none that a run can have.
    Case(
        COMPUTE,
        "cheats",
        "not recorded: wall_seconds, peak_memory_bytes, device_seconds",
        compute(wall_seconds=0, peak_memory_bytes=1, device_seconds=-1),
    ),
    Case(
        COMPUTE,
        "inconclusive",
        "a fork",
        {
            "environment": {
                "compute": None,
                "not_available": {"compute": "a fork"},
            }
        },
    ),
    Case(COMPUTE, "inconclusive", "no end", KILLED, more={"blocked_by": END}, name="killed"),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_records_without_a_time_hide_no_others(tmp_path: Path) -> None:
    run = make_run(tmp_path, summary={}, **metrics(None, CREATED - 7200, CREATED + 2))
    result = run_check(CLOCK, run)
    assert (result.outcome, "the first metric is 2 h before the start" in result.message) == (
        "fail",
        True,
    )


def test_the_tolerance_is_the_policys(tmp_path: Path) -> None:
    from msgspec.structs import replace

    from reportgen.audit.policy import load_policy

    built_in = load_policy()
    strict = replace(built_in, tolerances=replace(built_in.tolerances, clock_seconds=1.0))
    lab = make_repository(tmp_path / "lab")
    run = make_run(lab / "runs", repository=lab, **started(60))
    assert run_check(CLOCK, run).outcome == "partial"
    assert run_check(CLOCK, run, policy=strict).outcome == "fail"
