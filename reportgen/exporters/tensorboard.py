"""TensorBoard's event files: a folder a run with its scalars and hyperparameters.

The messages are documented by their definitions (tensorflow/core/util/event.proto,
tensorflow/core/framework/summary.proto, tensorboard/plugins/hparams/plugin_data.proto) and written
field by field (protobuf.dev/programming-guides/encoding); no package is needed. A scalar there is
a number of four bytes, so about seven of a value's digits remain. A resumed attempt begins with
the start of a session, by which TensorBoard drops what the attempt did again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from reportgen.exporters.tables import plain
from reportgen.fs.atomic import replacing
from reportgen.fs.crc32c import crc32c, masked
from reportgen.fs.paths import portable_component, slug
from reportgen.fs.text import storable
from reportgen.runs.times import from_iso
from reportgen.runs.view import RunView

_VERSION: Final = b"brain.Event:2"
_HPARAMS: Final = "_hparams_/"
_STATUS: Final = {"finished": 1, "failed": 2, "interrupted": 2, "running": 3}
_LARGEST: Final = 3.4028234663852886e38


class TensorBoard:
    """``<run name>/events.out.tfevents.<start>.reportgen``."""

    name = "tensorboard"
    title = "TensorBoard: a folder a run with its event file; values keep about seven digits"

    def export(self, runs: Sequence[RunView], target: Path) -> list[Path]:
        """Write an event file a run and return them."""
        files = []
        names: dict[str, str] = {}
        for view in runs:
            component = portable_component(view.name)
            if names.setdefault(component.casefold(), view.id) != view.id:
                component = slug(f"{view.name}-{view.id}")
            start = from_iso(view.run.created) or 0.0
            folder = target / component
            folder.mkdir(parents=True, exist_ok=True)
            files.append(folder / f"events.out.tfevents.{int(start):010d}.reportgen")
            with replacing(files[-1]) as beside, open(beside, "wb") as stream:
                stream.writelines(map(framed, _events(view, start)))
        return files


def framed(data: bytes) -> bytes:
    """Return a record of a TFRecord file."""
    length = struct.pack("<Q", len(data))
    crcs = (struct.pack("<I", masked(crc32c(part))) for part in (length, data))
    return length + next(crcs) + data + next(crcs)


def _events(view: RunView, start: float) -> Iterator[bytes]:
    yield _event(start, 0, _bytes(3, _VERSION))
    if view.flat_config:
        yield _event(start, 0, _bytes(5, _session_start(view, start)))
    time = start
    attempt = 1
    for step, recorded, own_attempt, values in _records(view):
        time = time if recorded is None else recorded
        if own_attempt != attempt:
            attempt = own_attempt
            yield _event(time, step, _bytes(7, _varint_field(1, 1)))
        for name, value in values:
            yield _event(time, step, _bytes(5, _bytes(1, _scalar(name, value))))
    end = from_iso(view.run.ended)
    status = _STATUS.get(view.state)
    if view.flat_config and end is not None and status is not None:
        info = _varint_field(1, status) + b"\x11" + struct.pack("<d", end)
        yield _event(end, 0, _bytes(5, _hparams("session_end_info", _bytes(4, info))))


def _records(view: RunView) -> Iterator[tuple[int, float | None, int, list[tuple[str, float]]]]:
    """Yield step, time, attempt and values of each record in the order of the file."""
    columns = view.metrics.columns
    values: list[list[tuple[str, float]]] = [[] for _ in columns.steps]
    for name, series in view.series.items():
        for record, value in zip(series.records, series.values, strict=True):
            values[record].append((name, value))
    rows = zip(columns.steps, columns.times, columns.attempts, values, strict=True)
    for step, time, attempt, found in rows:
        yield step, None if time != time else time, attempt, found


def _scalar(name: str, value: float) -> bytes:
    number = value if value != value or abs(value) <= _LARGEST else (1 if value > 0 else -1) * 1e999
    return _bytes(1, storable(name).encode()) + b"\x15" + struct.pack("<f", number)


def _session_start(view: RunView, start: float) -> bytes:
    hparams = b"".join(
        _bytes(1, _bytes(1, storable(key).encode()) + _bytes(2, _value(plain(value))))
        for key, value in view.flat_config.items()
    )
    info = hparams + _bytes(4, storable(view.group or "").encode())
    return _hparams("session_start_info", _bytes(3, info + b"\x29" + struct.pack("<d", start)))


def _hparams(tag: str, data: bytes) -> bytes:
    """Return a summary whose one value has no data, only content for the plug-in."""
    plugin = _bytes(1, b"hparams") + _bytes(2, data)
    return _bytes(1, _bytes(1, (_HPARAMS + tag).encode()) + _bytes(9, _bytes(1, plugin)))


def _value(value: Any) -> bytes:
    """Return a value of google/protobuf/struct.proto: a truth, a number or a text."""
    if isinstance(value, bool):
        return _varint_field(4, int(value))
    if isinstance(value, int | float) and abs(value) < 2**53:
        return b"\x11" + struct.pack("<d", value)
    return _bytes(3, str(value).encode())


def _event(time: float, step: int, rest: bytes) -> bytes:
    return b"\x09" + struct.pack("<d", time) + _varint_field(2, step) + rest


def _varint_field(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _bytes(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    value %= 1 << 64
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)
