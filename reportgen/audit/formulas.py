"""Metrics of predictions, recomputed from labels, predictions and scores. Pure.

Definitions: C. D. Manning, P. Raghavan, H. Schuetze, "Introduction to Information Retrieval",
section 13.6 (precision, recall, F1; macro and micro averages); J. A. Hanley, B. J. McNeil, "The
meaning and use of the area under a receiver operating characteristic curve", Radiology 143, 1982
(the area is the share of pairs ranked right, ties counted half); the rest is textbook arithmetic.
Conventions where definitions leave room are those of scikit-learn, so that its numbers are met: a
division by zero is 0, the classes of an average are those among labels and predictions, a weight
is the number of labels, and a probability of 0 counts as the least one that a double tells from 0.
"""

from __future__ import annotations

import math
import operator
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

Cell = float | str
Values = dict[str, float]
"""What a formula gives, by the way of averaging ("" where there is only one)."""

_LEAST = sys.float_info.epsilon
_SUM_OFF = 1e-3


@dataclass(frozen=True, slots=True)
class Predictions:
    """The predictions of n examples.

    Attributes:
        labels: n true values.
        predictions: n predicted values.
        scores: n scores of each class that has any.
    """

    labels: Sequence[Cell]
    predictions: Sequence[Cell]
    scores: Mapping[Cell, Sequence[float]] = field(default_factory=dict)


class NotComputableError(ValueError):
    """The predictions do not hold what the formula needs; the message says what."""


def accuracy(given: Predictions) -> Values:
    """The share of examples predicted right."""
    pairs = zip(given.labels, given.predictions, strict=True)
    return {"": sum(label == told for label, told in pairs) / len(given.labels)}


def error_rate(given: Predictions) -> Values:
    """The share of examples predicted wrong."""
    return {"": 1 - accuracy(given)[""]}


def balanced_accuracy(given: Predictions) -> Values:
    """The mean recall of the classes among the labels."""
    counts = _counts(given)
    present = [one for one in counts.values() if one.labels]
    return {"": math.fsum(_recall(one) for one in present) / len(present)}


def precision(given: Predictions) -> Values:
    """Right among those predicted as a class, averaged over classes."""
    return _averaged(given, _precision)


def recall(given: Predictions) -> Values:
    """Found among those of a class, averaged over classes."""
    return _averaged(given, _recall)


def f1(given: Predictions) -> Values:
    """The harmonic mean of precision and recall, averaged over classes."""
    return _averaged(given, _f1)


@dataclass(slots=True)
class _Counts:
    """How often a class is right, predicted, and true."""

    right: int = 0
    predicted: int = 0
    labels: int = 0


def _counts(given: Predictions) -> dict[Cell, _Counts]:
    labels, told = Counter(given.labels), Counter(given.predictions)
    pairs = zip(given.labels, given.predictions, strict=True)
    right = Counter(label for label, other in pairs if label == other)
    return {one: _Counts(right[one], told[one], labels[one]) for one in labels | told}


def _averaged(given: Predictions, score: Callable[[_Counts], float]) -> Values:
    counts = _counts(given)
    scores = {one: score(count) for one, count in counts.items()}
    every = counts.values()
    together = _Counts(
        sum(one.right for one in every),
        sum(one.predicted for one in every),
        sum(one.labels for one in every),
    )
    weighted = math.fsum(scores[one] * counts[one].labels for one in counts)
    values = {
        "macro": math.fsum(scores.values()) / len(scores),
        "micro": score(together),
        "weighted": weighted / len(given.labels),
    }
    positive = _positive(counts)
    if positive is not None:
        values["binary"] = scores.get(positive, 0.0)
    return values


def _positive(classes: Mapping[Cell, object]) -> Cell | None:
    """Return the class that counts as positive where there are two: 1, or True."""
    known = set(classes)
    for pair in ({0.0, 1.0}, {-1.0, 1.0}, {"False", "True"}, {"false", "true"}):
        if known <= pair and len(known) > 1:
            return 1.0 if 1.0 in pair else max(map(str, pair))
    return None


def _precision(one: _Counts) -> float:
    return one.right / one.predicted if one.predicted else 0.0


def _recall(one: _Counts) -> float:
    return one.right / one.labels if one.labels else 0.0


def _f1(one: _Counts) -> float:
    both = one.predicted + one.labels
    return 2 * one.right / both if both else 0.0


def mean_absolute_error(given: Predictions) -> Values:
    """The mean distance of prediction and label."""
    labels, told = _numbers(given)
    return {"": math.fsum(abs(a - b) for a, b in zip(labels, told, strict=True)) / len(labels)}


