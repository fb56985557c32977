"""What a metric is, declared piece by piece."""

from __future__ import annotations

from typing import Any

import pytest
from forked_programs import document

from reportgen.errors import UsageError
from reportgen.logger.context import RunContext
from reportgen.logger.definitions import define_metric


def test_pieces_add_up_and_are_on_disk_at_once(context: RunContext) -> None:
    define_metric(context, "val/f1", {"goal": "maximize", "split": None})
    define_metric(context, "val/f1", {"goal": None, "split": "val", "aggregation": "macro"})
    define_metric(context, "val/loss", {"goal": "minimize"})
    found = document(context.folder, "metrics.yaml")["metrics"]
    assert list(found) == ["val/f1", "val/loss"]
    assert found["val/f1"] == {
        "goal": "maximize",
        "split": "val",
        "unit": None,
        "aggregation": "macro",
        "implementation": None,
        "every": None,
    }


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("", {}),
        (None, {}),
        ("a", {"goal": "up"}),
        ("a", {"unit": 3}),
        ("a", {"every": 0}),
        ("a", {"every": 2.0}),
        ("a", {"every": True}),
        ("a", {"implementation": print}),
    ],
)
def test_misuse_is_refused_and_nothing_declared(
    context: RunContext, name: Any, given: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match="define_metric"):
        define_metric(context, name, given)
    assert context.definitions == {}
