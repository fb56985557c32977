"""Runs of a command line side by side: what ``compare`` and ``diff`` share."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs

from reportgen.capture.shadow import ShadowRepository, find_top, open_shadow
from reportgen.cli.listing import complain
from reportgen.cli.options import add_json, add_settings, settings_of
from reportgen.compare.code import CodeComparison, patch_changes, split_patch
from reportgen.compare.comparison import Comparison, RunFacts, compare_runs, facts_of
from reportgen.compare.predictions import Predictions, read_predictions
from reportgen.errors import LimitError, UnavailableError, UnreadableError, UsageError
from reportgen.fs.text import storable
from reportgen.runs import layout
from reportgen.runs.resolve import resolve_runs
from reportgen.runs.schema import GitInfo
from reportgen.runs.view import RunView

_HISTORY = 2_000


@dataclass(frozen=True, slots=True)
class Compared:
    """What a command shows.

    Attributes:
        comparison: Of the runs.
        views: The runs.
    """

    comparison: Comparison
    views: list[RunView]

    @property
    def places(self) -> list[str]:
        """The folder of each run, as text."""
        return [storable(str(view.folder)) for view in self.views]

    @property
    def in_part(self) -> bool:
        """Whether something could not be read."""
        return any(p.severity == "error" for view in self.views for p in view.problems)

    def complain(self) -> None:
        """Say on standard error what could not be read."""
        pairs = zip(self.places, self.views, strict=True)
        complain([(place, problem) for place, view in pairs for problem in view.problems])


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that both commands have."""
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument(
        "--only-differences", action="store_true", help="leave out what is the same (the default)"
    )
    shown.add_argument("--all", action="store_true", help="show what is the same too")
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.0,
        metavar="X",
        help="take values of metrics as alike up to this relative difference; 0 by default",
    )
    parser.add_argument(
        "--repository",
        type=Path,
        metavar="DIR",
        help="a repository that holds the recorded commits; the one around the runs by default",
    )
    add_json(parser)
    add_settings(parser)


def compare(args: argparse.Namespace, texts: Sequence[str]) -> Compared:
    """Return the runs that ``texts`` mean, side by side.

    Raises:
        UsageError: An option is wrong, or all the texts mean one run.
        ReportgenError: A run is not there or cannot be read.
    """
    if not (math.isfinite(args.tolerance) and args.tolerance >= 0):
        raise UsageError(f"is {args.tolerance}", where="--tolerance", expected="0 or more")
    settings = settings_of(args)
    views = resolve_runs(texts, settings.roots)
    if len(views) < 2:
        raise UsageError(
            "only one run is meant", where=", ".join(texts), expected="at least two runs"
        )
    facts = [facts_of(view, goals=settings.goals, predictions=_predictions(view)) for view in views]
    comparison = compare_runs(
        facts, tolerance=args.tolerance, code=_with_changes(args.repository, views, facts)
    )
    return Compared(comparison, views)


def _predictions(view: RunView) -> dict[str, Predictions]:
    found = {}
    for place in view.below(layout.PREDICTIONS):
        split, _, ending = place.rpartition("/")[2].rpartition(".")
        if ending == "parquet":
            view.reader.notice(
                "predictions.parquet", "info", place, "kept as Parquet, which is not compared"
            )
        if ending != "csv" or (text := view.text(place)) is None:
            continue
        try:
            found[split] = read_predictions(text)
        except (UnreadableError, LimitError) as error:
            view.reader.notice("predictions.unreadable", "error", place, str(error))
    return found


def _with_changes(
    repository: Path | None, views: Sequence[RunView], facts: Sequence[RunFacts]
) -> Callable[[CodeComparison], CodeComparison]:
    """Return what adds the unified diff to a comparison of two runs' code."""

    def add(code: CodeComparison) -> CodeComparison:
        if code.same or len(views) != 2:
            return code
        try:
            changes = split_patch(_between_trees(repository, views[0], views[1]))
            return structs.replace(code, changes=tuple(changes), changes_from="trees")
        except (UnavailableError, UnreadableError, LimitError) as error:
            reason = error.what
        commits = {run.code.facts.get("commit") for run in facts}
        if None not in commits and len(commits) == 1:
            patches = [view.bytes(layout.PATCH) or b"" for view in views]
            return structs.replace(
                code,
                changes=tuple(patch_changes(patches[0], patches[1])),
                changes_from="patches",
            )
        return structs.replace(code, unavailable=reason)

    return add


def _between_trees(repository: Path | None, first: RunView, second: RunView) -> bytes:
    top = find_top(repository or first.absolute_folder)
    if top is None:
        raise UnavailableError("no repository is at hand", fix="Name one by --repository")
    with open_shadow(top) as shadow:
        return shadow.diff(_tree(shadow, first), _tree(shadow, second))


def _tree(shadow: ShadowRepository, view: RunView) -> str:
    """Return the tree that ran: commit and patch, else a commit of the same tree."""
    git = view.git or GitInfo()
    commit = (git.commit or "").strip().lower()
    left_out = [one.path for one in git.left_out]
    patch = view.bytes(layout.PATCH) or b""
    if shadow.commit_exists(commit):
        return shadow.tree_with_patch(commit, patch, left_out=left_out)
    if git.tree and not patch:
        # A squashed branch takes its commits along and leaves their tree.
        for _, tree in shadow.history(_HISTORY):
            if shadow.without_runs(tree, left_out=left_out) == git.tree:
                return git.tree
    what = f"the commit {commit[:12]}…" if commit else "the code of a run"
    raise UnavailableError(f"{what} is not in the repository at hand")
