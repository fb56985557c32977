"""A hash is had in time, or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from reportgen.capture.git_process import Deadline
from reportgen.capture.hash_in_time import sha256_in_time
from reportgen.errors import NotFoundError, UnavailableError, UnsafePathError


class Running(Deadline):
    """Loses four of its ten seconds with each look."""

    looks = 0

    def left(self) -> float:
        self.looks += 1
        return 14.0 - 4.0 * self.looks


def test_a_file_is_hashed_while_there_is_time(tmp_path: Path) -> None:
    content = bytes(range(256)) * 20_000
    (tmp_path / "a.bin").write_bytes(content)
    assert sha256_in_time(tmp_path, "a.bin", Deadline(60)) == hashlib.sha256(content).hexdigest()
    assert sha256_in_time(tmp_path, "a.bin", Running(10)) is None


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(UnsafePathError):
        sha256_in_time(tmp_path, "link", Deadline(60))
    with pytest.raises(NotFoundError):
        sha256_in_time(tmp_path, "gone", Deadline(60))
    (tmp_path / "a").write_text("x")
    with pytest.raises(UnavailableError, match="took too long"):
        sha256_in_time(tmp_path, "a", Deadline(0))
