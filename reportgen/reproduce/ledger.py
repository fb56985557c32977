"""The ledger: each attempt is an entry below ``reproductions/`` of the run folder, unsealed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from reportgen import __version__
from reportgen.capture.environment import capture_environment
from reportgen.errors import UsageError
from reportgen.fs.text import storable
from reportgen.reproduce.attempt import Attempt
from reportgen.runs import layout
from reportgen.runs.redact import redact_text, redact_value
from reportgen.runs.schema import REPRODUCTION_SCHEMA, Reproduction, Writer, to_plain
from reportgen.runs.times import to_iso
from reportgen.runs.writer import new_run_id, write_document

_MAX_DIFFERENCES = 100
_MAX_METRICS = 500


def entry_of(attempt: Attempt, *, now: float, signer: str | None = None) -> Reproduction:
    """Return the entry of an attempt.

    Args:
        attempt: The attempt.
        now: Seconds since 1970.
        signer: Who says so, as they want to be called; a claim until somebody signs it.
    """
    judgement, plan = attempt.judgement, attempt.plan
    metrics = judgement.metrics() if judgement else {}
    differences, _ = redact_value([_plain(item) for item in attempt.differences])
    return Reproduction(
        schema=REPRODUCTION_SCHEMA,
        id=new_run_id(now),
        run=plan.view.id,
        verdict=attempt.verdict,
        reason=None if attempt.reason is None else _told(attempt.reason, attempt),
        steps=attempt.steps,
        band=judgement.band if judgement else None,
        largest=None if judgement is None else _finite(judgement.largest),
        first_difference=judgement.first_difference if judgement else None,
        metrics=dict(list(metrics.items())[:_MAX_METRICS]),
        differences=differences[:_MAX_DIFFERENCES],
        conclusion=attempt.conclusion.record() if attempt.conclusion else None,
        calibration=_calibration(attempt),
        seconds=round(attempt.seconds, 3),
        created=to_iso(now),
        cold=attempt.cold,
        environment=plan.environment.kind,
        host=capture_environment(run_id=plan.view.id).host,
        signer=signer,
        writer=Writer(name="reportgen", version=__version__),
    )


def _told(reason: str, attempt: Attempt) -> str:
    """Return a reason without secrets and without what names this machine or its user."""
    text = reason.replace(os.fspath(attempt.folder), "...")
    home = os.path.expanduser("~")
    return redact_text(text.replace(home, "~") if len(home) > 1 else text)[0]


def _plain(item: Any) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__struct_fields__}


def _finite(value: float) -> float | None:
    return value if value < float("inf") else None


def _calibration(attempt: Attempt) -> dict[str, Any] | None:
    found = attempt.calibration
    if found is None:
        return None
    return {"replays": found.replays, "largest": _finite(found.largest), "apart": [*found.faults]}


def check_ledger(run: Path, ledger: Path | None = None) -> None:
    """Make sure, before anything is run, that an entry can be written; nothing is written.

    Args:
        run: The run folder.
        ledger: Another folder.

    Raises:
        UsageError: It cannot.
    """
    place = (run / layout.REPRODUCTIONS if ledger is None else ledger).absolute()
    there = next(folder for folder in (place, *place.parents) if os.path.lexists(folder))
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise UsageError(
            "the ledger cannot be written",
            where=str(there),
            expected="a folder that you may write to",
            fix="--ledger DIR keeps it elsewhere",
        )


def write_entry(entry: Reproduction, run: Path, ledger: Path | None = None) -> Path:
    """Write an entry beside those that are there, and return its file.

    Args:
        entry: The entry.
        run: The run folder.
        ledger: Another folder, for a run folder that is not one's own.

    Raises:
        UsageError: It cannot be written there.
    """
    place = f"{layout.REPRODUCTIONS}/{entry.id}.yaml"
    folder = run if ledger is None else ledger
    name = place if ledger is None else f"{entry.id}.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_document(folder, name, entry)
    except OSError as error:
        raise UsageError(
            f"the ledger cannot be written: {error.strerror}",
            where=str(folder / name),
            fix="--ledger DIR keeps it elsewhere",
        ) from None
    return folder / name


def document_of(entry: Reproduction, attempt: Attempt) -> dict[str, Any]:
    """Return the result of the command: the entry, and where to look on this machine."""
    replayed = attempt.replayed
    return {
        **to_plain(entry),
        "name": attempt.plan.view.name,
        "explained": [storable(line) for line in attempt.explained],
        "notes": [storable(note) for note in (*attempt.plan.notes, *attempt.notes)],
        "folder": storable(os.fspath(attempt.folder)),
        "replayed": None if replayed is None else storable(os.fspath(replayed.absolute_folder)),
    }
