"""Hold the commit of a run by a reference, so that git never removes it.

A branch that is squashed and deleted takes its commits with it. ``refs/reportgen/<run id>`` is no
branch and no tag: nothing shows it, `git gc` respects it, and reproduce.sh asks a remote for it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reportgen.capture import git_process
from reportgen.capture.git_objects import full_id
from reportgen.capture.git_process import Deadline
from reportgen.errors import NotFoundError, UnavailableError, UsageError
from reportgen.reproduce.source import find_source
from reportgen.runs.view import RunView
from reportgen.script.facts import facts_of

FOLDER = "refs/reportgen"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_SECONDS = 30.0
_PUSH_SECONDS = 600.0
_OWN = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "safe.directory=*")


@dataclass(frozen=True, slots=True)
class Kept:
    """A reference of a run.

    Attributes:
        run: Id of the run.
        ref: Name of the reference.
        commit: What it points at; None when there is none any more.
        changed: Whether it was made, moved or removed just now.
    """

    run: str
    ref: str
    commit: str | None
    changed: bool


def reference_of(view: RunView) -> str:
    """Return the name of the reference that holds a run's commit.

    Raises:
        UsageError: The run's id cannot be part of one.
    """
    if not _ID.fullmatch(view.id):
        raise UsageError(
            f"the id {view.id!r:.120} can be no part of a reference",
            where=str(view.folder),
            expected="letters, digits, - and _",
        )
    return f"{FOLDER}/{view.id}"


def repository_of(view: RunView, repository: Path | None = None) -> Path:
    """Return the top of the repository that holds the run's commit.

    Raises:
        NotFoundError: None at hand does.
        UsageError: The record names a remote alone, which is none to write to.
    """
    facts = facts_of(view)
    if facts.commit is None:
        raise NotFoundError("the run recorded no commit", where=str(view.folder))
    source = find_source(view.folder, facts, repository)
    if source.top is None:
        raise NotFoundError(
            f"no repository at hand holds commit {facts.commit}",
            where=str(view.folder),
            fix="Name it by --repository DIR",
        )
    return source.top


def keep(view: RunView, top: Path) -> Kept:
    """Point the reference of a run at its commit.

    Raises:
        UnavailableError, UnreadableError: git refused.
    """
    ref, commit = reference_of(view), full_id(facts_of(view).commit or "")
    before = held(view, top)
    if before != commit:
        _git(top, "update-ref", "-m", "reportgen keep", ref, commit)
    return Kept(view.id, ref, commit, before != commit)


def release(view: RunView, top: Path) -> Kept:
    """Remove the reference of a run.

    Raises:
        UnavailableError, UnreadableError: git refused.
    """
    ref, before = reference_of(view), held(view, top)
    if before is not None:
        _git(top, "update-ref", "-d", ref, before)
    return Kept(view.id, ref, None, before is not None)


def held(view: RunView, top: Path) -> str | None:
    """Return what the reference of a run points at, or None when there is none."""
    arguments = ("for-each-ref", "--format=%(objectname)", reference_of(view))
    return _git(top, *arguments).decode("ascii").strip() or None


def push(top: Path, remote: str, ref: str, *, remove: bool = False) -> None:
    """Bring a reference to a remote, or take it away there, with the user's own settings of git.

    Raises:
        UsageError: There is no such remote.
        UnavailableError: It refused.
    """
    known = _git(top, "remote").decode("utf-8", "replace").split()
    if remote not in known:
        listed = ", ".join(known) or "the repository has none"
        raise UsageError(f"there is no remote {remote!r:.120}", where="--push", expected=listed)
    spec = f":{ref}" if remove else f"{ref}:{ref}"
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_DIR")}
    words = ["push", "--quiet", "--", remote, spec]
    _git(top, *words, seconds=_PUSH_SECONDS, environment={**own, "GIT_TERMINAL_PROMPT": "0"})


def _git(
    top: Path,
    *arguments: str,
    seconds: float = _SECONDS,
    environment: Mapping[str, str] | None = None,
) -> bytes:
    status, output, errors = git_process.run_git(
        [*_OWN, *arguments],
        folder=top,
        environment=git_process.base_environment() if environment is None else environment,
        deadline=Deadline(seconds),
    )
    if status:
        raise UnavailableError(git_process.failure([*arguments], status, errors).what)
    return output
