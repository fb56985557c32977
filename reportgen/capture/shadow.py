"""Read a repository through a private git directory, so that nothing of it is executed or changed.

A repository's own configuration can run programs on ``status``, ``diff`` or ``archive`` (fsmonitor,
filters, textconv, hooks), and no set of flags turns all of them off. So git gets a directory of
ours: a config of a few validated values, HEAD, references and index copied, and the real objects
as alternates. What git writes (a temporary index, new objects) lands here and goes away with it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from reportgen.capture import git_process
from reportgen.capture.git_folder import GitFolder, find_top, open_git_folder
from reportgen.capture.git_objects import (
    COMMIT_LIMIT,
    FOLDER,
    LINK_TO_COMMIT,
    full_id,
    is_full_id,
)
from reportgen.capture.git_process import Deadline
from reportgen.capture.private_git import PrivateGit
from reportgen.capture.run_trees import RunTrees
from reportgen.errors import UnavailableError, UnreadableError

__all__ = ["SECONDS", "ShadowRepository", "find_top", "open_shadow"]

SECONDS = 10.0


class ShadowRepository(PrivateGit):
    """A repository seen through a private git directory.

    Every id that is passed in must be a full one; anything else is refused before git sees it.

    Args:
        folder: Where the real repository keeps its things.
        path: An empty folder for the private git directory.
        deadline: Time for everything done here together.

    Raises:
        UnavailableError: git is missing, or the repository cannot be read.
    """

    def __init__(self, folder: GitFolder, path: Path, deadline: Deadline) -> None:
        super().__init__(folder, path, deadline)
        self.run_trees = RunTrees(self.objects)

    # -- what is checked out --------------------------------------------------------------

    def head(self) -> str | None:
        """Return the id of the commit that is checked out, or None before the first commit.

        Raises:
            UnreadableError: The references are damaged.
        """
        arguments = ["rev-parse", "--verify", "-q", "HEAD^{commit}"]
        status, output, errors = self.run(arguments)
        if status and errors:
            raise git_process.failure(arguments, status, errors)
        return output.decode().strip() if status == 0 else None

    def branch(self) -> str | None:
        """Return the name of the branch that is checked out, or None when HEAD is detached."""
        status, output, _ = self.run(["symbolic-ref", "-q", "HEAD"])
        name = output.decode("utf-8", "surrogateescape").strip()
        return name.removeprefix("refs/heads/") if status == 0 else None

    def is_shallow(self) -> bool:
        """Tell whether history was cut off when cloning."""
        shallow = self.path / "shallow"
        return shallow.exists() and shallow.stat().st_size > 0

    def remote_url(self) -> str | None:
        """Return the URL of ``origin``, else of the only remote, as configured."""
        urls = {
            key.split(".", 1)[1].rsplit(".", 1)[0]: value
            for key, value in self.settings.items()
            if key.startswith("remote.") and key.endswith(".url")
        }
        if "origin" in urls:
            return urls["origin"]
        return next(iter(urls.values())) if len(urls) == 1 else None

    def ignored(self, paths: Iterable[str]) -> set[str]:
        """Return which of ``paths`` git ignores and does not hold, whether they exist or not.

        Args:
            paths: Files below the top, as POSIX paths.

        Raises:
            UnreadableError: git refused.
        """
        # This command refuses literal pathspecs; behind "./" no name reads as pathspec magic.
        asked = {f"./{path}": path for path in paths}
        names = "".join(f"{name}\0" for name in asked).encode("utf-8", "surrogateescape")
        arguments = ["check-ignore", "-z", "--stdin"]
        status, output, errors = self.run(arguments, names, GIT_LITERAL_PATHSPECS="0")
        if status not in (0, 1):  # 1: none of them
            raise git_process.failure(arguments, status, errors)
        found = output.decode("utf-8", "surrogateescape").split("\0")
        return {asked[name] for name in found if name in asked}

    # -- objects --------------------------------------------------------------------------

    def commit_exists(self, commit: str) -> bool:
        """Tell whether a full id names a commit of this repository.

        Raises:
            UnavailableError: git cannot tell, which is not the same as no.
        """
        if not is_full_id(commit):
            return False
        try:
            found = self.objects.read(commit, limit=COMMIT_LIMIT)
        except UnreadableError as error:
            raise UnavailableError(error.what) from None
        return found is not None and found[0] == "commit"

    def tree_of(self, commit: str) -> str:
        """Return the id of a commit's tree.

        Raises:
            UnreadableError: There is no such commit here.
        """
        return self.objects.tree_of(commit)

    def commit_time(self, commit: str) -> int:
        """Return a commit's time in seconds since 1970; 0 when it holds none.

        Raises:
            UnreadableError: There is no such commit here.
        """
        return self.objects.commit_time(commit)

    def paths(self, tree: str) -> dict[str, tuple[str, str]]:
        """Return ``path -> (mode, id)`` of every file of a tree or commit, folders resolved.

        Undecodable names are surrogate-escaped.
        """
        output = self.git("ls-tree", "-r", "-z", "--full-tree", full_id(tree))
        found = {}
        for entry in output.split(b"\0"):
            if entry:
                facts, _, name = entry.partition(b"\t")
                mode, _, object_id = facts.decode("ascii").split(" ")
                found[name.decode("utf-8", "surrogateescape")] = (mode, object_id)
        return found

    def entry(self, tree: str, path: str) -> tuple[str, str] | None:
        """Return ``(mode, id)`` of one path of a tree or commit, or None when it is not there.

        Raises:
            UnreadableError: There is no such tree here.
        """
        found = (FOLDER, self.tree_of(tree))
        for part in path.encode("utf-8", "surrogateescape").split(b"/"):
            if found[0] != FOLDER:
                return None
            entries = self.objects.entries(found[1])
            below = next((entry for entry in entries if entry.name == part), None)
            if below is None:
                return None
            found = (below.mode, below.id)
        return found

    def blob(self, tree: str, path: str) -> bytes | None:
        """Return the bytes of a file in a tree or commit, or None when it holds no such file."""
        entry = self.entry(tree, path)
        if entry is None or entry[0] in (FOLDER, LINK_TO_COMMIT):
            return None
        return self.objects.blob(entry[1])

    def history(self, limit: int = 2_000) -> Iterator[tuple[str, str]]:
        """Yield ``(commit, tree)`` of every reference's history, newest first.

        Args:
            limit: Commits at most.
        """
        output = self.git(
            "log", "--no-show-signature", f"--max-count={limit}", "--format=%H %T", "--all"
        )
        for line in output.decode("ascii").splitlines():
            commit, _, tree = line.partition(" ")
            yield commit, tree

    # -- trees ----------------------------------------------------------------------------

    @property
    def empty_tree(self) -> str:
        """The id of the tree without entries."""
        return self.objects.write_tree([], self.id_digits)

    def diff(self, old: str, new: str, *paths: str) -> bytes:
        """Return the patch from one tree to another: binary, full ids, no renames.

        Args:
            old: A tree.
            new: A tree.
            paths: Only these, taken literally.
        """
        return self.git(
            "diff-tree",
            "-r",
            "-p",
            "--binary",
            "--full-index",
            "--no-renames",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            full_id(old),
            full_id(new),
            "--",
            *paths,
        )

    def without_runs(self, tree: str, *, left_out: Iterable[str] = ()) -> str:
        """Return the id of a tree less the run folders in it (see ``run_trees``).

        Args:
            tree: A tree or a commit.
            left_out: Paths that go too: those of git_info.yaml.
        """
        reduced = self.run_trees.without_runs(self.tree_of(tree))
        return self.run_trees.without_paths(reduced, left_out)

    def tree_with_patch(self, commit: str, patch: bytes, *, left_out: Iterable[str] = ()) -> str:
        """Return the tree id of a commit with a patch applied, run folders left out.

        Nothing is checked out: links and file modes of the patch only become tree entries.

        Args:
            commit: The commit that the patch starts from.
            patch: As :meth:`diff` makes it.
            left_out: Paths that neither side holds: those of git_info.yaml.

        Raises:
            UnreadableError: The commit is unknown, or the patch does not apply.
        """
        gone = list(left_out)
        self.git("read-tree", self.without_runs(commit, left_out=gone), index="patched")
        if patch.strip():
            arguments = ("apply", "--cached", "--binary", "--whitespace=nowarn", "-")
            self.git(*arguments, stdin=patch, index="patched")
        return self.without_runs(self.write_tree(index="patched"), left_out=gone)

    def write_tree(self, *, index: str | None = None) -> str:
        """Return the tree id of an index of the private directory."""
        return self.git("write-tree", "--missing-ok", index=index).decode().strip()

    def work_tree_id(self, exclude: Iterable[str] = ()) -> str:
        """Return the id of the work tree as it is: tracked and new files that are not ignored.

        Run folders are left out, and nothing is left out for its size or its content. The index
        of the repository takes no part, since what it says of files need not be so.

        Args:
            exclude: Paths that are left out too.
        """
        head = self.head()
        self.git("read-tree", self.tree_of(head) if head else self.empty_tree, index="work")
        tracked = self.git(
            "diff-files", "-z", "--name-only", "--ignore-submodules=all", index="work"
        )
        new = self.git("ls-files", "-z", "--others", "--exclude-standard", index="work")
        self.stage(path for path in (tracked + new).split(b"\0") if not path.endswith(b"/"))
        return self.without_runs(self.write_tree(index="work"), left_out=exclude)

    def stage(self, paths: Iterable[bytes], *, index: str = "work") -> None:
        """Take files as they are on disk into an index of the private directory, or out of it."""
        names = b"".join(path + b"\0" for path in paths if path)
        if names:
            arguments = ("update-index", "-z", "--add", "--remove", "--replace", "--stdin")
            self.git(*arguments, stdin=names, index=index)


@contextmanager
def open_shadow(
    top: Path, *, seconds: float = SECONDS, trusted: bool = False
) -> Iterator[ShadowRepository]:
    """Yield the repository whose work tree is ``top``, through a private git directory.

    Args:
        top: Top of the work tree, as :func:`find_top` gives it.
        seconds: Time for everything that is asked of it.
        trusted: The repository is the user's own: its git directory and its objects may lie
            anywhere, and the user's own ignore patterns count.

    Raises:
        UnavailableError: git is missing, there is no usable repository, or time ran out.
    """
    folder = open_git_folder(top, trusted=trusted)
    with tempfile.TemporaryDirectory(prefix="reportgen-git-") as private:
        # Called .git, so that git skips it should the work tree hold the temporary folder.
        path = Path(private, ".git")
        path.mkdir()
        shadow = ShadowRepository(folder, path, Deadline(seconds))
        try:
            yield shadow
        finally:
            shadow.close()
