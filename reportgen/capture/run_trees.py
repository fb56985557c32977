"""Which paths of a tree are run folders: they never count as code.

A run folder is one whose run.yaml has a line ``schema: reportgen.run/...``; everything below it
goes, and so do sweep.yaml beside run folders and models.yaml in a folder above one, the top
of the repository excepted. Any other file counts, whatever folder it is in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reportgen.capture.git_objects import FOLDER, Entry, ObjectReader
from reportgen.errors import LimitError, UnreadableError
from reportgen.runs import layout

SCHEMA_LINE = re.compile(rb"""(?m)^schema: ["']?reportgen\.run/\d""")
SCHEMA_WITHIN = 4_096

_RUN = layout.RUN.encode()
_SWEEP = layout.SWEEP.encode()
_MODELS = layout.MODELS.encode()
_MAX_DEPTH = 256


def is_run_file(data: bytes) -> bool:
    """Tell whether the bytes of a run.yaml are of this standard."""
    return SCHEMA_LINE.search(data[:SCHEMA_WITHIN]) is not None


@dataclass(frozen=True, slots=True)
class _Reduced:
    """A folder of a tree: what is left of it (None: nothing), and where run folders are."""

    tree: str | None
    is_run: bool = False
    holds_runs: bool = False


class RunTrees:
    """Removes run folders from trees; folders that several trees share are looked at once.

    Args:
        objects: The repository's objects.
    """

    def __init__(self, objects: ObjectReader) -> None:
        self._objects = objects
        self._known: dict[str, _Reduced] = {}
        self._tops: dict[str, str] = {}

    def without_runs(self, tree: str) -> str:
        """Return the id of a tree less the run folders in it.

        Raises:
            UnreadableError: A tree is missing or damaged.
        """
        if tree not in self._tops:
            entries = self._objects.entries(tree)
            kept, _ = self._kept(entries, 0)
            same = kept == entries
            self._tops[tree] = tree if same else self._objects.write_tree(kept, len(tree))
        return self._tops[tree]

    def run_folders(self, tree: str) -> Iterator[str]:
        """Yield the run folders of a tree, as POSIX paths; undecodable bytes surrogate-escaped."""
        self.without_runs(tree)
        pending = [("", tree)]
        while pending:
            prefix, folder = pending.pop()
            for entry in self._objects.entries(folder):
                below = self._known.get(entry.id) if entry.mode == FOLDER else None
                if below is None:
                    continue
                path = prefix + entry.name.decode("utf-8", "surrogateescape")
                if below.is_run:
                    yield path
                elif below.holds_runs:
                    pending.append((f"{path}/", entry.id))

    def without_paths(self, tree: str, paths: Iterable[str]) -> str:
        """Return the id of a tree less some files or folders; what is not in it is no fault."""
        encoded = {path.encode("utf-8", "surrogateescape") for path in paths}
        dropped = [tuple(path.strip(b"/").split(b"/")) for path in encoded if path]
        return self._dropped(tree, dropped) or self._objects.write_tree([], len(tree))

    def _dropped(self, tree: str, paths: list[tuple[bytes, ...]]) -> str | None:
        if not paths:
            return tree
        entries = self._objects.entries(tree)
        kept = []
        for entry in entries:
            below = [path[1:] for path in paths if path[0] == entry.name]
            if () in below:
                continue
            if below and entry.mode == FOLDER:
                left = self._dropped(entry.id, below)
                if left is None:
                    continue
                entry = entry._replace(id=left)
            kept.append(entry)
        if not kept:
            return None
        return tree if kept == entries else self._objects.write_tree(kept, len(tree))

    def _kept(self, entries: list[Entry], depth: int) -> tuple[list[Entry], _Reduced]:
        """Return the entries that count, and whether run folders are somewhere below."""
        kept = []
        beside = above = False
        for entry in entries:
            if entry.mode != FOLDER:
                kept.append(entry)
                continue
            below = self._below(entry.id, depth + 1)
            beside |= below.is_run
            above |= below.is_run or below.holds_runs
            if below.tree is not None:
                kept.append(entry._replace(id=below.tree))
        if depth:
            gone = ({_SWEEP} if beside else set()) | ({_MODELS} if above else set())
            kept = [entry for entry in kept if entry.mode == FOLDER or entry.name not in gone]
        return kept, _Reduced(None, holds_runs=above)

    def _below(self, tree: str, depth: int) -> _Reduced:
        known = self._known.get(tree)
        if known is None:
            if depth > _MAX_DEPTH:
                raise LimitError(f"folders of a tree are nested deeper than {_MAX_DEPTH}")
            known = self._known[tree] = self._look(tree, depth)
        return known

    def _look(self, tree: str, depth: int) -> _Reduced:
        entries = self._objects.entries(tree)
        if any(entry.name == _RUN and self._is_run(entry) for entry in entries):
            return _Reduced(None, is_run=True)
        kept, found = self._kept(entries, depth)
        if not kept:
            return _Reduced(None, holds_runs=found.holds_runs)
        reduced = tree if kept == entries else self._objects.write_tree(kept, len(tree))
        return _Reduced(reduced, holds_runs=found.holds_runs)

    def _is_run(self, entry: Entry) -> bool:
        if not entry.mode.startswith("100"):
            return False
        try:
            return is_run_file(self._objects.blob(entry.id, limit=1 << 24))
        except (UnreadableError, LimitError):
            return False
