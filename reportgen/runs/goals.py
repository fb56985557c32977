"""What a metric is for: its direction and its split, declared or read from its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from reportgen.runs.schema import Goal, MetricDefinition

Split = Literal["train", "val", "test"]

_WORDS = re.compile(r"[a-z]+|\d+", re.IGNORECASE)
_MINIMIZE = frozenset(
    {"loss", "error", "err", "mae", "mse", "rmse", "mape", "nll", "perplexity", "ppl", "bpc"}
    | {"bpb", "cer", "wer", "fid", "fvd", "kid", "ece", "brier", "logloss", "divergence", "kl"}
    | {"eer", "latency", "regret", "hinge", "crossentropy"}
)
_MAXIMIZE = frozenset(
    {"accuracy", "acc", "f1", "fscore", "auc", "auroc", "auprc", "roc", "precision", "recall"}
    | {"map", "ap", "iou", "miou", "dice", "bleu", "rouge", "meteor", "r2", "psnr", "ssim"}
    | {"reward", "return", "score", "kappa", "mcc", "ndcg", "mrr", "hits", "top1", "top5"}
    | {"elbo", "sensitivity", "specificity", "em", "likelihood", "throughput"}
)
_SPLITS: Mapping[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "eval": "val",
    "test": "test",
    "testing": "test",
}


def words_of(name: str) -> list[str]:
    """Return the lower-case words and numbers of a metric name (``val/f1_macro``: val, f, 1...)."""
    return [word.lower() for word in _WORDS.findall(name)]


def guessed_goal(name: str) -> Goal | None:
    """Return the direction that the last telling word of a name implies, or None."""
    joined = re.findall(r"[a-z]+\d?", name.lower())
    for word in reversed(joined):
        if word in _MINIMIZE or (word.endswith("loss") and len(word) > 4):
            return "minimize"
        if word in _MAXIMIZE:
            return "maximize"
    return None


def goal_of(
    name: str,
    definitions: Mapping[str, MetricDefinition],
    configured: Mapping[str, Goal] | None = None,
) -> Goal | None:
    """Return the goal of a metric: declared in the run, else in the settings, else by its name."""
    declared = definitions.get(name)
    if declared is not None and declared.goal is not None:
        return declared.goal
    if configured and name in configured:
        return configured[name]
    return guessed_goal(name)


def split_of(name: str, definitions: Mapping[str, MetricDefinition]) -> Split | None:
    """Return the split of a metric: declared, else the first telling word of its name."""
    declared = definitions.get(name)
    if declared is not None and declared.split:
        return _SPLITS.get(declared.split.lower())
    return next((_SPLITS[word] for word in words_of(name) if word in _SPLITS), None)


def is_training_loss(name: str, definitions: Mapping[str, MetricDefinition]) -> bool:
    """Tell whether a metric is a loss on the training split.

    A bare ``loss`` counts, since the plainest scripts call it so.
    """
    if "loss" not in name.lower():
        return False
    split = split_of(name, definitions)
    return split == "train" or (split is None and name.lower() in ("loss", "batch_loss"))
