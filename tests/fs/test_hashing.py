from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from reportgen.errors import UnreadableError, UnsafePathError
from reportgen.fs import hashing


def test_a_file(tmp_path: Path) -> None:
    data = b"abc" * 700_000
    (tmp_path / "x").write_bytes(data)
    assert hashing.sha256_file(tmp_path, "x") == (hashlib.sha256(data).hexdigest(), len(data))
    assert hashing.sha256_bytes(data) == hashlib.sha256(data).hexdigest()


def test_a_link_is_refused(tmp_path: Path) -> None:
    os.symlink("/etc/passwd", tmp_path / "x")
    with pytest.raises(UnsafePathError):
        hashing.sha256_file(tmp_path, "x")


@pytest.mark.parametrize("change", ["grows", "shrinks", "is touched"])
def test_a_file_that_changes_meanwhile_has_no_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"a" * 100)
    real = hashing.sha256_descriptor

    def meanwhile(descriptor: int, also: hashing.Digest | None) -> tuple[str, int]:
        result = real(descriptor, also)
        if change == "grows":
            path.write_bytes(b"a" * 101)
        elif change == "shrinks":
            os.truncate(path, 3)
        else:
            os.utime(path, ns=(1, 1))
        return result

    monkeypatch.setattr(hashing, "sha256_descriptor", meanwhile)
    with pytest.raises(UnreadableError, match="changed while it was read") as caught:
        hashing.sha256_file(tmp_path, "x")
    assert caught.value.problem == "file.changed_while_read"


def test_a_folder_s_hash_is_that_of_its_sorted_lines(tmp_path: Path) -> None:
    contents = {"b": b"2", "a/z": b"26", "a.txt": b"", "a/é": b"x"}
    for name, data in contents.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    os.symlink("/etc/passwd", tmp_path / "left out")
    lines = "".join(
        f"{hashlib.sha256(contents[name]).hexdigest()}  {name}\n" for name in sorted(contents)
    )
    expected = hashlib.sha256(lines.encode()).hexdigest()
    assert hashing.sha256_folder(tmp_path) == (expected, 4, 4)


def test_the_coreutils_agree_on_a_folder(tmp_path: Path) -> None:
    import shutil
    import subprocess

    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not installed")
    for name in ("b", "a", "C"):
        (tmp_path / name).write_text(name)
    line = "LC_ALL=C sha256sum $(LC_ALL=C ls) | LC_ALL=C sort -k 2 | sha256sum"
    result = subprocess.run(
        ["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert hashing.sha256_folder(tmp_path)[0] == result.stdout.split()[0]


def test_another_hash_of_the_same_bytes_costs_no_second_reading(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    md5 = hashlib.md5()
    assert hashing.sha256_file(tmp_path, "x", md5)[1] == 3
    assert md5.hexdigest() == hashlib.md5(b"abc").hexdigest()
    (found,) = hashing.hashed_files(tmp_path, hashlib.md5)
    assert found == ("x", hashlib.sha256(b"abc").hexdigest(), 3, md5.hexdigest())
    assert hashing.folder_sha256([found]) == hashing.sha256_folder(tmp_path)
