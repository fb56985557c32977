from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import LimitError, UnreadableError
from reportgen.runs.beside import Promotion, read_promotions, read_sweep

SWEEP = """\
name: lr-width
space: {lr: {min: 0.01, max: 0.3}, width: [16, 64]}
method: random
planned: 18
metric: val/accuracy
goal: maximize
chosen: mlp_lr0.1
"""
MODELS = """\
digits:
  best:
    run: 01KDYTEST
    checkpoint: checkpoint_epoch_9.pt
    sha256: ABCDEF
    history:
    - {run: 01KDYOLD, sha256: old}
other: {run: 3, sha256: x}
"""


def test_a_sweep_is_read(tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    sweep = read_sweep(tmp_path)
    assert sweep is not None
    assert (sweep.method, sweep.planned, sweep.goal) == ("random", 18, "maximize")
    assert sweep.space["width"] == [16, 64]


def test_there_may_be_none(tmp_path: Path) -> None:
    assert read_sweep(tmp_path) is None
    assert read_promotions(tmp_path) == []


def test_a_key_that_does_not_fit_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text("planned: many\nmetric: val/loss\nunknown: 1\n")
    sweep = read_sweep(tmp_path)
    assert sweep is not None
    assert (sweep.planned, sweep.metric) == (None, "val/loss")


@pytest.mark.parametrize("text", ["- 1\n", "space: [\n", "!!python/name:os.system x\n", ""])
def test_another_shape_says_so(text: str, tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text(text)
    with pytest.raises(UnreadableError):
        read_sweep(tmp_path)


def test_links_and_huge_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(SWEEP)
    (tmp_path / "sweep.yaml").symlink_to("other.yaml")
    with pytest.raises(UnreadableError, match="link"):
        read_sweep(tmp_path)
    with (tmp_path / "models.yaml").open("wb") as models:
        models.truncate(1 << 30)
    with pytest.raises(LimitError):
        read_promotions(tmp_path)


def test_what_a_name_is_bound_to_now_is_found_and_its_history_is_not(tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text(MODELS)
    assert read_promotions(tmp_path) == [Promotion("digits.best", "01KDYTEST", "abcdef")]
