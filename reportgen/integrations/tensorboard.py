"""Mirror a run into TensorBoard's event files: scalars, figures, hyperparameters.

Written: ``tensorboard/events.out.tfevents.<seconds>.reportgen`` in the run folder, by the
``tensorboard`` package's own messages and record writer (tensorboard/compat/proto/event.proto,
summary.proto, plugins/hparams/plugin_data.proto); neither torch nor TensorFlow is needed. The
package's file writer is not used: it puts the name of the host into the name of the file.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import metadata
from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_SUCCESS
from tensorboard.plugins.hparams.plugin_data_pb2 import (
    HParamsPluginData,
    SessionEndInfo,
    SessionStartInfo,
)
from tensorboard.summary.writer.record_writer import RecordWriter

from reportgen.logger.interface import Status
from reportgen.logger.values import number_of

_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
"""Channels by a PNG's colour type (www.w3.org/TR/png, table 11.1)."""


class TensorBoardSink:
    """Scalars, figures and hyperparameters as TensorBoard shows them.

    Args:
        folder: Where the event file goes; made when absent.
        config: The hyperparameters, for the HPARAMS tab; nested ones get dotted names, and what
            is neither number, text nor truth value stands as text.

    Raises:
        OSError: The file cannot be made.
    """

    name = "tensorboard"

    def __init__(self, folder: Path, config: Mapping[str, Any] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = _new_file(folder)
        # Unbuffered: what was mirrored before a kill is on disk.
        self._file = self.path.open("ab", buffering=0)
        self._records = RecordWriter(self._file)
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))
        self._has_session = bool(config)
        if config:
            start = SessionStartInfo(start_time_secs=time.time())
            for name, value in _flat(config):
                _set(start.hparams[name], value)
            data = HParamsPluginData(session_start_info=start)
            self._write_session(metadata.SESSION_START_INFO_TAG, data)

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

    def close(self, status: Status = "finished") -> None:
        """Say how the run ended and close the file."""
        if self._has_session:
            ended = STATUS_SUCCESS if status == "finished" else STATUS_FAILURE
            end = SessionEndInfo(status=ended, end_time_secs=time.time())
            data = HParamsPluginData(session_end_info=end)
            self._write_session(metadata.SESSION_END_INFO_TAG, data)
        self._file.close()

    def _write_session(self, tag: str, data: Any) -> None:
        value = Summary.Value(
            tag=tag,
            tensor=metadata.NULL_TENSOR,
            metadata=metadata.create_summary_metadata(data),
        )
        self._write(Event(wall_time=time.time(), summary=Summary(value=[value])))

    def _write(self, event: Any) -> None:
        self._records.write(event.SerializeToString())


def _flat(config: Mapping[Any, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{above}{key}.")
        elif value is not None:
            yield f"{above}{key}", value


def _set(field: Any, value: Any) -> None:
    """Set a protobuf Value; those of the HPARAMS tab are numbers, texts and truth values."""
    number = number_of(value)
    if isinstance(value, bool):
        field.bool_value = value
    elif number is not None:
        field.number_value = number
    else:
        field.string_value = str(value)


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
    return TensorBoardSink(folder / "tensorboard", config)
