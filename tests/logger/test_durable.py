"""fsync once a second, for power loss."""

from __future__ import annotations

import os
import threading

import pytest

from reportgen.logger import durable
from reportgen.logger.context import RunContext
from reportgen.logger.durable import Syncer
from reportgen.logger.metrics import MetricWriter
from reportgen.runs import layout


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    seen: list[int] = []
    monkeypatch.setattr(os, "fsync", seen.append)
    monkeypatch.setattr(durable, "_PERIOD", 0.01)
    return seen


def test_what_was_logged_is_synced_soon_and_nothing_else(
    context: RunContext, synced: list[int]
) -> None:
    metrics = MetricWriter(context, context.folder / layout.METRICS)
    syncer = Syncer(metrics)
    pause = threading.Event()
    pause.wait(0.1)
    assert synced == []
    metrics.log({"a": 1.0})
    for _ in range(500):
        if synced:
            break
        pause.wait(0.01)
    assert synced == [metrics.descriptor]
    metrics.log({"a": 2.0})
    syncer.stop()
    assert len(synced) == 2
    syncer.stop()
    assert len(synced) == 2
    metrics.release()


def test_a_disk_that_cannot_sync_harms_nobody(
    context: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    metrics = MetricWriter(context, context.folder / layout.METRICS)
    syncer = Syncer(metrics)
    metrics.log({"a": 1.0})
    syncer.stop()
    metrics.release()
