"""Keep predictions: ``predictions/<split>.csv`` with id, label, prediction and scores."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

from reportgen.errors import UsageError
from reportgen.fs.atomic import replacing
from reportgen.fs.paths import portable_component
from reportgen.logger.context import RunContext
from reportgen.logger.csv_quoting import quoting_of
from reportgen.runs import layout
from reportgen.runs.numbers import to_stored

_SHOWN = 3
_WHERE: Final = "log_predictions"


class PredictionStore:
    """The predictions of one run, one file a split; logging a split again replaces its file.

    Args:
        context: The run.
    """

    def __init__(self, context: RunContext) -> None:
        self.folder = context.folder / layout.PREDICTIONS
        self._context = context
        self._accepted: set[str] = set()

    def log(
        self,
        split: str,
        *,
        ids: Iterable[Any],
        labels: Iterable[Any] | None,
        predictions: Iterable[Any],
        scores: Mapping[Any, Iterable[Any]] | Iterable[Any] | None = None,
    ) -> Path | None:
        """Keep the predictions of a split, n examples of it.

        Args:
            split: Its name ("val").
            ids: n unique numbers or texts, which name the examples in every run.
            labels: n true values, or None where there are none.
            predictions: n predicted values, comparable with ``labels``.
            scores: What each class was given: a mapping of class to n numbers, an array of
                shape (n, classes) whose columns are the classes 0, 1, ..., or n numbers for
                class 1.

        Returns:
            The file, or None when the disk refused: that is warned of once and counted.

        Raises:
            UsageError: Lengths that differ, ids that are not unique, or values that are no
                columns, the first time that ``split`` is logged; later ones are counted.
        """
        if not self._context.active:
            self._context.late("predictions")
            return None
        with self._context.overhead("predictions"):
            try:
                columns = columns_of(ids, labels, predictions, scores)
                path = self._write(split, columns)
                self._accepted.add(split)
                return path
            except UsageError as error:
                if split not in self._accepted:
                    raise
                self._context.fault("predictions", error)
            except Exception as error:
                self._context.fault("predictions", error)
            return None

    def _write(self, split: Any, columns: Mapping[str, list[Any]]) -> Path:
        if not isinstance(split, str) or not split.strip():
            raise UsageError(
                f"the split is {split!r:.80}", where=_WHERE, expected='a text, as "val"'
            )
        path = self.folder / f"{portable_component(split)}.csv"
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
            quoting = quoting_of(chain(columns, *columns.values()))
            writer = csv.writer(file, lineterminator="\n", quoting=quoting)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
        return path


def columns_of(ids: Any, labels: Any, predictions: Any, scores: Any = None) -> dict[str, list[Any]]:
    """Return the columns of a prediction file, each a list of n plain values.

    Raises:
        UsageError: As :meth:`PredictionStore.log`.
    """
    columns = {"id": _column(ids, "ids"), "prediction": _column(predictions, "predictions")}
    if labels is None:
        columns["label"] = [None] * len(columns["id"])
    else:
        columns["label"] = _column(labels, "labels")
    ordered = {name: columns[name] for name in ("id", "label", "prediction")}
    ordered.update(_score_columns(scores))
    _check_lengths(ordered)
    _check_unique(ordered["id"])
    return ordered


def _column(values: Any, name: str) -> list[Any]:
    return [_cell(value, name) for value in _listed(values, name)]


def _listed(values: Any, name: str) -> list[Any]:
    """Return any sequence as a list; arrays and tensors of every library know ``tolist``."""
    if isinstance(values, str | bytes | Mapping) or values is None:
        raise _fault(f"{name} is of type {type(values).__name__}", "a sequence, one value a row")
    convert = getattr(values, "tolist", None)
    try:
        listed = convert() if callable(convert) else list(values)
    except Exception as error:
        raise _fault(
            f"{name} is of type {type(values).__name__} and cannot be listed",
            "a sequence, one value a row",
        ) from error
    return listed if isinstance(listed, list) else [listed]


def _cell(value: Any, name: str) -> Any:
    if not isinstance(value, str | int | float) and value is not None:
        value = _plain(value, name)
    return to_stored(float(value)) if isinstance(value, float) else value


def _plain(value: Any, name: str) -> Any:
    """Return a scalar of an array library as a plain one; a list of them is what loops collect."""
    shape = tuple(getattr(value, "shape", (0, 0)))
    convert = getattr(value, "tolist", None)
    plain = convert() if callable(convert) and shape == () else None
    if not isinstance(plain, str | int | float):
        raise _fault(
            f"{name} holds a value of type {type(value).__name__}",
            "one number or text a row",
            "For classifiers give the predicted class, for example outputs.argmax(1)",
        )
    return plain


def _score_columns(scores: Any) -> dict[str, list[Any]]:
    if scores is None:
        return {}
    if isinstance(scores, Mapping):
        return {
            f"score_{name}": _column(part, f"scores[{name!r}]") for name, part in scores.items()
        }
    rows = _listed(scores, "scores")
    if not rows or not _is_row(rows[0]):
        return {"score_1": [_cell(value, "scores") for value in rows]}
    lists = [_listed(row, "scores") for row in rows]
    widths = {len(row) for row in lists}
    if len(widths) > 1:
        raise _fault(
            f"scores has rows of {min(widths)} to {max(widths)} values", "as many in every row"
        )
    columns = zip(*lists, strict=True)
    return {
        f"score_{at}": [_cell(value, "scores") for value in column]
        for at, column in enumerate(columns)
    }


def _is_row(value: Any) -> bool:
    return isinstance(value, list | tuple) or tuple(getattr(value, "shape", ())) != ()


def _check_lengths(columns: Mapping[str, list[Any]]) -> None:
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise _fault(
            "lengths differ: " + ", ".join(f"{name} {count}" for name, count in lengths.items()),
            "one value a row in each",
        )


def _check_unique(ids: list[Any]) -> None:
    texts = [str(value) for value in ids]
    if len(set(texts)) == len(texts):
        return
    seen: set[str] = set()
    twice = dict.fromkeys(text for text in texts if text in seen or seen.add(text))  # type: ignore[func-returns-value]
    raise _fault(
        f"{len(twice)} ids stand more than once, such as {', '.join(list(twice)[:_SHOWN]):.120}",
        "an id of its own for each example",
        "Use the position in the data set when examples have no id",
    )


def _fault(what: str, expected: str, fix: str | None = None) -> UsageError:
    return UsageError(what, where=_WHERE, expected=expected, fix=fix)
