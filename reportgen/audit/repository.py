"""The repository around a run, for checks: opened once, only through a private git directory.

Nothing of the audited repository's configuration, hooks or filters takes part; see
:mod:`reportgen.capture.shadow`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TypeVar, cast

from reportgen.audit.patch import changed_files
from reportgen.capture.git_process import Deadline
from reportgen.capture.shadow import SECONDS, ShadowRepository, find_top, open_shadow
from reportgen.errors import (
    LimitError,
    NotFoundError,
    ReportgenError,
    UnavailableError,
    UnreadableError,
)

Answer = TypeVar("Answer")

_CHANGED_READ = 1_000


class Repository:
    """One repository, or the reason why there is none; what was asked once is remembered.

    Attributes:
        top: The folder of the work tree; None when there is no repository.
    """

    def __init__(self, top: Path | None, stack: ExitStack) -> None:
        self.top = top
        self._stack = stack
        self._shadow: ShadowRepository | None = None
        self._refusal: UnavailableError | None = None
        self._answers: dict[tuple[object, ...], object] = {}

    @property
    def shadow(self) -> ShadowRepository:
        """The repository's objects.

        Raises:
            UnavailableError: There is no repository here, no git, or git took too long.
        """
        if self._shadow is None:
            if self._refusal is None:
                self._open()
            if self._refusal is not None:
                raise self._refusal
        assert self._shadow is not None  # noqa: S101 - set by _open
        return self._shadow

    def _open(self) -> None:
        if self.top is None:
            self._refusal = UnavailableError(
                "the run lies in no repository", fix="Name it by --repository DIR"
            )
            return
        try:
            self._shadow = self._stack.enter_context(open_shadow(self.top))
        except UnavailableError as error:
            self._refusal = error
        except (ReportgenError, OSError) as error:
            self._refusal = UnavailableError(f"the repository cannot be read: {error}")

    def remembered(self, key: tuple[object, ...], find: Callable[[], Answer]) -> Answer:
        """Return the answer to ``key``, found once for all runs of this repository.

        Raises:
            ReportgenError: What ``find`` raised, again each time.
        """
        if key not in self._answers:
            try:
                self._answers[key] = find()
            except ReportgenError as error:
                self._answers[key] = error
        answer = self._answers[key]
        if isinstance(answer, ReportgenError):
            raise answer
        return cast("Answer", answer)

    def asked(self, key: tuple[object, ...], find: Callable[[ShadowRepository], Answer]) -> Answer:
        """Ask git once, with a time limit of its own.

        The first question that runs out of it closes the repository for the rest of the audit, so
        that one that hangs costs its limit once.
        """
        return self.remembered(key, lambda: self._in_time(find))

    def _in_time(self, find: Callable[[ShadowRepository], Answer]) -> Answer:
        shadow = self.shadow
        shadow.deadline = Deadline(SECONDS)
        try:
            return find(shadow)
        except (UnavailableError, LimitError) as error:
            self._refusal = UnavailableError(error.what, fix=error.fix)
            self._shadow = None
            raise self._refusal from None

    def commit_exists(self, commit: str) -> bool:
        """Tell whether the repository has the commit.

        Raises:
            UnavailableError: It cannot be asked.
        """
        return self.asked(("commit", commit), lambda shadow: shadow.commit_exists(commit))

    def head(self) -> str | None:
        """Return the id of the commit that is checked out, None before the first one.

        Raises:
            UnavailableError: It cannot be asked.
        """
        return self.asked(("head",), lambda shadow: shadow.head())

    def is_shallow(self) -> bool:
        """Tell whether the history was cut off when it was cloned.

        Raises:
            UnavailableError: It cannot be asked.
        """
        return self.shadow.is_shallow()

    def remote_url(self) -> str | None:
        """Return the URL of the remote as configured, None without one.

        Raises:
            UnavailableError: It cannot be asked.
        """
        return self.shadow.remote_url()

    def ignored(self, folder: Path, paths: Sequence[str]) -> set[str]:
        """Return which files of a folder git ignores and does not hold, by their path in it.

        Without a repository around the folder that is none of them.
        """
        if self.top is None or not paths:
            return set()
        inside = Path(os.path.realpath(folder))
        top = Path(os.path.realpath(self.top))
        if not inside.is_relative_to(top):
            return set()
        asked = {(inside / path).relative_to(top).as_posix(): path for path in paths}
        try:
            found = self.asked(("ignored", *asked), lambda shadow: shadow.ignored(asked))
        except ReportgenError:
            return set()
        return {asked[name] for name in found}

    def code_tree(self, commit: str, left_out: Sequence[str] = ()) -> str:
        """Return the id of a commit's tree without the run folders in it.

        Args:
            commit: A commit of the repository.
            left_out: Paths that go as well: those of git_info.yaml.

        Raises:
            UnavailableError: It cannot be asked, or objects of the commit are not here.
        """
        return self._whole(
            ("tree", commit, *left_out),
            lambda shadow: shadow.without_runs(commit, left_out=left_out),
        )

    def patched_tree(self, commit: str, patch: bytes, left_out: Sequence[str] = ()) -> str:
        """Return the id of a commit's tree after a patch, without the run folders in it.

        Args:
            commit: A commit of the repository.
            patch: Bytes of git_diff.patch.
            left_out: Paths that go as well: those of git_info.yaml.

        Raises:
            UnreadableError: The patch does not apply.
            UnavailableError: It cannot be asked, or objects that the patch changes are not here.
        """
        self.code_tree(commit, left_out)
        try:
            return self.asked(
                ("patched", commit, patch, *left_out),
                lambda shadow: shadow.tree_with_patch(commit, patch, left_out=left_out),
            )
        except UnreadableError:
            changed = ("changed", commit, patch)
            self._whole(changed, lambda shadow: _read_changed(shadow, commit, patch))
            raise

    def blob(self, tree: str, path: str) -> bytes | None:
        """Return the bytes of a file of a tree, or None when it holds no such file.

        Args:
            tree: Id of a tree, as :meth:`code_tree` and :meth:`patched_tree` return it.
            path: POSIX path from the top.

        Raises:
            UnavailableError: It cannot be asked.
        """
        return self.asked(("blob", tree, path), lambda shadow: shadow.blob(tree, path))

    def commit_with_tree(
        self, tree: str, left_out: Sequence[str] = (), *, limit: int
    ) -> str | None:
        """Return a commit of the history whose tree, run folders removed, is ``tree``.

        Args:
            tree: Id of the recorded tree.
            left_out: Paths that it does not hold: those of git_info.yaml.
            limit: Commits looked at, newest first.

        Raises:
            UnavailableError: It cannot be asked.
        """

        def search(shadow: ShadowRepository) -> str | None:
            for commit, whole in shadow.history(limit):
                if tree in (whole, shadow.without_runs(whole, left_out=left_out)):
                    return commit
            return None

        return self._whole(("history", tree, limit, *left_out), search)

    def _whole(self, key: tuple[object, ...], find: Callable[[ShadowRepository], Answer]) -> Answer:
        """Ask for what a repository without damage has.

        Raises:
            UnavailableError: It cannot be asked, or an object is damaged or not here.
        """
        try:
            return self.asked(key, find)
        except UnreadableError as error:
            raise UnavailableError(error.what) from None


def _read_changed(shadow: ShadowRepository, commit: str, patch: bytes) -> None:
    """Read the first thousand files that a patch changes, as the commit has them.

    Raises:
        UnreadableError: One is damaged or not here.
    """
    for path in changed_files(patch)[:_CHANGED_READ]:
        shadow.blob(commit, path)


class Repositories:
    """Finds and keeps the repositories of one audit; closes them at its end.

    Args:
        named: The repository of every run, in place of the one that encloses each.

    Raises:
        NotFoundError: ``named`` is in no repository.
    """

    def __init__(self, named: Path | None = None) -> None:
        self._stack = ExitStack()
        self._known: dict[Path | None, Repository] = {}
        self._named: Path | None = None
        if named is not None:
            self._named = _top_of(named)
            if self._named is None:
                raise NotFoundError(
                    "is no git repository",
                    where=str(named),
                    expected="the repository of the code that the runs were made with",
                )

    def around(self, folder: Path) -> Repository:
        """Return the repository of a run."""
        top = self._named or _top_of(folder)
        if top not in self._known:
            self._known[top] = Repository(top, self._stack)
        return self._known[top]

    def __enter__(self) -> Repositories:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()


def _top_of(folder: Path) -> Path | None:
    return find_top(folder.absolute())
