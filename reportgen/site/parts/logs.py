"""The end of each log, as plain text and in the colours of the terminal."""

from __future__ import annotations

import os
from dataclasses import dataclass

from reportgen.errors import ReportgenError
from reportgen.fs.regular import open_regular
from reportgen.runs import layout
from reportgen.runs.view import RunView
from reportgen.site.figures import size
from reportgen.site.parts.ansi import Segment, segments_of
from reportgen.site.text import clip

LINES = 400
_TAIL_BYTES = 256 * 1024
_LINE_CHARACTERS = 2_000
_LOGS = (
    (layout.TRAINING_LOG, "what the run logged"),
    (layout.STDOUT, "standard output"),
    (layout.STDERR, "standard error"),
)


@dataclass(frozen=True, slots=True)
class Log:
    """The end of one log.

    Attributes:
        place: Its name in the run folder.
        what: What it holds, in words.
        size: Of the whole file, in words.
        text: The last lines; empty when the file is.
        segments: The same in pieces of one colour each.
        cut: Whether there is more before them.
    """

    place: str
    what: str
    size: str
    text: str
    segments: tuple[Segment, ...]
    cut: bool

    @property
    def long(self) -> bool:
        """Whether it is worth searching."""
        return self.text.count("\n") > 20


def logs_of(view: RunView) -> list[Log]:
    """Return the logs that exist, each by its last 400 lines."""
    found = []
    for place, what in _LOGS:
        total = view.file_sizes.get(place)
        if total is None:
            continue
        data = _tail(view, place, total)
        if data is None:
            continue
        lines = data.decode("utf-8", "replace").rstrip("\n").split("\n")
        cut = total > len(data) or len(lines) > LINES
        if total > len(data):
            lines = lines[1:]  # begins in the middle of a line
        raw = "\n".join(clip(line, _LINE_CHARACTERS) for line in lines[-LINES:])
        segments = tuple(segments_of(raw))
        text = "".join(segment.text for segment in segments)
        found.append(Log(place, what, size(total), text, segments, cut))
    return found


def _tail(view: RunView, place: str, total: int) -> bytes | None:
    try:
        with open_regular(view.folder, place) as descriptor:
            return os.pread(descriptor, _TAIL_BYTES, max(0, total - _TAIL_BYTES))
    except (OSError, ReportgenError):
        return None
