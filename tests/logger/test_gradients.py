"""The norm of all gradients, against torch's own clipping and by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from reportgen.errors import UnavailableError
from reportgen.logger import gradients
from reportgen.logger.gradients import gradient_norm


def model_with(*values: torch.Tensor) -> nn.Module:
    model = nn.ParameterList([nn.Parameter(torch.zeros_like(value)) for value in values])
    for parameter, value in zip(model.parameters(), values, strict=True):
        parameter.grad = value
    return model


def test_it_is_the_norm_that_clipping_returns() -> None:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 3))
    model(torch.randn(4, 5)).square().sum().backward()
    model.append(nn.Linear(2, 2))  # without gradients
    found = gradient_norm(model)
    expected = nn.utils.clip_grad_norm_(model.parameters(), 1e9)
    assert found is not None
    assert float(found) == pytest.approx(float(expected), rel=1e-6)
    assert not found.requires_grad


def test_without_gradients_there_is_none() -> None:
    assert gradient_norm(nn.Linear(2, 2)) is None


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64, torch.complex64])
def test_every_precision(kind: torch.dtype) -> None:
    found = gradient_norm(model_with(torch.full((10_000,), 3.0, dtype=kind), torch.tensor([400.0])))
    assert found is not None
    assert float(found) == pytest.approx(500, rel=1e-3)


def test_half_precision_does_not_overflow() -> None:
    found = gradient_norm(model_with(torch.full((4,), 60_000.0, dtype=torch.float16)))
    assert float(found or 0) == pytest.approx(120_000, rel=1e-3)


def test_sparse_gradients_count_each_index_once() -> None:
    embedding = nn.Embedding(10, 2, sparse=True)
    embedding(torch.tensor([3, 3, 7])).sum().backward()
    # both columns: index 3 twice, index 7 once
    assert float(gradient_norm(embedding) or 0) == pytest.approx(math.sqrt(2 * (4 + 1)))


def test_what_is_not_finite_shows() -> None:
    assert math.isnan(float(gradient_norm(model_with(torch.tensor([math.nan, 1.0]))) or 0))
    assert math.isinf(float(gradient_norm(model_with(torch.tensor([math.inf, 1.0]))) or 0))


def test_the_scale_of_mixed_precision_is_taken_out() -> None:
    class Fused:
        grad_scale = torch.tensor(64.0)

    found = gradient_norm(model_with(torch.tensor([3.0 * 64, 4.0 * 64])), Fused())
    assert float(found or 0) == pytest.approx(5)


def test_a_torch_without_the_fused_call_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_with(torch.randn(3, 4), torch.randn(2), torch.randn(5).half())
    fused = gradient_norm(model)
    monkeypatch.delattr(torch, "_foreach_norm")
    assert float(gradient_norm(model) or 0) == pytest.approx(float(fused or 0), rel=1e-6)


def test_one_call_serves_all_gradients_of_a_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    original = torch._foreach_norm

    def counted(tensors: Any, *arguments: Any, **named: Any) -> Any:
        calls.append(len(tensors))
        return original(tensors, *arguments, **named)

    monkeypatch.setattr(torch, "_foreach_norm", counted)
    gradient_norm(model_with(*(torch.randn(3) for _ in range(50))))
    assert calls == [50]
    assert gradients.__name__


def test_shards_have_no_norm() -> None:
    class FullyShardedDataParallel(nn.Module):  # the name is what is looked for
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(1, 1)

    model = FullyShardedDataParallel()
    model.inner(torch.ones(1)).sum().backward()
    with pytest.raises(UnavailableError, match="spread over the processes"):
        gradient_norm(model)

    class DTensor(torch.Tensor):
        def to_local(self) -> torch.Tensor:
            return self

    sharded = nn.Linear(1, 1)
    sharded.weight.grad = torch.ones(1, 1).as_subclass(DTensor)
    with pytest.raises(UnavailableError, match="clip_grad_norm_"):
        gradient_norm(sharded)