def mean_squared_error(given: Predictions) -> Values:
    """The mean squared distance of prediction and label."""
    labels, told = _numbers(given)
    return {"": math.fsum((a - b) ** 2 for a, b in zip(labels, told, strict=True)) / len(labels)}


def root_mean_squared_error(given: Predictions) -> Values:
    """The square root of the mean squared error."""
    return {"": math.sqrt(mean_squared_error(given)[""])}


def r2(given: Predictions) -> Values:
    """One less the squared error over that of the labels' mean.

    Raises:
        NotComputableError: The labels are all one value.
    """
    labels, _ = _numbers(given)
    mean = math.fsum(labels) / len(labels)
    spread = math.fsum((label - mean) ** 2 for label in labels) / len(labels)
    if not spread:
        raise NotComputableError("the labels are all one value")
    return {"": 1 - mean_squared_error(given)[""] / spread}


def _numbers(given: Predictions) -> tuple[list[float], list[float]]:
    both = [
        [cell for cell in cells if isinstance(cell, float)]
        for cells in (given.labels, given.predictions)
    ]
    if any(len(cells) < len(given.labels) for cells in both):
        raise NotComputableError("labels or predictions are no numbers")
    return both[0], both[1]


def log_loss(given: Predictions) -> Values:
    """The mean negative log-likelihood of the labels, in nats; scores may be logits.

    Raises:
        NotComputableError: A label has no score.
    """
    scores = _complete(given)
    lacking = set(given.labels) - scores.keys()
    if lacking:
        raise NotComputableError(f"no scores of the class {min(map(str, lacking))}")
    rows = list(zip(*scores.values(), strict=True))
    places = {one: place for place, one in enumerate(scores)}
    likelihoods = _softmax if not all(map(_is_distribution, rows)) else lambda row: row
    terms = (
        -math.log(min(1.0, max(_LEAST, likelihoods(row)[places[label]])))
        for row, label in zip(rows, given.labels, strict=True)
    )
    return {"": math.fsum(terms) / len(rows)}


def _complete(given: Predictions) -> Mapping[Cell, Sequence[float]]:
    """Return the scores of every class; where only that of class 1 is kept, 0 has the rest."""
    if not given.scores:
        raise NotComputableError("no scores are kept")
    if given.scores.keys() == {1.0} and all(0 <= one <= 1 for one in given.scores[1.0]):
        return {0.0: [1 - one for one in given.scores[1.0]], 1.0: given.scores[1.0]}
    return given.scores


def _is_distribution(row: Sequence[float]) -> bool:
    return min(row) >= 0 and abs(math.fsum(row) - 1) <= _SUM_OFF


def _softmax(row: Sequence[float]) -> Sequence[float]:
    top = max(row)
    parts = [math.exp(one - top) for one in row]
    total = math.fsum(parts)
    return [one / total for one in parts]


def auc(given: Predictions) -> Values:
    """The area under the ROC curve: of class 1 of two, else of each class against the rest.

    Raises:
        NotComputableError: A class has no scores, or there is only one class.
    """
    classes = Counter(given.labels)
    if len(classes) < 2:
        raise NotComputableError("the labels are all of one class")
    if not given.scores:
        raise NotComputableError("no scores are kept")
    positive = _positive(classes)
    if positive is not None and positive in given.scores:
        return {"": _area(given.labels, positive, given.scores[positive])}
    lacking = classes.keys() - given.scores.keys()
    if lacking:
        raise NotComputableError(f"no scores of the class {min(map(str, lacking))}")
    areas = {one: _area(given.labels, one, given.scores[one]) for one in classes}
    weighted = math.fsum(areas[one] * count for one, count in classes.items())
    return {
        "macro": math.fsum(areas.values()) / len(areas),
        "weighted": weighted / len(given.labels),
    }


def _area(labels: Sequence[Cell], positive: Cell, scores: Sequence[float]) -> float:
    """Return the share of pairs of a positive and another in which the positive has more."""
    ordered = sorted(zip(scores, (label == positive for label in labels), strict=True))
    positives = sum(is_positive for _, is_positive in ordered)
    below = wins = 0.0
    for _, tied in groupby(ordered, key=operator.itemgetter(0)):
        kinds = [is_positive for _, is_positive in tied]
        others = len(kinds) - sum(kinds)
        wins += sum(kinds) * (below + others / 2)
        below += others
    return wins / (positives * (len(ordered) - positives))
