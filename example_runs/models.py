"""Two small networks for images of 8 x 8 pixels."""

from __future__ import annotations

from torch import nn


def mlp(width: int, dropout: float) -> nn.Module:
    """Two hidden layers."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(64, width),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, 10),
    )


def cnn(width: int, dropout: float) -> nn.Module:
    """Two convolutions, pooled once."""
    return nn.Sequential(
        nn.Conv2d(1, width, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(2 * width * 16, 10),
    )


def create_model(name: str, width: int, dropout: float) -> nn.Module:
    """Return a new model by its name in the configuration."""
    return {"mlp": mlp, "cnn": cnn}[name](width, dropout)
