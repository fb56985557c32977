"""Objects of a repository, from one ``git cat-file --batch`` that stays open.

Starting git costs some milliseconds, reading one object some microseconds. Formats: gitformat
documentation of git ("tree objects" in git-hash-object and user-manual); the id of an object is
the hash of ``<type> <size>\\0<content>``.
"""

from __future__ import annotations

import hashlib
import os
import re
import selectors
import subprocess
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from reportgen.capture.git_process import Deadline, git_path
from reportgen.errors import LimitError, UnavailableError, UnreadableError

OBJECT_LIMIT = 256 * 2**20
COMMIT_LIMIT = 64 * 2**20
FOLDER = "40000"
LINK_TO_COMMIT = "160000"

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_HEADER = re.compile(rb"[0-9a-f]{40,64} (commit|tree|blob|tag) (\d{1,18})\n")
_COMMIT_TREE = re.compile(rb"tree ([0-9a-f]{40,64})\n")
_COMMITTER_TIME = re.compile(rb"(?m)^committer [^\n]*> (-?\d{1,18})(?: [+-]\d{1,6})?$")


class Entry(NamedTuple):
    """One entry of a tree: its mode in octal, its name in bytes, its id."""

    mode: str
    name: bytes
    id: str


def is_full_id(text: str) -> bool:
    """Tell whether ``text`` is a full object id: 40 or 64 lower-case hexadecimal digits."""
    return _ID.fullmatch(text) is not None


def full_id(text: str) -> str:
    """Return ``text`` when it is a full object id.

    Raises:
        UnreadableError: It is anything else, which git might take for an option or a path.
    """
    if not is_full_id(text):
        raise UnreadableError(
            f"{text!r:.80} is no full object id", expected="40 or 64 hexadecimal digits"
        )
    return text


