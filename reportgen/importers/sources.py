"""The files of a source: found without following a link, hashed as they are read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.errors import NotFoundError
from reportgen.fs.limits import DEFAULT_LIMITS, Limits
from reportgen.fs.regular import PIECE, open_regular, walk
from reportgen.importers.interface import SourceFile
from reportgen.runs.times import to_iso

_NEVER_ENTERED = frozenset({".git", ".dvc", "node_modules", "__pycache__"})


def place_of(source: Path) -> tuple[Path, str | None]:
    """Return the folder to read below, and the one file of it that is meant, if one is."""
    return (source.parent, source.name) if source.is_file() else (source, None)


def files_below(source: Path, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[str]:
    """Yield the regular files of a source as paths below it, sorted within each folder.

    Raises:
        NotFoundError: There is no such file or folder.
        LimitError: It holds too many files, or folders nested too deep.
    """
    root, single = place_of(source)
    if single is not None:
        yield single
        return
    if not root.is_dir():
        raise NotFoundError("there is no such file or folder", where=str(source))
    for entry in walk(root, limits=limits):
        parts = entry.path.split("/")
        if entry.refused is None and _NEVER_ENTERED.isdisjoint(parts[:-1]):
            yield entry.path


@dataclass(slots=True)
class HashedPieces:
    """The bytes of a file in pieces, hashed and counted on their way.

    Attributes:
        head: The first bytes, up to 4,096.
    """

    root: Path
    path: str
    limit: int
    head: bytes = b""
    _bytes: int = 0
    _modified: float = 0.0
    _digest: Any = None

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces.

        Raises:
            NotFoundError, UnsafePathError, OSError: As ``open_regular``.
        """
        self._digest = hashlib.sha256()
        with open_regular(self.root, self.path) as descriptor:
            self._modified = os.fstat(descriptor).st_mtime
            while piece := os.read(descriptor, PIECE):
                self.head = self.head or piece[:4096]
                self._digest.update(piece)
                self._bytes += len(piece)
                yield piece
                if self._bytes > self.limit:
                    return

    @property
    def too_large(self) -> bool:
        """Whether reading stopped at the limit."""
        return self._bytes > self.limit

    def source(self, shown: str) -> SourceFile:
        """Return what is recorded of the file once all of it was read.

        Args:
            shown: Its path as it is recorded.
        """
        try:
            modified = to_iso(self._modified)
        except ValueError:
            modified = None
        return SourceFile(shown, self._bytes, self._digest.hexdigest(), modified)
