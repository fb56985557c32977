"""The beginning of a resumed run, as a run of its own: what its first attempt recorded.

A resumed run says in its documents how its last attempt was made, which went on from a checkpoint.
Its first steps were made by the command of the first one, whose documents are in ``attempts/1/``
where they differ (see docs/run-folder.md).
"""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from pathlib import Path

from reportgen.errors import UnavailableError
from reportgen.runs import layout
from reportgen.runs.view import RunView

_FIRST = f"{layout.ATTEMPTS}/1"
_DOCUMENTS = (
    *(layout.CONFIG, layout.GIT, layout.PATCH, layout.DATA, layout.ENVIRONMENT),
    *(layout.REQUIREMENTS, layout.METRIC_DEFINITIONS, layout.MODULES, layout.CONFIG_ACCESS),
    *(layout.EXIT, layout.OPENS),
)
_RESUMED = re.compile(rb'^\{"event"\s*:\s*"resume"', re.MULTILINE)


def resumed_at(view: RunView) -> int | None:
    """Return the first step of the second attempt, None for a run of one attempt."""
    steps = [event.step for event in view.metrics.events if event.kind == "resume"]
    known = [step for step in steps if step is not None]
    return min(known) if known else None


def first_attempt(view: RunView) -> RunView:
    """Return the first attempt of a resumed run, read from a temporary folder.

    The folder goes away with the view.

    Raises:
        UnavailableError: The record of the first attempt is not there.
    """
    attempt = view.bytes(f"{_FIRST}/{layout.ATTEMPT}")
    if attempt is None:
        raise UnavailableError(
            "it was resumed, and how it began is not recorded",
            where=f"{_FIRST}/{layout.ATTEMPT}",
        )
    folder = Path(tempfile.mkdtemp(prefix="reportgen-attempt-"))
    try:
        _put(folder, layout.RUN, attempt)
        for place in _DOCUMENTS:
            _put(folder, place, _as_first(view, place))
        for place in view.below(layout.LOCK):
            _put(folder, place, _as_first(view, place))
        metrics = view.bytes(layout.METRICS) or b""
        second = _RESUMED.search(metrics)
        _put(folder, layout.METRICS, metrics[: second.start()] if second else metrics)
        found = RunView(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(found, shutil.rmtree, folder, ignore_errors=True)
    return found


def _as_first(view: RunView, place: str) -> bytes | None:
    """Return a document as the first attempt had it: where a later one kept it, it is the same."""
    for attempt in range(1, view.run.attempt):
        kept = f"{layout.ATTEMPTS}/{attempt}/{place}"
        if view.exists(kept):
            return view.bytes(kept)
    return view.bytes(place)


def _put(folder: Path, place: str, data: bytes | None) -> None:
    if data is not None:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(data)
