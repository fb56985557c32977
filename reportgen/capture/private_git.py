"""git in a private directory: started with our environment, our configuration and a time limit."""

from __future__ import annotations

from pathlib import Path

from reportgen.capture import git_process
from reportgen.capture.git_folder import GitFolder
from reportgen.capture.git_objects import ObjectReader
from reportgen.capture.git_process import Deadline
from reportgen.capture.private_folder import (
    add_user_ignores,
    fill_private_folder,
    read_settings,
)


class PrivateGit:
    """The private git directory of one repository, and git started in it.

    Args:
        folder: Where the real repository keeps its things.
        path: An empty folder for the private git directory.
        deadline: Time for everything done here together.

    Raises:
        UnavailableError: git is missing, or the repository cannot be read.
    """

    def __init__(self, folder: GitFolder, path: Path, deadline: Deadline) -> None:
        self.top = folder.top
        self.folder = folder
        self.path = path
        self._deadline = deadline
        self.settings = read_settings(folder.common / "config", path, deadline)
        fill_private_folder(path, folder, self.settings)
        if folder.trusted:
            add_user_ignores(path, self.settings, deadline)
        self._environment = {
            **git_process.base_environment(),
            "GIT_DIR": str(path),
            "GIT_WORK_TREE": str(folder.top),
            "GIT_INDEX_FILE": str(path / "index"),
        }
        self.objects = ObjectReader(folder.top, self._environment, path / "objects", deadline)
        sha256 = self.settings.get("extensions.objectformat", "").lower() == "sha256"
        self.id_digits = 64 if sha256 else 40

    def close(self) -> None:
        """End what still runs."""
        self.objects.close()

    @property
    def deadline(self) -> Deadline:
        """Time for what is asked from now on; may be replaced."""
        return self._deadline

    @deadline.setter
    def deadline(self, deadline: Deadline) -> None:
        self._deadline = self.objects.deadline = deadline

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
        status, output, errors = self.run(list(arguments), stdin, index)
        if status:
            raise git_process.failure(list(arguments), status, errors)
        return output

    def run(
        self, arguments: list[str], stdin: bytes = b"", index: str | None = None, **variables: str
    ) -> tuple[int, bytes, str]:
        """Run git as :meth:`git` does, and return its exit status, output and last words.

        Args:
            arguments: Command and options, ids already checked.
            stdin: Bytes for its standard input.
            index: Name of another temporary index in the private directory.
            variables: What differs in its environment.

        Raises:
            UnavailableError: It is missing or took too long.
        """
        environment = {**self._environment, **variables}
        if index is not None:
            environment["GIT_INDEX_FILE"] = str(self.path / index)
        status, output, errors = git_process.run_git(
            arguments,
            folder=self.top,
            environment=environment,
            deadline=self._deadline,
            stdin=stdin,
        )
        # What git says is shown to people: it names the repository, not where ours stands in.
        errors = errors.replace(str(self.path), ".git").replace(str(self.top), ".")
        return status, output, errors
