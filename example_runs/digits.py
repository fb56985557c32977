"""The data set: 1,797 handwritten digits of 8 x 8 pixels, read from a CSV file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class Digits(NamedTuple):
    """n examples.

    Attributes:
        ids: n numbers that name the examples, the same in every run.
        images: n x 1 x 8 x 8 grey values from 0 to 1.
        labels: n digits.
    """

    ids: Tensor
    images: Tensor
    labels: Tensor

    def __getitem__(self, rows: Tensor) -> Digits:  # type: ignore[override]
        return Digits(self.ids[rows], self.images[rows], self.labels[rows])


def load_digits(path: Path) -> Digits:
    """Read a file with the columns id, label, p0 to p63 (grey values from 0 to 16)."""
    table = torch.from_numpy(np.loadtxt(path, dtype=np.int64, delimiter=",", skiprows=1))
    images = table[:, 2:].reshape(-1, 1, 8, 8).float() / 16
    return Digits(table[:, 0], images, table[:, 1])


def split(digits: Digits, fraction: float, seed: int) -> tuple[Digits, Digits]:
    """Divide at random into training and validation examples.

    The division has a seed of its own: runs with other seeds are judged on the same examples.
    """
    order = torch.randperm(len(digits.ids), generator=torch.Generator().manual_seed(seed))
    held_out = round(fraction * len(order))
    return (
        Digits(*(part[order[held_out:]] for part in digits)),
        Digits(*(part[order[:held_out]] for part in digits)),
    )
