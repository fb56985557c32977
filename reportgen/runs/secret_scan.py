"""The second look: files that are about to be handed on, searched for secrets of known shape.

What is found is named by file, line and rule; the value itself is never kept. The rules and what
they miss are those of :mod:`reportgen.runs.redact`: in logs those of running text, elsewhere the
stricter ones that tell a secret from code that handles one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from reportgen.fs.regular import read_pieces
from reportgen.runs.secret_search import (
    Hit,
    is_literal_secret,
    is_text_secret,
    named_hits,
    option_hits,
    shape_hits,
)

_LOG = ".log"
_OVERLAP = 20_000
_LOOKED_AT = 8_192
_PLACES = 20
"""Places named of one file; the rest of a file that holds so many adds nothing."""

_DIGEST = re.compile(r"[0-9a-f]{32,128}")
_FILE_NAME = re.compile(r"\.(?:cfg|csv|html|ini|ipynb|jsonl?|md|pt|py|sh|toml|txt|ya?ml)\W{1,4}$")


class SecretPlace(NamedTuple):
    """Where a secret stands: ``line`` is None in a file that is no text, 0 in the file's name."""

    path: str
    line: int | None
    rule: str

    def __str__(self) -> str:
        where = self.path if not self.line else f"{self.path}:{self.line}"
        return f"{where} ({self.rule}{', in its name' if self.line == 0 else ''})"


def scan_file(root: Path, relative: str) -> list[SecretPlace]:
    """Return the places of secrets in one file below ``root`` and in its name.

    Raises:
        ReportgenError, OSError: As :func:`reportgen.fs.regular.read_pieces`.
    """
    size = root.joinpath(relative).stat(follow_symlinks=False).st_size
    return scan_pieces(relative, read_pieces(root, relative, limit=max(size, 1)))


def scan_pieces(path: str, pieces: Iterable[bytes]) -> list[SecretPlace]:
    """Return the places of secrets in the bytes of a file and in its name, 20 at most.

    Args:
        path: The file, as it is to be named; bytes of no UTF-8 as lone surrogates.
        pieces: Its content.
    """
    found = {SecretPlace(path, 0, hit.rule): None for hit in shape_hits(path)}
    for line, rule in _hits(pieces, is_log=path.endswith(_LOG)):
        found[SecretPlace(path, line, rule)] = None
        if len(found) >= _PLACES:
            break
    return list(found)


def _hits(pieces: Iterable[bytes], *, is_log: bool) -> Iterator[tuple[int | None, str]]:
    held = b""
    above = 1
    binary: bool | None = None
    for piece in pieces:
        if binary is None:
            binary = b"\0" in piece[:_LOOKED_AT]
        window = held + piece
        text = window.decode("utf-8", "replace")
        for hit in _hits_of(text, binary=binary, is_log=is_log):
            yield (None if binary else above + text.count("\n", 0, hit.start)), hit.rule
        held = window[-_OVERLAP:]
        above += window.count(b"\n", 0, len(window) - len(held))


def _hits_of(text: str, *, binary: bool, is_log: bool) -> Iterator[Hit]:
    yield from shape_hits(text)
    if binary:
        return
    hits = named_hits(text, is_text_secret if is_log else is_literal_secret)
    yield from (hit for hit in hits if not _is_hash_of_a_file(text, hit))
    if is_log:
        yield from option_hits(text)


def _is_hash_of_a_file(text: str, hit: Hit) -> bool:
    """Tell ``"secrets.py": "<SHA-256>"``, as records of files hold, from a secret."""
    before = text[max(0, hit.start - 20) : hit.start]
    return bool(_DIGEST.fullmatch(text, hit.start, hit.end) and _FILE_NAME.search(before))
