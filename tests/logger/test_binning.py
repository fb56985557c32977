"""Histograms of arrays of any library: every finite value in one bin, the others counted."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import UsageError
from reportgen.logger import binning
from reportgen.logger.binning import histogram_of


def test_counts_are_numpys() -> None:
    values = np.random.default_rng(3).normal(size=(50, 20))
    counts, edges = np.histogram(values, 16)
    found = histogram_of(values, 16)
    assert found == {
        "low": edges[0],
        "high": edges[-1],
        "counts": counts.tolist(),
        "count": 1000,
        "not_finite": 0,
    }


def test_a_tensor_is_counted_as_its_array() -> None:
    values = torch.tensor([[0.0, 1.0], [1.5, 4.0]], requires_grad=True)
    for kind in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
        assert histogram_of(values.to(kind), 4) == {
            "low": 0.0,
            "high": 4.0,
            "counts": [1, 2, 0, 1],
            "count": 4,
            "not_finite": 0,
        }


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 2, 5],
        (1.0, 2.0, 2.0, 5.0),
        [[1, 2], [2, 5]],
        np.array([1, 2, 2, 5], np.int8),
        np.array([1, 2, 2, 5], np.float16),
        torch.tensor([1, 2, 2, 5]),
        torch.tensor([1, 2, 2, 5], dtype=torch.uint8),
        torch.tensor([[1.0, 2.0], [2.0, 5.0]]).to_sparse(),
    ],
    ids=lambda values: type(values).__name__ + str(getattr(values, "dtype", "")),
)
def test_anything_with_real_numbers(values: Any) -> None:
    assert histogram_of(values, 2)["counts"] == [3, 1]
    assert histogram_of(values, 2)["high"] == 5


@pytest.mark.parametrize("of", [np.array, torch.tensor, list], ids=["numpy", "torch", "list"])
def test_what_is_not_finite_is_counted_apart(of: Any) -> None:
    values = of([math.nan, -math.inf, 1.0, 2.0, 2.0, math.inf])
    assert histogram_of(values, 2) == {
        "low": 1.0,
        "high": 2.0,
        "counts": [1, 2],
        "count": 6,
        "not_finite": 3,
    }
    assert histogram_of(of([math.nan, math.inf]), 2) == {
        "low": 0.0,
        "high": 0.0,
        "counts": [],
        "count": 2,
        "not_finite": 2,
    }


@pytest.mark.parametrize("of", [np.array, torch.tensor], ids=["numpy", "torch"])
@pytest.mark.parametrize("value", [0.0, -3.0, 1e20, 3e-39, 3.4e38])
def test_one_value_stands_in_the_middle(of: Any, value: float) -> None:
    found = histogram_of(of([value] * 3), 5)
    assert found["counts"] == [0, 0, 3, 0, 0]
    assert found["low"] < value < found["high"]


def test_two_neighbours_are_one_value() -> None:
    found = histogram_of([1.0, math.nextafter(1.0, 2.0)], 64)
    assert sum(found["counts"]) == 2
    assert found["counts"][32] == 2


@given(st.lists(st.floats(width=32), min_size=1, max_size=60), st.integers(1, 70))
def test_nothing_is_lost_in_either_way(values: list[float], bins: int) -> None:
    finite = [value for value in values if math.isfinite(value)]
    if finite and max(finite) - min(finite) > 3e38:
        return
    for given_as in (np.array(values), torch.tensor(values), torch.tensor(values).double()):
        found = histogram_of(given_as, bins)
        assert sum(found["counts"]) == len(finite)
        assert found["not_finite"] == len(values) - len(finite)
        if finite:
            assert len(found["counts"]) == bins
            assert found["low"] <= min(finite) <= max(finite) <= found["high"]


def test_a_large_tensor_is_counted_by_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    values = torch.arange(1000.0)
    whole = histogram_of(values, 10)
    monkeypatch.setattr(binning, "_PIECE", 7)
    assert histogram_of(values, 10) == whole
    assert whole["counts"] == [100] * 10


@pytest.mark.parametrize(
    "values",
    [
        *([], np.zeros(0), torch.zeros(0), "text", None, {"a": 1}, object(), ["a"], [[1], [1, 2]]),
        *(np.array([1j]), torch.tensor([1j]), [None], np.array(["2026-01-01"], "datetime64[D]")),
        *([-1.7e308, 1.7e308], torch.tensor([-3e38, 3e38])),
    ],
    ids=lambda values: type(values).__name__,
)
def test_what_has_no_histogram_is_refused(values: Any) -> None:
    with pytest.raises(UsageError, match="real numbers"):
        histogram_of(values, 4)


def test_no_library_is_loaded_by_the_module_or_for_a_refusal() -> None:
    program = """
import sys
from reportgen.logger import binning, histograms
assert not {"numpy", "torch"} & set(sys.modules)
assert binning.histogram_of([1, 2], 2)["counts"] == [1, 1]
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
