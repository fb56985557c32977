"""Names of checkpoints, and what a resumed run finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from reportgen.errors import UsageError
from reportgen.logger.checkpoint_folder import Facts, read_saved, stem_of


def facts(epoch: Any = None, step: Any = None, metric: Any = None) -> Facts:
    return Facts.of(epoch=epoch, step=step, metric=metric)


def test_numbers_of_any_library_become_plain_ones() -> None:
    made = facts(torch.tensor(7), torch.tensor(40), ("val/acc", torch.tensor(0.5)))
    assert made == Facts(epoch=7, step=40, metric="val/acc", value=0.5)
    assert [type(part) for part in (made.epoch, made.step, made.value)] == [int, int, float]
    assert facts(7.5).epoch == 7.5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((None, None), "epoch= or step="),
        (("7",), "epoch is a str"),
        ((float("nan"),), "epoch is nan"),
        ((None, -1), "whole number from 0"),
        ((None, 1.5), "whole number from 0"),
        ((1, None, "val/acc"), 'as \\("val/accuracy", 0.93\\)'),
        ((1, None, (1, 2)), "a name and a number"),
        ((1, None, ("val/acc", "high")), "metric 'val/acc' is a str"),
    ],
)
def test_facts_of_the_wrong_kind_are_refused(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        facts(*arguments)


def test_a_name_is_never_taken_twice(tmp_path: Path) -> None:
    made = []
    for _ in range(4):
        stem = stem_of(tmp_path, facts(7, 840), ".pt")
        (tmp_path / f"{stem}.pt").touch()
        made.append(stem)
    assert made == [
        "checkpoint_epoch_7",
        "checkpoint_epoch_7_step_840",
        "checkpoint_epoch_7_step_840-2",
        "checkpoint_epoch_7_step_840-3",
    ]
    assert stem_of(tmp_path, facts(None, 120), ".pt") == "checkpoint_step_120"
    assert stem_of(tmp_path, facts(7.5), ".pt") == "checkpoint_epoch_7.5"
    (tmp_path / "checkpoint_epoch_9.json").touch()
    assert stem_of(tmp_path, facts(9), ".pt") == "checkpoint_epoch_9-2"


def test_a_folder_is_read_in_the_order_of_training(tmp_path: Path) -> None:
    for epoch in (2, 10, 1):
        (tmp_path / f"checkpoint_epoch_{epoch}.pt").touch()
        (tmp_path / f"checkpoint_epoch_{epoch}.json").write_text(
            f'{{"epoch": {epoch}, "metric": {{"name": "val/acc", "value": 0.{epoch}}}}}'
        )
    (tmp_path / "best_epoch_10.pt").touch()
    (tmp_path / "best_epoch_10.json").write_text(
        '{"epoch": 10, "metric": {"name": "m", "value": "NaN"}}'
    )
    (tmp_path / "best_model.pt").touch()
    (tmp_path / "checkpoint_epoch_3.pt").touch()  # without its description: not ours to remove
    (tmp_path / "checkpoint_epoch_4.pt").touch()
    (tmp_path / "checkpoint_epoch_4.json").write_text("{torn")
    unfinished = tmp_path / ".checkpoint_epoch_11.pt.0a1b2c3d.tmp"
    unfinished.write_bytes(b"half")
    found = read_saved(tmp_path)
    assert {item.file: item.order for item in found if not item.is_best_copy} == {
        "checkpoint_epoch_1.pt": 1,
        "checkpoint_epoch_2.pt": 2,
        "checkpoint_epoch_10.pt": 3,
    }
    copies = [(item.file, item.order) for item in found if item.is_best_copy]
    assert copies == [("best_epoch_10.pt", 3)]
    assert found[0].value == 0.1
    assert not unfinished.exists()


def test_an_absent_folder_holds_none(tmp_path: Path) -> None:
    assert read_saved(tmp_path / "none") == []
