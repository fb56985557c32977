"""The ledger of a run: what replays of it found, as far as each entry bears out what it says.

An entry is ``reproductions/<time>.yaml``. Who vouches for it is known only by a signature beside
the seal's, ``signatures/<time>.yaml.sig``, of the bytes of the entry (see ``ssh_signature``): the
name in the entry itself is what its writer claims.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.audit.ssh_signature import parse_signature, public_key
from reportgen.errors import UnavailableError, UnreadableError
from reportgen.runs import layout
from reportgen.runs.numbers import from_stored
from reportgen.runs.schema import REPRODUCTION_SCHEMA, Reproduction
from reportgen.runs.view import RunView

_SIGNATURE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Replay:
    """One entry of the ledger that is about this run.

    Attributes:
        place: Its file.
        entry: What it says.
        difference: Greatest relative difference of the values it lists; None without any.
        signer: The name of the policy's key that signed it, or None.
    """

    place: str
    entry: Reproduction
    difference: float | None
    signer: str | None

    @property
    def concluded(self) -> bool:
        """Whether it ran and was compared."""
        return self.entry.verdict in ("identical", "within-band", "diverges")

    def fault(self, band: float) -> str | None:
        """Return why its verdict is not borne out by what it lists, or None.

        Args:
            band: Greatest relative difference that the policy allows; an entry may only name a
                smaller one.
        """
        if self.entry.verdict == "diverges" or not self.concluded:
            return None
        if self.difference is None:
            return "lists no value that was compared"
        if self.entry.first_difference and self.entry.verdict == "identical":
            return "says identical and names a difference"
        allowed = 0.0 if self.entry.verdict == "identical" else self._band(band)
        if self.difference > allowed:
            return f"says {self.entry.verdict} with a difference of {self.difference:.2g}"
        return None

    def _band(self, allowed: float) -> float:
        own = self.entry.band
        return allowed if own is None or not own >= 0 else min(own, allowed)


def replays_of(view: RunView, signers: Mapping[str, str]) -> list[Replay]:
    """Return the entries of the ledger that are about this run, in the order of their files.

    Args:
        view: The run.
        signers: Public keys of the policy by name.
    """
    found = []
    for place in view.below(layout.REPRODUCTIONS):
        entry = view.captured(place, Reproduction) if place.endswith(".yaml") else None
        if entry is None or entry.schema != REPRODUCTION_SCHEMA or entry.run != view.id:
            continue
        signer = _signer(view, place, signers)
        found.append(Replay(place, entry, _difference(view, entry), signer))
    return found


def _difference(view: RunView, entry: Reproduction) -> float | None:
    """Return the greatest relative difference between what was recorded and replayed.

    A value counts as recorded only when the run has it: as the last or best of its series, or at
    one of its steps. Any other makes the difference infinite.
    """
    worst: float | None = None
    for name, pair in entry.metrics.items():
        recorded, replayed = (from_stored(pair.get(key)) for key in ("recorded", "replayed"))
        if recorded is None or replayed is None:
            continue
        known = name in view.series and _holds(view, name, recorded, pair.get("step"))
        found = relative(recorded, replayed) if known else math.inf
        worst = found if worst is None else max(worst, found)
    return worst


def _holds(view: RunView, name: str, value: float, step: Any) -> bool:
    points = view.series[name].settled()
    if type(step) is int:
        points = [point for point in points if point[0] == step]
    return any(found == value or (found != found and value != value) for _, found in points)


def relative(one: float, other: float) -> float:
    """Return the difference of two numbers relative to the larger; infinite if either is."""
    if one == other or (math.isnan(one) and math.isnan(other)):
        return 0.0
    if not math.isfinite(one) or not math.isfinite(other):
        return math.inf
    return abs(one / 2 - other / 2) / (max(abs(one), abs(other)) / 2)


def _signer(view: RunView, place: str, signers: Mapping[str, str]) -> str | None:
    name = place.removeprefix(f"{layout.REPRODUCTIONS}/").replace("/", "_")
    signature = f"{layout.SIGNATURES}/{name}.sig"
    if not signers or not view.exists(signature):
        return None
    try:
        found = parse_signature(view.bytes(signature, limit=_SIGNATURE_BYTES) or b"")
        if not found.signs(view.bytes(place) or b""):
            return None
    except (UnreadableError, UnavailableError):
        return None
    return next((one for one, line in signers.items() if public_key(line) == found.key), None)
