"""What is to be said about the files of a run folder before any is read."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from reportgen.fs.parsed import NOTES_SHOWN
from reportgen.fs.paths import is_portable
from reportgen.fs.regular import Entry
from reportgen.runs.problems import Problem, Severity

_KINDS: dict[str, tuple[str, Severity]] = {
    "link": ("path.symlink", "warning"),
    "folder that may not be listed": ("path.unreadable", "error"),
}


def entry_problems(entries: Iterable[Entry]) -> Iterator[Problem]:
    """Yield the problems of a listing: what is refused, what has several names, odd names.

    Of each kind the first :data:`reportgen.fs.parsed.NOTES_SHOWN` come one by one.
    """
    counts: Counter[tuple[str, Severity]] = Counter()
    names = _Names()
    for entry in entries:
        for kind, severity, message in (*_faults(entry), *names.collisions(entry.path)):
            counts[kind, severity] += 1
            if counts[kind, severity] <= NOTES_SHOWN:
                yield Problem(kind, severity, entry.path, message)
    for (kind, severity), count in counts.items():
        if count > NOTES_SHOWN:
            yield Problem(kind, severity, ".", f"{count - NOTES_SHOWN} more like these")


def _faults(entry: Entry) -> Iterator[tuple[str, Severity, str]]:
    if entry.refused:
        kind, severity = _KINDS.get(entry.refused, ("file.not_regular", "warning"))
        yield kind, severity, f"is a {entry.refused}: not read, not followed"
    elif entry.links > 1:
        yield "file.hardlink", "info", f"has {entry.links} names (hard links)"
    if not all(map(is_portable, entry.path.split("/"))):
        yield "name.unportable", "info", "is a name that some systems refuse"


class _Names:
    """The names seen so far, as systems compare them that mind neither case nor normal form."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def collisions(self, path: str) -> Iterator[tuple[str, Severity, str]]:
        """Yield what shares its name with ``path``; two folders that do become one, unharmed."""
        key = _compared(path)
        taken = self._files.setdefault(key, path)
        if taken == path and key in self._folders:
            taken = self._folders[key]
        above = path
        while taken == path and "/" in above:
            above = above.rpartition("/")[0]
            folder = _compared(above)
            if folder in self._folders:  # and so are those above it
                break
            self._folders[folder] = above
            taken = self._files.get(folder, path)
        if taken != path:
            what = f"has the name of {taken} where neither case nor the form of accents counts"
            yield "name.collision", "warning", f"{what}: one of the two is lost there"


def _compared(path: str) -> str:
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())
