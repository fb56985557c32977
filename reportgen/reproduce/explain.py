"""Why a replay differs: set one factor back to what was recorded at a time, and run again.

First the replay is repeated as it was: a program that differs from itself has no cause to be found
in what surrounds it. Then follow threads, kernels and packages, the likeliest first, each alone,
while the budget lasts. A factor is the cause when with it the replay gives the recorded series.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.compare.metrics import Points
from reportgen.errors import UnavailableError
from reportgen.reproduce.attempt import Attempt, points_of
from reportgen.reproduce.differences import Divergence
from reportgen.reproduce.installer import installer_into
from reportgen.reproduce.verdict import Judgement, calibrate, judge
from reportgen.reproduce.workplace import Workplace
from reportgen.script.requirements import read_requirements

BUDGET_SECONDS = 600.0
_INSTALL_SECONDS = 600.0
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_KERNELS = ("default", "avx2", "avx512")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Swap:
    """One factor set back.

    Attributes:
        name: For people.
        variables: What is set for it.
        requirement: A package in its recorded version, put before those of the environment.
    """

    name: str
    variables: dict[str, str | None] = field(default_factory=dict)
    requirement: str | None = None


def swaps_of(differences: list[Divergence]) -> Iterator[Swap]:
    """Yield the factors that can be set back, the likeliest first.

    Several variables are first set back together: when that is not it, none of them alone is.
    """
    environment = [item for item in differences if item.factor == "environment"]
    settings = [swap for item in environment if (swap := _setting(item)) is not None]
    if len(settings) > 1:
        together = {name: value for swap in settings for name, value in swap.variables.items()}
        yield Swap("all threads and variables as recorded", together)
    yield from settings
    for item in environment:
        section, _, name = item.key.partition(".")
        if section == "packages" and item.recorded and item.tells:
            pinned = read_requirements(f"{name}=={item.recorded}")
            for requirement in pinned.labelled or pinned.pins:
                yield Swap(f"{name} {item.recorded}", requirement=requirement)
    if any(item.key.startswith(("hardware.cpu", "os.machine")) for item in environment):
        for level in _KERNELS:
            yield Swap(f"{level} kernels", {"ATEN_CPU_CAPABILITY": level})


def _setting(item: Divergence) -> Swap | None:
    section, _, name = item.key.partition(".")
    if section == "variables":
        value = None if item.recorded is None else str(item.recorded)
        return Swap(f"{name} as recorded", {name: value})
    if item.key == "determinism.threads" and item.recorded:
        threads = "1 thread" if item.recorded == 1 else f"{item.recorded} threads"
        return Swap(f"{threads} as recorded", dict.fromkeys(_THREADS, str(item.recorded)))
    return None


def explain(attempt: Attempt, workplace: Workplace, budget: float, say: Say) -> None:
    """Fill ``attempt.explained`` with what each swap showed.

    Args:
        attempt: One that differs.
        workplace: Where it can be run again.
        budget: Seconds for all of it.
        say: Takes a line at a time of what is done.
    """
    end = time.monotonic() + budget
    found = attempt.explained
    say("running it again as it was")
    again = _series(attempt, workplace, "explain-0", {})
    own = calibrate(points_of(attempt.replayed, attempt.plan.stop), again, attempt.plan.stop)
    if own.largest > attempt.plan.request.band or own.faults:
        found.append(
            f"the program differs from itself by {own.largest:.2g} when it is run twice: "
            "something in it is left to chance"
        )
        return
    found.append("run twice, the replay gives the same values")
    left_out = 0
    for number, swap in enumerate(swaps_of(attempt.differences), start=1):
        if time.monotonic() > end:
            left_out += 1
            continue
        say(f"trying {swap.name}")
        found.append(f"with {swap.name}: {_outcome(attempt, workplace, number, swap)}")
    if left_out:
        found.append(f"{left_out} more factors were left out: the budget of {budget:g} s was used")
    if len(found) == 1:
        found.append("nothing else that differs can be set back from here")


def _outcome(attempt: Attempt, workplace: Workplace, number: int, swap: Swap) -> str:
    changed = dict(swap.variables)
    if swap.requirement is not None:
        folder = workplace.folder / f"package-{number}"
        fault = _install(swap.requirement, workplace, folder)
        if fault:
            return f"not tried, {fault}"
        search = [str(folder), workplace.environment.variables.get("PYTHONPATH")]
        changed["PYTHONPATH"] = os.pathsep.join(part for part in search if part)
    try:
        series = _series(attempt, workplace, f"explain-{number}", changed)
    except UnavailableError as error:
        return f"cannot be run, {error.what}"
    judgement = _judged(attempt, series)
    if judgement.word in ("identical", "within-band"):
        return f"{judgement.word}, so here is the cause"
    first = judgement.first
    if first is None or first.first is None:
        return judgement.word
    before = attempt.judgement.first if attempt.judgement else None
    step = first.first[0]
    same = before is not None and before.first is not None and before.first[0] == step
    return f"diverges at step {step}" + (", as before" if same else "")


def _judged(attempt: Attempt, series: dict[str, Points]) -> Judgement:
    plan = attempt.plan
    band = attempt.judgement.band if attempt.judgement else plan.request.band
    return judge(points_of(plan.view, plan.stop), series, stop=plan.stop, band=band)


def _series(
    attempt: Attempt, workplace: Workplace, name: str, changed: dict[str, str | None]
) -> dict[str, Points]:
    _, view = workplace.run(attempt.plan, name, changed=changed)
    return points_of(view, attempt.plan.stop)


def _install(requirement: str, workplace: Workplace, folder: Path) -> str:
    """Install one package into a folder of its own and return why that failed, else nothing."""
    words = installer_into(workplace.environment.python)
    words += ["--no-deps", "--target", str(folder), requirement]
    try:
        done = subprocess.run(
            words, capture_output=True, stdin=subprocess.DEVNULL, timeout=_INSTALL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return "it cannot be installed"
    return "" if done.returncode == 0 else f"{requirement} cannot be installed"
