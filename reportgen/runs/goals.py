"""What a metric is for: its direction and its split, declared or read from its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from reportgen.runs.schema import Goal, MetricDefinition

Split = Literal["train", "val", "test"]

_WORDS = re.compile(r"[a-z]+|\d+", re.IGNORECASE)
_WITH_DIGITS = re.compile(r"[a-z]+\d*")
_TOP_K = re.compile(r"top[-_ ](?=\d)")
_HUMPS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
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


def _telling_words(name: str) -> list[str]:
    """Return a name's words with the digits behind them, then those of its camel case."""
    joined = _WITH_DIGITS.findall(_TOP_K.sub("top", name.lower()))
    return joined if name.islower() else [*joined, *map(str.lower, _HUMPS.findall(name))]


def guessed_goal(name: str) -> Goal | None:
    """Return the direction that the last telling word of a name implies, or None.

    ``neg`` and ``negative`` turn it around: ``neg_mean_squared_error`` is to be maximized.
    """
    words = _telling_words(name)
    turned = "neg" in words or "negative" in words
    for word in reversed(words):
        forms = {word, word.rstrip("0123456789")}
        if forms & _MINIMIZE or (word.endswith("loss") and len(word) > 4):
            return "maximize" if turned else "minimize"
        if forms & _MAXIMIZE:
            return "minimize" if turned else "maximize"
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
    words = [*words_of(name), *_telling_words(name)]
    return next((_SPLITS[word] for word in words if word in _SPLITS), None)


def is_training_loss(name: str, definitions: Mapping[str, MetricDefinition]) -> bool:
    """Tell whether a metric is a loss on the training split.

    A bare ``loss`` counts, since the plainest scripts call it so.
    """
    if "loss" not in name.lower():
        return False
    split = split_of(name, definitions)
    return split == "train" or (split is None and name.lower() in ("loss", "batch_loss"))
