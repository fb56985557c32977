"""The Euclidean norm of all gradients of a model, as its optimizer is about to see them.

torch is taken from what the program has loaded. The norms of the gradients are computed by one
fused call a device and data type, in single precision at least, and nothing waits for the
device: the result stays a tensor.
"""

from __future__ import annotations

import sys
from typing import Any

from reportgen.errors import UnavailableError


def gradient_norm(model: Any, optimizer: Any = None) -> Any | None:
    """Return ``sqrt(sum(g**2))`` over every element g of every gradient, a tensor of no dimension.

    Args:
        model: A module of torch; parameters without a gradient are passed over.
        optimizer: The optimizer that is about to step: one that unscales gradients within its
            own kernel (mixed precision with a fused optimizer) says by how much.

    Returns:
        The norm, or None when no parameter has a gradient.

    Raises:
        UnavailableError: The gradients are shards, of which this process has one.
    """
    torch: Any = sys.modules["torch"]
    gradients = [_dense(p.grad) for p in model.parameters() if p.grad is not None]
    if not gradients:
        return None
    if _is_sharded(model, gradients[0]):
        raise UnavailableError(
            "the gradients are spread over the processes, and one alone has no norm of them",
            fix="Log what clip_grad_norm_ returns, which every process has to call.",
        )
    with torch.no_grad():
        norm = _total_norm(torch, gradients)
        scale = getattr(optimizer, "grad_scale", None)
        return norm if scale is None else norm / scale.to(norm.device)


def _is_sharded(model: Any, gradient: Any) -> bool:
    """Tell FSDP's two forms: tensors that are part of a distributed one, and its wrapper."""
    wrapped = any(type(part).__name__ == "FullyShardedDataParallel" for part in model.modules())
    return wrapped or hasattr(gradient, "to_local")


def _dense(gradient: Any) -> Any:
    """Return the values of a sparse gradient, each index once; another one as it is."""
    return gradient.coalesce().values() if gradient.is_sparse else gradient


def _total_norm(torch: Any, gradients: list[Any]) -> Any:
    device = gradients[0].device
    groups: dict[tuple[Any, Any], list[Any]] = {}
    for gradient in gradients:
        groups.setdefault((gradient.device, gradient.dtype), []).append(gradient)
    norms = [
        norm.to(device)
        for (_, kind), group in groups.items()
        for norm in _norms(torch, group, torch.float32 if kind.itemsize < 4 else None)
    ]
    return torch.linalg.vector_norm(torch.stack(norms))


def _norms(torch: Any, gradients: list[Any], kind: Any) -> list[Any]:
    """Return a norm for each; half precision would overflow at 65504."""
    try:
        return list(torch._foreach_norm(gradients, 2.0, dtype=kind))
    except (AttributeError, TypeError, NotImplementedError):  # another torch, another device
        return [torch.linalg.vector_norm(gradient, dtype=kind) for gradient in gradients]
