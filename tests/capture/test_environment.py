"""environment.yaml says what ran, and names neither a person nor a machine."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import platform
import socket
import sys
from pathlib import Path

import pytest

from reportgen.capture import environment
from reportgen.capture.environment import VARIABLES, capture_environment
from reportgen.runs.schema import to_plain


@pytest.fixture(autouse=True)
def _no_editable_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this checkout is installed from is not the matter here."""
    monkeypatch.setattr(environment, "editable_packages", lambda top: {})


def test_python_and_system_are_those_that_run() -> None:
    found = capture_environment(run_id="x")
    assert found.python is not None
    assert found.python.version == platform.python_version()
    assert found.python.implementation == platform.python_implementation()
    assert found.python.abi == f"cp{sys.version_info[0]}{sys.version_info[1]}"
    assert found.os is not None
    assert found.os["system"] == platform.system()
    assert platform.release().startswith(found.os["release"])
    assert found.packages is not None
    assert "pytest" in found.packages


def test_nobody_and_no_place_is_named() -> None:
    text = json.dumps(to_plain(capture_environment(run_id="x")))
    for private in (socket.gethostname(), os.path.expanduser("~"), sys.prefix, sys.executable):
        assert len(private) < 3 or private not in text
    user = getpass.getuser()
    assert f"/{user}" not in text
    assert f'"{user}"' not in text


def test_the_host_is_known_only_to_who_knows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = tmp_path / "machine-id"
    machine.write_text("0123456789abcdef\n")
    monkeypatch.setattr(environment, "_MACHINE_IDS", (tmp_path / "none", machine))
    first = capture_environment(run_id="run1").host
    assert first == hashlib.sha256(b"0123456789abcdefrun1").hexdigest()
    assert capture_environment(run_id="run1").host == first
    assert capture_environment(run_id="run2").host != first
    machine.write_text("\n")
    found = capture_environment(run_id="run1")
    assert found.host is None
    assert "machine id" in found.not_available["host"]


def test_variables_are_an_allow_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("MY_API_KEY", "secret-value-1")
    monkeypatch.setenv("HOME", "/home/alice")
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=/home/alice/dump")
    monkeypatch.delenv("MKL_CBWR", raising=False)
    found = capture_environment(run_id="x").variables
    assert found is not None
    assert tuple(found) == VARIABLES
    assert found["OMP_NUM_THREADS"] == "3"
    assert found["MKL_CBWR"] is None
    assert found["XLA_FLAGS"] == "--xla_dump_to=~/dump"
    assert "secret-value-1" not in str(found)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(environment, "_CONTAINER_FILES", (tmp_path / "dockerenv",))
    groups = tmp_path / "cgroup"
    groups.write_text("0::/init.scope\n")
    monkeypatch.setattr(environment, "_CONTROL_GROUPS", groups)
    for name in (*environment._CONTAINER_VARIABLES, "REPORTGEN_CONTAINER"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_outside_a_container_there_is_none(outside: Path) -> None:
    assert capture_environment(run_id="x").container is None


def test_a_container_that_nobody_names_is_said(
    outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = {"image": None, "digest": None}
    (outside / "dockerenv").write_text("")
    assert to_plain(environment._container() or environment.Container(image="?")) == unknown
    (outside / "dockerenv").unlink()
    (outside / "cgroup").write_text("0::/kubepods.slice/kubepods-burstable/x\n")
    assert to_plain(environment._container() or environment.Container(image="?")) == unknown
    (outside / "cgroup").write_text("12:cpu:/docker/0123\n")
    assert environment._container() is not None
    (outside / "cgroup").unlink()
    assert environment._container() is None
    monkeypatch.setenv("APPTAINER_CONTAINER", "/x.sif")
    assert environment._container() is not None


@pytest.mark.parametrize(
    ("told", "image", "digest"),
    [
        (f"ghcr.io/lab/train:1@sha256:{'a' * 64}", "ghcr.io/lab/train:1", "sha256:" + "a" * 64),
        (f"sha256:{'a' * 64}", None, "sha256:" + "a" * 64),
        ("lab/train:1", "lab/train:1", None),
        ("two words", None, None),
    ],
)
def test_the_image_is_told_by_a_variable(
    outside: Path,
    monkeypatch: pytest.MonkeyPatch,
    told: str,
    image: str | None,
    digest: str | None,
) -> None:
    monkeypatch.setenv("REPORTGEN_CONTAINER", told)
    found = capture_environment(run_id="x").container
    assert found is not None
    assert (found.image, found.digest) == (image, digest)
