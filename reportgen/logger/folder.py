"""The folder of a new run: made below the root, or the one that REPORTGEN_RUN_DIR names.

Never two runs in one folder: a folder is claimed by whoever makes it, or, when ``reportgen run``
made it for the program it starts, by the first logger in there.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import ReportgenError, UsageError
from reportgen.logger.context import LOGGER, describe
from reportgen.runs import layout
from reportgen.runs.reader import open_reader
from reportgen.runs.schema import Run
from reportgen.runs.writer import create_run_folder

RUN_DIR = "REPORTGEN_RUN_DIR"
"""Environment variable that names the folder of the run to join."""

RUN_NAME = "REPORTGEN_RUN_NAME"
"""Environment variable with the name that ``reportgen run --name`` was given."""

_CLAIM = ".joined.tmp"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where a run writes.

    Attributes:
        path: The folder, which exists.
        joined: The run.yaml of ``reportgen run``, which opened it and seals it; else None.
        fallback: Why it is not where it was asked for; else None.
    """

    path: Path
    joined: Run | None = None
    fallback: str | None = None


def make_folder(
    root: Path,
    *,
    project: str | None,
    group: str | None,
    name: str,
    environ: Mapping[str, str] | None = None,
) -> RunFolder:
    """Return the folder of a new run.

    A root that cannot be written to must not end a training: the run then goes to a temporary
    folder.

    Raises:
        UsageError: The root is a file.
        OSError: Not even a temporary folder can be made.
    """
    named = (os.environ if environ is None else environ).get(RUN_DIR)
    if named:
        found = _named_folder(Path(named).absolute())
        if found is not None:
            return found
        LOGGER.warning("%s holds another run: this one gets a folder of its own", named)
    if root.exists() and not root.is_dir():
        raise UsageError(
            "is a file", where=f"start_run(root={str(root)!r})", expected="a folder for runs"
        )
    try:
        return RunFolder(create_run_folder(root, project=project, group=group, name=name))
    except OSError as error:
        reason = f"{root}: {describe(error)}"
    elsewhere = Path(tempfile.mkdtemp(prefix="reportgen-"))
    folder = create_run_folder(elsewhere, project=project, group=group, name=name)
    return RunFolder(folder, fallback=reason)


def _named_folder(folder: Path) -> RunFolder | None:
    """Return the folder that was named, or None when another run has it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / layout.RUN).exists():
            return RunFolder(folder) if claim(folder) else None
        run, _ = open_reader(folder).run_document()
    except (OSError, ReportgenError):
        return None
    if run.status != "running" or not claim(folder):
        return None
    return RunFolder(folder, joined=run)


def claim(folder: Path) -> bool:
    """Take a named folder; False when somebody has it already."""
    try:
        os.close(os.open(folder / _CLAIM, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
    except OSError:
        return False
    return True


def is_claimed(folder: Path) -> bool:
    """Tell whether a logger joined the run in ``folder``."""
    return (folder / _CLAIM).exists()


def release_claim(folder: Path) -> None:
    """Remove the mark of a claim once the run has ended."""
    (folder / _CLAIM).unlink(missing_ok=True)
