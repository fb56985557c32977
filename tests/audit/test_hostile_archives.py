"""Archives, headers and arrays that lie about themselves, as checkpoints: none is loaded."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from typing import Any

from hostile_env import CANARY, HostileEnvironment

from reportgen.testing import make_run
from reportgen.testing.media import checkpoint_bytes

READABLE = "artifacts.checkpoint-readable"
MARKED = "<script>alert(1)</script>"


class Payload:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {CANARY}",)


EVIL = pickle.dumps(Payload(), protocol=2)
PLAIN = pickle.dumps({"epoch": 1}, protocol=2)


def archive(*entries: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, data in entries:
            file.writestr(zipfile.ZipInfo(name), data, compression)
    return buffer.getvalue()


def patched(data: bytes, old: bytes, new: bytes, *, last: bool = False) -> bytes:
    """Replace bytes of the first header that has them, or of the last one: the directory's."""
    at = data.rindex(old) if last else data.index(old)
    return data[:at] + new + data[at + len(old) :]


def encrypted(data: bytes) -> bytes:
    """The first bit of the flags, in the header and in the directory."""
    local, directory = data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8
    flags = bytearray(data)
    flags[local] |= 1
    flags[directory] |= 1
    return bytes(flags)


def many_entries() -> bytes:
    """A directory that says it has a million entries of fifty bytes."""
    data = archive(("archive/data.pkl", PLAIN))
    end = data.rindex(b"PK\x05\x06")
    return data[: end + 8] + struct.pack("<HHI", 0xFFFE, 0xFFFE, 50_000_000) + data[end + 16 :]


def header(text: str | bytes, behind: bytes = b"", length: int | None = None) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(data) if length is None else length) + data + behind


def tensors(**spans: tuple[int, int]) -> str:
    described = {
        name: {"dtype": "F32", "shape": [(stop - start) // 4], "data_offsets": [start, stop]}
        for name, (start, stop) in spans.items()
    }
    return json.dumps(described)


TORCH = checkpoint_bytes(3)
OVERWRITTEN = (  # the name is put together from places of the memo that were written over
    b"\x80\x04\x8c\x05torchq\x00\x8c\x02osq\x00\x8c\x04sizeq\x01\x8c\x06systemq\x01"
    b"h\x00h\x01\x93\x8c\x04true\x85R."
)
FALSE = {
    "memo.pt": archive(("archive/data.pkl", OVERWRITTEN)),
    "renamed.pt": archive(("archive/data.pkl", PLAIN), ("archive/model.PKL", EVIL)),
    "twice.pt": patched(
        archive(("archive/data.pkl", PLAIN), ("archive/data.pkm", EVIL)),
        b".pkm",
        b".pkl",
        last=True,
    ),
    "crc.pt": patched(TORCH, struct.pack("<4f", 3, 1, 0, 1), struct.pack("<4f", 3, 1, 0, 2)),
    "pickle_crc.pt": patched(TORCH, b"layer0", b"layer9"),
    "encrypted.pt": encrypted(TORCH),
    "two_names.pt": patched(TORCH, b"archive/data.pkl", b"archive/evil.pkl"),
    "directory_name.pt": patched(TORCH, b"archive/data.pkl", b"archive/evil.pkl", last=True),
    "outside.pt": archive(("archive/data.pkl", PLAIN), (f"archive/../../{CANARY}", b"x")),
    "absolute.pt": archive(("archive/data.pkl", PLAIN), (f"/tmp/{CANARY}", b"x")),
    "entries.pt": many_entries(),
    "bomb.pt": archive(("archive/data.pkl", bytes(20 << 20)), compression=zipfile.ZIP_DEFLATED),
    "cut.pt": TORCH[:-30],
    "length.safetensors": header("{}", length=1 << 63),
    "long.safetensors": header("{}", length=(100 << 20) + 1),
    "overlap.safetensors": header(tensors(a=(0, 8), b=(4, 12)), bytes(12)),
    "gap.safetensors": header(tensors(a=(0, 8), b=(12, 20)), bytes(20)),
    "outside.safetensors": header(tensors(a=(0, 1 << 40)), bytes(8)),
    "shape.safetensors": header(
        '{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,8]}}',
        bytes(8),
    ),
    "twice.safetensors": header(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
        '"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
        bytes(8),
    ),
    "metadata.safetensors": header('{"__metadata__":{"x":[1]}}'),
    "words.safetensors": header(b"{no json}"),
    "zeros.safetensors": header(b"{}" + bytes(30)),
    "deep.safetensors": header(b'{"a":' * 100_000),
    "marked.safetensors": header(tensors(**{MARKED: (4, 8)}), bytes(8)),
}
OTHER = {
    "object.npy": b"\x93NUMPY\x01\0\x76\0{'descr': '|O', 'fortran_order': False}" + EVIL,
    "parentheses.npy": b"\x93NUMPY\x02\0\0\0\1\0{'descr': " + b"(" * 65_536,
    "objects.npz": archive(("arr_0.npy", b"\x93NUMPY" + EVIL)),
    "model.joblib": b"\x80\x04\x95" + EVIL,
    "model.keras": archive(("config.json", b'{"class_name":"Lambda"}'), ("model.weights.h5", EVIL)),
    "model.h5": b"\x89HDF\r\n\x1a\n" + EVIL,
    "model.onnx": b"\x08\x07\x12\x07pytorch" + b"location../../../../etc/passwd",
    "count.gguf": b"GGUF\x03\0\0\0" + struct.pack("<QQ", 1 << 63, 1 << 63),
}


def judged(hostile_env: HostileEnvironment, files: dict[str, bytes]) -> dict[str, dict[str, Any]]:
    """What the audit says of each file as the only checkpoint of a run."""
    for name, data in files.items():
        kept = {f"checkpoints/{name}": data}
        make_run(hostile_env.folder / "runs", name, checkpoints=False, files=kept)
    done = hostile_env.run("audit", "runs", "--format", "json", times=1)
    runs = json.loads(done.stdout)["runs"]
    return {
        run["name"]: next(one for one in run["checks"] if one["id"] == READABLE) for run in runs
    }


def test_what_lies_about_itself_is_no_checkpoint(hostile_env: HostileEnvironment) -> None:
    found = judged(hostile_env, FALSE)
    passed = {name for name, one in found.items() if one["outcome"] != "fail"}
    assert passed == set(), {name: found[name]["message"] for name in passed}
    assert "os.system" in found["memo.pt"]["message"]
    assert MARKED in found["marked.safetensors"]["message"]


def test_what_is_not_read_is_known_by_its_size_and_hash_alone(
    hostile_env: HostileEnvironment,
) -> None:
    for name, one in judged(hostile_env, OTHER).items():
        assert one["outcome"] in ("inconclusive", "fail"), name
        assert "not loaded" in one["message"] or one["outcome"] == "fail", name
        words = one["message"].lower()
        assert not [word for word in ("safe ", "clean", "harmless") if word in words], name


def test_names_of_tensors_in_a_whole_file_are_names(hostile_env: HostileEnvironment) -> None:
    whole = header(tensors(**{MARKED: (0, 8), "../../x": (8, 16)}), bytes(16))
    found = judged(hostile_env, {"named.safetensors": whole})["named.safetensors"]
    assert found["outcome"] == "partial"  # nothing describes it, so no count to compare with
    assert MARKED not in found["message"]
