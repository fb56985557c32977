"""The checks in their order: an explicit tuple, and the way to find one by its id."""

from __future__ import annotations

from reportgen.audit.checks import (
    artifacts,
    artifacts_checkpoints,
    artifacts_kept,
    artifacts_seal,
    artifacts_storage,
    code,
    code_dependencies,
    code_loaded,
    code_patch,
    code_remote,
    code_reproduce,
    environment,
    environment_data,
    environment_data_use,
    environment_machine,
    environment_packages,
    environment_replay,
    environment_replicates,
    environment_seeds,
    environment_time,
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
    *artifacts_seal.CHECKS,
    *artifacts_checkpoints.CHECKS,
    *artifacts_kept.CHECKS,
    *artifacts_storage.CHECKS,
    *code.CHECKS,
    *code_patch.CHECKS,
    *code_remote.CHECKS,
    *code_loaded.CHECKS,
    *code_dependencies.CHECKS,
    *code_reproduce.CHECKS,
    *environment_seeds.CHECKS,
    *environment_replicates.CHECKS,
    *environment_data.CHECKS,
    *environment_data_use.CHECKS,
    *environment.CHECKS,
    *environment_packages.CHECKS,
    *environment_machine.CHECKS,
    *environment_time.CHECKS,
    *environment_replay.CHECKS,
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
