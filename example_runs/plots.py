"""Figures of a classifier's answers."""

from __future__ import annotations

from matplotlib.figure import Figure
from torch import Tensor

SHOWN = 12


def confusion_matrix(labels: Tensor, predictions: Tensor) -> Figure:
    """Count n predictions by digit shown (rows) and digit answered (columns)."""
    counts = (labels * 10 + predictions).bincount(minlength=100).reshape(10, 10)
    figure = Figure(figsize=(4, 4), dpi=80, layout="tight")
    axes = figure.subplots()
    axes.imshow(counts.numpy(), cmap="Blues")
    for row in range(10):
        for column in range(10):
            if count := int(counts[row, column]):
                colour = "white" if row == column else "black"
                axes.text(column, row, count, ha="center", va="center", color=colour, fontsize=8)
    axes.set(xticks=range(10), yticks=range(10), xlabel="answered", ylabel="shown")
    return figure


def mistakes(images: Tensor, labels: Tensor, predictions: Tensor) -> Figure:
    """Show the first digits that were answered wrongly."""
    wrong = (labels != predictions).nonzero().flatten()[:SHOWN]
    figure = Figure(figsize=(6, 2.6), dpi=80, layout="tight")
    for place, axes in enumerate(figure.subplots(2, SHOWN // 2).flat):
        axes.axis("off")
        if place < len(wrong):
            row = wrong[place]
            axes.imshow(images[row, 0].numpy(), cmap="Greys")
            axes.set_title(f"{labels[row]}, not {predictions[row]}", fontsize=8)
    return figure
