"""Defects that people plant into runs, by accident or not: one module a topic, one tuple in all."""

from __future__ import annotations

from planted_defects import (
    artifacts,
    careful,
    checkpoints,
    code_versions,
    data,
    environment,
    hyperparameters,
    metrics_claims,
    metrics_course,
    replays,
)
from planted_defects.defect import Defect

DEFECTS: tuple[Defect, ...] = (
    *hyperparameters.DEFECTS,
    *metrics_course.DEFECTS,
    *metrics_claims.DEFECTS,
    *artifacts.DEFECTS,
    *checkpoints.DEFECTS,
    *code_versions.DEFECTS,
    *environment.DEFECTS,
    *data.DEFECTS,
    *replays.DEFECTS,
    *careful.DEFECTS,
)
"""Every defect, in the order of the checks' categories."""
