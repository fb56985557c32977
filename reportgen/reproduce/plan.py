"""What a replay will do and cost: shown before anything is written or run."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reportgen.capture.shadow import ShadowRepository
from reportgen.errors import NotFoundError, UsageError
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.reproduce.environment import EnvironmentPlan, plan_environment
from reportgen.reproduce.first_attempt import first_attempt, resumed_at
from reportgen.reproduce.handed_over import HandedOver
from reportgen.reproduce.inputs import FoundInput, find_inputs, require_inputs
from reportgen.reproduce.packages import other_packages
from reportgen.reproduce.record import seconds_until, stop_of
from reportgen.reproduce.refusals import changed_since_sealed, check_record
from reportgen.reproduce.source import Source, find_source, verify_tree
from reportgen.reproduce.verdict import BAND
from reportgen.runs import layout
from reportgen.runs.variables import NUMERIC_VARIABLES
from reportgen.runs.view import RunView
from reportgen.script.facts import ScriptFacts, facts_of
from reportgen.suggest import nearest


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for.

    Attributes:
        steps: Length of a prefix; None to run to the end.
        environment: ``new``, ``current``, or an interpreter.
        repository: Where the commit is, when not around the run.
        data: A folder that holds inputs at their recorded paths.
        into: The new folder; a temporary one otherwise.
        allow_links: The patch may make links.
        calibrate: Run twice, and take the band from how far both differ.
        band: Greatest relative difference that counts as equal.
        limit: Seconds that the command may take.
        variables: Numeric variables that are set otherwise than recorded; None unsets one.
    """

    steps: int | None = None
    environment: str = "new"
    repository: Path | None = None
    data: Path | None = None
    into: Path | None = None
    allow_links: bool = False
    calibrate: bool = False
    band: float = BAND
    limit: float | None = None
    variables: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is known before a replay.

    Attributes:
        view: The recorded run; of a resumed one whose beginning is replayed, its first attempt.
        facts: What it recorded for a replay.
        request: What was asked for.
        patch: The content of git_diff.patch.
        source: Where the commit comes from.
        environment: Which environment it will have.
        inputs: Recorded inputs, where the source could be asked for them.
        stop: The step after which it ends; None for the end of the program.
        seconds: What the recorded run took up to there.
        code_bytes: Size of the restored files; None before the commit is fetched.
        notes: What whoever replays it should know.
    """

    view: RunView
    facts: ScriptFacts
    request: Request
    patch: bytes
    source: Source
    environment: EnvironmentPlan
    inputs: tuple[FoundInput, ...] = ()
    stop: int | None = None
    seconds: float | None = None
    code_bytes: int | None = None
    notes: tuple[str, ...] = field(default=())

    def lines(self) -> list[tuple[str, str]]:
        """Return the plan as pairs of a heading and a line."""
        facts = self.facts
        code = f"commit {facts.commit}" + (" and its patch" if self.patch else "")
        pairs = [
            ("run", f"{facts.name} ({facts.run})"),
            ("command", shlex.join(facts.argv)),
            ("in", facts.cwd),
            ("code", f"{code}, from {self.source.name}"),
            ("tree", facts.tree or "not recorded"),
            ("packages", self.environment.line),
        ]
        given = [f"{name}={value}" for name, value in facts.variables.items() if value is not None]
        pairs += [("variables", " ".join(given))] if given else []
        pairs += [("input", item.line) for item in self.inputs]
        pairs += [
            ("into", str(self.request.into or Path(tempfile.gettempdir()) / "reproduce-...")),
            ("extent", self._extent()),
            ("cost", f"{self._time()}; {self._disk()}"),
        ]
        return pairs + [("note", note) for note in self.notes]

    def _extent(self) -> str:
        extent = "to its end" if self.stop is None else f"up to step {self.stop}"
        return f"{extent}, twice" if self.request.calibrate else extent

    def _time(self) -> str:
        if self.seconds is None:
            return "time not known"
        seconds = self.seconds * (2 if self.request.calibrate else 1)
        took = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
        return f"about {took}, which the recorded run took"

    def _disk(self) -> str:
        copied = sum(item.recorded.bytes or 0 for item in self.inputs if item.state == "copy")
        written = sum(
            size for path, size in self.view.file_sizes.items() if path != layout.MANIFEST
        )
        known = (self.code_bytes or 0) + copied + written
        plan = self.environment
        fresh = plan.kind == "new" and not plan.is_cached and plan.packages.line != "no packages"
        return f"up to {known / 1e6:.0f} MB of disk" + (", packages besides" if fresh else "")


def make_plan(view: RunView, request: Request) -> Plan:
    """Return what a replay would do; nothing is written outside temporary folders, nothing run.

    Raises:
        UsageError, NotFoundError: The record is refused, or the request cannot be met.
        UnavailableError: The run cannot be replayed here; the reason is named.
    """
    _check_target(request.into)
    folder = view.absolute_folder
    stop = stop_of(view, request.steps)
    resumed = resumed_at(view)
    if stop is not None and resumed is not None and stop < resumed:
        view = first_attempt(view)
    facts = facts_of(view)
    changed = _changed_variables(facts, request.variables)
    facts = replace(facts, variables={**facts.variables, **request.variables})
    patch = check_record(view, facts)
    handed = HandedOver.with_run(folder)
    source = find_source(folder, facts, request.repository, handed.code)
    if source.commit is not None and source.commit != facts.commit:
        facts, patch = replace(facts, commit=source.commit), b""
    locks = {
        path.removeprefix(f"{layout.LOCK}/"): data
        for path in view.below(layout.LOCK)
        if (data := view.bytes(path, limit=DEFAULT_LIMITS.document_bytes)) is not None
    }
    environment = plan_environment(request.environment, facts, locks, handed.wheels)
    inputs: list[FoundInput] = []
    code_bytes = None
    if source.remote is None:
        with source.shadow() as shadow:
            verify_tree(shadow, facts, patch, allow_links=request.allow_links)
            around = (request.data, handed.inputs, source.top)
            inputs = inputs_of(view, around, shadow, facts, patch)
            code_bytes = _size(shadow, facts.commit or "")
    require_inputs(inputs)
    sealed = [f"{place} is not as it was sealed" for place in changed_since_sealed(view)]
    recorded = view.environment
    here = environment.kind == "current" and recorded is not None
    other = other_packages(recorded, facts.requirements.own) if here and recorded else []
    return Plan(
        view=view,
        facts=facts,
        request=request,
        patch=patch,
        source=source,
        environment=environment,
        inputs=tuple(inputs),
        stop=stop,
        seconds=seconds_until(view, stop),
        code_bytes=code_bytes,
        notes=(*facts.notes, *changed, *sealed, *other),
    )


def inputs_of(
    view: RunView,
    around: Sequence[Path | None],
    shadow: ShadowRepository,
    facts: ScriptFacts,
    patch: bytes,
) -> list[FoundInput]:
    """Return where the recorded inputs of a run come from.

    Args:
        view: The run.
        around: Folders that may hold them at their recorded paths, in this order.
        shadow: A repository that holds the commit.
        facts, patch: Which tree is restored.
    """
    tree = shadow.tree_with_patch(facts.commit or "", patch, left_out=facts.left_out)
    return find_inputs(
        view.data.inputs if view.data else [],
        in_tree=lambda path: path == "." or shadow.entry(tree, path) is not None,
        around=[folder for folder in around if folder is not None],
    )


def _changed_variables(facts: ScriptFacts, asked: Mapping[str, str | None]) -> list[str]:
    """Say which variables will differ from the recorded ones.

    Raises:
        UsageError: One of them is none that only changes numbers.
    """
    said = []
    for name, value in asked.items():
        if name not in NUMERIC_VARIABLES:
            raise UsageError(
                f"{name} is none of the variables that change numbers alone",
                where="--set",
                expected=", ".join(NUMERIC_VARIABLES[:3]) + " and the like",
                fix=nearest(name, NUMERIC_VARIABLES),
            )
        if facts.variables.get(name) != value:
            before = facts.variables.get(name) or "not set"
            said.append(f"{name} is {value or 'not set'} by your wish, {before} was recorded")
    return said


def _check_target(into: Path | None) -> None:
    """A folder that is there already, or a link to one, may hold what is not to be replaced."""
    if into is None:
        return
    if into.is_symlink() or into.exists():
        raise UsageError(f"{into} exists", where="--into", expected="a folder that does not")
    if not into.absolute().parent.is_dir():
        raise NotFoundError(f"there is no folder {into.absolute().parent}", where="--into")


def _size(shadow: ShadowRepository, commit: str) -> int:
    """Return the bytes of all files of a commit."""
    listed = shadow.git("ls-tree", "-r", "-l", "-z", "--full-tree", commit)
    sizes = (entry.split(b"\t", 1)[0].split()[-1] for entry in listed.split(b"\0") if entry)
    return sum(int(size) for size in sizes if size.isdigit())
