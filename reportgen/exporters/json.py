"""JSON (RFC 8259), exact: ``runs.json``, and ``metrics.jsonl`` with a line a metric of a run.

Numbers that are not finite are the strings "NaN", "Infinity" and "-Infinity", as in a run folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from reportgen.exporters.tables import METRICS, RUNS, plain, run_row, summaries
from reportgen.fs.atomic import replacing, write_bytes
from reportgen.fs.documents import dump_json
from reportgen.runs.metric_log import Series
from reportgen.runs.numbers import to_stored
from reportgen.runs.schema import to_plain
from reportgen.runs.view import RunView

SCHEMA: Final = "reportgen.export/1"
_ROW = ("id", "name", "project", "group", "kind", "state", "archived", "created", "ended")


class Json:
    """``runs.json`` and ``metrics.jsonl``."""

    name = "json"
    title = "JSON: runs.json with everything about each run, metrics.jsonl with every series"

    def export(self, runs: Sequence[RunView], target: Path) -> list[Path]:
        """Write both files and return them."""
        target.mkdir(parents=True, exist_ok=True)
        files = [target / f"{RUNS}.json", target / f"{METRICS}.jsonl"]
        document = {"schema": SCHEMA, "runs": [_run(view) for view in runs]}
        write_bytes(files[0], dump_json(document))
        with replacing(files[1]) as beside, open(beside, "wb") as stream:
            for view in runs:
                stream.writelines(_lines(view))
        return files


def _run(view: RunView) -> dict[str, Any]:
    row = run_row(view)
    documents = {"git": view.git, "environment": view.environment, "data": view.data}
    return {
        **{name: row[name] for name in _ROW},
        "seconds": row["seconds"],
        "path": row["path"],
        "notes": row["notes"],
        "tags": _exact(view.tags),
        "config": _exact(view.config),
        "metrics": {
            name: {**to_plain(summary), "goal": view.goal(name)}
            for name, summary in summaries(view).items()
        },
        **{name: _exact(to_plain(one)) if one else None for name, one in documents.items()},
        "run": _exact(to_plain(view.run)),
    }


def _lines(view: RunView) -> Iterator[bytes]:
    for name, series in view.series.items():
        line = {
            "run": view.id,
            "metric": name,
            "steps": series.steps.tolist(),
            "times": [None if time != time else time for time in series.times],
            "values": _values(series),
            "attempts": series.attempts.tolist(),
        }
        yield dump_json(line, indent=False)


def _values(series: Series) -> list[float | str]:
    values = [to_stored(value) for value in series.values]
    for index, whole in series.exact.items():
        values[index] = whole
    return values


def _exact(value: Any) -> Any:
    """Return plain values as strict JSON."""
    if isinstance(value, dict):
        return {str(key): _exact(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(part) for part in value]
    return to_stored(value) if isinstance(value, float) else plain(value)
