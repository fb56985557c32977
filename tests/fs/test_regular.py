from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen.errors import LimitError, NotFoundError, UnsafePathError
from reportgen.fs.limits import Limits
from reportgen.fs.regular import open_regular, read_pieces, read_regular, walk


def refusal(root: Path, relative: str) -> str | None:
    with pytest.raises(UnsafePathError) as caught:
        read_regular(root, relative, limit=1000)
    return caught.value.problem


def test_a_file_below(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c.txt").write_bytes(b"content")
    assert read_regular(tmp_path, "a/b/c.txt", limit=7) == b"content"


@pytest.mark.parametrize("relative", ["x", "a/x", "f/x", "a/b/c"])
def test_absent(tmp_path: Path, relative: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "f").touch()
    with pytest.raises(NotFoundError, match="no such file"):
        read_regular(tmp_path, relative, limit=1)


@pytest.mark.parametrize(
    "target",
    ["/etc/passwd", "..", "loop", "gone", "/dev/zero", "/proc/self/environ", "real.txt", "folder"],
)
def test_links_are_never_followed(tmp_path: Path, target: str) -> None:
    (tmp_path / "real.txt").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "real.txt").write_text("x")
    os.symlink(target, tmp_path / "loop" if target == "loop" else tmp_path / "link")
    name = "loop" if target == "loop" else "link"
    assert refusal(tmp_path, name) == "path.symlink"
    assert refusal(tmp_path, f"{name}/real.txt") == "path.symlink"


def test_the_folder_itself_may_be_named_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "x").write_text("x")
    os.symlink("real", tmp_path / "link")
    assert read_regular(tmp_path / "link", "x", limit=1) == b"x"


def test_a_pipe_a_socket_and_a_folder_block_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.getcwd()
        os.chdir(tmp_path)  # a socket's path may have some 100 characters only
        try:
            listening.bind("socket")
        finally:
            os.chdir(here)
        for name in ("pipe", "socket", "folder"):
            assert refusal(tmp_path, name) == "file.not_regular"


@pytest.mark.skipif(not hasattr(os, "mknod") or os.getuid() != 0, reason="needs root")
def test_a_device_is_not_read(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "zero", 0o20666, os.makedev(1, 5))
    except OSError as error:
        pytest.skip(f"no device can be made here: {error}")
    try:
        assert refusal(tmp_path, "zero") == "file.not_regular"
    except PermissionError:
        pytest.skip("devices of this file system cannot be opened")


@pytest.mark.parametrize("relative", ["../x", "/etc/passwd", "a/../x", "a\\b", "a\0b", ""])
def test_unsafe_paths_are_refused_before_anything_opens(
    tmp_path: Path, relative: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "open", lambda *args, **options: pytest.fail("opened"))
    assert refusal(tmp_path, relative) == "path.unsafe"


def test_size_limit(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"12345")
    with pytest.raises(LimitError, match="has 5 bytes") as caught:
        read_regular(tmp_path, "x", limit=4)
    assert caught.value.problem == "limits.bytes"


def test_a_sparse_terabyte_is_refused_unread(tmp_path: Path) -> None:
    with open(tmp_path / "x", "wb") as file:
        file.truncate(2**40)
    with pytest.raises(LimitError):
        read_regular(tmp_path, "x", limit=2**30)


def test_pieces_are_the_file(tmp_path: Path) -> None:
    data = random.Random(0).randbytes(2**21 + 17)
    (tmp_path / "x").write_bytes(data)
    pieces = list(read_pieces(tmp_path, "x", limit=2**30))
    assert max(map(len, pieces)) <= 2**20
    assert b"".join(pieces) == data


def test_growth_past_the_limit_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"a" * 2**20)
    pieces = read_pieces(tmp_path, "x", limit=2**20 + 100)
    next(pieces)
    with open(tmp_path / "x", "ab") as file:
        file.write(b"b" * 200)
    with pytest.raises(LimitError):
        next(pieces)


def test_swapped_for_a_link_just_before_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "x").write_text("x")
    real = os.open

    def swap(path: object, flags: int, *args: object, **options: object) -> int:
        if path == "x":
            os.unlink(tmp_path / "run" / "x")
            os.symlink(tmp_path / "secret", tmp_path / "run" / "x")
        return real(path, flags, *args, **options)

    monkeypatch.setattr(os, "open", swap)
    assert refusal(tmp_path / "run", "x") == "path.symlink"


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    os.symlink("x", tmp_path / "link")
    (tmp_path / "a").mkdir()
    (tmp_path / "x").write_text("x")

    def open_now() -> int:
        return len(os.listdir("/dev/fd"))

    before = open_now()
    for relative in ("link", "link/x", "a", "a/b", "gone", "x"):
        try:
            with open_regular(tmp_path, relative):
                pass
        except (UnsafePathError, NotFoundError):
            pass
    list(walk(tmp_path))
    assert open_now() == before


def test_walk_lists_in_order_and_refuses_what_is_no_file(tmp_path: Path) -> None:
    for path in ("b.txt", "a/z.txt", "a/c/d.txt", "é.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    os.symlink("/etc", tmp_path / "a" / "etc")
    os.mkfifo(tmp_path / "pipe")
    os.link(tmp_path / "b.txt", tmp_path / "hard.txt")
    found = [(entry.path, entry.refused, entry.links) for entry in walk(tmp_path)]
    assert found == [
        ("b.txt", None, 2),
        ("hard.txt", None, 2),
        ("pipe", "pipe", 1),
        ("é.txt", None, 1),
        ("a/etc", "link", 1),
        ("a/z.txt", None, 1),
        ("a/c/d.txt", None, 1),
    ]


def test_walk_keeps_names_of_any_bytes(tmp_path: Path) -> None:
    for name in (b"x\xff\xfe", b"a\nb", b"\x1b[2J", b"-rf", b"tab\t"):
        os.close(os.open(os.fsencode(tmp_path) + b"/" + name, os.O_CREAT))
    entries = list(walk(tmp_path))
    assert {os.fsencode(entry.path) for entry in entries} == {
        b"x\xff\xfe",
        b"a\nb",
        b"\x1b[2J",
        b"-rf",
        b"tab\t",
    }
    for entry in entries:
        assert read_regular(tmp_path, entry.path, limit=1) == b""


def test_walk_limits(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}").touch()
    with pytest.raises(LimitError, match="more than 4 files") as caught:
        list(walk(tmp_path, limits=Limits(files=4)))
    assert caught.value.problem == "limits.files"
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    with pytest.raises(LimitError, match="deeper than 2") as caught:
        list(walk(tmp_path, limits=Limits(folder_depth=2)))
    assert caught.value.problem == "limits.depth"
    assert len(list(walk(tmp_path, limits=Limits(folder_depth=3)))) == 5


def test_walk_of_folders_deeper_than_any_path_may_be(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "os.chdir(sys.argv[1])\n"
        "for _ in range(300):\n"
        "    os.mkdir('deep' * 5); os.chdir('deep' * 5)\n"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True)
    try:
        with pytest.raises(LimitError) as caught:
            list(walk(tmp_path))
        assert caught.value.problem == "limits.depth"
    finally:
        subprocess.run(["rm", "-rf", tmp_path / ("deep" * 5)], check=True)


def test_a_folder_that_may_not_be_listed_is_an_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "open").write_text("x")
    real = os.open

    def refuse(path: object, *args: object, **options: object) -> int:
        if path == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", refuse)
    found = {entry.path: entry.refused for entry in walk(tmp_path)}
    assert found == {"closed": "folder that may not be listed", "open": None}


def test_a_root_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(walk(tmp_path / "gone"))
