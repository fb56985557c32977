"""Alerts and attempts."""

from __future__ import annotations

import json
from pathlib import Path

from site_runs import START

from reportgen.runs.view import RunView
from reportgen.site.parts.timeline import ALERTS, alerts_of, attempts_of
from reportgen.testing import make_run


def test_alerts_past_torn_and_odd_lines(tmp_path: Path) -> None:
    lines = [
        {"time": START, "step": 3, "level": "error", "title": "loss diverges", "value": "NaN"},
        {"step": "x", "level": 7, "title": None, "value": True},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines) + '[1]\n{"step": 9'
    view = RunView(make_run(tmp_path, files={"alerts.jsonl": text}))
    found, left = alerts_of(view)
    assert left == 0
    assert (found[0].step, found[0].tone, found[0].title, found[0].value) == (
        3,
        "poor",
        "loss diverges",
        "NaN",
    )
    assert (found[1].step, found[1].tone, found[1].value) == (None, "plain", "–")
    assert len(found) == 2


def test_the_first_alerts_are_shown_and_the_rest_is_counted(tmp_path: Path) -> None:
    text = "".join(json.dumps({"step": step}) + "\n" for step in range(ALERTS + 5))
    found, left = alerts_of(RunView(make_run(tmp_path, files={"alerts.jsonl": text})))
    assert (len(found), left) == (ALERTS, 5)


def test_a_run_of_one_attempt_has_no_list_of_them(tmp_path: Path) -> None:
    assert attempts_of(RunView(make_run(tmp_path))) == []


def test_attempts_with_their_steps(tmp_path: Path) -> None:
    lines = [{"step": s, "time": START + s, "metrics": {"m": 1.0}} for s in range(5)]
    lines.append({"event": "resume", "step": 3, "time": START + 60, "attempt": 2})
    lines += [{"step": s, "time": START + 60 + s, "metrics": {"m": 1.0}} for s in (3, 4, 5)]
    first, second = attempts_of(RunView(make_run(tmp_path, metrics=lines)))
    assert (first.number, first.first, first.last, first.records) == (1, "0", "4", "5")
    assert (second.number, second.first, second.last, second.took) == (2, "3", "5", "2.0 s")
