"""Alerts of a run: found in the metrics file by a thread, written, logged and delivered."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from reportgen.errors import UsageError
from reportgen.logger import alerts as module
from reportgen.logger.alert_rules import alert_when
from reportgen.logger.alert_sinks import Alert
from reportgen.logger.alerts import AlertWatcher, MetricTail
from reportgen.logger.context import RunContext


def append(context: RunContext, step: int, text: str = "", **metrics: Any) -> None:
    record = {"step": step, "time": 1.0, "metrics": metrics}
    with (context.folder / "metrics.jsonl").open("ab") as file:
        file.write(text.encode() or orjson.dumps(record) + b"\n")


def written(context: RunContext) -> list[dict[str, Any]]:
    path = context.folder / "alerts.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class Mailbox:
    """A sink that keeps what it gets, and the thread it got it on."""

    name = "mailbox"

    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self.threads: set[str] = set()

    def send(self, alert: Alert) -> None:
        self.alerts.append(alert)
        self.threads.add(threading.current_thread().name)


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "_PERIOD", 0.01)
    yield
    assert not [t for t in threading.enumerate() if t.name == "reportgen-alerts"]


def test_an_alert_is_written_logged_and_delivered(
    context: RunContext, caplog: pytest.LogCaptureFixture
) -> None:
    mailbox = Mailbox()
    watcher = AlertWatcher(context, [alert_when("x", above=1, level="info")], [mailbox])
    append(context, 0, x=1)
    with caplog.at_level(logging.INFO, "reportgen"):
        watcher.start()
        append(context, 3, x=2.5, y=1)
        append(context, 4, x=3)
        append(context, 5, **{"train/loss": "NaN"})
        watcher.stop()
    first, second = written(context)
    assert first.pop("time") > 1.7e9
    assert first == {
        "step": 3,
        "level": "info",
        "title": "x above 1",
        "text": "x is 2.5, above 1",
        "metric": "x",
        "value": 2.5,
    }
    assert (second["metric"], second["value"], second["level"]) == ("train/loss", "NaN", "error")
    assert [(r.levelname, r.getMessage()) for r in caplog.records][:1] == [
        ("INFO", "alert: x above 1 (step 3): x is 2.5, above 1")
    ]
    assert caplog.records[1].levelname == "ERROR"
    assert [a.title for a in mailbox.alerts] == ["x above 1", "train/loss is NaN"]
    assert mailbox.alerts[0].run == "a-run"
    assert mailbox.threads == {"reportgen-alerts"}


def test_what_was_logged_before_the_start_is_not_looked_at(context: RunContext) -> None:
    append(context, 0, **{"train/loss": "NaN"})
    watcher = AlertWatcher(context)
    watcher.start()
    watcher.stop()
    assert written(context) == []
    assert not (context.folder / "alerts.jsonl").exists()


def test_a_metrics_file_that_comes_later_is_watched_from_its_start(context: RunContext) -> None:
    watcher = AlertWatcher(context)
    watcher.start()
    append(context, 0, **{"train/loss": "Infinity"})
    watcher.stop()
    assert [a["title"] for a in written(context)] == ["train/loss is infinite"]


def test_an_alert_of_the_trainings_own(
    context: RunContext, caplog: pytest.LogCaptureFixture
) -> None:
    mailbox = Mailbox()
    watcher = AlertWatcher(context, sinks=[mailbox])
    watcher.start()
    watcher.alert("Milestone", "90 % reached", "info", step=7)
    watcher.alert("Odd batch")
    watcher.stop()
    assert [(a["title"], a["level"], a["step"]) for a in written(context)] == [
        ("Milestone", "info", 7),
        ("Odd batch", "warning", None),
    ]
    assert caplog.messages == ["alert: Odd batch"]
    assert len(mailbox.alerts) == 2


def test_secrets_reach_neither_file_nor_sink(
    context: RunContext, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6"
    mailbox = Mailbox()
    watcher = AlertWatcher(context, sinks=[mailbox])
    watcher.start()
    watcher.alert(f"with {secret}", f"and {secret} again")
    watcher.stop()
    assert secret not in (context.folder / "alerts.jsonl").read_text() + caplog.text
    assert secret not in str(mailbox.alerts)
    assert context.run.redacted == 2


@pytest.mark.parametrize(("title", "level"), [("", "info"), (3, "info"), ("x", "loud")])
def test_a_bad_alert_is_refused(context: RunContext, title: Any, level: Any) -> None:
    with pytest.raises(UsageError, match="info, warning or error"):
        AlertWatcher(context).alert(title, "", level)


def test_torn_lines_markers_and_values_that_are_none_are_passed_over(context: RunContext) -> None:
    watcher = AlertWatcher(context)
    watcher.start()
    append(context, 0, text='{"step":1,"metrics":{"train/loss":"Na\n')
    append(context, 0, text='{"event":"resume","step":1,"time":1.0,"attempt":2}\n')
    append(context, 0, text='[1]\n{"step":2,"metrics":[]}\n')
    append(context, 0, text='{"step":"x","metrics":{"train/loss":null,"a":true}}\n')
    append(context, 0, text='{"step":3,"metrics":{"train/loss":"NaN"}}')
    append(context, 0, text="\n")
    watcher.stop()
    assert [a["step"] for a in written(context)] == [3]
    assert context.run.dropped == {}


def test_a_sink_that_fails_is_said_once_and_the_others_get_theirs(
    context: RunContext, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        name = "webhook"

        def send(self, alert: Alert) -> None:
            raise ConnectionError("refused")

    mailbox = Mailbox()
    watcher = AlertWatcher(context, sinks=[Broken(), mailbox])
    watcher.start()
    for title in ("a", "b"):
        watcher.alert(title)
    watcher.stop()
    assert [a.title for a in mailbox.alerts] == ["a", "b"]
    assert sum("alerts by webhook" in text for text in caplog.messages) == 1
    assert context.run.dropped == {"alerts by webhook": 2}


def test_a_full_disk_keeps_no_alert_from_the_log(
    context: RunContext, caplog: pytest.LogCaptureFixture
) -> None:
    (context.folder / "alerts.jsonl").mkdir()
    watcher = AlertWatcher(context)
    watcher.start()
    watcher.alert("Odd batch")
    watcher.stop()
    assert "alert: Odd batch" in caplog.messages
    assert context.run.dropped == {"alerts": 1}


def test_ticks_come_while_the_run_lasts_and_once_at_its_end(context: RunContext) -> None:
    came = threading.Event()
    count: list[int] = []

    def tick() -> None:
        count.append(1)
        came.set()

    watcher = AlertWatcher(context, ticks=[tick])
    watcher.start()
    assert came.wait(30)
    before = len(count)
    watcher.stop()
    assert len(count) > before


def test_after_the_end_nothing_is_raised(context: RunContext) -> None:
    watcher = AlertWatcher(context)
    context.active = False
    watcher.alert("late")
    assert written(context) == []


def test_a_flood_is_sampled_and_nothing_that_a_rule_names_is_missed(context: RunContext) -> None:
    tail = MetricTail(context, ['val/"odd"'])
    tail.open()
    with (context.folder / "metrics.jsonl").open("wb") as file:
        for step in range(50_000):
            metrics: dict[str, Any] = {"train/loss": 1.5}
            if step == 12_345:
                metrics = {"train/loss": "NaN"}
            if step == 23_456:
                metrics = {'val/"odd"': 9}
            file.write(orjson.dumps({"step": step, "metrics": metrics}) + b"\n")
    seen = dict(tail.records())
    tail.close()
    assert seen[12_345] == {"train/loss": "NaN"}
    assert seen[23_456] == {'val/"odd"': 9}
    assert 100 < len(seen) < 10_000


def test_a_record_that_is_written_in_two_pieces_is_read_whole(context: RunContext) -> None:
    tail = MetricTail(context, [])
    append(context, 0, text='{"step":1,"metr')
    tail.open()
    append(context, 0, text='ics":{"a":1}}\n{"step":2,"metrics"')
    assert list(tail.records()) == []
    append(context, 0, text=':{"a":2}}\n')
    assert list(tail.records()) == [(2, {"a": 2})]
    tail.close()
