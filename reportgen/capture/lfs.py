"""Files whose stored form differs from the one on disk because of a filter, which is not run.

git-lfs stores a pointer (version 1: lines ``version``, ``oid sha256:<hex>``, ``size``) in place of
a large file, by a program of the user's configuration. Whether such a file was changed follows
from its SHA-256; any other filter cannot be judged without running it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reportgen.capture.hash_in_time import sha256_in_time
from reportgen.capture.shadow import ShadowRepository
from reportgen.errors import ReportgenError

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]{0,200}\n){0,8}"
    rb"oid sha256:([0-9a-f]{64})\nsize \d{1,18}\n"
)
_POINTER_BYTES = 1_024
_NO_FILTER = frozenset({b"unspecified", b"unset", b"set"})


def pointer_sha256(blob: bytes) -> str | None:
    """Return the SHA-256 that a git-lfs pointer names, or None when ``blob`` is none."""
    match = _POINTER.fullmatch(blob) if len(blob) < _POINTER_BYTES else None
    return match[1].decode() if match else None


class LfsPointers:
    """Judges changed files that an attribute sends through a filter.

    Args:
        shadow: The repository.
        tree: The commit's tree.
        paths: The changed files.
    """

    def __init__(self, shadow: ShadowRepository, tree: str, paths: Sequence[str]) -> None:
        self._shadow = shadow
        self._filtered: set[str] = set()
        self._unchanged: set[str] = set()
        names = [path.encode("utf-8", "surrogateescape") for path in paths if path[-1] != "/"]
        if not names:
            return
        given = b"".join(name + b"\0" for name in names)
        output = shadow.git("check-attr", "-z", "--stdin", "filter", stdin=given).split(b"\0")
        for name, value in zip(output[0::3], output[2::3], strict=False):
            if value not in _NO_FILTER:
                path = name.decode("utf-8", "surrogateescape")
                unchanged = self._is_pointed_at(tree, path)
                (self._unchanged if unchanged else self._filtered).add(path)

    def is_unchanged(self, path: str) -> bool:
        """Tell whether the commit's pointer names just what is on disk."""
        return path in self._unchanged

    def is_filtered(self, path: str) -> bool:
        """Tell whether what git would store of the file cannot be known here."""
        return path in self._filtered

    def _is_pointed_at(self, tree: str, path: str) -> bool:
        entry = self._shadow.entry(tree, path)
        if entry is None or not entry[0].startswith("100"):
            return False
        try:
            expected = pointer_sha256(self._shadow.objects.blob(entry[1], limit=1 << 20))
            return expected is not None and expected == sha256_in_time(
                self._shadow.top, path, self._shadow.deadline
            )
        except (OSError, ReportgenError):
            return False
