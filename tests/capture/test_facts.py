"""Facts for scripts: the hash of data, the state of the code, the environment."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen.capture.data import capture_input
from reportgen.capture.facts import environment, git_state, hash_data
from reportgen.errors import NotFoundError
from reportgen.testing import git, make_repository


def test_the_hash_of_a_file_and_a_folder_is_that_of_data_yaml(tmp_path: Path) -> None:
    data = tmp_path / "cifar10"
    (data / "train").mkdir(parents=True)
    (data / "a.bin").write_bytes(b"abc")
    (data / "train" / "b.bin").write_bytes(b"")
    assert hash_data(data / "a.bin") == hashlib.sha256(b"abc").hexdigest()
    assert hash_data(str(data)) == capture_input(data, top=None)[0].sha256
    before = hash_data(data)
    (data / "a.bin").rename(data / "c.bin")
    assert hash_data(data) != before
    (tmp_path / "link").symlink_to(data)
    assert hash_data(tmp_path / "link") == hash_data(data)
    with pytest.raises(NotFoundError, match="no such file or folder"):
        hash_data(tmp_path / "none")


def test_the_state_of_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = make_repository(tmp_path / "code")
    monkeypatch.chdir(top)
    clean = git_state()
    assert clean["commit"] == git(top, "rev-parse", "HEAD").strip()
    assert (clean["dirty"], clean["diff"]) == (False, None)
    (top / "new.py").write_text("print('new')\n")
    dirty = git_state(top)
    assert dirty["dirty"] is True
    assert dirty["untracked"] == ["new.py"]
    assert "+print('new')" in dirty["diff"]
    nothing = git_state(tmp_path)
    assert nothing["commit"] is None
    assert "commit" in nothing["not_available"]


def test_the_environment_names_nobody() -> None:
    found = environment()
    assert found["python"]["version"] == ".".join(map(str, sys.version_info[:3]))
    assert found["hardware"]["cores"] >= 1
    assert "pytest" in found["packages"]
    assert not {"host", "identity", "seeds", "compute"} & found.keys()


def test_they_are_public_and_cost_nothing_until_asked() -> None:
    program = """
import sys
import reportgen
assert "reportgen.capture.facts" not in sys.modules
assert len(reportgen.hash_data(sys.executable)) == 64
reportgen.git_state, reportgen.environment
"""
    subprocess.run([sys.executable, "-c", program], check=True)
