"""Format and tensor count of checkpoint files, found without loading them."""

from __future__ import annotations

import io
import json
import pickle
import zipfile

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reportgen.runs.checkpoint_file import (
    CheckpointContent,
    count_persistent_ids,
    inspect_checkpoint,
)


def saved_by_torch(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def inspected(data: bytes, **limits: int) -> CheckpointContent:
    return inspect_checkpoint(io.BytesIO(data), **limits)


def test_every_tensor_of_a_torch_file_counts() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(2, 3)).sum().backward()
    optimizer.step()
    data = saved_by_torch({"m": model.state_dict(), "o": optimizer.state_dict(), "epoch": 3})
    expected = len(model.state_dict()) + 3 * len(list(model.parameters()))
    assert inspected(data) == CheckpointContent("torch", expected)


def test_tensors_that_share_their_storage_count_each() -> None:
    weight = torch.ones(4)
    assert inspected(saved_by_torch([weight, weight[:2]])).tensors == 2


def test_a_torch_file_without_tensors_has_none() -> None:
    assert inspected(saved_by_torch({"epoch": 1})) == CheckpointContent("torch", 0)


def test_a_safetensors_header_is_counted_without_its_metadata() -> None:
    header = json.dumps(
        {
            "__metadata__": {"epoch": "1"},
            "w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
            "b": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]},
        }
    ).encode()
    data = len(header).to_bytes(8, "little") + header + bytes(8)
    assert inspected(data) == CheckpointContent("safetensors", 2)
    assert inspected(data[:40]) == CheckpointContent("safetensors", None)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", CheckpointContent("other", None)),
        (b"weights", CheckpointContent("other", None)),
        (pickle.dumps({"a": 1}), CheckpointContent("pickle", None)),
        (b"PK\x03\x04 and no archive", CheckpointContent("torch", None)),
    ],
)
def test_other_files_are_named_for_what_they_are(data: bytes, expected: CheckpointContent) -> None:
    assert inspected(data) == expected


def test_an_archive_of_something_else_is_no_torch_file() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    assert inspected(buffer.getvalue()).format == "other"


def test_two_pickles_in_one_archive_are_not_counted() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps(1))
        archive.writestr("b/data.pkl", pickle.dumps(2))
    assert inspected(buffer.getvalue()) == CheckpointContent("torch", None)


def test_a_pickle_over_the_limit_is_not_walked() -> None:
    assert inspected(saved_by_torch(list(range(100))), pickle_limit=50).tensors is None


def test_a_damaged_archive_has_no_count() -> None:
    data = bytearray(saved_by_torch({"w": torch.ones(2)}))
    at = data.index(b"data.pkl") + 60
    data[at : at + 8] = bytes(8)
    assert inspected(bytes(data)) == CheckpointContent("torch", None)


def test_counting_runs_nothing() -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return pytest.fail, ("the pickle was executed",)

    assert count_persistent_ids(pickle.dumps(Trap())) == 0


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing(data: bytes) -> None:
    inspected(data)
    inspected(b"PK\x03\x04" + data)
    inspected(len(data).to_bytes(8, "little") + b"{" + data)
    count_persistent_ids(data)
