"""The recorded packages as wheels in a folder, so that a replay asks no network for anything.

pip collects them: with what it is configured to use, from wherever it is told to. A package that
is only there as source is built, which runs its code, as installing it would.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from reportgen.errors import UnavailableError, UsageError
from reportgen.fs.regular import walk
from reportgen.reproduce.archive_writer import Part, part_of_file
from reportgen.reproduce.documents import BundledWheels
from reportgen.script.facts import ScriptFacts

WHEELS = "wheels"
_FALLBACK = ("setuptools>=40.8.0", "wheel")
"""What builds a project without a build-system table (PEP 518)."""

_SECONDS = 3600


def collect_wheels(
    facts: ScriptFacts, folder: Path, build: bytes | None
) -> tuple[BundledWheels, list[Part]]:
    """Return what bundle.json says of the wheels, and the wheels as parts of the bundle.

    Args:
        facts: What the run recorded: packages, and the version of Python.
        folder: A folder that does not exist; the wheels go there.
        build: The project's pyproject.toml, whose build requirements go with them, or None.

    Raises:
        UsageError: The run had another version of Python, or packages no installer is given.
        UnavailableError: pip is missing or cannot get them.
    """
    _check(facts)
    folder.mkdir()
    pins = facts.requirements.pins
    labelled = {pin.partition("+")[0]: pin for pin in facts.requirements.labelled}
    # A build with a label comes from an index of its own; where that is not configured the plain
    # version is what reproduce.sh installs too.
    exact = [labelled.get(pin, pin) for pin in pins]
    tries = [exact, list(pins)] if labelled else [exact]
    said = ""
    for wanted in [*tries, None] if pins else []:
        words = ["--no-deps", *pins] if wanted is None else wanted
        said = _pip_wheel(folder, words)
        if not said:
            break
    if said:
        raise UnavailableError(
            f"the recorded packages cannot be had: {said}",
            where="pip wheel",
            fix="Make sure that pip reaches the index they came from",
        )
    if facts.requirements.own:
        said = _pip_wheel(folder, _build_requirements(build))
        if said:
            raise UnavailableError(f"what builds the project cannot be had: {said}")
    files = [entry.path for entry in walk(folder) if entry.path.endswith(".whl")]
    described = BundledWheels(
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        platform=f"{sys.platform} {platform.machine()}",
        count=len(files),
    )
    return described, [part_of_file(f"{WHEELS}/{name}", folder, name) for name in files]


def _check(facts: ScriptFacts) -> None:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    recorded = ".".join((facts.python or here).split(".")[:2])
    if recorded != here:
        raise UsageError(
            f"the run had Python {recorded}, and this is Python {here}",
            where="--with-wheels",
            expected="wheels for the Python of the run",
            fix=f"Run reportgen with Python {recorded}",
        )
    if facts.requirements.refused:
        listed = ", ".join(facts.requirements.refused[:5])
        raise UsageError(
            f"no installer is given {listed}",
            where="requirements.txt",
            expected="packages of an index, or of an https or ssh address with a commit",
        )


def _build_requirements(pyproject: bytes | None) -> Sequence[str]:
    try:
        document = tomllib.loads((pyproject or b"").decode("utf-8"))
        listed = document.get("build-system", {}).get("requires", _FALLBACK)
    except (ValueError, AttributeError):
        return _FALLBACK
    known = isinstance(listed, list | tuple) and all(isinstance(one, str) for one in listed)
    return [one for one in listed if not one.startswith("-")] if known else _FALLBACK


def _pip_wheel(folder: Path, requirements: Sequence[str]) -> str:
    """Collect wheels; return the last words of pip when it failed, nothing when it did not."""
    options = ("--disable-pip-version-check", "--no-input", "--quiet")
    command = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder)]
    try:
        done = subprocess.run(
            [*command, *requirements],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"pip took more than {_SECONDS} s"
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line or "No module named" in line]
    return (errors or lines or [f"pip ended with {done.returncode}"])[0][:300]
