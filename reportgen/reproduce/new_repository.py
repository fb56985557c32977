"""A repository in a new folder, with a configuration of its own and none of the user's."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from reportgen.capture import git_process
from reportgen.capture.git_folder import open_git_folder
from reportgen.capture.git_process import Deadline
from reportgen.errors import UnavailableError

SECONDS = 300.0
"""Time for everything that git is asked in one repository."""

_FETCH_SECONDS = 1800.0


class NewRepository:
    """The repository that code is restored in.

    Args:
        tree: The folder, which is made.
        id_digits: 40 for SHA-1, 64 for SHA-256.
    """

    def __init__(self, tree: Path, id_digits: int) -> None:
        self.tree = tree
        self._environment = {
            **git_process.base_environment(),
            "GIT_DIR": str(tree / ".git"),
            "GIT_WORK_TREE": str(tree),
        }
        self.paths: dict[str, tuple[str, str]] = {}
        tree.mkdir(parents=True, exist_ok=True)
        kind = "sha256" if id_digits == 64 else "sha1"
        self.git("init", "--quiet", "--template=", f"--object-format={kind}")

    def git(
        self, *arguments: str, stdin: bytes = b"", index: str | None = None, status: int = 0
    ) -> bytes:
        """Run git here and return its output.

        Args:
            arguments: Command and options.
            stdin: Bytes for its standard input.
            index: Name of another index in the git directory.
            status: An exit status that is fine besides 0.

        Raises:
            UnavailableError: It refused.
        """
        environment = dict(self._environment)
        if index is not None:
            environment["GIT_INDEX_FILE"] = str(self.tree / ".git" / index)
        ended, output, errors = git_process.run_git(
            ["-c", "core.hooksPath=/dev/null", "-c", "core.protectHFS=true", *arguments],
            folder=self.tree,
            environment=environment,
            deadline=Deadline(SECONDS),
            stdin=stdin,
        )
        if ended not in (0, status):
            raise UnavailableError(git_process.failure([*arguments], ended, errors).what)
        return output

    # -- objects --------------------------------------------------------------------------

    def borrow(self, top: Path, *, trusted: bool) -> None:
        """Read the objects of another repository as if they were here.

        Args:
            top: Top of its work tree.
            trusted: It is the user's own.

        Raises:
            UnavailableError: It has no usable git directory.
        """
        folder = open_git_folder(top, trusted=trusted)
        place = os.fsencode(folder.objects.resolve())
        for plain, escaped in ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n")):
            place = place.replace(plain, escaped)
        own = self.tree / ".git"
        (own / "objects" / "info").mkdir(parents=True, exist_ok=True)
        (own / "objects" / "info" / "alternates").write_bytes(b'"' + place + b'"\n')
        shallow = folder.common / "shallow"
        if shallow.is_file() and not shallow.is_symlink():
            (own / "shallow").write_bytes(shallow.read_bytes())

    def unbundle(self, bundle: Path) -> list[str]:
        """Take the objects of a git bundle and return the ids that it names.

        Raises:
            UnavailableError: It is none, or needs objects that it does not hold.
        """
        listed = self.git("bundle", "unbundle", str(bundle.resolve()))
        return [line.split(" ")[0] for line in listed.decode("utf-8", "replace").splitlines()]

    def fetch(self, remote: str, commit: str) -> None:
        """Fetch a commit.

        Hosts that do not serve one by its id are asked for all branches and kept runs.

        Args:
            remote: An https or ssh address.
            commit: Full id.

        Raises:
            UnavailableError: The remote does not give it.
        """
        everything = ("heads/*:refs/remotes/origin/*", "tags/*:refs/tags/*")
        references = [f"+refs/{names}" for names in everything]
        references.append("+refs/reportgen/*:refs/reportgen/*")
        for wanted in (["--depth=1", "--", remote, commit], ["--", remote, *references]):
            # The user's own git settings know how to log in there.
            environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
            own = {"GIT_DIR": self._environment["GIT_DIR"], "GIT_TERMINAL_PROMPT": "0"}
            status, _, _ = git_process.run_git(
                ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", *wanted],
                folder=self.tree,
                environment={**environment, **own, "GIT_ALLOW_PROTOCOL": "https:ssh"},
                deadline=Deadline(_FETCH_SECONDS),
            )
            if status == 0 and self.has(commit):
                return
        raise UnavailableError(
            f"does not give commit {commit}",
            where=remote,
            fix="Clone the repository and name it by --repository DIR",
        )

    def has(self, commit: str) -> bool:
        """Tell whether a commit is within reach."""
        try:
            self.git("cat-file", "-e", f"{commit}^{{commit}}")
        except UnavailableError:
            return False
        return True

    # -- files ----------------------------------------------------------------------------

    def check_out(self, commit: str, patch: bytes = b"") -> list[str]:
        """Write the files of a commit with a patch applied, and return those that are not as
        recorded when they are read back: names, links or modes that this file system does not
        keep, or content that an attribute of the repository rewrites.

        Raises:
            UnavailableError: Files cannot be written.
        """
        self.git("update-ref", "--no-deref", "HEAD", commit)
        self.git("read-tree", commit)
        if patch.strip():
            self.git("apply", "--cached", "--binary", "--whitespace=nowarn", "-", stdin=patch)
        self.git("checkout-index", "--all", "-u", "--quiet")
        for entry in self.git("ls-files", "-s", "-z").split(b"\0"):
            if entry:
                facts, _, name = entry.partition(b"\t")
                mode, object_id, _ = facts.decode("ascii").split(" ")
                self.paths[os.fsdecode(name)] = (mode, object_id)
        return [path for path in self._changed() if not self._holds_blob(path)]

    def _changed(self) -> list[str]:
        """Return the files that git takes for changed once it reads every one of them."""
        # An index without file times makes git read files instead of trusting those.
        self.git("read-tree", self.git("write-tree").decode().strip(), index="check")
        self.git("update-index", "-q", "--ignore-submodules", "--refresh", index="check", status=1)
        listed = ("-z", "--name-only", "--ignore-submodules=all")
        other = self.git("diff-files", *listed, index="check").split(b"\0")[:-1]
        (self.tree / ".git" / "check").unlink(missing_ok=True)
        return [os.fsdecode(name) for name in other]

    def _holds_blob(self, path: str) -> bool:
        """Tell whether a plain file has the recorded bytes, whatever git would make of them:
        committed line ends that an attribute asks to be others stay as they are.
        """
        mode, object_id = self.paths.get(path, ("", ""))
        place = self.tree / path
        try:
            if not mode.startswith("100") or place.is_symlink():
                return False
            data = place.read_bytes()
            runnable = bool(place.stat().st_mode & 0o100)
        except OSError:
            return False
        whole = b"blob %d\0" % len(data) + data
        hashed = hashlib.sha256(whole) if len(object_id) == 64 else hashlib.sha1(whole)  # noqa: S324
        return hashed.hexdigest() == object_id and runnable == (mode == "100755")

    def entries(self, mode: str) -> Iterator[tuple[str, str]]:
        """Yield path and object id of what has this mode."""
        for path, (found, object_id) in self.paths.items():
            if found == mode:
                yield path, object_id
