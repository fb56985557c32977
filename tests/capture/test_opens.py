"""The files that a program reads are seen, by name and by nobody's name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import json, os, sys
from pathlib import Path
from reportgen.capture import opens
opens.start()
{body}
found = opens.stop(top=Path({top!r}), run_folder=Path({top!r}, "runs/a"))
print(json.dumps([found.hook, found.files, found.lost]))
"""


def read_by(top: Path, body: str, home: Path | None = None) -> tuple[list[str], int]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body, top=str(top))],
        cwd=top,
        capture_output=True,
        text=True,
        timeout=120,
        env={"HOME": str(home or top), "PATH": "/usr/bin"},
    )
    assert done.returncode == 0, done.stderr
    hook, files, lost = json.loads(done.stdout)
    assert hook is True
    return files, lost


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for name in ("data/a.csv", "data/b.bin", "runs/a/config.yaml", "helper.py", "code.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x = 1\n")
    return folder


def test_every_way_of_reading_is_seen_and_writing_is_not(top: Path) -> None:
    body = """
open("data/a.csv").close()
Path("data/b.bin").read_bytes()
os.close(os.open("code.txt", os.O_RDONLY))
open("written.txt", "w").close()
open("appended.txt", "a").close()
os.close(os.open("made.txt", os.O_WRONLY | os.O_CREAT))
open(b"bytes.txt", "w").close()
open(b"bytes.txt").close()
with open("both.txt", "w+") as file: file.read()
try: open("missing.txt")
except OSError: pass
os.listdir("data")
"""
    files, lost = read_by(top, body)
    assert files == ["bytes.txt", "code.txt", "data/a.csv", "data/b.bin"]
    assert lost == 0


def test_numpy_and_torch_are_seen(top: Path) -> None:
    body = """
import numpy, torch
numpy.save("n.npy", numpy.zeros(3)); torch.save({"a": 1}, "t.pt")
numpy.load("n.npy"); torch.load("t.pt")
"""
    files, _ = read_by(top, body)
    assert files == ["n.npy", "t.pt"]


def test_what_is_no_data_is_left_out(top: Path) -> None:
    body = """
import json.tool, helper
sys.path.insert(0, ".")
open("/proc/self/status").close()
open("/etc/hostname" if os.path.exists("/etc/hostname") else "/etc/passwd").close()
open("runs/a/config.yaml").close()
open(json.__file__).close()
import tempfile
with tempfile.NamedTemporaryFile(dir="/tmp") as file: open(file.name).read()
exec(open("code.txt").read())
"""
    files, _ = read_by(top, body)
    assert files == ["code.txt"]


def test_relative_names_belong_to_the_folder_of_their_moment(top: Path) -> None:
    body = """
open("code.txt").close()
os.chdir("data")
open("a.csv").close()
open("../code.txt").close()
os.chdir("..")
"""
    files, _ = read_by(top, body)
    assert files == ["code.txt", "data/a.csv"]


def test_home_is_not_named(top: Path, tmp_path: Path) -> None:
    (tmp_path / "home/sets").mkdir(parents=True)
    (tmp_path / "home/sets/a.csv").write_text("x\n")
    place = str(tmp_path / "home/sets/a.csv")
    body = f"import tempfile; tempfile.tempdir = '/nowhere'\nopen({place!r}).close()"
    files, _ = read_by(top, body, home=tmp_path / "home")
    assert files == ["~/sets/a.csv"]


def test_what_a_capture_reads_is_unheard(top: Path) -> None:
    body = """
with opens.unheard():
    with opens.unheard(): pass
    open("data/a.csv").close()
open("data/b.bin").close()
"""
    files, _ = read_by(top, body)
    assert files == ["data/b.bin"]


def test_reading_goes_on_from_the_first_start_and_begins_anew_after_the_stop(top: Path) -> None:
    body = """
open("code.txt").close()
opens.start()
first = opens.stop(top=Path.cwd())
assert first.files == ["code.txt"], first.files
open("data/a.csv").close()
silent = opens.stop(top=Path.cwd())
assert (silent.hook, silent.files) == (False, []), silent
opens.start()
open("data/b.bin").close()
"""
    files, _ = read_by(top, body)
    assert files == ["data/b.bin"]


def test_over_the_limit_they_are_counted(top: Path) -> None:
    body = """
opens.LIMIT = 2
for name in ("data/a.csv", "data/a.csv", "data/b.bin", "code.txt", "helper.py"): open(name).close()
"""
    files, lost = read_by(top, body)
    assert files == ["data/a.csv", "data/b.bin"]
    assert lost == 2


def test_the_hook_never_raises_into_the_program(top: Path) -> None:
    body = """
import types
gone = os.getcwd
os.getcwd = None
open("code.txt").close()
os.getcwd = gone
"""
    files, lost = read_by(top, body)
    assert files == []
    assert lost == 1


def test_it_loads_next_to_nothing() -> None:
    program = (
        "import sys; before = set(sys.modules); from reportgen.capture import opens;"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    heavy = {"msgspec", "orjson", "yaml", "pathlib", "sysconfig", "tempfile", "threading"}
    assert not heavy & set(done.stdout.split())
