from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen.fs.append import LineAppender


def test_lines_follow_each_other(tmp_path: Path) -> None:
    for turn in range(2):
        appender = LineAppender(tmp_path / "x.jsonl")
        appender.append(b'{"turn": %d}\n' % turn)
        appender.sync()
        appender.close()
        appender.close()
    assert (tmp_path / "x.jsonl").read_bytes() == b'{"turn": 0}\n{"turn": 1}\n'


def test_after_a_torn_tail_the_next_line_is_its_own(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": 1}\n{"a": ')
    appender = LineAppender(path)
    appender.append(b"next\n")
    appender.append(b"last\n")
    assert path.read_bytes() == b'{"a": 1}\n{"a": \nnext\nlast\n'


def test_a_short_write_is_an_error_and_costs_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.jsonl"
    appender = LineAppender(path)
    real = os.write
    appender.append(b"first\n")
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:4]))
    with pytest.raises(OSError, match="only 4 of 7 bytes"):
        appender.append(b"second\n")
    monkeypatch.undo()
    appender.append(b"third\n")
    assert path.read_bytes() == b"first\nseco\nthird\n"


def test_a_refused_write_costs_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.jsonl"
    appender = LineAppender(path)

    def refuse(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(OSError, match="no space"):
        appender.append(b"first\n")
    monkeypatch.undo()
    appender.append(b"second\n")
    assert path.read_bytes() == b"second\n"


def test_a_real_file_size_limit(tmp_path: Path) -> None:
    """The kernel takes the first bytes of a line without raising, then refuses."""
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from reportgen.fs.append import LineAppender\n"
        "appender = LineAppender(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50, resource.RLIM_INFINITY))\n"
        "for number in range(4):\n"
        "    try: appender.append(b'%019d\\n' % number); print('ok')\n"
        "    except OSError as error: print(error.errno)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)\n"
        "appender.append(b'%019d\\n' % 9)\n"
    )
    path = tmp_path / "x.jsonl"
    result = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["ok", "ok", str(errno.ENOSPC), str(errno.EFBIG)]
    lines = path.read_bytes().split(b"\n")
    assert lines == [b"%019d" % 0, b"%019d" % 1, b"0" * 10, b"%019d" % 9, b""]


def test_several_processes_keep_their_lines_whole(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from reportgen.fs.append import LineAppender\n"
        "appender = LineAppender(Path(sys.argv[1]))\n"
        "for number in range(300): appender.append(sys.argv[2].encode() * 2000 + b'\\n')\n"
    )
    path = tmp_path / "x.jsonl"
    writers = [subprocess.Popen([sys.executable, "-c", code, path, mark]) for mark in "abcd"]
    assert [writer.wait() for writer in writers] == [0] * 4
    lines = path.read_bytes().splitlines()
    assert len(lines) == 1200
    assert set(lines) == {mark * 2000 for mark in (b"a", b"b", b"c", b"d")}


def test_a_closed_appender_refuses(tmp_path: Path) -> None:
    appender = LineAppender(tmp_path / "x")
    appender.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        appender.append(b"x\n")
