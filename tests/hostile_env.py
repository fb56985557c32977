"""Run the command line over hostile input and see that it did nothing but read and print."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

CHILD = Path(__file__).with_name("hostile_child.py")
CANARY = "PWNED"
UNFIT = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufeff]")
SECONDS = 20


@dataclass(frozen=True)
class Outcome:
    """What the command said, and its exit status."""

    status: int
    stdout: str
    stderr: str


class HostileEnvironment:
    """A folder for hostile input, and a way to run the command line over it.

    Attributes:
        folder: Everything hostile goes below it; the command runs in it.
    """

    def __init__(self, base: Path) -> None:
        self.folder = base / "hostile"
        self.folder.mkdir()
        self._base = base
        self._own = base / "own"
        (self._own / "tmp").mkdir(parents=True)
        (self._own / "home").mkdir()

    def run(
        self, *words: str, environment: dict[str, str] | None = None, times: int = 2
    ) -> Outcome:
        """Run ``reportgen WORDS`` twice and return what it said.

        Asserts: no traceback, nothing executed or loaded from the folder, no network, no
        process but git, nothing written, no canary, fit for a terminal, within time and memory,
        the same each time.

        Args:
            words: Of the command line.
            environment: Further variables; a ``PATH`` is where git is found, too.
            times: How often, for what takes long.
        """
        before = snapshot(self.folder)
        first, *others = (self._once(words, environment or {}) for _ in range(times))
        assert all(one == first for one in others)
        assert snapshot(self.folder) == before
        assert not list(self._base.rglob(f"*{CANARY}*"))
        assert "Traceback" not in first.stderr + first.stdout
        assert not UNFIT.search(first.stdout + first.stderr)
        assert not re.search(r"^\s*(::|##\[)", first.stdout + first.stderr, re.MULTILINE)
        assert first.status in (0, 1, 2, 3)
        return first

    def _once(self, words: tuple[str, ...], environment: dict[str, str]) -> Outcome:
        record = self._own / "record.json"
        git = shutil.which("git", path=environment.get("PATH")) or ""
        writable = os.pathsep.join((str(self._own), "/dev/tty"))
        done = subprocess.run(
            [sys.executable, str(CHILD), str(record), git, writable, *words],
            cwd=self.folder,
            env={
                **os.environ,
                "HOME": str(self._own / "home"),
                "TMPDIR": str(self._own / "tmp"),
                "PYTHONDONTWRITEBYTECODE": "1",
                **environment,
            },
            capture_output=True,
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
        )
        found = json.loads(record.read_text())
        record.unlink()
        assert found["seen"] == []
        inside = str(self.folder)
        assert [file for file in found["loaded"].values() if file.startswith(inside)] == []
        assert not list((self._own / "tmp").iterdir())
        assert not list((self._own / "home").rglob("*"))
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


def snapshot(folder: Path) -> list[tuple[str, str]]:
    """Return every entry below a folder with what it is and holds, links not followed."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            kind = f"link {os.readlink(path)}"
        elif path.is_file():
            info = path.stat()
            small = info.st_blocks * 512 < 1 << 24 and info.st_size < 1 << 26
            content = sha256(path.read_bytes()).hexdigest() if small else str(info.st_size)
            kind = f"file {content} {info.st_mtime_ns} {info.st_mode:o}"
        else:
            kind = f"{path.lstat().st_mode:o}"
        found.append((str(path.relative_to(folder)), kind))
    return found
