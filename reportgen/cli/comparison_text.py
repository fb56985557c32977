"""A comparison of runs as text: tables on a terminal, tab-separated rows in a pipe."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from reportgen.cli.tables import print_table, tab_separated
from reportgen.compare.code import CodeComparison
from reportgen.compare.comparison import SECTIONS, Comparison
from reportgen.compare.differences import UNRECORDED, Difference
from reportgen.compare.metrics import MetricComparison, MetricValue
from reportgen.compare.predictions import Agreement
from reportgen.compare.ranking import Cause
from reportgen.terminal import one_line, printable, use_color

_FACTS = ("data", "config", "environment", "seeds", "command")
_LONG_HASH = re.compile(r"[0-9a-f]{40,64}")
_MOST_KEYS = 6
_MOST_CONFUSIONS = 5
_MOST_LINES = 400
_STATES = {"within": "within tolerance", "partial": "not in all", "same": "same"}
_COLORS = {"+": "green", "-": "red", "@": "cyan"}


def letters(count: int) -> list[str]:
    """Return short names for runs: A, B, ... and numbers beyond Z."""
    return [chr(ord("A") + at) if at < 26 else str(at + 1) for at in range(count)]


def print_comparison(comparison: Comparison, chosen: Sequence[str] = SECTIONS) -> None:
    """Print runs side by side.

    Args:
        comparison: What to print.
        chosen: The parts.
    """
    names = letters(len(comparison.runs))
    if sys.stdout.isatty():
        _print_page(comparison, names, chosen)
        _print_remarks(comparison)
    else:
        sys.stdout.write(tab_separated(("section", "key", *names)) + "\n")
        for row in _lines(comparison, names, chosen):
            sys.stdout.write(tab_separated(row) + "\n")


def print_changes(code: CodeComparison, *, everything: bool) -> None:
    """Print the unified diff of the code, on a terminal its start unless all is asked for."""
    if code.unavailable:
        print(f"\nNo diff of the code: {one_line(code.unavailable)}")
        return
    if not code.changes:
        return
    terminal = sys.stdout.isatty()
    print(f"\nCode, {_summary(code)}:")
    lines = [line for change in code.changes for line in printable(change.text).splitlines()]
    shown = lines if everything or not terminal else lines[:_MOST_LINES]
    _write_diff(shown)
    if len(shown) < len(lines):
        print(f"… {len(lines) - len(shown)} more lines; --all prints them")


def _summary(code: CodeComparison) -> str:
    files = code.changes
    added, removed = (sum(getattr(one, name) for one in files) for name in ("added", "removed"))
    of = "between the recorded patches" if code.changes_from == "patches" else "from A to B"
    return f"{of}: {len(files)} {'file' if len(files) == 1 else 'files'}, +{added} -{removed}"


def _write_diff(lines: Iterable[str]) -> None:
    if not use_color(sys.stdout):
        for line in lines:
            sys.stdout.write(line + "\n")
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, markup=False, emoji=False)
    for line in lines:
        console.print(Text(line, style=_COLORS.get(line[:1], "")), soft_wrap=True)


# -- a page for a terminal ----------------------------------------------------------------


def _print_page(comparison: Comparison, names: list[str], chosen: Sequence[str]) -> None:
    runs = [
        (name, one.name, one.state, one.id)
        for name, one in zip(names, comparison.runs, strict=True)
    ]
    print_table(("run", "name", "state", "id"), runs)
    for section in chosen:
        if section == "metrics":
            _print_metrics(comparison.metrics, names)
        elif section == "predictions":
            _print_predictions(comparison, names)
        elif rows := _rows(_differences(comparison, section)):
            cells = [[key, *map(_shortened, cells)] for key, cells in rows]
            print_table((section, *names), cells)


def _print_metrics(metrics: Sequence[MetricComparison], names: list[str]) -> None:
    if not metrics:
        return
    pair = len(names) == 2
    headers = ["metrics", *names, *(["change"] if pair else []), "best", "", "first apart at step"]
    rows = []
    for one in metrics:
        row: list[Any] = [one.name, *map(_telling, one.values)]
        row += [one.changes[1]] if pair else []
        row += ["" if one.best is None else names[one.best]]
        row += [_STATES.get(one.state, "differs"), _first_apart(one)]
        rows.append(row)
    print_table(headers, rows)


def _print_predictions(comparison: Comparison, names: list[str]) -> None:
    rows: list[list[Any]] = []
    confusions: list[list[Any]] = []
    for split, name, one in _agreements(comparison, names):
        if one is None:
            rows.append([split, f"A, {name}", *[None] * 6, "not kept by both"])
            continue
        rows.append([split, f"A, {name}", one.examples, _percent(one.rate), *_right(one)])
        confusions += [
            [split, f"A, {name}", pair.first, pair.second, pair.count]
            for pair in one.confusion[:_MOST_CONFUSIONS]
        ]
    if rows:
        right = ("both right", "first only", "second only", "neither", "McNemar p")
        print_table(("predictions", "runs", "examples", "agree", *right), rows)
    if confusions:
        print_table(("they disagree", "runs", "first says", "second says", "times"), confusions)


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.2f} %"


def _right(one: Agreement) -> list[Any]:
    if one.test is None:
        said = "" if one.mean_difference is None else f"mean |A - B| {one.mean_difference:.4g}"
        return [None, None, None, None, said]
    p_value = one.test.p_value
    return [
        *(one.both, one.first_only, one.second_only, one.neither),
        "needs scipy" if p_value is None else float(p_value),
    ]


# -- lines for a pipe ---------------------------------------------------------------------


def _lines(
    comparison: Comparison, names: list[str], chosen: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    for key in ("name", "id", "state"):
        yield ("run", key, *(getattr(one, key) for one in comparison.runs))
    for section in chosen:
        if section == "metrics":
            for one in comparison.metrics:
                yield from _metric_lines(one)
        elif section == "predictions":
            for split, name, agreed in _agreements(comparison, names):
                yield from _agreement_lines(split, name, agreed)
        else:
            for key, cells in _rows(_differences(comparison, section)):
                yield (section, key, *cells)

    for caution in comparison.cautions:
        yield (
            "not comparable" if caution.certain else "perhaps not",
            caution.about,
            caution.message,
        )
    for cause in comparison.causes:
        yield ("cause", cause.factor, cause.weight, cause.why, _listed(cause))


def _metric_lines(one: MetricComparison) -> Iterator[tuple[Any, ...]]:
    yield ("metrics", f"{one.name}.last", *(v.last if v else None for v in one.values))
    if one.goal:
        yield ("metrics", f"{one.name}.best", *(v.best if v else None for v in one.values))
    yield ("metrics", f"{one.name}.points", *(v.count if v else None for v in one.values))
    apart = [None if s is None or s.largest is None else s.largest for s in one.series]
    yield ("metrics", f"{one.name}.apart", None, *apart)


def _agreement_lines(split: str, name: str, one: Agreement | None) -> Iterator[tuple[Any, ...]]:
    if one is None:
        yield ("predictions", f"{split}.A-{name}", "not kept by both")
        return
    place = f"{split}.A-{name}"
    yield ("predictions", f"{place}.examples", one.examples)
    yield ("predictions", f"{place}.agree", one.rate)
    if one.test is not None:
        for key in ("both", "first_only", "second_only", "neither"):
            yield ("predictions", f"{place}.{key}", getattr(one, key))
        yield ("predictions", f"{place}.mcnemar_p", one.test.p_value)
    if one.mean_difference is not None:
        yield ("predictions", f"{place}.mean_difference", one.mean_difference)


# -- what both share ----------------------------------------------------------------------


def _print_remarks(comparison: Comparison) -> None:
    print()
    for caution in comparison.cautions:
        word = "Not comparable" if caution.certain else "Perhaps not comparable"
        print(f"{word}: {one_line(caution.message)}.")
    if not comparison.causes:
        print("Nothing that is recorded of their conditions differs.")
        return
    print("Why results may differ, the likeliest first:")
    for number, cause in enumerate(comparison.causes, 1):
        what = one_line(_listed(cause))
        print(f"  {number}. {cause.factor}, {cause.weight} ({cause.why}): {what}")


def _listed(cause: Cause) -> str:
    keys = [one.key for one in cause.differences[:_MOST_KEYS]]
    more = len(cause.differences) - len(keys)
    return ", ".join(keys) + (f" and {more} more" if more else "")


def _differences(comparison: Comparison, section: str) -> Sequence[Difference]:
    if section in _FACTS:
        found: Sequence[Difference] = getattr(comparison, section)
        return found
    return comparison.code.differences if section == "code" else ()


def _rows(differences: Sequence[Difference]) -> list[tuple[str, list[Any]]]:
    """Return a row a key; keys of one kind that the same runs say nothing of share a row."""
    kinds = [_kind_of_unknown(one) for one in differences]
    counts = Counter(kinds)
    rows: dict[object, tuple[str, list[Any]]] = {}
    for one, kind in zip(differences, kinds, strict=True):
        count = counts[kind]
        if kind is None or count == 1:
            rows[one.key] = (one.key, _cells(one))
        elif kind not in rows:
            said = [
                "not recorded" if at in one.missing else "recorded" for at in range(len(one.values))
            ]
            rows[kind] = (f"{kind[0]}.* ({count} keys)", said)
    return list(rows.values())


def _kind_of_unknown(one: Difference) -> tuple[str, tuple[int, ...]] | None:
    if one.state != "unknown" or "absent" in one.missing.values() or "." not in one.key:
        return None
    return one.key.partition(".")[0], tuple(one.missing)


def _cells(one: Difference) -> list[Any]:
    """Return a value a run: what is absent as None, a recorded null in a word."""
    cells: list[Any] = []
    for at, value in enumerate(one.values):
        if at in one.missing:
            cells.append("not recorded" if one.missing[at] == UNRECORDED else None)
        elif value is None:
            cells.append("none")
        else:
            cells.append(value if isinstance(value, str | int | float) else repr(value))
    return cells


def _shortened(cell: Any) -> Any:
    hashed = isinstance(cell, str) and _LONG_HASH.fullmatch(cell)
    return f"{cell[:12]}…" if hashed else cell


def _telling(value: MetricValue | None) -> float | None:
    if value is None:
        return None
    return value.last if value.best is None else value.best


def _first_apart(one: MetricComparison) -> int | None:
    steps = [s.first_difference.step for s in one.series if s and s.first_difference]
    return min(steps, default=None)


def _agreements(
    comparison: Comparison, names: list[str]
) -> Iterator[tuple[str, str, Agreement | None]]:
    for split, further in comparison.predictions.items():
        for name, one in zip(names[1:], further, strict=True):
            yield split, name, one
