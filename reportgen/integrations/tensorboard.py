"""Mirror a run into TensorBoard's event files.

Written: ``tensorboard/events.out.tfevents.<seconds>.reportgen`` in the run folder, by the
``tensorboard`` package's own messages and record writer (tensorboard/compat/proto/event.proto,
summary.proto); neither torch nor TensorFlow is needed. The package's file writer is not used: it
puts the name of the host into the name of the file.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from reportgen.logger.values import number_of

_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
"""Channels by a PNG's colour type (www.w3.org/TR/png, table 11.1)."""


class TensorBoardSink:
    """Scalars and figures as TensorBoard shows them.

    Args:
        folder: Where the event file goes; made when absent.

    Raises:
        OSError: The file cannot be made.
    """

    name = "tensorboard"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = _new_file(folder)
        # Unbuffered: what was mirrored before a kill is on disk.
        self._file = self.path.open("ab", buffering=0)
        self._records = RecordWriter(self._file)
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))

    def metrics(self, values: Mapping[str, object], step: int) -> None:
        """Write one event with the numbers of a call."""
        numbers = ((name, number_of(value)) for name, value in values.items())
        scalars = [
            Summary.Value(tag=name, simple_value=number)
            for name, number in numbers
            if number is not None
        ]
        if scalars:
            self._write(Event(wall_time=time.time(), step=step, summary=Summary(value=scalars)))

    def figure(self, name: str, path: Path, step: int | None) -> None:
        """Write a PNG as an image; TensorBoard shows no SVG."""
        if path.suffix != ".png":
            return
        data = path.read_bytes()
        width, height, _, colour = struct.unpack(">IIBB", data[16:26])
        image = Summary.Image(
            width=width,
            height=height,
            colorspace=_CHANNELS.get(colour, 3),
            encoded_image_string=data,
        )
        summary = Summary(value=[Summary.Value(tag=name, image=image)])
        self._write(Event(wall_time=time.time(), step=step or 0, summary=summary))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, event: Any) -> None:
        self._records.write(event.SerializeToString())


def _new_file(folder: Path) -> Path:
    """Return a fresh file; TensorBoard reads the event files of a folder in order of names."""
    number = int(time.time())
    while True:
        path = folder / f"events.out.tfevents.{number:010d}.reportgen"
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
            return path
        except FileExistsError:
            number += 1


def open_sink(
    folder: Path, *, project: str, name: str, config: Mapping[str, Any]
) -> TensorBoardSink:
    """Return a sink that writes to ``tensorboard/`` below a run folder."""
    return TensorBoardSink(folder / "tensorboard")
