"""What TensorBoard's own reader finds in a mirrored run."""

from __future__ import annotations

import math
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

from reportgen.integrations.tensorboard import TensorBoardSink, open_sink
from reportgen.logger.figure_formats import encode_figure


def read(folder: Path) -> Any:
    accumulator = EventAccumulator(str(folder), {"scalars": 0, "images": 0})
    return accumulator.Reload()


def test_scalars_are_those_that_were_logged(tmp_path: Path) -> None:
    sink = open_sink(tmp_path, project="p", name="n", config={})
    for step in range(5):
        sink.metrics({"train/loss": 1 / (step + 1), "epoch": step, "note": "text"}, step)
    sink.metrics({"train/loss": torch.tensor(0.25), "only": np.float32(2)}, 7)
    sink.metrics({"note": "text"}, 8)
    sink.close()
    found = read(tmp_path / "tensorboard")
    assert sorted(found.Tags()["scalars"]) == ["epoch", "only", "train/loss"]
    losses = [(event.step, event.value) for event in found.Scalars("train/loss")]
    expected = [*((step, 1 / (step + 1)) for step in range(5)), (7, 0.25)]
    assert [step for step, _ in losses] == [step for step, _ in expected]
    assert [v for _, v in losses] == pytest.approx([v for _, v in expected], rel=1e-6)


def test_values_that_are_not_finite_are_kept(tmp_path: Path) -> None:
    sink = TensorBoardSink(tmp_path)
    sink.metrics({"a": float("nan"), "b": -math.inf}, 1)
    sink.close()
    found = read(tmp_path)
    assert math.isnan(found.Scalars("a")[0].value)
    assert found.Scalars("b")[0].value == -math.inf


@pytest.mark.parametrize(("channels", "colours"), [(None, 1), (3, 3), (4, 4)])
def test_a_figure_is_an_image_with_its_bytes(
    tmp_path: Path, channels: int | None, colours: int
) -> None:
    shape = (4, 6) if channels is None else (4, 6, channels)
    png = tmp_path / "a_step_3.png"
    png.write_bytes(encode_figure(np.zeros(shape, np.uint8)).data)
    sink = TensorBoardSink(tmp_path / "tb")
    sink.figure("confusion", png, 3)
    sink.figure("drawing", tmp_path / "a.svg", 3)
    sink.close()
    found = read(tmp_path / "tb")
    assert found.Tags()["images"] == ["confusion"]
    (image,) = found.Images("confusion")
    assert (image.step, image.width, image.height) == (3, 6, 4)
    assert image.encoded_image_string == png.read_bytes()
    written = [
        value.image.colorspace
        for event in LegacyEventFileLoader(str(sink.path)).Load()
        for value in event.summary.value
        if value.HasField("image")
    ]
    assert written == [colours]


def test_what_was_mirrored_is_on_disk_at_once(tmp_path: Path) -> None:
    sink = TensorBoardSink(tmp_path)
    sink.metrics({"a": 1.0}, 1)
    assert len(read(tmp_path).Scalars("a")) == 1
    sink.close()


def test_the_files_name_no_host_and_a_second_one_overwrites_nothing(tmp_path: Path) -> None:
    first, second = TensorBoardSink(tmp_path), TensorBoardSink(tmp_path)
    first.metrics({"a": 1.0}, 1)
    second.metrics({"a": 2.0}, 2)
    first.close()
    second.close()
    names = [path.name for path in tmp_path.iterdir()]
    assert len(names) == 2
    assert not [name for name in names if socket.gethostname() in name]
    assert [event.value for event in read(tmp_path).Scalars("a")] == [1.0, 2.0]


def test_neither_torch_nor_tensorflow_is_imported() -> None:
    program = """
import sys
import reportgen.integrations.tensorboard
assert not {"torch", "tensorflow"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
