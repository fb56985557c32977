"""An environment from the record: by version, by hash where a lock was kept, made once."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from reportgen.errors import UnavailableError, UsageError
from reportgen.reproduce.environment import Environment, make_environment, plan_environment
from reportgen.script.facts import ScriptFacts
from reportgen.script.requirements import read_requirements

HERE = ".".join(map(str, sys.version_info[:3]))


def wheel(folder: Path, name: str, version: str) -> str:
    """Make a wheel of one module and return its SHA-256."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        lines.append(f"{path},sha256={digest.decode()},{len(text)}")
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,"]) + "\n"
    place = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(place, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return hashlib.sha256(place.read_bytes()).hexdigest()


def lock(name: str, version: str, sha256: str) -> dict[str, bytes]:
    text = (
        f'version = 1\n[[package]]\nname = "{name}"\nversion = "{version}"\n'
        'source = { registry = "https://example.org/simple" }\n'
        f'wheels = [{{ url = "https://example.org/x.whl", hash = "sha256:{sha256}" }}]\n'
    )
    return {"uv.lock": text.encode()}


def facts(requirements: str, python: str = HERE) -> ScriptFacts:
    return ScriptFacts(python=python, requirements=read_requirements(requirements))


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, the only place that an installer looks in; and a cache of its own."""
    monkeypatch.setenv("REPORTGEN_CACHE", str(tmp_path / "cache"))
    for tool in ("PIP", "UV"):
        monkeypatch.setenv(f"{tool}_NO_INDEX", "1")
        monkeypatch.setenv(f"{tool}_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return tmp_path / "wheels"


def made(
    said: ScriptFacts, tmp_path: Path, name: str, locks: Mapping[str, bytes] | None = None
) -> tuple[Environment, list[str]]:
    tree = tmp_path / "tree"
    tree.mkdir(exist_ok=True)
    lines: list[str] = []
    plan = plan_environment("new", said, locks)
    return make_environment(plan, said, tree, tmp_path / name, lines.append), lines


def answer(environment: Environment, code: str) -> str:
    words = [environment.python, "-c", code]
    done = subprocess.run(words, cwd="/", capture_output=True, text=True)
    return (done.stdout or done.stderr).strip()


def test_made_once_and_used_again(wheels: Path, tmp_path: Path) -> None:
    wheel(wheels, "somelib", "1.2")
    said = facts("somelib==1.2  # index\n")
    one, lines = made(said, tmp_path, "one")
    assert one.cold
    assert "installing 1 package by version" in lines
    assert answer(one, "import somelib; print(somelib.VERSION)") == "1.2"
    assert "ModuleNotFoundError" in answer(one, "import reportgen")
    two, again = made(said, tmp_path, "two")
    assert again == []
    assert two.python != one.python
    assert answer(two, "import somelib; print(somelib.VERSION)") == "1.2"
    assert plan_environment("new", said).line.endswith("installed already")


def test_hashes_of_the_lock_are_checked(wheels: Path, tmp_path: Path) -> None:
    digest = wheel(wheels, "locked", "2.0")
    said = facts("locked==2.0  # index\n")
    one, lines = made(said, tmp_path, "one", lock("locked", "2.0", digest))
    assert "installing 1 package by hash" in lines
    assert answer(one, "import locked; print(locked.VERSION)") == "2.0"
    with pytest.raises(UnavailableError, match="cannot be installed"):
        made(said, tmp_path, "two", lock("locked", "2.0", "0" * 64))
    assert not list((tmp_path / "cache").rglob("made-*/hashed.txt"))[1:]


def test_a_package_that_cannot_be_had(wheels: Path, tmp_path: Path) -> None:
    wheels.mkdir()
    with pytest.raises(UnavailableError, match="--env current"):
        made(facts("nowhere==1.0  # index\n"), tmp_path, "one")
    assert not list((tmp_path / "cache").rglob("ready"))


def test_the_environment_of_this_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/mine")
    said = facts("mine==1.0  # this repository\n-e ../evil\n")
    plan = plan_environment("current", said)
    (tmp_path / "src").mkdir()
    found = make_environment(plan, said, tmp_path, tmp_path / "new", lambda line: None)
    assert (found.python, found.cold) == (sys.executable, False)
    assert found.variables["PYTHONPATH"] == f"{tmp_path / 'src'}:{tmp_path}:/mine"
    assert str(found.variables["PATH"]).split(":")[0] == str(Path(sys.executable).parent)
    assert not (tmp_path / "new").exists()


def test_an_interpreter_that_is_named(tmp_path: Path) -> None:
    assert plan_environment(sys.executable, facts("")).python == sys.executable
    for wrong in ("no-such-python", "/bin/false", str(tmp_path)):
        with pytest.raises(UsageError, match="--env"):
            plan_environment(wrong, facts(""))


def test_another_python_than_is_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match=r"needs Python 3\.99"):
        plan_environment("new", facts("", python="3.99.1"))
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\n")
    uv.chmod(0o755)
    plan = plan_environment("new", facts("", python="3.99.1"))
    assert (plan.python, plan.by_uv) == ("3.99", True)
