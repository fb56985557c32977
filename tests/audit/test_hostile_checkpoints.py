"""Hostile checkpoints, figures and locks through the command line: described, never loaded."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from itertools import pairwise
from typing import Any

from hostile_env import CANARY, HostileEnvironment

from reportgen.testing import make_run

READABLE = "artifacts.checkpoint-readable"
TOUCH = f"touch {CANARY}"


class Payload:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (TOUCH,)


def archive(pickled: bytes, *others: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in (("archive/data.pkl", pickled), *others):
            file.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


EVIL = pickle.dumps(Payload())
PLAIN = pickle.dumps({"epoch": 1}, protocol=2)
MODULE = b"\x80\x04\x8c\x09importlib\x8c\x0dimport_module\x93\x8c\x02os\x85R."
FILE = b"\x80\x04\x8c\x09linecache\x8c\x08getlines\x93\x8c\x0b/etc/passwd\x85R."
CHECKPOINTS = {
    "reduce.pt": archive(EVIL),
    "reduce.pkl": EVIL,
    "import.pt": archive(MODULE),
    "file.pt": archive(FILE),
    "second.pt": archive(PLAIN + EVIL),
    "cut.pt": archive(EVIL[:-4]),
    "text.pkl": b"\x80\x00cos\nsystem\n(S'%s'\ntR." % TOUCH.encode(),
    "extension.pt": archive(b"\x80\x02\x82\x01."),
    "memo.pt": archive(b"\x80\x02" + b"".join(b"Nr" + struct.pack("<I", n) for n in range(9_999))),
    "puts.pt": archive(b"\x80\x02" + b"Nq\x00" * 3_000_000 + b"."),
    "seven.pt": b"7z\xbc\xaf\x27\x1c" + bytes(50),
    "two.pt": archive(PLAIN, ("other/data.pkl", EVIL)),
    "outside.pt": archive(PLAIN, (f"../{CANARY}", b"x")),
    "length.safetensors": struct.pack("<Q", 1 << 63) + b"{}",
    "overlap.safetensors": struct.pack("<Q", 2) + b"{}" + bytes(9),
    "array.npy": b"\x93NUMPY\x01\0\x76\0{'descr': '|O', 'fortran_order': False}" + EVIL,
    "model.gguf": b"GGUF\x03\0\0\0" + b"\xff" * 16,
    "model.h5": b"\x89HDF\r\n\x1a\n" + EVIL,
}
BILLION_LAUGHS = (
    '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefgh"))
    + "]><svg><text>&h;</text></svg>"
)
NAMED = ("reduce", "import", "file", "second", "cut", "text", "extension", "two", "outside")


def test_no_hostile_checkpoint_is_loaded_or_called_harmless(
    hostile_env: HostileEnvironment,
) -> None:
    for name, data in CHECKPOINTS.items():
        files = {f"checkpoints/{name}": data}
        make_run(hostile_env.folder / "runs", name, checkpoints=False, files=files)
    done = hostile_env.run("audit", "runs", "--format", "json")
    import orjson

    runs = {run["name"]: run for run in orjson.loads(done.stdout)["runs"]}
    found = {
        name: next(one for one in run["checks"] if one["id"] == READABLE)
        for name, run in runs.items()
    }
    assert {one["outcome"] for one in found.values()} <= {"fail", "inconclusive"}
    for name, one in found.items():
        if name.partition(".")[0] in NAMED:
            assert one["outcome"] == "fail", name
        words = one["message"].lower()
        assert not [word for word in ("safe ", "clean", "harmless") if word in words], name


def test_figures_and_locks_that_would_fill_the_memory(hostile_env: HostileEnvironment) -> None:
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    def png(width: int, height: int, rows: bytes) -> bytes:
        header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
        body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
        return b"\x89PNG\r\n\x1a\n" + body

    make_run(
        hostile_env.folder / "runs",
        files={
            "figures/confusion_matrix_step_119.png": png(65_535, 65_535, bytes(9)),
            "figures/bomb.png": png(10, 10, bytes(60_000_000)),
            "figures/entities.svg": BILLION_LAUGHS,
            "lock/uv.lock": "a." * 20_000 + "a = 1\n",
            "lock/conda-lock.yml": "package: &a [*a]\n",
        },
    )
    done = hostile_env.run("audit", "runs")
    assert "artifacts.figures-kept" in done.stdout
    assert "environment.lock-present" in done.stdout


def test_addresses_of_a_run_are_never_asked_without_being_told_to(
    hostile_env: HostileEnvironment,
) -> None:
    """The record names servers everywhere; the audit hook sees no socket and no other process."""
    make_run(
        hostile_env.folder / "runs",
        git={"remote": "ext::sh -c touch% PWNED", "commit": "ab" * 20},
        environment={"editable": {"x": {"commit": "ab" * 20, "remote": "--upload-pack=x"}}},
        data={"inputs": [{"name": "x", "version": {"kind": "doi", "doi": "10.1234/x"}}]},
        files={"signatures/manifest.sig": b"-----BEGIN SSH SIGNATURE-----\nAA\n"},
    )
    done = hostile_env.run("audit", "runs")
    assert "code.remote-usable" in done.stdout
