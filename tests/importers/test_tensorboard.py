"""What TensorBoard's files must become: real ones, and those of real writers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from importers.events import event_bytes, scalar, start, write_events
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.plugins.hparams import plugin_data_pb2

from reportgen.fs.limits import DEFAULT_LIMITS, Limits
from reportgen.importers import detected
from reportgen.importers.interface import ImportedRun, ImportOptions, Unreadable
from reportgen.importers.tensorboard import TensorBoardImporter
from reportgen.importers.tensorboard_events import EventFileReader

Values = dict[str, list[tuple[int, float]]]


def read(source: Path, **options: Any) -> list[ImportedRun]:
    found = list(TensorBoardImporter().read(source, ImportOptions(**options)))
    assert not [one for one in found if isinstance(one, Unreadable)]
    return [one for one in found if isinstance(one, ImportedRun)]


def series(run: ImportedRun) -> Values:
    points = run.points
    found: Values = {}
    for name, step, value in zip(points.name_of, points.steps, points.values, strict=True):
        found.setdefault(points.names[name], []).append((int(step), float(value)))
    return found


def valued(plugin: str, tag: str = "t", step: int = 0, **fields: Any) -> Event:
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=plugin))
    value = Summary.Value(tag=tag, metadata=metadata if plugin else None, **fields)
    return Event(wall_time=1.76e9 + step, step=step, summary=Summary(value=[value]))


def shape(*sizes: int) -> TensorShapeProto:
    return TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in sizes])


# -- real files ---------------------------------------------------------------------------


@pytest.fixture
def real(fixtures_dir: Path) -> dict[str, ImportedRun]:
    return {run.source: run for run in read(fixtures_dir / "tensorboard")}


REDUCER = "janosh+tensorboard-reducer/tests/runs"


@pytest.mark.parametrize(
    ("source", "count", "points", "tag", "last"),
    [
        (f"{REDUCER}/strict/run_1", 1, 100, "strict/foo", 1.2120903),
        (f"{REDUCER}/strict/run_2", 1, 100, "strict/foo", 2.4890914),
        (f"{REDUCER}/strict/run_3", 1, 100, "strict/foo", 3.3318732),
        (f"{REDUCER}/lax/run_1", 3, 330, "lax/foo", 1.4174270),
        (f"{REDUCER}/lax/run_2", 3, 360, "lax/foo", None),
        (f"{REDUCER}/lax/run_3", 3, 390, "lax/foo", None),
        (f"{REDUCER}/duplicate_steps/run_1", 2, 420, "dup_steps/foo", 1.5478504),
        ("wandb+wandb/tests/assets", 6, 102, "batch_loss", 2.9325056e-05),
        ("Medicine-Artificial-Intelligence+ProQSAR/catboost_info/learn", 1, 50, "RMSE", 0.42754397),
        ("gradio-app+trackio/tests/e2e/tf_test_run", 2, 10, "loss", 0.2),
        ("gradio-app+trackio/tf_test_run", 2, 20, "accuracy", 0.98),
    ],
)
def test_real_files(
    real: dict[str, ImportedRun], source: str, count: int, points: int, tag: str, last: float | None
) -> None:
    run = real[source]
    assert run.problems == []
    found = series(run)
    assert len(found) == count
    assert len(run.points) == points
    if last is not None:
        assert found[tag][-1][1] == pytest.approx(last, rel=1.5e-7)


def test_real_steps(real: dict[str, ImportedRun]) -> None:
    strict = series(real[f"{REDUCER}/strict/run_1"])["strict/foo"]
    assert [step for step, _ in strict] == list(range(0, 500, 5))
    doubled = series(real[f"{REDUCER}/duplicate_steps/run_1"])["dup_steps/foo"]
    steps = [step for step, _ in doubled]
    assert (len(steps), len(set(steps))) == (210, 200)
    assert steps != sorted(steps)


@pytest.mark.parametrize("version", [0, 1])
def test_real_hyperparameters(real: dict[str, ImportedRun], version: int) -> None:
    run = real[f"DCBIA-OrthoLab+ShapeAXI/lightning_logs/version_{version}"]
    assert run.config is not None
    assert len(run.config) == 41
    assert (run.group, run.name) == (
        "DCBIA-OrthoLab+ShapeAXI/lightning_logs",
        f"version_{version}",
    )
    assert series(run) == {}
    assert [one.rule for one in run.left_out] == ["placeholder"]
    assert run.status == "running"  # a success that was written as the run began is none


def test_no_host_of_a_real_file_is_kept(real: dict[str, ImportedRun]) -> None:
    for run in real.values():
        for file in run.files:
            assert not any(word in file.path for word in ("mbp", "medusa", "MacBook", ".cvp"))


# -- real writers -------------------------------------------------------------------------


def test_what_pytorch_writes(tmp_path: Path) -> None:
    tensorboard = pytest.importorskip("torch.utils.tensorboard")
    with tensorboard.SummaryWriter(str(tmp_path / "logs" / "run")) as writer:
        for step in range(300):
            writer.add_scalar("train/loss", 1 / (step + 1), step)
            writer.add_scalar("val/acc", step / 300, step)
        writer.add_scalars("both", {"train": 0.5, "val": 0.25}, 7)
        writer.add_histogram("weights", np.arange(1000.0), 3)
        writer.add_text("note", "some **text**", 4)
        writer.add_image("picture", np.zeros((3, 4, 5), dtype=np.uint8), 5)
        writer.add_hparams({"lr": 0.1, "opt": "sgd", "fast": True}, {"hparam/acc": 0.9})
    (run,) = read(tmp_path / "logs")
    found = series(run)
    assert len(found["train/loss"]) == 300
    assert found["train/loss"][1] == (1, 0.5)
    assert found["both/train"] == [(7, 0.5)]
    assert found["both/val"] == [(7, 0.25)]
    assert found["hparam/acc"][-1][1] == 0.9
    assert run.config == {"lr": 0.1, "opt": "sgd", "fast": True}
    assert not run.typed
    assert run.name == "run"
    assert [(t.name, t.step, t.text) for t in run.texts] == [("note", 4, "some **text**")]
    assert [(p.name, p.step, p.ending) for p in run.pictures] == [("picture", 5, ".png")]
    (weights,) = [d for d in run.distributions if d.name == "weights"]
    assert weights.histogram.count == 1000
    assert sum(weights.histogram.counts) == 1000
    assert (weights.histogram.low, weights.histogram.high) == (0.0, 999.0)


def test_each_folder_as_tensorboard_has_it(tmp_path: Path) -> None:
    tensorboard = pytest.importorskip("torch.utils.tensorboard")
    with tensorboard.SummaryWriter(str(tmp_path / "run")) as writer:
        writer.add_scalar("x", 1.0, 1)
        writer.add_scalars("both", {"train": 0.5, "val": 0.25}, 7)
    names = [run.name for run in read(tmp_path, every_folder=True)]
    assert names == ["run", "both_train", "both_val"]


def test_purged_steps_are_void(tmp_path: Path) -> None:
    tensorboard = pytest.importorskip("torch.utils.tensorboard")
    with tensorboard.SummaryWriter(str(tmp_path / "run")) as writer:
        for step in range(11):
            writer.add_scalar("x", step, step)
    with tensorboard.SummaryWriter(
        str(tmp_path / "run"), purge_step=5, filename_suffix=".2"
    ) as writer:
        for step in range(5, 12):
            writer.add_scalar("x", 100 + step, step)
    (run,) = read(tmp_path)
    assert [step for step, _ in series(run)["x"]] == list(range(12))
    assert run.points.attempts is not None
    assert run.points.attempts.tolist() == [1] * 5 + [2] * 7
    assert [one.rule for one in run.left_out] == ["purged"]


# -- both encodings, and what is beside scalars -------------------------------------------


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"dtype": 1, "float_val": [0.2]}, 0.2),
        ({"dtype": 2, "double_val": [0.1]}, 0.1),
        ({"dtype": 1, "tensor_content": np.float32(0.2).tobytes()}, 0.2),
        ({"dtype": 3, "int_val": [-4]}, -4.0),
        ({"dtype": 9, "int64_val": [2**40]}, 2.0**40),
        ({"dtype": 1, "float_val": [math.inf]}, math.inf),
    ],
)
def test_scalars_in_tensors(tmp_path: Path, fields: dict[str, Any], value: float) -> None:
    events = [
        valued("scalars" if step == 0 else "", "epoch_loss", step, tensor=TensorProto(**fields))
        for step in range(20)
    ]
    write_events(tmp_path / "run" / "train", events)
    write_events(tmp_path / "run" / "validation", events)
    (run,) = read(tmp_path)
    assert run.name == "run"
    expected = [(step, value) for step in range(20)]
    assert series(run) == {"train/epoch_loss": expected, "validation/epoch_loss": expected}


def test_numbers_of_other_plugins_are_no_scalars(tmp_path: Path) -> None:
    tensor = TensorProto(dtype=1, float_val=[0.5])
    events = [valued("mesh" if step == 0 else "", "m", step, tensor=tensor) for step in range(20)]
    write_events(tmp_path, events)
    (run,) = read(tmp_path)
    assert series(run) == {}
    assert [one.rule for one in run.left_out] == ["not imported"]
    assert run.left_out[0].what == "20 values of mesh"


def test_newer_histograms_texts_and_images(tmp_path: Path) -> None:
    rows = np.array([[0.0, 1.0, 3.0], [1.0, 2.0, 0.0], [2.0, 4.0, 4.0]])
    picture = b"\x89PNG\r\n\x1a\nrest"
    events = [
        valued(
            "histograms",
            "h",
            1,
            tensor=TensorProto(dtype=2, tensor_shape=shape(3, 3), tensor_content=rows.tobytes()),
        ),
        valued("text", "note", 2, tensor=TensorProto(dtype=7, string_val=[b"a", b"b\xff"])),
        valued("images", "i", 3, tensor=TensorProto(dtype=7, string_val=[b"1", b"1", picture])),
        valued("images", "i", 4, tensor=TensorProto(dtype=7, string_val=[b"1", b"1", b"<svg/>"])),
        valued("pr_curves", "p", 4, tensor=TensorProto(dtype=1, float_val=[1, 2, 3])),
    ]
    write_events(tmp_path, events)
    (run,) = read(tmp_path)
    (histogram,) = (one.histogram for one in run.distributions)
    assert (histogram.low, histogram.high, histogram.count) == (0.0, 4.0, 7)
    assert sum(histogram.counts) == 7
    assert sum(histogram.counts[:16]) == 3
    assert sum(histogram.counts[16:32]) == 0
    assert run.texts[0].text == "a\nb\ufffd"
    assert [one.data for one in run.pictures] == [picture]
    assert [one.what for one in run.left_out] == [
        "1 pictures of another format",
        "1 values of pr_curves",
    ]


def test_a_histogram_of_one_value(tmp_path: Path) -> None:
    histogram = HistogramProto(min=2, max=2, num=5, bucket_limit=[2, 3], bucket=[5, 0])
    write_events(tmp_path, [valued("", "h", 1, histo=histogram)])
    (run,) = read(tmp_path)
    assert sum(run.distributions[0].histogram.counts) == 5


@pytest.mark.parametrize(("code", "status"), [(1, "finished"), (2, "failed"), (3, "running")])
def test_how_a_session_ended(tmp_path: Path, code: int, status: str) -> None:
    plugin = plugin_data_pb2.HParamsPluginData
    end = plugin_data_pb2.SessionEndInfo(status=code, end_time_secs=1.77e9)
    for number, info in enumerate((plugin(session_end_info=end), plugin())):
        content = info.SerializeToString()
        data = SummaryMetadata.PluginData(plugin_name="hparams", content=content)
        value = Summary.Value(
            tag="_hparams_/session_end_info", metadata=SummaryMetadata(plugin_data=data)
        )
        event = Event(wall_time=1.76e9, summary=Summary(value=[value]))
        write_events(tmp_path / str(number), [scalar("x", 1.0, 1), event])
    ended, open_end = read(tmp_path)
    assert (ended.status, ended.ended) == (status, None if status == "running" else 1.77e9)
    assert (open_end.status, open_end.ended) == ("running", None)


# -- one folder, several files ------------------------------------------------------------


def later(number: int) -> str:
    return f"events.out.tfevents.176000{number}000.somehost.{80 + number}.0"


def points(steps: range, wall: float, tag: str = "x") -> list[Event]:
    return [scalar(tag, step, step, wall + step / 100) for step in steps]


def test_a_second_launch_from_the_start_is_another_run(tmp_path: Path) -> None:
    write_events(tmp_path / "r", points(range(100, 4300, 100), 1.76e9), later(0))
    write_events(tmp_path / "r", points(range(100, 5100, 100), 1.77e9), later(1))
    first, second = read(tmp_path)
    assert (first.name, second.name) == ("r", "r-2")
    assert (len(first.points), len(second.points)) == (42, 50)
    assert first.identity != second.identity


def test_a_second_launch_from_a_later_step_resumes(tmp_path: Path) -> None:
    write_events(tmp_path / "r", points(range(0, 50), 1.76e9), later(0))
    write_events(tmp_path / "r", points(range(40, 60), 1.77e9), later(1))
    (run,) = read(tmp_path)
    assert run.points.attempts is not None
    assert run.points.attempts.tolist() == [1] * 50 + [2] * 20


def test_files_with_other_metrics_are_one_attempt(tmp_path: Path) -> None:
    write_events(tmp_path / "r", points(range(0, 50), 1.76e9, "train"), later(0))
    write_events(tmp_path / "r", points(range(0, 5), 1.77e9, "test"), later(1))
    (run,) = read(tmp_path)
    assert run.points.attempts is not None
    assert set(run.points.attempts.tolist()) == {1}


def test_a_session_that_starts_within_a_file(tmp_path: Path) -> None:
    events = [*points(range(0, 10), 1.76e9), start(4), *points(range(4, 8), 1.77e9)]
    write_events(tmp_path, events)
    (run,) = read(tmp_path)
    assert [step for step, _ in series(run)["x"]] == [0, 1, 2, 3, 4, 5, 6, 7]


# -- bad input ----------------------------------------------------------------------------


def test_nothing_of_a_bad_event_is_invented(tmp_path: Path) -> None:
    good = scalar("x", 1.0, 1).SerializeToString()
    from importers.events import framed

    bad = [b"\xff" * 11, b"\x0b\x0c", b"\x2a\x05\x0a\x03\x0a\x7f", good[:-2]]
    (tmp_path / "events.out.tfevents.1").write_bytes(b"".join(map(framed, [*bad, good])))
    (run,) = read(tmp_path)
    assert series(run) == {"x": [(1, 1.0)]}
    assert {problem.id for problem in run.problems} == {"import.bad_event"}
    assert len(run.problems) == 4


def test_tags_are_names_and_never_paths(tmp_path: Path) -> None:
    tags = ["<script>alert(1)</script>", "../../etc/passwd", "a\0b", "\u202ex", "con"]
    write_events(tmp_path, [scalar(tag, 1.0, 1) for tag in tags])
    (run,) = read(tmp_path)
    assert sorted(series(run)) == sorted(tags)


def test_too_many_series_and_points_are_named(tmp_path: Path) -> None:
    write_events(tmp_path, [scalar(f"tag{at % 30}", 1.0, at) for at in range(90)])
    (run,) = read(tmp_path, limits=Limits(series=10))
    assert len(series(run)) == 10
    assert "limits.series" in {problem.id for problem in run.problems}
    (run,) = read(tmp_path, limits=Limits(points=10))
    assert "limits.points" in {problem.id for problem in run.problems}


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = write_events(tmp_path / "outside", [scalar("x", 1.0, 1)])
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / outside.name).symlink_to(outside)
    assert read(tmp_path / "logs") == []
    assert detected(tmp_path / "logs") is None


def test_hparams_beside_that_cannot_be_read_leave_those_in_the_events(tmp_path: Path) -> None:
    write_events(tmp_path, [scalar("x", 1.0, 1)])
    (tmp_path / "hparams.yaml").write_text("a: !!python/object/apply:os.system [touch pwned]\n")
    (run,) = read(tmp_path)
    assert run.config is None
    assert [problem.id for problem in run.problems] == ["import.config"]
    assert not (tmp_path / "pwned").exists()


WHOLE = event_bytes(
    [
        *[scalar("loss", at / 7, at) for at in range(12)],
        valued("text", "note", 2, tensor=TensorProto(dtype=7, string_val=[b"a"])),
        valued("", "h", 1, histo=HistogramProto(min=0, max=2, bucket_limit=[1, 2], bucket=[5, 1])),
        valued("scalars", "s", 1, tensor=TensorProto(dtype=2, double_val=[0.5])),
        start(30),
    ]
)


@settings(max_examples=300)
@given(st.data())
def test_changed_bytes_never_crash_the_reader(data: st.DataObject) -> None:
    """The CRCs are made to fit, so that each changed byte reaches the reader of messages."""
    import struct

    from importers.events import framed

    records, place = [], 0
    while place < len(WHOLE):
        (length,) = struct.unpack_from("<Q", WHOLE, place)
        records.append(bytearray(WHOLE[place + 12 : place + 12 + length]))
        place += 16 + length
    for _ in range(data.draw(st.integers(1, 4))):
        record = records[data.draw(st.integers(0, len(records) - 1))]
        record[data.draw(st.integers(0, len(record) - 1))] = data.draw(st.integers(0, 255))
    file = EventFileReader("f", DEFAULT_LIMITS).read([b"".join(framed(bytes(r)) for r in records)])
    assert len(file.points) <= 14


@pytest.mark.parametrize("step", [1, 3])
def test_a_file_cut_anywhere_is_read_up_to_there(step: int) -> None:
    before = -1
    for cut in range(0, len(WHOLE), step):
        file = EventFileReader("f", DEFAULT_LIMITS).read([WHOLE[:cut]])
        assert len(file.points) >= before
        assert {problem.id for problem in file.problems} <= {"import.torn_tail"}
        before = len(file.points)
