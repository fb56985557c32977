"""A group of runs as a sweep: what varied, on which scales, and how the metric went with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.errors import ReportgenError
from reportgen.runs.beside import read_sweep
from reportgen.runs.numbers import to_stored
from reportgen.runs.schema import Goal, Sweep
from reportgen.site.figures import number, plural
from reportgen.site.groups import is_seed, split_keys
from reportgen.site.importance import FEW, Importance, importances
from reportgen.site.model import Record, best_value, metric_goal
from reportgen.site.scales import Scale, as_number, category, scale_of
from reportgen.site.table import config_columns
from reportgen.site.text import clip

PARAMETERS = 8
METRICS = 12
RUNS = 2_000


@dataclass(frozen=True, slots=True)
class SweepData:
    """What the charts of a group are drawn from.

    Attributes:
        metric: What ranks; its goal.
        keys: Parameters that varied, most telling first.
        importances: Of these.
        caution: Why the importances say little; empty when they may be read.
        document: For the script: plain and finite.
    """

    metric: str
    goal: Goal | None
    keys: tuple[str, ...]
    importances: tuple[Importance, ...]
    caution: str
    document: dict[str, Any]


def plan_of(records: Sequence[Record]) -> Sweep | None:
    """Return the sweep.yaml beside the runs of a group; None when there is none to read."""
    for folder in dict.fromkeys(record.view.folder.parent for record in records):
        try:
            found = read_sweep(folder)
        except (ReportgenError, OSError):
            found = None
        if found is not None:
            return found
    return None


def sweep_data(
    records: Sequence[Record], groups: Mapping[str, str], metric: str | None
) -> SweepData | None:
    """Return the charts' data; None when nothing varied or no run has the metric.

    Args:
        records: The runs, by start.
        groups: Name of each run's setting by its slug.
        metric: What ranks.
    """
    kept = list(records[:RUNS])
    varied, _ = split_keys([dict(record.config) for record in kept])
    keys = [key for key in varied if not is_seed(key)][:PARAMETERS]
    if metric is None or not keys or not any(metric in record.metrics for record in kept):
        return None
    titles = {c.key: c.title for c in config_columns(keys, [r.config for r in kept], PARAMETERS)}
    scales = {key: scale_of([r.config[key] for r in kept if key in r.config]) for key in keys}
    values = [settled_value(record, metric) for record in kept]
    found = importances([dict(r.config) for r in kept], keys, values)
    names = _metrics(kept, metric)
    goals = {name: metric_goal(kept, name) for name in names}
    return SweepData(
        metric=metric,
        goal=goals[metric],
        keys=tuple(keys),
        importances=tuple(found),
        caution=_caution(sum(value is not None and math.isfinite(value) for value in values)),
        document={
            "metrics": [{"name": clip(name), "goal": goals[name]} for name in names],
            "parameters": [_axis(key, titles[key], scales[key]) for key in keys],
            "importance": [
                {"key": titles[one.key], "size": one.size, "sign": one.sign, "n": one.n}
                for one in found
            ],
            "runs": [
                _row(record, groups.get(record.slug, ""), keys, scales, names) for record in kept
            ],
        },
    )


def settled_value(record: Record, metric: str) -> float | None:
    """Return a run's best value, NaN when it diverged, None when it lacks the metric."""
    if metric not in record.metrics:
        return None
    return math.nan if record.trouble is not None else best_value(record, metric)


def _metrics(records: Sequence[Record], first: str) -> list[str]:
    names = dict.fromkeys([first])
    for record in records:
        names.update(dict.fromkeys(name for name, m in record.metrics.items() if m.goal))
    return list(names)[:METRICS]


def _axis(key: str, title: str, scale: Scale) -> dict[str, Any]:
    return {
        "key": clip(key),
        "title": title,
        "kind": scale.kind,
        "categories": list(scale.categories),
        "ticks": [list(tick) for tick in scale.ticks],
    }


def _row(
    record: Record, group: str, keys: Sequence[str], scales: Mapping[str, Scale], names: list[str]
) -> dict[str, Any]:
    parameters = []
    for key in keys:
        value = record.config.get(key)
        plain = as_number(value) if scales[key].kind != "category" else None
        finite = plain is not None and math.isfinite(plain)
        parameters.append(
            {
                "at": scales[key].place(value) if key in record.config else None,
                "value": plain if finite else category(value) if key in record.config else None,
            }
        )
    values = [settled_value(record, name) for name in names]
    return {
        "slug": record.slug,
        "label": record.label,
        "group": clip(group),
        "style": list(record.style),
        "parameters": parameters,
        "metrics": [None if value is None else to_stored(value) for value in values],
    }


def _caution(n: int) -> str:
    if n >= FEW:
        return ""
    return f"Only {plural(n, 'run')}: read it as a hint, not as a finding."


def plan_words(plan: Sweep | None, count: int) -> str:
    """Return method, budget and metric of a sweep in a sentence; empty without sweep.yaml."""
    if plan is None:
        return ""
    parts = []
    if plan.method:
        parts.append(f"Searched by {clip(plan.method, 60)}")
    if plan.planned is not None:
        parts.append(f"{count} of {plan.planned} planned runs are here")
    if plan.metric:
        goal = {"minimize": ", lower is better", "maximize": ", higher is better", None: ""}
        parts.append(f"judged by {clip(plan.metric, 80)}{goal[plan.goal]}")
    return "; ".join(parts) + "." if parts else ""


def space_rows(plan: Sweep | None) -> list[tuple[str, str]]:
    """Return the declared space: each key with its values."""
    if plan is None:
        return []
    rows = []
    for key, values in list(plan.space.items())[:50]:
        items = values if isinstance(values, list) else [values]
        words = [number(n) if (n := as_number(v)) is not None else category(v) for v in items[:20]]
        rows.append((clip(str(key)), ", ".join(words)))
    return rows
