"""Where the recorded commit comes from: a repository at hand, a handed-over file, the remote."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reportgen.capture.shadow import ShadowRepository, find_top, open_shadow
from reportgen.errors import NotFoundError, UnavailableError, UnreadableError, UsageError
from reportgen.reproduce.new_repository import SECONDS, NewRepository
from reportgen.reproduce.patch_check import check_patch
from reportgen.runs import layout
from reportgen.script.facts import ScriptFacts

_ADVICE = "Clone the repository and name it by --repository DIR"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the commit comes from.

    Attributes:
        top: The work tree of a repository that holds it.
        remote: The https or ssh address that it is fetched from, when nothing else is at hand.
        bundle: A git bundle that was handed over with the run.
        commit: The commit without history that stands for the recorded one in ``bundle``: its
            tree is the recorded tree, what was not committed included.
        trusted: The user named the repository, so its objects may lie anywhere.
    """

    top: Path | None = None
    remote: str | None = None
    bundle: Path | None = None
    commit: str | None = None
    trusted: bool = False

    @property
    def name(self) -> str:
        """Where that is, for people."""
        return str(self.top or self.bundle or self.remote)

    def give(self, repository: NewRepository, commit: str) -> None:
        """Bring the objects of a commit within reach of a new repository.

        Raises:
            UnavailableError: They cannot be had.
        """
        if self.top is not None:
            repository.borrow(self.top, trusted=self.trusted)
        elif self.bundle is not None:
            repository.unbundle(self.bundle)
        elif self.remote is not None:
            repository.fetch(self.remote, commit)

    @contextmanager
    def shadow(self) -> Iterator[ShadowRepository]:
        """Yield the repository through a private git directory.

        Raises:
            UnavailableError: It cannot be read, or the commit has to be fetched first.
        """
        if self.top is not None:
            with open_shadow(self.top, seconds=SECONDS, trusted=self.trusted) as shadow:
                yield shadow
        elif self.bundle is not None:
            with (
                _unpacked(self.bundle, len(self.commit or "")) as (repository, _),
                open_shadow(repository.tree, seconds=SECONDS, trusted=True) as shadow,
            ):
                yield shadow
        else:
            raise UnavailableError("the commit has to be fetched first")


@contextmanager
def _unpacked(bundle: Path, id_digits: int) -> Iterator[tuple[NewRepository, list[str]]]:
    """Yield a temporary repository of what a git bundle holds, and the ids that it names."""
    with tempfile.TemporaryDirectory(prefix="reportgen-code-") as folder:
        repository = NewRepository(Path(folder, "tree"), id_digits)
        yield repository, repository.unbundle(bundle)


def _in_bundle(bundle: Path, facts: ScriptFacts) -> Source:
    commit = facts.commit or ""
    with _unpacked(bundle, len(commit)) as (repository, named):
        if repository.has(commit):
            return Source(bundle=bundle, commit=commit)
        with open_shadow(repository.tree, seconds=SECONDS, trusted=True) as shadow:
            for one in named:
                # git names trees by what they hold, so nothing else can pass for this one.
                if facts.tree is not None and shadow.tree_of(one) == facts.tree:
                    return Source(bundle=bundle, commit=one)
    raise NotFoundError(
        f"holds neither commit {commit} nor the recorded tree", where=str(bundle), fix=_ADVICE
    )


def find_source(
    folder: Path,
    facts: ScriptFacts,
    repository: Path | None = None,
    bundle: Path | None = None,
) -> Source:
    """Return where the commit of a run is.

    Args:
        folder: The run folder; the repository around it is tried.
        facts: What the run recorded.
        repository: The repository to take it from instead.
        bundle: A git bundle that was handed over, which comes before what is around.

    Raises:
        NotFoundError: No repository at hand holds the commit, and there is no usable remote.
        UsageError: The recorded remote is none that may be fetched from.
    """
    commit = facts.commit or ""
    if repository is not None:
        top = find_top(repository)
        if top is None or not _holds(Source(top, trusted=True), commit):
            raise NotFoundError(
                f"holds no commit {commit}", where=str(repository), expected="its repository"
            )
        return Source(top, trusted=True)
    if bundle is not None:
        return _in_bundle(bundle, facts)
    top = find_top(folder.absolute())
    if top is not None and _holds(Source(top), commit):
        return Source(top)
    if facts.remote_refused:
        raise UsageError(
            "remote: the recorded one is no https or ssh address, so nothing is fetched",
            where=layout.GIT,
            fix=_ADVICE,
        )
    if facts.remote:
        return Source(remote=facts.remote)
    raise NotFoundError(
        f"no repository around the run holds commit {commit}, and no remote was recorded",
        where=str(folder),
        fix=_ADVICE,
    )


def _holds(source: Source, commit: str) -> bool:
    try:
        with source.shadow() as shadow:
            return shadow.commit_exists(commit)
    except UnavailableError:
        return False


def verify_tree(
    shadow: ShadowRepository, facts: ScriptFacts, patch: bytes, *, allow_links: bool = False
) -> None:
    """Make sure that commit and patch give the recorded tree; nothing is checked out.

    Raises:
        UsageError: The patch is one that no replay is given, does not apply, or gives another
            tree than the recorded one.
    """
    check_patch(patch, allow_links=allow_links)
    try:
        found = shadow.tree_with_patch(facts.commit or "", patch, left_out=facts.left_out)
    except UnreadableError as error:
        raise UsageError(
            f"cannot be applied to commit {facts.commit}: {error.what}",
            where=layout.PATCH,
            expected="a patch that starts from that commit",
        ) from None
    if facts.tree is not None and found != facts.tree:
        raise UsageError(
            f"commit and patch give the tree {found}, recorded was {facts.tree}",
            where=layout.GIT,
            expected="the recorded tree",
            fix="The record was changed; `reportgen audit` says where.",
        )
