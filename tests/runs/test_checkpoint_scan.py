"""Checkpoints are described by their structure; hostile ones are named for what they are."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from typing import Any

import orjson
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from reportgen.runs.checkpoint_scan import CheckpointScan, scan_checkpoint
from reportgen.testing.media import checkpoint_bytes


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch PWNED",)


def scan(data: bytes) -> CheckpointScan:
    return scan_checkpoint(io.BytesIO(data), len(data))


def saved(content: object, **options: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def trained() -> dict[str, Any]:
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(2, 3)).sum().backward()
    optimizer.step()
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}


def archive(*members: tuple[str, bytes], **options: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as file:
        for name, data in members:
            file.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


PLAIN = pickle.dumps({"epoch": 1}, protocol=2)


def test_a_state_dict_names_tensors_alone() -> None:
    state = trained()
    tensors = len(state["model"]) + 3 * 4
    assert scan(saved(state)) == CheckpointScan("torch", tensors)
    assert scan(checkpoint_bytes(3)) == CheckpointScan("torch", 4)
    more = {"half": torch.ones(2).half(), "b": torch.ones(2).bfloat16(), "n": torch.get_rng_state()}
    assert scan(saved(more)) == CheckpointScan("torch", 3)


def test_a_whole_model_names_its_classes() -> None:
    found = scan(saved(torch.nn.Linear(2, 2)))
    assert found.fault is not None
    assert "torch.nn.modules.linear.Linear" in found.fault


def test_tensors_that_share_their_storage_are_all_there() -> None:
    weight = torch.ones(4)
    assert scan(saved({"a": weight, "b": weight[:2]})) == CheckpointScan("torch", 2)


def test_safetensors_are_counted() -> None:
    assert scan(save(trained()["model"])) == CheckpointScan("safetensors", 7)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "unknown format"),
        (b"weights", "unknown format"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(30), "7z archive"),
        (b"\x89HDF\r\n\x1a\n" + bytes(30), "HDF5"),
        (b"GGUF\x03\0\0\0" + b"\xff" * 8, "GGUF"),
        (b"\x93NUMPY\x01\0\x76\0{'descr': '|O'" + b"(" * 65536, "NumPy array"),
        (archive(("arr_0.npy", b"\x93NUMPY")), "zip archive"),
        (archive(("model/renamed.bin", PLAIN)), "zip archive"),
        (saved({"a": 1}, _use_new_zipfile_serialization=False), "torch file from before 1.6"),
    ],
)
def test_what_is_not_read_is_only_named(data: bytes, kind: str) -> None:
    assert scan(data) == CheckpointScan(kind, readable=False)


def with_flags(data: bytes, bits: int) -> bytes:
    """Set general-purpose bits of the first entry in the directory and before its data."""
    changed = bytearray(data)
    for mark, offset in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        changed[changed.index(mark) + offset] |= bits
    return bytes(changed)


def with_other_name(data: bytes) -> bytes:
    """The entry is called otherwise in the directory than before its data."""
    return data.replace(b"a/data.pkl", b"a/evil.pkl", 1)


def with_wrong_checksum(data: bytes) -> bytes:
    return data.replace(PLAIN, PLAIN.replace(b"epoch", b"epoxy"), 1)


def with_wrong_weights() -> bytes:
    """One number of one tensor is another one than was written."""
    right, wrong = (struct.pack("<4f", 2, 1, 0, last) for last in (1, 9))
    return checkpoint_bytes(2).replace(right, wrong, 1)


def with_many_entries() -> bytes:
    """An end record that claims a directory of 64 MiB."""
    data = bytearray(archive(("a/data.pkl", PLAIN)))
    data[data.rindex(b"PK\5\6") + 12 : data.rindex(b"PK\5\6") + 16] = struct.pack("<I", 1 << 26)
    return bytes(data)


BOMB = archive(("a/data.pkl", b"\x80\x02" + b"N0" * 10_000_000 + b"N."))
LACKING = archive(
    *[("a/data.pkl", zipfile.ZipFile(io.BytesIO(checkpoint_bytes(1))).read("archive/data.pkl"))]
)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (pickle.dumps(Trap()), "names other globals: posix.system"),
        (saved({"x": Trap()}), "names other globals: posix.system"),
        (pickle.dumps(1) + pickle.dumps(Trap()), "names other globals: posix.system"),
        (archive(("a/data.pkl", PLAIN + PLAIN)), "holds 2 pickles, one behind the other"),
        (archive(("a/data.pkl", PLAIN + b"\xff")), "is cut off or damaged"),
        (archive(("a/data.pkl", PLAIN[:-3])), "is cut off or damaged"),
        (archive(("a/data.pkl", PLAIN), ("b/data.pkl", PLAIN)), "holds 2 pickles"),
        (archive(("a/data.pkl", PLAIN), ("a/constants.pkl", PLAIN)), "'a/constants.pkl' besides"),
        (archive(("a/data.pkl", PLAIN), ("../x", b"y")), "an entry outside of it: '../x'"),
        (archive(("a/data.pkl", PLAIN), ("/etc/x", b"y")), "an entry outside of it"),
        (with_flags(archive(("a/data.pkl", PLAIN)), 1), "has encrypted entries"),
        (with_other_name(archive(("a/data.pkl", PLAIN))), "is no whole archive"),
        (with_wrong_checksum(archive(("a/data.pkl", PLAIN))), "is no whole archive"),
        (with_wrong_weights(), "is no whole archive (Bad CRC-32 for file 'archive/data/1')"),
        (with_many_entries(), "a directory that is too large"),
        (BOMB, "too large to walk"),
        (LACKING, "lacks the data of 4 of 4 tensors"),
        (b"PK\x03\x04 and no archive", "is no whole archive"),
        (checkpoint_bytes(2)[:-40], "is no whole archive"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hostile_pickles_and_archives(data: bytes, fault: str) -> None:
    found = scan(data)
    assert found.fault is not None
    assert fault in found.fault


def tensors(header: object, body: bytes = b"", *, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else orjson.dumps(header)
    size = len(text) if length is None else length
    return struct.pack("<Q", size) + text + body


def entry(start: int, stop: int, shape: list[Any] | None = None, dtype: Any = "F32") -> Any:
    return {
        "dtype": dtype,
        "shape": [(stop - start) // 4] if shape is None else shape,
        "data_offsets": [start, stop],
    }


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (tensors({"a": entry(0, 4)}, bytes(4), length=1 << 63), "a header of"),
        (tensors({"a": entry(0, 4)}, bytes(4), length=(64 << 20) + 1), "a header of"),
        (tensors({"a": entry(0, 4)}, bytes(4), length=9_000), "a header of"),
        (tensors({"a": entry(0, 8), "b": entry(4, 12)}, bytes(12)), "has a overlap"),
        (tensors({"a": entry(0, 4), "b": entry(8, 12)}, bytes(12)), "has a gap before 'b'"),
        (tensors({"a": entry(0, 4)}, bytes(2)), "has 2 bytes of tensors"),
        (tensors({"a": entry(0, 4)}, bytes(9)), "has 9 bytes of tensors"),
        (tensors({"a": entry(0, 4, [1 << 62, 1 << 62])}, bytes(4)), "its shape asks for others"),
        (tensors({"a": entry(0, 4, [-1])}, bytes(4)), "in another way than the format"),
        (tensors({"a": entry(0, 4, [True])}, bytes(4)), "in another way than the format"),
        (tensors({"a": entry(0, 4, dtype="O")}, bytes(4)), "in another way than the format"),
        (tensors({"a": [1, 2]}), "in another way than the format"),
        (tensors(b'{"a": 1, "a": 2}'), "has a header that the key"),
        (tensors({"__metadata__": {"epoch": 3}}), "metadata that is no text"),
        (tensors(b"{not json"), "has a header that is not valid JSON"),
        (tensors(b"{}\0\0\0\0"), "has a header that is not valid JSON"),
        (tensors(b"{" + b"[" * 5000), "has a header that"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hostile_headers_of_safetensors(data: bytes, fault: str) -> None:
    found = scan(data)
    assert found.fault is not None
    assert fault in found.fault


def test_hostile_names_of_tensors_are_only_names() -> None:
    names = {"<script>alert(1)</script>": entry(0, 4), "../../x": entry(4, 8)}
    assert scan(tensors(names, bytes(8))) == CheckpointScan("safetensors", 2)


def test_a_file_that_is_cut_anywhere_is_never_whole() -> None:
    for whole in (checkpoint_bytes(1), save({"w": torch.ones(3)})):
        for length in range(9, len(whole)):
            found = scan(whole[:length])
            assert found.fault is not None or not found.readable


@settings(max_examples=60)
@given(st.binary(max_size=300), st.integers(0, 10_000))
def test_arbitrary_bytes_raise_nothing(data: bytes, at: int) -> None:
    for start in (b"", b"PK\x03\x04", b"\x80\x02", struct.pack("<Q", len(data)) + b"{"):
        scan(start + data)
    flipped = bytearray(checkpoint_bytes(1))
    flipped[at % len(flipped)] ^= 1 + len(data) % 255
    scan(bytes(flipped))
