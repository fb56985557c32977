"""The files of the tree that ran, read from the objects of the repository."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from reportgen.audit.interface import AuditContext
from reportgen.audit.recorded_tree import recorded_tree
from reportgen.audit.repository import Answer, Repository
from reportgen.capture.git_objects import FOLDER, LINK_TO_COMMIT, OBJECT_LIMIT, is_full_id
from reportgen.capture.shadow import ShadowRepository
from reportgen.errors import LimitError, UnavailableError, UnreadableError
from reportgen.fs.hashing import sha256_bytes
from reportgen.runs.root import root_of
from reportgen.runs.schema import GitInfo

_SMALL_BYTES = 16 * 2**20


class CodeTree:
    """The files of the recorded tree.

    Args:
        repository: Holds its objects.
        tree: Its id.
    """

    def __init__(self, repository: Repository, tree: str) -> None:
        self._repository = repository
        self.id = tree
        self.paths = repository.asked(("paths", tree), lambda shadow: shadow.paths(tree))
        """Mode and object id of every file by its path; a submodule is one entry."""

    def __contains__(self, path: str) -> bool:
        return path in self.paths

    def blob(self, path: str) -> bytes | None:
        """Return the bytes of a small file, None when the tree holds no such file.

        Raises:
            UnavailableError: They cannot be read here, or are more than 16 MiB.
        """
        object_id = self._file(path)
        if object_id is None:
            return None
        return self._read(
            ("blob", object_id), lambda shadow: _blob_of(shadow, object_id, _SMALL_BYTES)
        )

    def sha256(self, path: str, *, windows_ends: bool = False) -> str | None:
        """Return the SHA-256 of a file's bytes, None when the tree holds no such file.

        Args:
            path: The file.
            windows_ends: Of a text as a checkout with CRLF line ends has it.

        Raises:
            UnavailableError: They cannot be read here.
        """
        object_id = self._file(path)
        if object_id is None:
            return None

        def digest(shadow: ShadowRepository) -> str:
            content = _blob_of(shadow, object_id, OBJECT_LIMIT)
            if windows_ends:
                content = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            return sha256_bytes(content)

        return self._read(("sha256", object_id, windows_ends), digest)

    def _file(self, path: str) -> str | None:
        mode, object_id = self.paths.get(path, (FOLDER, ""))
        return None if mode in (FOLDER, LINK_TO_COMMIT) else object_id

    def _read(self, key: tuple[object, ...], find: Callable[[ShadowRepository], Answer]) -> Answer:
        try:
            return self._repository.asked(key, find)
        except UnreadableError as error:
            raise UnavailableError(error.what) from None


def _blob_of(shadow: ShadowRepository, object_id: str, limit: int) -> bytes:
    try:
        return shadow.objects.blob(object_id, limit=limit)
    except LimitError as error:
        # Of this one object: the repository as a whole can still be asked.
        raise UnreadableError(error.what) from None


def code_tree(context: AuditContext) -> CodeTree:
    """Return the files of the tree that the record of the code gives.

    Whether it is the recorded one is for ``code.patch-restores-tree`` to say.

    Raises:
        UnavailableError: No commit is recorded, it is not here, or its patch does not apply.
    """
    git = context.run.git or GitInfo()
    if not is_full_id((git.commit or "").strip().lower()):
        raise UnavailableError("no commit is recorded")
    try:
        return CodeTree(context.repository, recorded_tree(context))
    except UnreadableError as error:
        raise UnavailableError(error.what) from None


def root_in_repository(context: AuditContext) -> str | None:
    """Return where runs are written, from the top of the repository; None when that is outside."""
    top = context.repository.top
    if top is None:
        return None
    root = Path(os.path.realpath(root_of(context.run)[0]))
    real = Path(os.path.realpath(top))
    if root == real or not root.is_relative_to(real):
        return None
    return root.relative_to(real).as_posix()
