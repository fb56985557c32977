"""What an attempt found, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reportgen.fs.atomic import write_text
from reportgen.fs.text import storable
from reportgen.reproduce import plot
from reportgen.reproduce.attempt import Attempt
from reportgen.reproduce.verdict import Judgement
from reportgen.runs.schema import REPRODUCTION_SCHEMA, Reproduction, to_plain
from reportgen.runs.view import RunView

_ROWS = 20
_DIFFERENCES = 12
_NAME = 40


def report_lines(attempt: Attempt) -> list[str]:
    """Return the verdict, the series, what differs and what was noticed."""
    return [*_lines(attempt)]


def _lines(attempt: Attempt) -> Iterator[str]:
    judgement = attempt.judgement
    if judgement is None:
        yield f"{attempt.verdict}: {attempt.reason}"
        yield from (f"note: {line}" for line in attempt.notes)
        return
    yield from _table(judgement)
    yield from (f"note: {line}" for line in attempt.notes)
    if judgement.left_out:
        listed = ", ".join(judgement.left_out[:5])
        yield f"note: measures the machine and is not compared: {listed}"
    if judgement.extra:
        yield f"note: only the replay has {', '.join(judgement.extra[:5])}"
    found = attempt.calibration
    if found is not None:
        apart = f"two replays differ by {found.largest:.2g} at most"
        if found.faults:
            apart = f"two replays have not the same steps of {found.faults[0][:_NAME]}"
        yield f"note: {apart}, so the band is {judgement.band:.2g}"
    yield from _divergence(attempt, judgement)
    yield f"same run?        {attempt.verdict}: {_extent(attempt, judgement)}"
    if attempt.conclusion is not None:
        yield f"same conclusion? {attempt.conclusion.line}"


def _table(judgement: Judgement) -> Iterator[str]:
    head = ("metric (last step compared)", "recorded", "replayed", "largest difference")
    rows = [head]
    for one in judgement.series[:_ROWS]:
        _, recorded, replayed = one.last or (0, None, None)
        largest = f"{one.largest:.2g}" if one.last else "missing"
        rows.append((one.name[:_NAME], _number(recorded), _number(replayed), largest))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    if len(judgement.series) > _ROWS:
        yield f"and {len(judgement.series) - _ROWS} more"


def _divergence(attempt: Attempt, judgement: Judgement) -> Iterator[str]:
    worst = judgement.first
    if worst is None or worst.first is None:
        shown = [item for item in attempt.differences if item.tells]
        if shown:
            listed = ", ".join(item.key for item in shown[:4]) + (", ..." if shown[4:] else "")
            yield f"note: another here, which moved nothing out of the band: {listed}"
        return
    step, recorded, replayed = worst.first
    values = f"recorded {_number(recorded)}, replayed {_number(replayed)}"
    yield ""
    yield f"{worst.name} leaves the band at step {step}: {values}"
    yield plot.letters(*attempt.series(worst.name))
    yield f"{'':>12}o recorded, x replayed, * both"
    yield ""
    if not attempt.differences:
        yield "nothing that was recorded differs between then and now"
        return
    yield "what differs between then and now, the likeliest cause first:"
    for item in attempt.differences[:_DIFFERENCES]:
        yield f"  {item.line}" + ("" if item.tells else f" ({item.weight})")
    if len(attempt.differences) > _DIFFERENCES:
        yield f"  and {len(attempt.differences) - _DIFFERENCES} more"
    yield from (f"  {line}" for line in attempt.explained)
    yield ""


def _extent(attempt: Attempt, judgement: Judgement) -> str:
    values = sum(one.points for one in judgement.series)
    extent = "to the end" if attempt.steps is None else f"over {_counted(attempt.steps, 'step')}"
    series = f"{_counted(len(judgement.series), 'metric')}, {_counted(values, 'value')}"
    largest = f"largest difference {judgement.largest:.2g} in a band of {judgement.band:.2g}"
    return f"{extent}, {series}, {largest}"


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _number(value: float | None) -> str:
    return "-" if value is None else repr(value)


def write_plot(attempt: Attempt, place: Path) -> Path | None:
    """Write the plot of a divergence as SVG and return its file, None when there is none."""
    worst = attempt.judgement.first if attempt.judgement else None
    if worst is None or worst.first is None:
        return None
    recorded, replayed = attempt.series(worst.name)
    write_text(place, plot.svg(storable(worst.name), recorded, replayed, worst.first[0]))
    return place


def cannot_run(view: RunView, reason: str) -> dict[str, Any]:
    """Return the result of a replay that was not even tried."""
    entry = Reproduction(
        schema=REPRODUCTION_SCHEMA, run=view.id, verdict="cannot-run", reason=storable(reason)
    )
    return {**to_plain(entry), "name": view.name}
