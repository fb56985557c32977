"""What is to be said about the files of a run folder before any is read."""

from __future__ import annotations

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
    for entry in entries:
        for kind, severity, message in _faults(entry):
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
