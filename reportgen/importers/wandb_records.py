"""What the records of a ``.wandb`` file say: history, configuration, run, exit.

The messages are documented by their definitions (github.com/wandb/wandb,
wandb/proto/wandb_internal.proto).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from reportgen.errors import UnreadableError
from reportgen.importers import wire
from reportgen.importers.interface import Distribution
from reportgen.importers.point_columns import PointColumns
from reportgen.importers.tensorboard_tensors import rebinned
from reportgen.runs.numbers import from_stored
from reportgen.runs.problems import Problem
from reportgen.runs.schema import Goal

_HISTORY, _SUMMARY, _CONFIG, _STATS, _ARTIFACT = 2, 3, 5, 7, 8
_METRIC, _RUN, _EXIT = 12, 17, 18
_CONSOLE = (4, 13, 27)
_GOALS: dict[int, Goal] = {1: "minimize", 2: "maximize"}
_OWN: Final = ("_step", "_timestamp", "_runtime", "_wandb")
_SHOWN = 20
_DISTRIBUTIONS = 20_000
Body = tuple[int, int]


@dataclass(slots=True)
class RunRecords:
    """What a file says of its run.

    Attributes:
        name: Of the file, for problems.
        columns: Where numbers of the history go, in the attempt ``attempt``.
        texts: Of the run's record: id, project, group, job type, name, notes, sweep, remote,
            commit; missing where they are empty.
        labels: The run's tags.
        config: As it was in the end, without wandb's own.
        goals: Of metrics that were defined with one.
        started, runtime: In seconds.
        exit_code: None where the run did not say that it ended.
        rows: Rows of the history.
        records: Records of any kind.
        left_out: What was not taken, counted by its kind.
    """

    name: str
    columns: PointColumns
    attempt: int = 1
    texts: dict[str, str] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    goals: dict[str, Goal] = field(default_factory=dict)
    started: float | None = None
    runtime: float | None = None
    exit_code: int | None = None
    rows: int = 0
    records: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    distributions: list[Distribution] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _bad: int = 0

    def take(self, record: bytes) -> None:
        """Add one record; one that cannot be understood becomes a problem."""
        self.records += 1
        view = memoryview(record)
        try:
            for number, kind, _, start, end in wire.fields(view):
                if kind == wire.BYTES:
                    self._take(view, number, (start, end))
        except (UnreadableError, ValueError, RecursionError, OverflowError) as error:
            self._bad += 1
            if self._bad <= _SHOWN:
                what = error.what if isinstance(error, UnreadableError) else "holds no JSON"
                message = f"record {self.records} {what}"
                self.problems.append(Problem("import.bad_event", "warning", self.name, message))

    def _take(self, view: memoryview, number: int, body: Body) -> None:
        if number == _HISTORY:
            self._take_history(view, body)
        elif number == _CONFIG:
            self._take_config(view, body)
        elif number == _RUN:
            self._take_run(view, body)
        elif number == _EXIT:
            found = {n: value for n, _, value, _, _ in wire.fields(view, *body)}
            self.exit_code = wire.signed(found.get(1, 0))
            self.runtime = float(found.get(2, 0))
        elif number == _METRIC:
            self._take_metric(view, body)
        elif number in _CONSOLE:
            self.left_out["records of the console"] += 1
        elif number == _STATS:
            self.left_out["samples of the system"] += 1
        elif number == _ARTIFACT:
            self.left_out["artifacts"] += 1

    def _take_metric(self, view: memoryview, body: Body) -> None:
        name, goal = "", 0
        for number, _, value, start, end in wire.fields(view, *body):
            if number == 1:
                name = wire.text(view, start, end)
            elif number == 8:
                goal = value
        if name and goal in _GOALS:
            self.goals[name] = _GOALS[goal]

    def _take_history(self, view: memoryview, body: Body) -> None:
        self.rows += 1
        step: int | None = None
        values: dict[str, Any] = {}
        for number, kind, _, start, end in wire.fields(view, *body):
            if number == 1 and kind == wire.BYTES:
                key, value = _item(view, start, end)
                values[".".join(key)] = value
            elif number == 2 and kind == wire.BYTES:
                step = next((f[2] for f in wire.fields(view, start, end) if f[0] == 1), 0)
        own_step = from_stored(values.get("_step"))
        if own_step is not None and own_step == own_step and abs(own_step) < 2**53:
            step = int(own_step)
        time = from_stored(values.get("_timestamp"))
        for name, value in _flat(values):
            if name not in _OWN:
                self._take_value(name, value, 0 if step is None else step, time)

    def _take_value(self, name: str, value: Any, step: int, time: float | None) -> None:
        number = from_stored(value)
        if number is not None:
            self.columns.add(name, step, time, number, self.attempt)
        elif isinstance(value, dict):
            self._take_media(name, value, step, time)
        else:
            self.left_out["values that are no numbers"] += 1

    def _take_media(self, name: str, value: dict[str, Any], step: int, time: float | None) -> None:
        counts, edges = value.get("values"), value.get("bins")
        fits = isinstance(counts, list) and isinstance(edges, list) and step >= 0
        if value.get("_type") == "histogram" and fits and len(self.distributions) < _DISTRIBUTIONS:
            sizes, bounds = (np.array(part, dtype=np.float64) for part in (counts, edges))
            if sizes.ndim == bounds.ndim == 1 and len(bounds) == len(sizes) + 1:
                histogram = rebinned(bounds[:-1], bounds[1:], sizes)
                self.distributions.append(Distribution(name, step, time, histogram))
                return
        self.left_out[f"values of the type {str(value.get('_type'))[:40]}"] += 1

    def _take_config(self, view: memoryview, body: Body) -> None:
        for number, kind, _, start, end in wire.fields(view, *body):
            if kind != wire.BYTES or number not in (1, 2):
                continue
            key, value = _item(view, start, end)
            if not key or key[0] in _OWN:
                continue
            target = self.config
            for part in key[:-1]:
                inner = target.get(part)
                target[part] = inner if isinstance(inner, dict) else {}
                target = target[part]
            if number == 1:
                target[key[-1]] = value
            else:
                target.pop(key[-1], None)

    def _take_run(self, view: memoryview, body: Body) -> None:
        named = {1: "id", 3: "project", 6: "group", 7: "job_type", 8: "name", 9: "notes"}
        named[12] = "sweep"
        for number, kind, _, start, end in wire.fields(view, *body):
            if kind != wire.BYTES:
                continue
            if number in named and end > start:
                self.texts[named[number]] = wire.text(view, start, end)
            elif number == 4:
                self._take_config(view, (start, end))
            elif number == 10:
                self.labels.append(wire.text(view, start, end))
            elif number == 17:
                parts = {n: value for n, _, value, _, _ in wire.fields(view, start, end)}
                self.started = wire.signed(parts.get(1, 0)) + parts.get(2, 0) / 1e9
            elif number == 21:
                for inner, inner_kind, _, begin, finish in wire.fields(view, start, end):
                    if inner in (1, 2) and inner_kind == wire.BYTES and finish > begin:
                        key = "remote" if inner == 1 else "commit"
                        self.texts[key] = wire.text(view, begin, finish)


def _item(view: memoryview, place: int, end: int) -> tuple[list[str], Any]:
    """Return key, nested or not, and value of an item."""
    key: list[str] = []
    value: Any = None
    for number, kind, _, start, stop in wire.fields(view, place, end):
        if kind != wire.BYTES:
            continue
        if number in (1, 2) and stop > start:
            key.append(wire.text(view, start, stop))
        elif number == 16:
            value = json.loads(bytes(view[start:stop]))
    return key, value


def _flat(values: dict[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield values by dotted names; what has a type is one value."""
    for key, value in values.items():
        if isinstance(value, dict) and "_type" not in value and value and depth < 16:
            yield from _flat(value, f"{prefix}{key}.", depth + 1)
        else:
            yield f"{prefix}{key}", value
