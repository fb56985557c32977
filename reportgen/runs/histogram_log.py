"""histograms.jsonl: distributions over the steps of a run, one JSON object a line.

A line is ``{"step": 12, "time": 1763900000.1, "histograms": {name: {"low": -1.0, "high": 1.0,
"counts": [3, 9, 1], "count": 14, "not_finite": 1}}}``: ``counts`` of bins of equal width from
``low`` to ``high`` (the last bin holds ``high`` too), ``count`` of all values, those that are
neither a bin's nor finite among them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from reportgen.fs.limits import DEFAULT_LIMITS, Limits
from reportgen.runs import layout
from reportgen.runs.document import Count, Document
from reportgen.runs.metric_blocks import Block, blocks_of
from reportgen.runs.problems import Problem

MAX_BINS = 4_096
_PROBLEMS_SHOWN = 20


class Histogram(Document):
    """One distribution; without finite values ``counts`` is empty."""

    low: float
    high: float
    counts: Annotated[list[Count], msgspec.Meta(max_length=MAX_BINS)]
    count: Count
    not_finite: Count = 0


class HistogramRecord(Document):
    """One line: the distributions of one step."""

    step: Count
    histograms: dict[str, Histogram]
    time: float | None = None


@dataclass(slots=True)
class HistogramLog:
    """The distributions of a run.

    Attributes:
        series: By name, ``(step, histogram)`` in the order of the file.
        problems: Lines that could not be read.
    """

    series: dict[str, list[tuple[int, Histogram]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_histograms(
    pieces: Iterable[bytes], *, name: str = layout.HISTOGRAMS, limits: Limits = DEFAULT_LIMITS
) -> HistogramLog:
    """Return the distributions in a file, past torn and bad lines.

    Args:
        pieces: The bytes of the file.
        name: The file, for problems.
        limits: Length of a line, and how many lines and series are read.
    """
    log = HistogramLog()
    decoder = msgspec.json.Decoder(HistogramRecord)
    bad = 0
    for block in blocks_of(pieces, limits.line_bytes):
        for number, line in enumerate(block.data.split(b"\n"), block.line):
            if not line.strip() and not block.too_long:
                continue
            fault = _take(line, block, decoder, log, limits)
            if fault is None:
                continue
            bad += 1
            if bad <= _PROBLEMS_SHOWN:
                kind = "log.torn_tail" if block.torn else "log.bad_line"
                log.problems.append(Problem(kind, "warning", name, fault, number))
    if bad > _PROBLEMS_SHOWN:
        more = f"{bad - _PROBLEMS_SHOWN} more lines like these"
        log.problems.append(Problem("log.bad_line", "warning", name, more))
    return log


def _take(
    line: bytes,
    block: Block,
    decoder: msgspec.json.Decoder[HistogramRecord],
    log: HistogramLog,
    limits: Limits,
) -> str | None:
    if block.too_long:
        return f"is a line of {block.too_long} bytes: not read"
    try:
        record = decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"is no histogram record: {error}"[:200]
    for name, histogram in record.histograms.items():
        if name in log.series or len(log.series) < limits.series:
            log.series.setdefault(name, []).append((record.step, histogram))
    return None
