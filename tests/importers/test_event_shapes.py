from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from importers.events import scalar, start
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto

from reportgen.importers.event_shapes import DOUBLE, FLOAT, decode, shape_of, shortest

STEPS = st.integers(-(2**63), 2**63 - 1)


def rows(*events: Event) -> np.ndarray:
    data = [event.SerializeToString() for event in events]
    return np.array([list(one) for one in data], dtype=np.uint8)


def tensor(**fields: object) -> Event:
    value = Summary.Value(tag="t", tensor=TensorProto(**fields))
    return Event(wall_time=1.0, step=5, summary=Summary(value=[value]))


@given(st.floats(width=32), STEPS, st.floats())
def test_one_scalar(value: float, step: int, wall: float) -> None:
    event = scalar("loss", value, step, wall)
    shape = shape_of(memoryview(event.SerializeToString()))
    if wall == 0 and math.copysign(1, wall) > 0:
        assert shape is None  # left out of the message, as zeros are
        return
    assert shape is not None
    bulk = decode(rows(event), shape)
    assert bulk.matched.all()
    assert bulk.steps.tolist() == [step]
    assert bulk.tags == [b"loss"]
    assert np.float32(bulk.values[0]) == np.float32(value) or math.isnan(value)
    assert bulk.times[0] == wall or math.isnan(wall)


def test_many_scalars_of_one_shape_and_some_of_none() -> None:
    events = [scalar(f"m{at % 7}", at / 8, 10 + at % 50) for at in range(100)]
    other = start(7).SerializeToString()
    odd = rows(*events)
    odd[30, : len(other)] = list(other)[: odd.shape[1]]
    shape = shape_of(memoryview(events[0].SerializeToString()))
    assert shape is not None
    bulk = decode(odd, shape)
    assert (~bulk.matched).nonzero()[0].tolist() == [30]
    kept = [at for at in range(100) if at != 30]
    assert [bulk.tags[tag] for tag in bulk.tag_of] == [f"m{at % 7}".encode() for at in kept]
    assert bulk.values.tolist() == [at / 8 for at in kept]


def test_more_tags_than_are_looked_for_one_by_one() -> None:
    names = [f"metric{at:04d}" for at in range(200)]
    events = [scalar(name, 1.0, 3) for name in names]
    shape = shape_of(memoryview(events[0].SerializeToString()))
    assert shape is not None
    bulk = decode(rows(*events), shape)
    assert [bulk.tags[tag] for tag in bulk.tag_of] == [
        f"metric{at:04d}".encode() for at in range(200)
    ]


def test_steps_of_other_widths_are_not_of_the_shape() -> None:
    shape = shape_of(memoryview(scalar("ab", 1.0, 127).SerializeToString()))
    assert shape is not None
    bulk = decode(rows(scalar("ab", 1.0, 127), scalar("a", 1.0, 128)), shape)
    assert bulk.matched.tolist() == [True, False]


def test_a_step_that_ends_early_is_not_of_the_shape() -> None:
    event = scalar("a", 1.0, 300)
    shape = shape_of(memoryview(event.SerializeToString()))
    assert shape is not None
    assert shape.step is not None
    both = np.concatenate([rows(event), rows(event)])
    both[1, shape.step[0]] &= 0x7F
    assert decode(both, shape).matched.tolist() == [True, False]


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (tensor(dtype=1, float_val=[0.5]), FLOAT),
        (tensor(dtype=2, double_val=[0.5]), DOUBLE),
        (tensor(dtype=1, tensor_content=np.float32(0.5).tobytes()), FLOAT),
        (tensor(dtype=2, tensor_content=np.float64(0.5).tobytes()), DOUBLE),
        (tensor(dtype=1, float_val=[0.5, 0.5]), None),
        (tensor(dtype=3, int_val=[1]), None),
        (tensor(dtype=2, float_val=[0.5]), None),
        (start(3), None),
        (Event(wall_time=1.0, step=1), None),
    ],
)
def test_tensors(event: Event, kind: int | None) -> None:
    shape = shape_of(memoryview(event.SerializeToString()))
    assert (shape.kind if shape else None) == kind
    if shape:
        assert decode(rows(event), shape).values.tolist() == [0.5]


@given(st.lists(st.floats(width=32), max_size=20))
def test_the_shortest_decimal_is_the_same_number(values: list[float]) -> None:
    single = np.array(values, dtype=np.float32)
    found = shortest(single)
    assert found.astype(np.float32).tobytes() == single.tobytes() or np.isnan(single).any()
    assert shortest(np.array([0.2, 1e-05], dtype=np.float32)).tolist() == [0.2, 1e-05]


@given(st.binary(max_size=80))
def test_any_bytes_have_a_shape_or_none(data: bytes) -> None:
    shape_of(memoryview(data))
