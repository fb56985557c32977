"""One attempt to get a result again: restore, run, compare."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reportgen.capture.shadow import open_shadow
from reportgen.compare.metrics import Points
from reportgen.errors import LimitError, UnavailableError
from reportgen.reproduce.conclusion import Conclusion, conclude
from reportgen.reproduce.differences import (
    Divergence,
    differences_between,
    is_other_environment,
)
from reportgen.reproduce.environment import make_environment
from reportgen.reproduce.inputs import place_inputs
from reportgen.reproduce.new_repository import SECONDS
from reportgen.reproduce.plan import Plan, inputs_of
from reportgen.reproduce.replay import LOG, Progress, Replayed
from reportgen.reproduce.restore import restore_code
from reportgen.reproduce.verdict import Calibration, Judgement, Word, calibrate, judge
from reportgen.reproduce.workplace import Workplace
from reportgen.runs.view import RunView

_LOG_LINES = 3

Say = Callable[[str], None]


@dataclass(slots=True)
class Attempt:
    """What came of one attempt.

    Attributes:
        plan: What was planned.
        verdict: In one word.
        reason: Why it could not be run or compared; else None.
        judgement: The comparison; None without one.
        differences: What was otherwise, ranked.
        conclusion: Of a replay to the end; else None.
        calibration: Of two replays; else None.
        folder: The new folder.
        replayed: The replayed run; None when the program wrote none.
        cold: The environment was made from the record.
        seconds: From the first file restored to the verdict.
        notes: What was noticed on the way.
        explained: What setting factors back one at a time showed.
    """

    plan: Plan
    folder: Path
    verdict: Word = "cannot-run"
    reason: str | None = None
    judgement: Judgement | None = None
    differences: list[Divergence] = field(default_factory=list)
    conclusion: Conclusion | None = None
    calibration: Calibration | None = None
    replayed: RunView | None = None
    cold: bool = False
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    explained: list[str] = field(default_factory=list)

    @property
    def steps(self) -> int | None:
        """How many steps were run, counted from 0; None for the whole program."""
        return None if self.plan.stop is None else self.plan.stop + 1

    @property
    def log(self) -> Path:
        """What the program and its installation printed."""
        return self.folder / LOG

    def series(self, name: str) -> tuple[Points, Points]:
        """Return the recorded and the replayed points of a metric up to the last step wanted."""
        return (
            points_of(self.plan.view, self.plan.stop).get(name, []),
            points_of(self.replayed, self.plan.stop).get(name, []),
        )


def reproduce(
    plan: Plan,
    *,
    say: Say = lambda line: None,
    progress: Progress | None = None,
    explain: Callable[[Attempt, Workplace], None] | None = None,
) -> Attempt:
    """Carry a plan out; whoever calls this has the user's consent.

    On a verdict that nothing is to be learnt from (identical, within the band) the restored code
    and the environment are removed from a temporary folder; the replayed run and the log stay.

    Args:
        plan: The plan.
        say: Takes a line at a time of what is done.
        progress: Is told how many steps are done.
        explain: Is called with an attempt that differs while its workplace is there.

    Raises:
        UsageError: The fetched code is not the recorded one; nothing is left behind.
    """
    began = time.monotonic()
    with _new_folder(plan.request.into) as folder:
        attempt = Attempt(plan, folder)
        try:
            workplace = _prepare(attempt, say)
            _run_and_judge(attempt, workplace, say, progress)
            if explain is not None and attempt.verdict in ("diverges", "other-environment"):
                explain(attempt, workplace)
        except (UnavailableError, LimitError) as error:
            attempt.verdict, attempt.reason = "cannot-run", str(error)
        attempt.seconds = time.monotonic() - began
    if plan.request.into is None and attempt.verdict in ("identical", "within-band"):
        for name in ("tree", "environment"):
            shutil.rmtree(folder / name, ignore_errors=True)
    return attempt


@contextmanager
def _new_folder(into: Path | None) -> Iterator[Path]:
    """Make the new folder, and take it away again when it is of no use to anybody."""
    if into is None:
        folder = Path(tempfile.mkdtemp(prefix="reproduce-"))
    else:
        into.mkdir()
        folder = into
    folder = folder.resolve()
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _prepare(attempt: Attempt, say: Say) -> Workplace:
    plan, folder = attempt.plan, attempt.folder
    say("restoring the code")
    restored = restore_code(
        plan.source,
        plan.facts,
        plan.patch,
        folder / "tree",
        submodules=plan.view.git.submodules if plan.view.git else (),
        allow_links=plan.request.allow_links,
    )
    attempt.notes += [*restored.notes, *(f"not restored: {item}" for item in restored.missing)]
    inputs = list(plan.inputs)
    if plan.source.remote is not None:
        with open_shadow(restored.tree, seconds=SECONDS, trusted=True) as shadow:
            inputs = inputs_of(plan.view, (plan.request.data,), shadow, plan.facts, plan.patch)
    for path in place_inputs(restored.tree, inputs):
        attempt.notes.append(f"{path} is not the input that was recorded")
    environment = make_environment(
        plan.environment, plan.facts, restored.tree, folder / "environment", say
    )
    attempt.cold = environment.cold
    return Workplace(folder, restored, environment)


def _run_and_judge(
    attempt: Attempt, workplace: Workplace, say: Say, progress: Progress | None
) -> None:
    plan = attempt.plan
    say("running the recorded command")
    done, view = workplace.run(plan, "run", progress)
    if view is None or not view.series:
        raise UnavailableError(_why_nothing(done, attempt.log))
    if done.status and not done.ended_by_us:
        attempt.notes.append(f"the command ended with status {done.status}")
    attempt.replayed = view
    if plan.request.calibrate:
        say("running it once more, to see how far it differs from itself")
        _, again = workplace.run(plan, "run-again", progress)
        one, other = points_of(view, plan.stop), points_of(again, plan.stop)
        attempt.calibration = calibrate(one, other, plan.stop)
    judge_attempt(attempt)


def judge_attempt(attempt: Attempt) -> None:
    """Compare the replayed run of an attempt with the recorded one, and complete the attempt.

    Raises:
        UnavailableError: There is nothing to compare.
    """
    plan, view = attempt.plan, attempt.replayed
    if view is None:
        raise UnavailableError("there is no replayed run to compare")
    own = plan.facts.requirements.own
    attempt.differences = differences_between(plan.view, view, own=own)
    calibration = attempt.calibration
    judgement = judge(
        points_of(plan.view, plan.stop),
        points_of(view, plan.stop),
        stop=plan.stop,
        band=calibration.band(plan.request.band) if calibration else plan.request.band,
        other_environment=is_other_environment(attempt.differences),
    )
    if judgement.word == "cannot-run":
        raise UnavailableError("the run recorded no metric up to there that can be compared")
    attempt.judgement, attempt.verdict = judgement, judgement.word
    if plan.request.steps is None and plan.view.run.status == "finished":
        attempt.conclusion = conclude(plan.view, view)


def judged(plan: Plan, replayed: RunView) -> Attempt:
    """Return the attempt that somebody made elsewhere, by the run folder it left; nothing is run.

    A replay that was stopped is compared up to where it came.

    Args:
        plan: What would have been done.
        replayed: The run folder.

    Raises:
        UnavailableError: There is nothing to compare.
    """
    stopped = replayed.run.stopped_early or ""
    if plan.stop is None and stopped.startswith("REPORTGEN_STOP_AFTER_STEP="):
        end = stopped.partition("=")[2]
        plan = replace(plan, stop=int(end) if end.isdigit() else plan.stop)
    attempt = Attempt(plan, replayed.absolute_folder.parent, replayed=replayed)
    judge_attempt(attempt)
    return attempt


def points_of(view: RunView | None, stop: int | None = None) -> dict[str, Any]:
    """Return the points of each series of a run up to a step."""
    if view is None:
        return {}
    found = {name: series.settled() for name, series in view.series.items()}
    if stop is None:
        return found
    return {name: [p for p in points if p[0] <= stop] for name, points in found.items()}


def _why_nothing(done: Replayed, log: Path) -> str:
    try:
        lines = log.read_bytes().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        lines = []
    said = " / ".join(line.strip() for line in lines[-_LOG_LINES:])[-300:]
    ended = f"the command ended with status {done.status} and logged no metric"
    return f"{ended}; its last words: {said}" if said else ended