class ObjectReader:
    """Reads objects, and writes trees of its own making into the private object store.

    Args:
        folder: Where git is started.
        environment: What it is started with.
        store: The private object store.
        deadline: Time for everything; may be replaced.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], store: Path, deadline: Deadline
    ) -> None:
        self.deadline = deadline
        self._folder = folder
        self._environment = dict(environment)
        self._store = store
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""

    def close(self) -> None:
        """End the process; the next read starts another."""
        process, self._process, self._buffer = self._process, None, b""
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.wait()

    def read(self, object_id: str, *, limit: int = OBJECT_LIMIT) -> tuple[str, bytes] | None:
        """Return ``(type, content)`` of an object, or None when it is not here.

        Raises:
            UnreadableError: ``object_id`` is no full id, or git cannot read the object.
            LimitError: It is larger than ``limit`` bytes.
            UnavailableError: git is missing or took too long.
        """
        asked = full_id(object_id).encode() + b"\n"
        try:
            return self._ask(asked, limit)
        except BaseException:
            self.close()
            raise

    def _ask(self, asked: bytes, limit: int) -> tuple[str, bytes] | None:
        process = self._process or self._start()
        if process.stdin is None:
            raise UnavailableError("git has no input")
        try:
            process.stdin.write(asked)
            process.stdin.flush()
        except OSError:
            raise UnreadableError("git ended while objects were read") from None
        line = self._take_line()
        header = _HEADER.fullmatch(line)
        if header is None:
            if line.endswith(b" missing\n"):
                return None
            raise UnreadableError(f"git cannot read the object {asked[:12].decode()}")
        size = int(header[2])
        if size > limit:
            raise LimitError(f"the object {asked[:12].decode()} has {size} bytes")
        content = self._take(size + 1)[:-1]
        return header[1].decode(), content

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            self._process = subprocess.Popen(
                [git_path(), "cat-file", "--batch"],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise UnavailableError(f"git could not be started: {error.strerror}") from None
        return self._process

    def _take_line(self) -> bytes:
        while b"\n" not in self._buffer:
            if len(self._buffer) > 4_096:
                raise UnreadableError("git answered with no line")
            self._buffer += self._more()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line + b"\n"

    def _take(self, size: int) -> bytes:
        pieces = [self._buffer]
        have = len(self._buffer)
        while have < size:
            pieces.append(self._more())
            have += len(pieces[-1])
        whole = b"".join(pieces)
        self._buffer = whole[size:]
        return whole[:size]

    def _more(self) -> bytes:
        pipe = self._process.stdout if self._process else None
        if pipe is None:
            raise UnavailableError("git has no output")
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while not selector.select(self.deadline.left()):
                continue
        piece = os.read(pipe.fileno(), 1 << 18)
        if not piece:
            raise UnreadableError("git ended while objects were read")
        return piece

    # -- what objects say -----------------------------------------------------------------

    def commit(self, commit: str) -> bytes:
        """Return the content of a commit.

        Raises:
            UnreadableError: There is no such commit here.
        """
        found = self.read(commit, limit=COMMIT_LIMIT)
        if found is None or found[0] != "commit":
            raise UnreadableError(f"there is no commit {commit[:12]} here")
        return found[1]

    def tree_of(self, commit_or_tree: str) -> str:
        """Return the id of a commit's tree; a tree is its own.

        Raises:
            UnreadableError: There is no such object here, or the commit names no tree.
        """
        found = self.read(commit_or_tree)
        if found is not None and found[0] == "tree":
            return commit_or_tree
        match = _COMMIT_TREE.match(self.commit(commit_or_tree))
        if match is None:
            raise UnreadableError(f"the commit {commit_or_tree[:12]} names no tree")
        return match[1].decode()

    def commit_time(self, commit: str) -> int:
        """Return a commit's time in seconds since 1970; 0 when it holds none.

        Raises:
            UnreadableError: There is no such commit here.
        """
        head = self.commit(commit).partition(b"\n\n")[0]
        match = _COMMITTER_TIME.search(head)
        return int(match[1]) if match else 0

    def entries(self, tree: str) -> list[Entry]:
        """Return the entries of one tree, in its order, folders not entered.

        Raises:
            UnreadableError: There is no such tree here, or it is damaged.
        """
        found = self.read(tree)
        if found is None or found[0] != "tree":
            raise UnreadableError(f"there is no tree {tree[:12]} here")
        return parse_tree(found[1], len(tree) // 2)

    def blob(self, object_id: str, *, limit: int = OBJECT_LIMIT) -> bytes:
        """Return the bytes of a blob.

        Raises:
            UnreadableError: There is no such blob here.
            LimitError: It is larger than ``limit``.
        """
        found = self.read(object_id, limit=limit)
        if found is None or found[0] != "blob":
            raise UnreadableError(f"there is no file content {object_id[:12]} here")
        return found[1]

    def write_tree(self, entries: list[Entry], id_digits: int) -> str:
        """Store a tree in the private object store and return its id.

        Args:
            entries: In git's order.
            id_digits: 40 for SHA-1, 64 for SHA-256.
        """
        content = b"".join(
            entry.mode.encode() + b" " + entry.name + b"\0" + bytes.fromhex(entry.id)
            for entry in entries
        )
        return self.write("tree", content, id_digits)

    def write(self, kind: str, content: bytes, id_digits: int) -> str:
        """Store an object in the private object store and return its id."""
        whole = f"{kind} {len(content)}\0".encode() + content
        hashed = hashlib.sha256(whole) if id_digits == 64 else hashlib.sha1(whole)  # noqa: S324
        object_id = hashed.hexdigest()
        place = self._store / object_id[:2] / object_id[2:]
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(zlib.compress(whole, 1))
        return object_id


def parse_tree(content: bytes, id_bytes: int) -> list[Entry]:
    """Return the entries of a tree object.

    Args:
        content: ``<mode> <name>\\0<id>``, repeated.
        id_bytes: 20 or 32.

    Raises:
        UnreadableError: It is cut short.
    """
    entries = []
    position = 0
    while position < len(content):
        space = content.find(b" ", position, position + 8)
        end = content.find(b"\0", position)
        if space < 0 or end < 0 or end + 1 + id_bytes > len(content):
            raise UnreadableError("a tree of the repository is damaged")
        object_id = content[end + 1 : end + 1 + id_bytes].hex()
        mode = content[position:space].decode("ascii", "replace")
        entries.append(Entry(mode, content[space + 1 : end], object_id))
        position = end + 1 + id_bytes
    return entries
