"""The checks in their order: an explicit tuple, and the way to find one by its id."""

from __future__ import annotations

from reportgen.audit.checks import (
    artifacts,
    code,
    code_patch,
    environment,
    environment_data,
    environment_seeds,
    hyperparameters,
    hyperparameters_data,
    hyperparameters_optimizer,
    hyperparameters_search,
    hyperparameters_use,
    metrics_checkpoint,
    metrics_claims,
    metrics_course,
    metrics_end,
    metrics_evaluation,
    metrics_learning,
    metrics_predictions,
    metrics_replicates,
    metrics_series,
)
from reportgen.audit.interface import Check
from reportgen.errors import NotFoundError
from reportgen.suggest import nearest

CHECKS: tuple[Check, ...] = (
    *hyperparameters.CHECKS,
    *hyperparameters_use.CHECKS,
    *hyperparameters_optimizer.CHECKS,
    *hyperparameters_data.CHECKS,
    *hyperparameters_search.CHECKS,
    *metrics_series.CHECKS,
    *metrics_course.CHECKS,
    *metrics_end.CHECKS,
    *metrics_evaluation.CHECKS,
    *metrics_checkpoint.CHECKS,
    *metrics_predictions.CHECKS,
    *metrics_replicates.CHECKS,
    *metrics_claims.CHECKS,
    *metrics_learning.CHECKS,
    *artifacts.CHECKS,
    *code.CHECKS,
    *code_patch.CHECKS,
    *environment_seeds.CHECKS,
    *environment_data.CHECKS,
    *environment.CHECKS,
)
"""Every check of this rule set, category by category."""

CHECKS_BY_ID: dict[str, Check] = {check.id: check for check in CHECKS}


def by_id(check: str) -> Check:
    """Return the check of an id.

    Raises:
        NotFoundError: There is none; the nearest ids are named.
    """
    found = CHECKS_BY_ID.get(check)
    if found is None:
        raise NotFoundError(f"no check {check!r}", fix=nearest(check, CHECKS_BY_ID))
    return found
