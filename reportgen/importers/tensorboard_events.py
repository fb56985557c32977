"""What one TensorBoard event file says.

The messages are documented by their definitions: tensorflow/core/util/event.proto and
tensorflow/core/framework/summary.proto.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.errors import UnreadableError
from reportgen.fs.limits import Limits
from reportgen.importers import wire
from reportgen.importers.event_shapes import decode, shape_of, shortest
from reportgen.importers.interface import Distribution, Picture, Points, Text
from reportgen.importers.tensorboard_tensors import (
    Session,
    Tensor,
    histogram_of_tensor,
    read_histogram,
    read_tensor,
)
from reportgen.importers.tfrecord import Block, RecordReader
from reportgen.runs.problems import Problem

_TRIES = 24
_PICTURES = 2_000
_PICTURE_BYTES = 256 * 2**20
_OTHERS = 20_000
_SHOWN = 20
_START = 1
_ENDINGS = {b"\x89PNG\r\n\x1a\n": ".png", b"\xff\xd8\xff": ".jpg", b"GIF8": ".gif"}


@dataclass(slots=True)
class _Chunk:
    order: NDArray[np.int64]
    name_of: NDArray[np.int64]
    steps: NDArray[np.int64]
    times: NDArray[np.float64]
    values: NDArray[np.float64]


@dataclass(slots=True)
class EventFile:
    """The content of one file.

    Attributes:
        points: Scalars in the order of the file.
        purges: ``(index of the point that follows, step)`` of each start of a session: what was
            logged from that step on before is void.
        session: Hyperparameters.
        texts, pictures, distributions: What else there is.
        left_out: What is there and was not taken, counted by its kind.
        problems: What could not be read.
    """

    points: Points
    purges: list[tuple[int, int]]
    session: Session | None
    texts: list[Text]
    pictures: list[Picture]
    distributions: list[Distribution]
    left_out: Counter[str]
    problems: list[Problem]


@dataclass(slots=True)
class EventFileReader:
    """Reads one file.

    Attributes:
        name: Of the file, for problems.
        limits: Points and series that are taken.
    """

    name: str
    limits: Limits
    problems: list[Problem] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    session: Session | None = None
    texts: list[Text] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    distributions: list[Distribution] = field(default_factory=list)
    _names: dict[str, int] = field(default_factory=dict)
    _plugins: dict[str, str] = field(default_factory=dict)
    _chunks: list[_Chunk] = field(default_factory=list)
    _rows: list[tuple[int, int, int, float, float]] = field(default_factory=list)
    _starts: list[tuple[int, int]] = field(default_factory=list)
    _of_tensors: set[str] = field(default_factory=set)
    _picture_bytes: int = 0
    _bad: int = 0
    _points: int = 0

    def read(self, pieces: Iterable[bytes]) -> EventFile:
        """Return what the file says, given in pieces."""
        records = RecordReader(self.name)
        base = 0
        for block in records.blocks(pieces):
            self._take(block, base)
            base += len(block.starts)
            if self._points > self.limits.points:
                message = f"holds more than {self.limits.points} points; the rest is not read"
                self.problems.append(Problem("limits.points", "error", self.name, message))
                break
        if self._bad > _SHOWN:
            message = f"{self._bad - _SHOWN} more records like these"
            self.problems.append(Problem("import.bad_event", "warning", self.name, message))
        points, orders = self._gathered()
        purges = [(int(np.searchsorted(orders, order)), step) for order, step in self._starts]
        return EventFile(
            points=points,
            purges=purges,
            session=self.session,
            texts=self.texts,
            pictures=self.pictures,
            distributions=self.distributions,
            left_out=self.left_out,
            problems=[*records.problems, *self.problems],
        )

    # -- scalars in bulk ------------------------------------------------------------------

    def _take(self, block: Block, base: int) -> None:
        single = np.ones(len(block.starts), dtype=bool)
        for indices, rows in block.groups():
            remaining = indices
            for _ in range(_TRIES):
                if not len(remaining):
                    break
                shape = shape_of(block.record(int(remaining[0])))
                if shape is None:
                    remaining, rows = remaining[1:], rows[1:]  # stays single
                    continue
                bulk = decode(rows, shape)
                taken = remaining[bulk.matched]
                remaining, rows = remaining[~bulk.matched], rows[~bulk.matched]
                single[taken] = False
                ids = np.array([self._name(tag.decode("utf-8", "replace")) for tag in bulk.tags])
                if shape.tensor:
                    self._of_tensors.update(tag.decode("utf-8", "replace") for tag in bulk.tags)
                chunk = _Chunk(base + taken, ids[bulk.tag_of], bulk.steps, bulk.times, bulk.values)
                self._chunks.append(chunk)
                self._points += len(taken)
        for index in np.flatnonzero(single).tolist():
            self._take_single(block.record(index), base + index)

    def _name(self, tag: str) -> int:
        """Return the index of a series; -1 when there are too many, or its name is too long."""
        known = self._names.get(tag)
        if known is not None:
            return known
        if len(self._names) >= self.limits.series or len(tag) > self.limits.name_characters:
            return -1
        self._names[tag] = len(self._names)
        return self._names[tag]

    def _gathered(self) -> tuple[Points, NDArray[np.int64]]:
        """Return all scalars in the order of the file, with the record that each stood in."""
        chunks = list(self._chunks)
        if self._rows:
            columns = list(zip(*self._rows, strict=True))
            chunks.append(
                _Chunk(
                    np.array(columns[0], dtype=np.int64),
                    np.array(columns[1], dtype=np.int64),
                    np.array(columns[2], dtype=np.int64),
                    np.array(columns[3], dtype=np.float64),
                    np.array(columns[4], dtype=np.float64),
                )
            )
        if not chunks:
            chunks = [_Chunk(*(np.empty(0, dtype=t) for t in ("i8", "i8", "i8", "f8", "f8")))]
        order = np.concatenate([chunk.order for chunk in chunks])
        sequence = np.argsort(order, kind="stable")
        name_of = np.concatenate([chunk.name_of for chunk in chunks])[sequence]
        points = Points(
            list(self._names),
            name_of.astype(np.int32),
            np.concatenate([chunk.steps for chunk in chunks])[sequence],
            np.concatenate([chunk.times for chunk in chunks])[sequence],
            np.concatenate([chunk.values for chunk in chunks])[sequence],
        )
        keep = self._wanted(points)
        return (
            (points, order[sequence])
            if keep.all()
            else (
                points.chosen(keep),
                order[sequence][keep],
            )
        )

    def _wanted(self, points: Points) -> NDArray[np.bool_]:
        """Return which points are scalars: not those beyond the limits, nor numbers of other
        plug-ins, which only the first event of their tag names.
        """
        keep = points.name_of >= 0
        if not keep.all():
            message = f"holds more than {self.limits.series} series, or names that are too long"
            self.problems.append(Problem("limits.series", "error", self.name, message))
        for tag in self._of_tensors:
            plugin = self._plugins.get(tag, "scalars")
            if plugin != "scalars" and tag in self._names:
                foreign = points.name_of == self._names[tag]
                self.left_out[f"values of {plugin}"] += int(foreign.sum())
                keep &= ~foreign
        return keep

    # -- everything else, one event at a time ---------------------------------------------

    def _take_single(self, event: memoryview, order: int) -> None:
        try:
            self._take_event(event, order)
        except (UnreadableError, ValueError, OverflowError) as error:
            self._bad += 1
            if self._bad <= _SHOWN:
                what = error.what if isinstance(error, UnreadableError) else "is no event"
                message = f"record {order + 1} {what}"
                self.problems.append(Problem("import.bad_event", "warning", self.name, message))

    def _take_event(self, event: memoryview, order: int) -> None:
        wall, step = 0.0, 0
        summaries: list[tuple[int, int]] = []
        for number, kind, value, start, end in wire.fields(event):
            if number == 1 and kind == wire.FIXED64:
                wall = wire.double(value)
            elif number == 2 and kind == wire.VARINT:
                step = wire.signed(value)
            elif number == 5 and kind == wire.BYTES:
                summaries.append((start, end))
            elif number == 7 and kind == wire.BYTES:
                fields = {f[0]: f[2] for f in wire.fields(event, start, end)}
                if fields.get(1) == _START:
                    self._starts.append((order, step))
            elif number in (4, 8, 9) and kind == wire.BYTES:
                self.left_out["graphs"] += 1
        for summary in summaries:
            for number, kind, _, start, end in wire.fields(event, *summary):
                if number == 1 and kind == wire.BYTES:
                    self._take_value(event, start, end, _At(order, wall, step))

    def _take_value(self, event: memoryview, place: int, end: int, at: _At) -> None:
        tag, name, content = "", "", None
        scalar: int | None = None
        data: dict[int, tuple[int, int]] = {}
        for number, kind, value, start, stop in wire.fields(event, place, end):
            if number == 1 and kind == wire.BYTES:
                tag = wire.text(event, start, stop)
            elif number == 9 and kind == wire.BYTES:
                name, content = _plugin(event, start, stop)
            elif number == 2 and kind == wire.FIXED32:
                scalar = value
            elif number in (4, 5, 6, 8) and kind == wire.BYTES:
                data[number] = (start, stop)
        if name:
            self._plugins.setdefault(tag, name)
        if name == "hparams" and content is not None:
            self.session = self.session or Session()
            self.session.take(event, *content)
        if scalar is not None:
            self._take_scalar(tag, float(shortest(_single(scalar))[0]), at)
        else:
            self._take_data(event, tag, data, at)

    def _take_data(
        self, event: memoryview, tag: str, found: dict[int, tuple[int, int]], at: _At
    ) -> None:
        if 8 in found:
            self._take_tensor(tag, read_tensor(event, *found[8]), at)
        elif 5 in found:
            self._take_histogram(tag, at, lambda: read_histogram(event, *found[5]))
        elif 4 in found:
            encoded = [f for f in wire.fields(event, *found[4]) if f[0] == 4]
            if encoded:
                self._take_picture(tag, bytes(event[encoded[-1][3] : encoded[-1][4]]), at)
        elif 6 in found:
            self.left_out["sounds"] += 1

    def _take_scalar(self, tag: str, value: float, at: _At) -> None:
        self._rows.append((at.order, self._name(tag), at.step, at.wall, value))
        self._points += 1

    def _take_tensor(self, tag: str, tensor: Tensor, at: _At) -> None:
        plugin = self._plugins.get(tag, "")
        numbers = tensor.numbers
        if plugin == "text" or (not plugin and tensor.texts):
            text = "\n".join(part.decode("utf-8", "replace") for part in tensor.texts)
            if self._room(self.texts, "texts"):
                name = tag.removesuffix("/text_summary")
                self.texts.append(Text(name, at.step, at.wall, text))
        elif plugin == "images":
            for data in tensor.texts[2:]:  # behind width and height
                self._take_picture(tag, data, at)
        elif plugin == "histograms":
            self._take_histogram(tag, at, lambda: histogram_of_tensor(tensor))
        elif plugin in ("", "scalars") and numbers is not None and len(numbers) == 1:
            self._of_tensors.add(tag)
            self._take_scalar(tag, float(numbers[0]), at)
        else:
            self.left_out[f"values of {plugin}" if plugin else "tensors"] += 1

    def _take_histogram(self, tag: str, at: _At, read: Any) -> None:
        if at.step < 0 or not self._room(self.distributions, "histograms"):
            return
        self.distributions.append(Distribution(tag, at.step, at.wall, read()))

    def _take_picture(self, tag: str, data: bytes, at: _At) -> None:
        ending = next((end for start, end in _ENDINGS.items() if data.startswith(start)), None)
        room = len(self.pictures) < _PICTURES and self._picture_bytes + len(data) < _PICTURE_BYTES
        if ending is None or not room:
            self.left_out["pictures of another format" if room else "pictures"] += 1
            return
        self._picture_bytes += len(data)
        self.pictures.append(Picture(tag, at.step, data, ending))

    def _room(self, kept: list[Any], what: str) -> bool:
        if len(kept) < _OTHERS:
            return True
        self.left_out[what] += 1
        return False


@dataclass(frozen=True, slots=True)
class _At:
    order: int
    wall: float
    step: int


def _plugin(event: memoryview, place: int, end: int) -> tuple[str, tuple[int, int] | None]:
    """Return the plug-in that a value's metadata name, and where its content is."""
    name, content = "", None
    for number, kind, _, start, stop in wire.fields(event, place, end):
        if number == 1 and kind == wire.BYTES:
            for inner, inner_kind, _, begin, finish in wire.fields(event, start, stop):
                if inner == 1 and inner_kind == wire.BYTES:
                    name = wire.text(event, begin, finish)
                elif inner == 2 and inner_kind == wire.BYTES:
                    content = (begin, finish)
    return name, content


def _single(value: int) -> NDArray[np.float32]:
    return np.frombuffer(value.to_bytes(4, "little"), dtype="<f4")
