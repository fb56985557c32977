"""The figures of a run: their names, what a fault does, what was made smaller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.figure
import numpy as np
import pytest

from reportgen.errors import UsageError
from reportgen.logger.context import RunContext
from reportgen.logger.figure_formats import encode_figure
from reportgen.logger.figures import FigureStore

PICTURE = np.full((4, 4), 7, np.uint8)


def test_a_figure_is_named_by_what_it_shows_and_its_step(context: RunContext) -> None:
    store = FigureStore(context)
    assert store.log("confusion_matrix", PICTURE, 12) == (
        context.folder / "figures" / "confusion_matrix_step_12.png"
    )
    assert store.log("architecture", b"<svg ></svg>") == (
        context.folder / "figures" / "architecture.svg"
    )
    assert (len(store), store.total_bytes) == (2, sum(p.stat().st_size for p in store.paths()))
    assert context.run.overhead_seconds["figures"] > 0


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("val/confusion matrix", "val-confusion-matrix_step_1.png"),
        ("../../etc/passwd", "etc-passwd_step_1.png"),
        ("CON", "run-CON_step_1.png"),
        ("größe", "größe_step_1.png"),
    ],
)
def test_names_are_made_portable(context: RunContext, name: str, file: str) -> None:
    path = FigureStore(context).log(name, PICTURE, 1)
    assert path is not None
    assert path.relative_to(context.folder / "figures") == Path(file)


def test_two_names_never_share_a_file(context: RunContext) -> None:
    store = FigureStore(context)
    first = store.log("val/loss", PICTURE, 1)
    second = store.log("val-loss", PICTURE, 1)
    assert first != second
    assert len(store) == 2
    assert store.log("val-loss", PICTURE, 1) == second


def test_a_step_that_is_drawn_again_is_replaced(context: RunContext) -> None:
    store = FigureStore(context)
    store.log("a", PICTURE, 1)
    path = store.log("a", PICTURE[:2], 1)
    assert len(store) == 1
    assert path is not None
    assert path.read_bytes() == encode_figure(PICTURE[:2]).data


def test_a_loss_of_resolution_is_recorded_once_a_name(context: RunContext) -> None:
    store = FigureStore(context)
    for step in range(3):
        store.log("big", np.zeros((3200, 8), np.uint8), step)
    assert [(e.what, e.where, e.rule) for e in context.run.left_out] == [
        ("resolution of a figure, 50% of each side kept", "figures/big", "size")
    ]


def test_a_bad_figure_raises_until_its_name_was_accepted(
    context: RunContext, caplog: pytest.LogCaptureFixture
) -> None:
    store = FigureStore(context)
    with pytest.raises(UsageError, match="is of type NoneType"):
        store.log("a", None, 1)
    store.log("a", PICTURE, 2)
    assert store.log("a", None, 3) is None
    assert store.log("a", None, 4) is None
    with pytest.raises(UsageError):
        store.log("b", None, 4)
    assert context.run.dropped == {"figures": 2}
    assert len(caplog.records) == 1


def test_a_figure_that_its_library_cannot_draw_is_named(context: RunContext) -> None:
    figure = matplotlib.figure.Figure()
    figure.suptitle(r"$\nosuchmacro$")
    with pytest.raises(UsageError, match="'broken' cannot be drawn"):
        FigureStore(context).log("broken", figure, 1)


@pytest.mark.parametrize(("name", "step"), [("", 1), (3, 1), ("a", -1), ("a", "1"), ("a", 1.5)])
def test_bad_names_and_steps_are_refused(context: RunContext, name: Any, step: Any) -> None:
    with pytest.raises(UsageError):
        FigureStore(context).log(name, PICTURE, step)


def test_a_fault_of_the_disk_never_raises(context: RunContext) -> None:
    (context.folder / "figures").write_text("a file stands here")
    store = FigureStore(context)
    assert store.log("a", PICTURE, 1) is None
    assert context.run.dropped == {"figures": 1}
    assert len(store) == 0


def test_a_forked_child_keeps_nothing(context: RunContext) -> None:
    context.active = False
    assert FigureStore(context).log("a", PICTURE, 1) is None
    assert list(context.folder.iterdir()) == []
