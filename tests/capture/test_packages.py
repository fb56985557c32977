"""requirements.txt and the editable packages, in the forms of the standard."""

from __future__ import annotations

import json
import re
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

from reportgen.capture import distributions
from reportgen.capture.distributions import normal
from reportgen.capture.packages import (
    editable_packages,
    imported_packages,
    lock_files,
    requirements,
)
from reportgen.script.requirements import read_requirements

LINE = re.compile(
    r"[a-z0-9-]+==\S+  # (index|conda|this repository|a local folder)|[a-z0-9-]+ @ \S+"
)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def make(name: str, direct: object = None, installer: str = "pip", version: str = "1.0") -> str:
        info = site / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "INSTALLER").write_text(f"{installer}\n")
        (info / "RECORD").write_text(f"{name}/__init__.py,,\n")
        if direct is not None:
            (info / "direct_url.json").write_text(json.dumps(direct))
        distributions._distributions.cache_clear()
        return line_of(name)

    return make


def line_of(name: str, top: Path | None = None) -> str:
    return next(line for line in requirements(top) if re.match(rf"{name}(==| @)", line))


def test_every_line_has_the_form_of_the_standard_and_they_are_sorted() -> None:
    lines = requirements(None)
    assert all(LINE.fullmatch(line) for line in lines)
    names = [re.split(r"==| @", line)[0] for line in lines]
    assert names == sorted(set(names))
    assert f"numpy=={metadata.version('numpy')}  # index" in lines


def test_where_a_package_came_from_is_told(install, tmp_path: Path) -> None:
    assert install("aaa") == "aaa==1.0  # index"
    assert install("bbb", installer="conda") == "bbb==1.0  # conda"
    vcs = {"vcs": "git", "commit_id": "0" * 40}
    secret = {"url": "https://u:p@example.org/c.git", "vcs_info": vcs}
    assert install("ccc", secret) == f"ccc @ git+https://example.org/c.git@{'0' * 40}"
    part = {"url": "https://example.org/d.git", "vcs_info": vcs, "subdirectory": "py"}
    assert install("ddd", part) == f"ddd @ git+https://example.org/d.git@{'0' * 40}#subdirectory=py"
    wheel = {"url": "https://example.org/e-1.0-py3-none-any.whl", "archive_info": {}}
    assert install("eee", wheel) == "eee @ https://example.org/e-1.0-py3-none-any.whl"
    folder = {"url": tmp_path.as_uri(), "dir_info": {"editable": True}}
    assert install("fff", folder) == "fff==1.0  # a local folder"
    assert line_of("fff", tmp_path) == "fff==1.0  # this repository"
    assert line_of("fff", tmp_path / "other") == "fff==1.0  # a local folder"
    archive = {"url": (tmp_path / "g.whl").as_uri(), "archive_info": {}}
    assert install("ggg", archive) == "ggg==1.0  # a local folder"
    local = {"url": tmp_path.as_uri(), "vcs_info": vcs}
    assert install("hhh", local) == "hhh==1.0  # a local folder"
    assert install("iii", version="2.13.0+cpu") == "iii==2.13.0+cpu  # index"
    assert str(tmp_path) not in "\n".join(requirements(tmp_path))


def test_a_replay_can_use_every_line(install) -> None:
    install(
        "ccc",
        {"url": "https://example.org/c.git", "vcs_info": {"vcs": "git", "commit_id": "0" * 40}},
    )
    found = read_requirements("\n".join(line for line in requirements(None) if "local" not in line))
    assert found.refused == ()
    assert f"ccc @ git+https://example.org/c.git@{'0' * 40}" in found.pins


def test_imported_packages_are_those_that_are_loaded(
    install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("zzz")
    assert "zzz" not in imported_packages()
    monkeypatch.setitem(sys.modules, "zzz.part", ModuleType("zzz.part"))
    assert imported_packages()["zzz"] == "1.0"
    assert imported_packages()["pytest"] == metadata.version("pytest")
    assert "json" not in imported_packages()
    assert all(name == normal(name) for name in imported_packages())


def test_an_editable_package_elsewhere_has_its_commit(install, repo) -> None:
    repo.git("remote", "add", "origin", "https://u:p@example.org/lib.git")
    install("lib", {"url": repo.top.as_uri(), "dir_info": {"editable": True}})
    found = editable_packages(None)["lib"]
    assert found.commit == repo.git("rev-parse", "HEAD")
    assert found.remote == "https://example.org/lib.git"
    assert found.dirty is False
    repo.write("new.py")
    assert editable_packages(None)["lib"].dirty is True
    assert "lib" not in editable_packages(repo.top)
    install("copied", {"url": repo.top.as_uri(), "dir_info": {}})
    assert "copied" not in editable_packages(None)


def test_lock_files_are_those_at_the_top(tmp_path: Path) -> None:
    assert lock_files(None) == []
    for name in ("uv.lock", "pylock.toml", "pylock.dev.toml", "package-lock.json", "sub/uv.lock"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "poetry.lock").symlink_to("uv.lock")
    names = [path.name for path in lock_files(tmp_path)]
    assert names == ["uv.lock", "pylock.toml", "pylock.dev.toml"]


def test_requirements_are_a_lock_when_they_say_so_or_hold_hashes(tmp_path: Path) -> None:
    hashed = "numpy==2.4.6 --hash=sha256:" + 64 * "a" + "\n"
    for name, text in (
        ("requirements.lock", "numpy==2.4.6\n"),
        ("requirements-dev.txt", hashed),
        ("requirements.txt", "numpy>=2\n"),
        ("constraints.txt", hashed),
    ):
        (tmp_path / name).write_text(text)
    (tmp_path / "requirements-folder.txt").mkdir()
    names = [path.name for path in lock_files(tmp_path)]
    assert names == ["requirements.lock", "requirements-dev.txt"]
