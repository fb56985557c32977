"""The ledger of a run: what came of running it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reportgen.runs import layout
from reportgen.runs.schema import REPRODUCTION_SCHEMA, Reproduction
from reportgen.runs.times import from_iso
from reportgen.runs.view import RunView
from reportgen.site.figures import moment, plural, stored
from reportgen.site.text import clip

ROWS = 50
_WORDS = {
    "identical": ("Identical", "good"),
    "within-band": ("Within the band", "good"),
    "diverges": ("Diverges", "poor"),
    "other-environment": ("Other environment", "warn"),
    "cannot-run": ("Cannot be run", "warn"),
}


@dataclass(frozen=True, slots=True)
class ReproductionRow:
    """One attempt.

    Attributes:
        created: When.
        word: The verdict.
        tone: ``good``, ``warn`` or ``poor``.
        extent: How far it ran, and by what it was judged.
        detail: Where it diverged, or why it could not be run.
        conclusion: Whether the final metric leads to the same conclusion; empty when not asked.
        environment: In which environment.
        signer: Who says so; a claim.
    """

    created: str
    word: str
    tone: str
    extent: str
    detail: str
    conclusion: str
    environment: str
    signer: str


def reproductions_of(view: RunView) -> list[ReproductionRow]:
    """Return the attempts to run it again, the latest first."""
    found = []
    for place in view.below(layout.REPRODUCTIONS):
        entry = view.captured(place, Reproduction) if place.endswith(".yaml") else None
        if entry is not None and entry.schema == REPRODUCTION_SCHEMA and entry.run == view.id:
            found.append(entry)
    found.sort(key=lambda entry: entry.created or "", reverse=True)
    return [_row(entry) for entry in found[:ROWS]]


def _row(entry: Reproduction) -> ReproductionRow:
    word, tone = _WORDS[entry.verdict]
    return ReproductionRow(
        created=moment(from_iso(entry.created)),
        word=word,
        tone=tone,
        extent="" if entry.verdict == "cannot-run" else _extent(entry),
        detail=_detail(entry),
        conclusion=_conclusion(entry.conclusion or {}),
        environment=_environment(entry),
        signer=clip(entry.signer or "", 80),
    )


def _environment(entry: Reproduction) -> str:
    if entry.cold:
        return "made from the record"
    words = {"current": "the one at hand", "named": "one that was there"}
    return words.get(entry.environment or "", clip(entry.environment or "", 40))


def _extent(entry: Reproduction) -> str:
    extent = "to the end" if entry.steps is None else plural(entry.steps, "step")
    return extent if entry.band is None else f"{extent}, band {entry.band:.2g}"


def _detail(entry: Reproduction) -> str:
    first: dict[str, Any] = entry.first_difference or {}
    if not first:
        return clip(entry.reason or "", 200)
    values = f"recorded {stored(first.get('recorded'))}, replayed {stored(first.get('replayed'))}"
    return clip(f"{first.get('series')} at step {first.get('step')}: {values}", 200)


def _conclusion(said: dict[str, Any]) -> str:
    if not said:
        return ""
    if said.get("same") is None:
        return clip(f"cannot be told: {said.get('reason')}", 120)
    words = "same" if said["same"] else "another"
    return clip(f"{words} conclusion, from {said.get('n')} seeds", 120)
