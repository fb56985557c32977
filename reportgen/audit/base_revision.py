"""The base of a change in a git repository: its commit, its files, and what differs from it.

Two commits matter. Rules come from the tip of the base, as it is now. What changed is told from
the commit at which the two histories part, so that what was added to the base since is not taken
for deleted; and what the tip holds in the same form is no change either, whatever commit brought
it there, as after a squash merge.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path, PurePosixPath

from reportgen.audit.change import Base
from reportgen.capture.git_process import Deadline
from reportgen.capture.revisions import changed_below, commit_of, common_ancestor, files_below
from reportgen.capture.shadow import SECONDS, ShadowRepository, find_top, open_shadow
from reportgen.errors import NotFoundError, UsageError
from reportgen.runs.discovery import format_of

Files = dict[str, tuple[str, str]]
"""Path from the top to mode and id."""


class BaseRevision:
    """A commit that a work tree is compared with.

    Attributes:
        top: The repository.
        revision: As it was asked for.
        tip: Id of that commit.
        ancestor: Id of the commit from which the change started.
        shadow: The repository's objects.
    """

    def __init__(self, top: Path, revision: str, shadow: ShadowRepository) -> None:
        self.top = Path(os.path.realpath(top))
        self.revision = revision
        self.shadow = shadow
        self.tip = commit_of(shadow, revision)
        head = shadow.head()
        found = common_ancestor(shadow, self.tip, head) if head else None
        self.ancestor = found or self.tip

    def as_base(self) -> Base:
        """Return what the report says of it."""
        ancestor = None if self.ancestor == self.tip else self.ancestor
        return Base(revision=self.revision, commit=self.tip, ancestor=ancestor)

    def place_of(self, path: Path) -> str:
        """Return a path, there or not, as a POSIX path from the top.

        Raises:
            UsageError: It lies outside of the repository.
        """
        real = Path(os.path.realpath(path))
        if not real.is_relative_to(self.top):
            raise UsageError(
                f"lies outside of the repository {self.top}",
                where=str(path),
                fix="Compare runs that git does not keep with --base-report FILE",
            )
        return real.relative_to(self.top).as_posix()

    def file(self, path: str, *, of: str | None = None) -> bytes | None:
        """Return the bytes of a regular file, None when there is none.

        Args:
            path: POSIX path from the top.
            of: A commit; the tip by default.
        """
        self.more_time()
        commit = of or self.tip
        entry = self.shadow.entry(commit, path)
        return self.shadow.blob(commit, path) if entry and entry[0].startswith("100") else None

    def more_time(self) -> None:
        """Start the time limit of git again: each question has its own."""
        self.shadow.deadline = Deadline(SECONDS)


class Differences:
    """What differs below some folders of the work tree.

    Args:
        base: The base.
        folders: POSIX paths from the top.
    """

    def __init__(self, base: BaseRevision, folders: Sequence[str]) -> None:
        self._base = base
        self._folders = list(folders)
        self._one_commit = base.tip == base.ancestor

    @cached_property
    def before(self) -> Files:
        """The files of the commit from which the change started."""
        return self._files(self._base.ancestor)

    @cached_property
    def at_tip(self) -> Files:
        """The files of the base as it is now."""
        return self.before if self._one_commit else self._files(self._base.tip)

    @cached_property
    def _held_before(self) -> set[str]:
        return _folders_of(self.before)

    @cached_property
    def _held_at_tip(self) -> set[str]:
        return _folders_of(self.at_tip)

    @cached_property
    def _changed(self) -> set[str]:
        return self._changed_from(self._base.ancestor)

    @cached_property
    def _changed_from_tip(self) -> set[str]:
        return self._changed if self._one_commit else self._changed_from(self._base.tip)

    @cached_property
    def _forced(self) -> set[str]:
        """Folders of files that are committed since though an ignore pattern names them."""
        head = self._base.shadow.head()
        return _folders_of(set(self._files(head)) - set(self.before)) if head else set()

    def is_known(self, place: str) -> bool:
        """Tell whether a folder is part of the change or of the base: git does not ignore it."""
        return self.was_there(place) or place in self._changed or place in self._forced

    def is_same(self, place: str) -> bool:
        """Tell whether a folder is as it was before the change, or as the base has it now."""
        if place in self._held_before and place not in self._changed:
            return True
        return place in self._held_at_tip and place not in self._changed_from_tip

    def was_there(self, place: str) -> bool:
        """Tell whether the base has a folder: since before the change, or by now."""
        return place in self._held_before or place in self._held_at_tip

    def is_from_before(self, place: str) -> bool:
        """Tell whether a folder is older than the change, and the base has not dropped it since."""
        return place in self._held_before and place in self._held_at_tip

    def run_folders(self) -> list[str]:
        """Return the run folders of the base, in path order."""
        names: dict[str, set[str]] = {}
        for path in {*self.at_tip, *self.before}:
            folder = PurePosixPath(path)
            for parent in folder.parents:
                names.setdefault(parent.as_posix(), set()).add(folder.name)
                folder = parent
        runs = {folder for folder, held in names.items() if format_of(held)}
        return sorted(
            folder
            for folder in runs
            if not any(above.as_posix() in runs for above in PurePosixPath(folder).parents)
        )

    def _files(self, commit: str) -> Files:
        self._base.more_time()
        return files_below(self._base.shadow, commit, self._folders)

    def _changed_from(self, commit: str) -> set[str]:
        self._base.more_time()
        return _folders_of(changed_below(self._base.shadow, commit, self._folders))


def _folders_of(paths: Iterable[str]) -> set[str]:
    """Return every folder that holds one of some files, at whatever depth."""
    return {above.as_posix() for path in paths for above in PurePosixPath(path).parents}


@contextmanager
def open_base(start: Path, revision: str) -> Iterator[BaseRevision]:
    """Yield a revision of the repository around a folder.

    Args:
        start: The folder, which need not be there itself.
        revision: A branch, a tag or a commit.

    Raises:
        NotFoundError: There is no repository, or no such revision.
        UnavailableError: git is missing, or the history was cut off when cloning.
    """
    top = find_top(start.absolute())
    if top is None:
        raise NotFoundError(
            "is in no git repository",
            where=str(start),
            expected="runs that git keeps",
            fix="Compare others with the report of an earlier audit: --base-report FILE",
        )
    with open_shadow(top) as shadow:
        yield BaseRevision(top, revision, shadow)
