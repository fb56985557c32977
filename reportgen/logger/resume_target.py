"""Which run ``start_run(resume=...)`` means: a folder, an id, a name or a checkpoint."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.errors import NotFoundError, UsageError
from reportgen.logger.values import type_name
from reportgen.runs import layout
from reportgen.runs.discovery import run_format
from reportgen.runs.resolve import resolve_run
from reportgen.runs.view import RunView
from reportgen.suggest import nearest

_WHERE = "start_run(resume=)"
_EXPECTED = "a run folder, an id, a unique name or a checkpoint of a run"


@dataclass(frozen=True, slots=True)
class ResumeTarget:
    """The run to go on with.

    Attributes:
        folder: Its folder.
        id: Its id.
        checkpoint: The checkpoint that was named, relative to the folder; None for the whole run.
    """

    folder: Path
    id: str
    checkpoint: str | None = None


def resume_target(resume: Any, *, cwd: Path, root: Path) -> ResumeTarget | None:
    """Return the run that ``resume`` means, None when it is None.

    Args:
        resume: A run folder or a checkpoint within one (seen from ``cwd``, or below ``root``), an
            id, or a name that only one run below ``root`` has.
        cwd: The working directory.
        root: The folder of all runs.

    Raises:
        UsageError: Several runs are meant, or something that cannot be resumed.
        NotFoundError: No run or checkpoint is meant; close names are given.
        UnreadableError: The run that is meant cannot be read.
    """
    if resume is None:
        return None
    if not isinstance(resume, str | os.PathLike) or not os.fspath(resume):
        raise UsageError(f"is of type {type_name(resume)}", where=_WHERE, expected=_EXPECTED)
    text = os.fsdecode(resume)
    for path in _places(text, cwd, root):
        if path.is_file():
            return _of_checkpoint(path)
        if run_format(path) is not None:
            return _of_view(RunView(path))
    _refuse_absent_checkpoint(_places(text, cwd, root))
    return _of_view(resolve_run(text, [root]))


def _places(text: str, cwd: Path, root: Path) -> Sequence[Path]:
    path = Path(text).expanduser()
    return [Path(os.path.abspath(top / path)) for top in (cwd, root)]


def _of_view(view: RunView, checkpoint: str | None = None) -> ResumeTarget:
    if view.format != "standard":
        raise UsageError(
            "is a plain tracker folder, which has no run.yaml",
            where=f"{_WHERE}: {view.folder}",
            expected=_EXPECTED,
            fix="ExperimentTracker and ResumableExperimentTracker go on with such a folder.",
        )
    return ResumeTarget(view.folder, view.id, checkpoint)


def _of_checkpoint(path: Path) -> ResumeTarget:
    folder = _run_above(path)
    if folder is None:
        raise UsageError(
            f"is no file in {layout.CHECKPOINTS}/ of a run folder",
            where=f"{_WHERE}: {path}",
            expected=_EXPECTED,
            fix="Name the run itself; the training may load its weights from anywhere.",
        )
    return _of_view(RunView(folder), path.relative_to(folder).as_posix())


def _run_above(path: Path) -> Path | None:
    """Return the run folder that ``path`` is a checkpoint of, or None."""
    for above in path.parents:
        if above.name == layout.CHECKPOINTS and run_format(above.parent) is not None:
            return above.parent
    return None


def _refuse_absent_checkpoint(places: Sequence[Path]) -> None:
    for path in places:
        folder = _run_above(path)
        if folder is not None:
            there = [Path(place).name for place in RunView(folder).checkpoints]
            raise NotFoundError(
                f"there is no {path.name!r:.80}",
                where=f"{_WHERE}: {path.parent}",
                expected=", ".join(there[-8:]) or "a checkpoint, and this run has none",
                fix=nearest(path.name, there) if there else "Name the run to go on from its end.",
            )
