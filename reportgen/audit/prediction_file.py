"""Prediction files, and which known formula a metric is. Pure."""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Callable, Iterator, Mapping

from reportgen.audit import formulas
from reportgen.audit.formulas import Cell, Predictions, Values
from reportgen.audit.settings import number_in, plain
from reportgen.errors import LimitError, UnreadableError
from reportgen.runs.goals import split_of, words_of
from reportgen.runs.schema import MetricDefinition

Formula = Callable[[Predictions], Values]
ROWS = 1_000_000
_SCORE = "score_"
_NOT_OF_EXAMPLES = frozenset({"token", "pixel", "word", "char", "top", "k", "at", "soft", "masked"})
_AVERAGES = ("macro", "micro", "weighted", "binary")
_BY_PART: tuple[tuple[str, Formula | None], ...] = (
    ("rootmeansquare", formulas.root_mean_squared_error),
    ("meansquarederror", formulas.mean_squared_error),
    ("meanabsoluteerror", formulas.mean_absolute_error),
    ("l1loss", formulas.mean_absolute_error),
    ("rsquared", formulas.r2),
    ("logloss", formulas.log_loss),
    ("crossentropy", formulas.log_loss),
    ("averageprecision", None),
    ("prauc", None),
    ("aucpr", None),
    ("rocauc", formulas.auc),
    ("balancedacc", formulas.balanced_accuracy),
    ("precision", formulas.precision),
    ("recall", formulas.recall),
    ("sensitivity", formulas.recall),
    ("accuracy", formulas.accuracy),
    ("errorrate", formulas.error_rate),
    ("misclassification", formulas.error_rate),
    ("zerooneloss", formulas.error_rate),
)
"""Formulas by a part of a name without separators, the more telling first; None is of none."""
_BY_WORD: Mapping[str, Formula | None] = {
    "rmse": formulas.root_mean_squared_error,
    "mse": formulas.mean_squared_error,
    "mae": formulas.mean_absolute_error,
    "r2": formulas.r2,
    "nll": formulas.log_loss,
    "auroc": formulas.auc,
    "auc": formulas.auc,
    "f1": formulas.f1,
    "acc": formulas.accuracy,
    "err": formulas.error_rate,
}
_WORD = re.compile(r"[a-z]+\d*")
_FUNCTION = re.compile(r"([A-Za-z_]\w*)\s*(?:\(|$)")


def read_predictions(text: str, *, scores: bool = True) -> Predictions:
    """Return the labelled rows of a prediction file with the columns id, label, prediction.

    A cell that is a number is one; columns ``score_<class>`` are the scores of classes.

    Args:
        text: The whole file, CSV with a header.
        scores: Whether to read the scores.

    Raises:
        UnreadableError: No such columns, no row, a row of another length, a score that is no
            number.
        LimitError: More than a million rows.
    """
    reader = csv.reader(_lines(text.removeprefix("\ufeff")))
    try:
        return _read(reader, next(reader, []), scores)
    except csv.Error as error:
        raise UnreadableError(f"is no CSV: {error}") from None


def _lines(text: str) -> Iterator[str]:
    """Yield the lines one by one: a list of them all would take many times the text."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _read(rows: Iterator[list[str]], header: list[str], scores: bool) -> Predictions:
    lacking = [name for name in ("label", "prediction") if name not in header]
    if lacking:
        raise UnreadableError(f"has no column {lacking[0]}")
    label, prediction = header.index("label"), header.index("prediction")
    scored = [at for at, name in enumerate(header) if scores and name.startswith(_SCORE)]
    labels: list[Cell] = []
    predictions: list[Cell] = []
    columns = [array("d") for _ in scored]
    count = 0
    for row in rows:
        if not row:
            continue
        count += 1
        if count > ROWS:
            raise LimitError(f"has more than {ROWS:,} rows")
        if len(row) != len(header):
            raise UnreadableError(f"has a row of {len(row)} cells under {len(header)} columns")
        if not row[label].strip():
            continue
        labels.append(_cell(row[label]))
        predictions.append(_cell(row[prediction]))
        for at, column in zip(scored, columns, strict=True):
            number = number_in(row[at])
            if number is None:
                raise UnreadableError(f"has something else than finite numbers in {header[at]}")
            column.append(number)
    if not count:
        raise UnreadableError("has no row")
    names = [_cell(header[at].removeprefix(_SCORE)) for at in scored]
    return Predictions(labels, predictions, dict(zip(names, columns, strict=True)))


def _cell(text: str) -> Cell:
    number = number_in(text)
    return text.strip() if number is None else number


def of_split(stem: str, split: str) -> bool:
    """Tell whether a prediction file is of a split: ``valid`` and ``dev`` are ``val`` as well."""
    return stem == split or split_of(stem, {}) == split


def formula_of(name: str, definition: MetricDefinition | None) -> Formula | None:
    """Return the known formula of a metric, by what computes it, else by its name.

    An "accuracy" that is declared as the balanced one is that; and where either says that it is
    not one of single predictions (the best five, tokens), there is none.

    Args:
        name: Of the metric.
        definition: Of the metric in metrics.yaml.
    """
    function = _FUNCTION.search((definition and definition.implementation) or "")
    said = [function[1], name] if function else [name]
    if not all(map(_is_of_examples, said)):
        return None
    return next((formula for one in said if (formula := _known(one)) is not None), None)


def _is_of_examples(name: str) -> bool:
    return "@" not in name and not _NOT_OF_EXAMPLES.intersection(words_of(name))


def _known(name: str) -> Formula | None:
    joined = plain(name)
    for part, formula in _BY_PART:
        if part in joined:
            return formula
    of_words = _WORD.findall(name.lower())
    return next((_BY_WORD[word] for word in of_words if word in _BY_WORD), None)


def averages_of(name: str, definition: MetricDefinition | None) -> list[str]:
    """Return the ways of averaging that name or definition of a metric say; none says all."""
    said = [name]
    if definition is not None:
        said += [definition.aggregation or "", definition.implementation or ""]
    words = {word for text in said for word in words_of(text)}
    return [average for average in _AVERAGES if average in words]


def needs_scores(formula: Formula) -> bool:
    """Tell whether a formula is one of scores."""
    return formula in (formulas.log_loss, formulas.auc)
