from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.fs import atomic


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_new_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    atomic.write_bytes(path, b"one")
    atomic.write_bytes(path, b"two", durable=True)
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == ["run.yaml"]


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace", "close"])
def test_a_failing_call_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "run.yaml"
    path.write_bytes(b"old")
    real = getattr(os, call)

    def fail(*args: object, **options: object) -> object:
        if call == "close":
            real(*args, **options)
        raise OSError(errno.EIO, "the disk refused")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="the disk refused"):
        atomic.write_bytes(path, b"new", durable=True)
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    if call != "open":
        assert [name for name in names(tmp_path) if name != "run.yaml"] == []


@pytest.mark.parametrize("failing", range(1, 4))
def test_the_nth_short_write_is_made_up_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    real, calls = os.write, []

    def short(descriptor: int, data: memoryview) -> int:
        calls.append(len(data))
        return real(descriptor, data[:3] if len(calls) == failing else data[:5])

    monkeypatch.setattr(os, "write", short)
    atomic.write_bytes(tmp_path / "x", b"0123456789abcdef")
    assert (tmp_path / "x").read_bytes() == b"0123456789abcdef"
    assert len(calls) >= 3


def test_a_full_disk_half_way_leaves_the_old_file(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from reportgen.fs.atomic import write_bytes\n"
        "path = Path(sys.argv[1]); write_bytes(path, b'old')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: write_bytes(path, b'x' * 5000)\n"
        "except OSError as error: print(error.errno)\n"
    )
    path = tmp_path / "run.yaml"
    result = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == [str(errno.EFBIG)]
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["run.yaml"]


def test_readers_see_old_or_new_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "x"
    atomic.write_bytes(path, b"a" * 50_000)
    code = (
        "import sys; from pathlib import Path; from reportgen.fs.atomic import write_bytes\n"
        "for turn in range(200): write_bytes(Path(sys.argv[1]), b'ab'[turn % 2:][:1] * 50_000)\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, path])
    seen = set()
    while writer.poll() is None:
        seen.add(path.read_bytes())
    assert writer.returncode == 0
    assert seen <= {b"a" * 50_000, b"b" * 50_000}


def test_the_longest_name_fits(tmp_path: Path) -> None:
    for name in ("x" * 255, "é" * 127, "\udcff" * 255):
        atomic.write_bytes(tmp_path / name, b"x")
        assert (tmp_path / name).read_bytes() == b"x"


def test_mode_of_a_new_file(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        atomic.write_text(tmp_path / "reproduce.sh", "#!/bin/sh\n", mode=0o755)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "reproduce.sh").stat().st_mode) == 0o755


@given(st.text())
def test_text_is_utf8(text: str) -> None:
    written: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(atomic, "write_bytes", lambda path, data, mode: written.append(data))
        atomic.write_text(Path("x"), text)
    assert written == [text.encode()]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (b"a\xffb".decode("utf-8", "surrogateescape"), b"a\xffb"),
        ("a\ud800b", "a\ufffdb".encode()),
        ("\udcff\ud800", "\ufffd\ufffd".encode()),
    ],
)
def test_text_that_utf8_cannot_hold(tmp_path: Path, text: str, data: bytes) -> None:
    atomic.write_text(tmp_path / "x", text)
    assert (tmp_path / "x").read_bytes() == data
