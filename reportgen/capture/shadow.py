"""Read a repository through a private git directory, so that nothing of it is executed or changed.

A repository's own configuration can run programs on ``status``, ``diff`` or ``archive`` (fsmonitor,
filters, textconv, hooks), and no set of flags turns all of them off. So git gets a directory of
ours: a config of a few validated values, HEAD, references and index copied, and the real objects
as alternates. What git writes (a temporary index, new objects) lands here and goes away with it.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from reportgen.capture import git_process
from reportgen.capture.git_folder import GitFolder, find_top, open_git_folder
from reportgen.capture.git_process import Deadline
from reportgen.capture.run_trees import run_paths
from reportgen.errors import UnavailableError, UnreadableError

__all__ = ["ShadowRepository", "find_top", "open_shadow"]

SECONDS = 10.0
_ID = re.compile(r"^[0-9a-f]{40}(?:[0-9a-f]{24})?$")
_BOOLEANS = ("core.filemode", "core.symlinks", "core.ignorecase", "core.precomposeunicode")
_COPIED_VALUES = {
    "core.autocrlf": ("true", "false", "input"),
    "core.eol": ("lf", "crlf", "native"),
    **dict.fromkeys(_BOOLEANS, ("true", "false")),
}
_FILE_LIMIT = 64 * 2**20
_REFERENCES = 50_000


class ShadowRepository:
    """A repository seen through a private git directory.

    Every id that is passed in must be a full one; anything else is refused before git sees it.

    Args:
        folder: Where the real repository keeps its things.
        shadow: An empty folder for the private git directory.
        deadline: Time for everything done here together.

    Raises:
        UnavailableError: git is missing, or the repository cannot be read.
    """

    def __init__(self, folder: GitFolder, shadow: Path, deadline: Deadline) -> None:
        self.top = folder.top
        self.folder = folder
        self.path = shadow
        self.deadline = deadline
        self.settings = self._real_settings()
        self._fill()
        self._environment = {
            **git_process.base_environment(),
            "GIT_DIR": str(shadow),
            "GIT_WORK_TREE": str(folder.top),
            "GIT_INDEX_FILE": str(shadow / "index"),
        }
        self._reduced: dict[str, str] = {}

    # -- the private directory ------------------------------------------------------------

    def _real_settings(self) -> dict[str, str]:
        """Read the real config as text: names and values, includes not followed."""
        config = self.folder.common / "config"
        if config.is_symlink() or not config.is_file():
            return {}
        arguments = ["config", "--file", str(config), "--no-includes", "--list", "-z"]
        environment = {**git_process.base_environment(), "GIT_DIR": str(self.path)}
        status, output, _ = git_process.run_git(
            arguments, folder=self.path, environment=environment, deadline=self.deadline
        )
        pairs = output.decode("utf-8", "surrogateescape").split("\0") if status == 0 else []
        return {key: value for key, _, value in (pair.partition("\n") for pair in pairs) if key}

    def _fill(self) -> None:
        lines = ["[core]", "\tbare = false"]
        for key, allowed in _COPIED_VALUES.items():
            value = self.settings.get(key, "").lower()
            if value in allowed:
                lines.append(f"\t{key.partition('.')[2]} = {value}")
        if self.settings.get("extensions.objectformat", "").lower() == "sha256":
            lines += ["\trepositoryformatversion = 1", "[extensions]", "\tobjectFormat = sha256"]
        else:
            lines.append("\trepositoryformatversion = 0")
        (self.path / "config").write_text("\n".join(lines) + "\n", encoding="utf-8")
        for name in ("objects/info", "refs/heads", "info"):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        store = str(self.folder.objects.resolve())
        if "\n" in store or store.startswith(("#", '"')):
            raise UnavailableError("the path of the object store has a character git cannot borrow")
        (self.path / "objects/info/alternates").write_text(f"{store}\n", encoding="utf-8")
        self._copy(self.folder.own / "HEAD", "HEAD")
        self._copy(self.folder.own / "index", "index")
        for shared in sorted(self.folder.own.glob("sharedindex.*")):
            self._copy(shared, shared.name)
        self._copy(self.folder.common / "packed-refs", "packed-refs")
        self._copy(self.folder.common / "shallow", "shallow")
        self._copy(self.folder.common / "info/exclude", "info/exclude")
        self._copy_references()

    def _copy(self, source: Path, name: str) -> None:
        if source.is_file() and not source.is_symlink():
            if source.stat().st_size > _FILE_LIMIT:
                raise UnavailableError(f"{source.name} has more than {_FILE_LIMIT} bytes")
            shutil.copyfile(source, self.path / name)

    def _copy_references(self) -> None:
        root = self.folder.common / "refs"
        for count, source in enumerate(sorted(root.rglob("*")) if root.is_dir() else ()):
            if count > _REFERENCES:
                raise UnavailableError(f"has more than {_REFERENCES} loose references")
            if source.is_symlink() or not source.is_file() or source.stat().st_size > 4_096:
                continue
            target = self.path / "refs" / source.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)

    # -- git ------------------------------------------------------------------------------

    def git(self, *arguments: str, stdin: bytes = b"", index: str | None = None) -> bytes:
        """Run git in the private directory and return its output.

        Args:
            arguments: Command and options, ids already checked.
            stdin: Bytes for its standard input.
            index: Name of another temporary index in the private directory.

        Raises:
            UnreadableError: git refused.
            UnavailableError: It is missing or took too long.
        """
        status, output, errors = self._run(list(arguments), stdin, index)
        if status:
            raise git_process.failure(list(arguments), status, errors)
        return output

    def _run(
        self, arguments: list[str], stdin: bytes = b"", index: str | None = None
    ) -> tuple[int, bytes, str]:
        environment = self._environment
        if index is not None:
            environment = {**environment, "GIT_INDEX_FILE": str(self.path / index)}
        return git_process.run_git(
            arguments,
            folder=self.top,
            environment=environment,
            deadline=self.deadline,
            stdin=stdin,
        )

    @property
    def empty_tree(self) -> str:
        """The id of the tree without entries."""
        return self.git("mktree").decode().strip()

    def head(self) -> str | None:
        """Return the id of the commit that is checked out, or None before the first commit."""
        status, output, _ = self._run(["rev-parse", "--verify", "-q", "HEAD^{commit}"])
        return output.decode().strip() if status == 0 else None

    def is_shallow(self) -> bool:
        """Tell whether history was cut off when cloning."""
        return (self.path / "shallow").exists()

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
        environment = {**self._environment, "GIT_LITERAL_PATHSPECS": "0"}
        status, output, errors = git_process.run_git(
            arguments,
            folder=self.top,
            environment=environment,
            deadline=self.deadline,
            stdin=names,
        )
        if status not in (0, 1):  # 1: none of them
            raise git_process.failure(arguments, status, errors)
        found = output.decode("utf-8", "surrogateescape").split("\0")
        return {asked[name] for name in found if name in asked}

    # -- objects --------------------------------------------------------------------------

    def commit_exists(self, commit: str) -> bool:
        """Tell whether a full id names a commit of this repository."""
        if not _ID.match(commit):
            return False
        status, output, _ = self._run(["cat-file", "-t", commit])
        return status == 0 and output.strip() == b"commit"

    def is_object(self, object_id: str) -> bool:
        """Tell whether a full id names any object of this repository."""
        return bool(_ID.match(object_id)) and self._run(["cat-file", "-e", object_id])[0] == 0

    def tree_of(self, commit: str) -> str:
        """Return the id of a commit's tree.

        Raises:
            UnreadableError: There is no such commit here.
        """
        return self.git("rev-parse", "--verify", f"{_checked(commit)}^{{tree}}").decode().strip()

    def commit_time(self, commit: str) -> int:
        """Return a commit's time in seconds since 1970.

        Raises:
            UnreadableError: There is no such commit here.
        """
        output = self.git("log", "-1", "--no-show-signature", "--format=%ct", _checked(commit))
        return int(output.decode().strip() or 0)

    def paths(self, tree: str) -> dict[str, tuple[str, str]]:
        """Return ``path -> (mode, id)`` of every file of a tree or commit, folders resolved.

        Undecodable names are surrogate-escaped.
        """
        output = self.git("ls-tree", "-r", "-z", "--full-tree", _checked(tree))
        found = {}
        for entry in output.split(b"\0"):
            if entry:
                facts, _, name = entry.partition(b"\t")
                mode, _, object_id = facts.decode("ascii").split(" ")
                found[name.decode("utf-8", "surrogateescape")] = (mode, object_id)
        return found

    def blob(self, tree: str, path: str) -> bytes | None:
        """Return the bytes of a file in a tree or commit, or None when it holds no such file."""
        entry = self.paths(tree).get(path)
        if entry is None or entry[0] == "160000":
            return None
        return self.blob_by_id(entry[1])

    def blob_by_id(self, object_id: str) -> bytes:
        """Return the bytes of a blob.

        Raises:
            UnreadableError: There is no such blob here.
        """
        return self.git("cat-file", "blob", _checked(object_id))

    def history(self, limit: int = 2_000) -> Iterator[tuple[str, str]]:
        """Yield ``(commit, tree)`` of every reference's history, newest first.

        Args:
            limit: Commits at most.
        """
        output = self.git(
            "log", "--no-show-signature", f"--max-count={limit}", "--format=%H %T", "--all", "HEAD"
        )
        for line in output.decode("ascii").splitlines():
            commit, _, tree = line.partition(" ")
            yield commit, tree

    def diff(self, old: str, new: str) -> bytes:
        """Return the patch from one tree to another: binary, full ids, no renames."""
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
            _checked(old),
            _checked(new),
        )

    # -- trees ----------------------------------------------------------------------------

    def without_runs(self, tree: str) -> str:
        """Return the id of a tree less the run folders in it (see ``run_trees``).

        Args:
            tree: A tree or a commit.
        """
        known = self._reduced.get(tree)
        if known is None:
            paths = self.paths(tree)
            dropped = run_paths(paths, lambda path: self.blob_by_id(paths[path][1]))
            self.git("read-tree", _checked(tree), index="reduced")
            self.drop(dropped, index="reduced")
            known = self._reduced[tree] = self.write_tree(index="reduced")
        return known

    def tree_with_patch(self, commit: str, patch: bytes) -> str:
        """Return the tree id of a commit with a patch applied, run folders left out.

        Nothing is checked out: links and file modes of the patch only become tree entries.

        Raises:
            UnreadableError: The commit is unknown, or the patch does not apply.
        """
        self.git("read-tree", self.without_runs(self.tree_of(commit)), index="patched")
        if patch.strip():
            self.git(
                "apply",
                "--cached",
                "--binary",
                "--whitespace=nowarn",
                "-",
                stdin=patch,
                index="patched",
            )
        return self.without_runs(self.write_tree(index="patched"))

    def drop(self, paths: list[str], *, index: str | None = None) -> None:
        """Remove paths from an index of the private directory."""
        if paths:
            names = b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)
            self.git("update-index", "-z", "--force-remove", "--stdin", stdin=names, index=index)

    def write_tree(self, *, index: str | None = None) -> str:
        """Return the tree id of an index of the private directory."""
        return self.git("write-tree", "--missing-ok", index=index).decode().strip()


def _checked(object_id: str) -> str:
    if not _ID.match(object_id):
        raise UnreadableError(
            f"{object_id!r:.80} is no full object id", expected="40 or 64 hexadecimal digits"
        )
    return object_id


@contextmanager
def open_shadow(top: Path, *, seconds: float = SECONDS) -> Iterator[ShadowRepository]:
    """Yield the repository whose work tree is ``top``, through a private git directory.

    Args:
        top: Top of the work tree, as :func:`find_top` gives it.
        seconds: Time for everything that is asked of it.

    Raises:
        UnavailableError: git is missing, there is no usable repository, or time ran out.
    """
    folder = open_git_folder(top)
    with tempfile.TemporaryDirectory(prefix="reportgen-git-") as shadow:
        yield ShadowRepository(folder, Path(shadow), Deadline(seconds))
