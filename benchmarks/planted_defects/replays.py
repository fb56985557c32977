"""Defects of the ledger of replays, which stands outside of the seal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planted_defects.defect import Defect, Plant
from planted_defects.lab import Lab
from reportgen.runs.writer import write_plain

ELSEWHERE = "b" * 64
DIVERGED = {
    "verdict": "diverges",
    "first_difference": {"series": "train/loss", "step": 3, "recorded": 2.1, "replayed": 2.4},
}


def _ledger(signed_by: str | None = None, factor: float = 1.0, **changes: Any) -> Plant:
    """A plant that adds a replay to the ledger; what is replayed differs by ``factor``."""

    def plant(lab: Lab) -> None:
        step, value = lab.view.series["train/loss"].settled()[-1]
        entry: Mapping[str, Any] = {
            "schema": "reportgen.reproduction/1",
            "run": lab.view.id,
            "verdict": "identical",
            "steps": 20,
            "band": 1e-5,
            "metrics": {
                "train/loss": {"step": step, "recorded": value, "replayed": value * factor}
            },
            "created": "2026-02-01T00:00:00.000Z",
            "cold": True,
            "host": ELSEWHERE,
            "signer": signed_by,
            **changes,
        }
        write_plain(lab.run, "reproductions/20260201.yaml", entry)

    return plant


DEFECTS = (
    Defect(
        "a replay came out otherwise",
        "environment.replay-prefix",
        _ledger(**DIVERGED),
        cover="nothing",
    ),
    Defect(
        "a replay is called identical and lists other values",
        "environment.replay-prefix",
        _ledger(factor=1.01),
        cover="nothing",
    ),
    Defect(
        "a replay allows itself a difference of a tenth",
        "environment.replay-prefix",
        _ledger(factor=1.05, verdict="within-band", band=0.1),
        cover="nothing",
    ),
    Defect(
        "somebody else got another result",
        "environment.replay-independent",
        _ledger(steps=None, **DIVERGED),
        cover="nothing",
    ),
    Defect(
        "a reproduction by others is claimed and signed by nobody",
        "environment.replay-independent",
        _ledger("A. Colleague", steps=None),
        cover="nothing",
        least="partial",
    ),
)
