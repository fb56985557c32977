"""How long a training means to run."""

from __future__ import annotations

from typing import Any

import pytest

from reportgen.errors import UsageError
from reportgen.logger.planned import planned_of


@pytest.mark.parametrize(
    ("config", "steps", "epochs"),
    [
        ({"max_steps": 100}, 100, None),
        ({"epochs": 3, "batch_size": 4}, None, 3),
        ({"training.num_epochs": 3, "trainer.max_steps": 50}, 50, 3),
        ({"num_train_epochs": 2.5}, None, 2.5),
        ({"steps": 7, "max_steps": 9}, 9, None),
        ({"max_steps": -1, "steps": 8}, 8, None),
        ({"max_steps": 1e4}, 10_000, None),
    ],
)
def test_customary_names_are_understood(
    config: dict[str, Any], steps: int | None, epochs: float | None
) -> None:
    planned = planned_of(None, config)
    assert planned is not None
    assert (planned.steps, planned.epochs) == (steps, epochs)


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"lr": 0.1},
        {"max_steps": None},
        {"epochs": True},
        {"epochs": "ten"},
        {"epochs": 0},
        {"scheduler.steps": 30},
        {"model.sampler.num_steps": 50},
    ],
)
def test_nothing_is_guessed_from_the_rest(config: dict[str, Any]) -> None:
    assert planned_of(None, config) is None


def test_what_is_said_wins_key_by_key() -> None:
    planned = planned_of({"steps": 5}, {"max_steps": 100, "epochs": 3})
    assert planned is not None
    assert (planned.steps, planned.epochs) == (5, 3)


@pytest.mark.parametrize(
    "planned", [{"step": 3}, {"steps": 0}, {"steps": 1.5}, {"steps": "3"}, {"epochs": True}]
)
def test_misuse_is_refused(planned: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"start_run\(planned=\)"):
        planned_of(planned, {})
