"""Event files for the tests: by TensorBoard's own messages and writers, and byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

NAME = "events.out.tfevents.1760000000.somehost.77.0"


def framed(data: bytes) -> bytes:
    """A record of a TFRecord file, its CRCs by TensorBoard's own code."""
    length = struct.pack("<Q", len(data))
    crcs = (struct.pack("<I", masked_crc32c(part)) for part in (length, data))
    first, second = crcs
    return length + first + data + second


def scalar(tag: str, value: float, step: int, wall: float | None = None) -> Event:
    summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
    return Event(wall_time=1.76e9 + step if wall is None else wall, step=step, summary=summary)


def start(step: int) -> Event:
    log = SessionLog(status=SessionLog.START)
    return Event(wall_time=1.76e9 + 500, step=step, session_log=log)


def event_bytes(events: Iterable[Any]) -> bytes:
    first = Event(wall_time=1.76e9, file_version="brain.Event:2")
    return b"".join(framed(event.SerializeToString()) for event in (first, *events))


def write_events(folder: Path, events: Iterable[Any], name: str = NAME) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(event_bytes(events))
    return path
