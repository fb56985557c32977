"""The environment of a replay: made anew from the recorded packages, or one that is there.

An environment made anew has two parts. The recorded packages go into one that is kept in the
user's cache and used again by every replay of the same list; a small one of the replay's own
builds on it, so that what a replay adds never reaches the next. The repository's own package
comes from the restored tree.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.errors import UnavailableError, UsageError
from reportgen.fs.atomic import write_text
from reportgen.fs.hashing import sha256_folder
from reportgen.reproduce.installer import installer_into, own_pip_serves, version_of
from reportgen.reproduce.packages import Packages
from reportgen.script.facts import ScriptFacts

CACHE = "REPORTGEN_CACHE"
"""Variable that names another folder for kept environments."""

_READY = "ready"
_ASK_PACKAGES = "import sysconfig; print(sysconfig.get_path('purelib'))"
_ASK_SECONDS = 60

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class EnvironmentPlan:
    """Which environment a replay will have.

    Attributes:
        kind: ``new`` (from the record), ``current`` (of this process) or ``named``.
        python: The interpreter that runs the program, or from which the new one is made.
        by_uv: The interpreter is brought by uv; ``python`` then only names its version.
        packages: What is installed into a new one.
        wheels: A folder that the packages come from, and from nowhere else; None without one.
        kept: The folder in the cache; None unless ``kind`` is ``new``.
    """

    kind: str
    python: str
    by_uv: bool = False
    packages: Packages = field(default_factory=Packages)
    wheels: Path | None = None
    kept: Path | None = None

    @property
    def is_cached(self) -> bool:
        """Whether the packages are installed already."""
        return self.kept is not None and (self.kept / _READY).is_file()

    @property
    def line(self) -> str:
        """One line for people."""
        if self.kind == "current":
            return f"this one: {self.python}"
        if self.kind == "named":
            return f"the one that was named: {self.python}"
        tool = "uv" if shutil.which("uv") else "venv and pip"
        what = f"new, by {tool}, with Python of {self.python}, {self.packages.line}"
        what += f" from {self.wheels} alone" if self.wheels is not None else ""
        return f"{what}, installed already" if self.is_cached else what


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment that is there.

    Attributes:
        python: Its interpreter.
        variables: What the program's environment has beside, or has not (None).
        cold: It was made from the record, so that nothing of the environment that made the run
            is in it.
    """

    python: str
    variables: Mapping[str, str | None]
    cold: bool


def plan_environment(
    wanted: str,
    facts: ScriptFacts,
    locks: Mapping[str, bytes] | None = None,
    wheels: Path | None = None,
) -> EnvironmentPlan:
    """Return how the environment will be had.

    Args:
        wanted: ``new``, ``current``, or an interpreter.
        facts: The recorded Python and packages.
        locks: The recorded lock files by name.
        wheels: A folder with the packages, handed over with the run.

    Raises:
        UsageError: The interpreter that was named is none, or the recorded list holds lines that
            no installer is given.
        UnavailableError: The recorded Python is not at hand and uv is not there to bring it.
    """
    if wanted == "current":
        return EnvironmentPlan("current", sys.executable)
    if wanted != "new":
        python = shutil.which(wanted)
        if python is None or version_of(python) is None:
            raise UsageError(
                f"{wanted!r} is no Python that runs",
                where="--env",
                expected="new, current or the interpreter of an environment",
            )
        return EnvironmentPlan("named", os.path.abspath(python))
    if facts.requirements.refused:
        listed = "; ".join(facts.requirements.refused[:5])
        raise UsageError(
            f"holds what no installer is given: {listed}",
            where="requirements.txt",
            expected="name==version, or name @ https://...",
            fix="--env current uses the environment of this command",
        )
    packages = Packages.of(facts.requirements, locks or {}, named_alone=wheels is not None)
    python, by_uv = _base_python(facts.python)
    # Files of somebody else's folder under known names must not serve other replays.
    given = sha256_folder(wheels)[0] if wheels is not None else None
    key = json.dumps([python, packages.exact, packages.plain, packages.hashed, given])
    kept = _cache() / "environments" / hashlib.sha256(key.encode()).hexdigest()[:24]
    return EnvironmentPlan("new", python, by_uv, packages, wheels, kept)


def _base_python(recorded: str | None) -> tuple[str, bool]:
    """Return an interpreter of the recorded version, and whether uv has to bring it."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    wanted = ".".join((recorded or here).split(".")[:2])
    own = getattr(sys, "_base_executable", None) or sys.executable
    for name in (own if wanted == here else "", f"python{wanted}"):
        found = shutil.which(name) if name else None
        if found and version_of(found) == wanted:
            return found, False
    if shutil.which("uv"):
        return wanted, True
    raise UnavailableError(
        f"the run needs Python {wanted}, which is not here",
        fix="Install it, or uv, which brings it, or use --env current",
    )


def _cache() -> Path:
    named = os.environ.get(CACHE)
    if named:
        return Path(named)
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "reportgen"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reportgen"


def make_environment(
    plan: EnvironmentPlan, facts: ScriptFacts, tree: Path, folder: Path, say: Say
) -> Environment:
    """Make the environment, or complete the one that is there.

    Args:
        plan: As :func:`plan_environment` returned it.
        facts: Which distributions come from the repository itself.
        tree: The restored code.
        folder: For the replay's own part of a new one; it does not exist.
        say: Takes one line at a time of what is done.

    Raises:
        UnavailableError: It cannot be made, or the packages cannot be installed.
    """
    own = _own_code(tree) if facts.requirements.own else None
    if plan.kept is None:
        there = [own, os.environ.get("PYTHONPATH")]
        search = [str(Path(plan.python).parent), os.environ.get("PATH", os.defpath)]
        variables = {
            "PATH": os.pathsep.join(search),
            "PYTHONPATH": os.pathsep.join(part for part in there if part) or None,
        }
        return Environment(plan.python, variables, cold=False)
    if not plan.is_cached:
        _install(plan, plan.kept, say)
    below = plan.kept / (plan.kept / _READY).read_text("utf-8").strip()
    base = _python_in(below)
    _do([base, "-m", "venv", "--without-pip", str(folder)], "no environment could be made")
    python = _python_in(folder)
    packages = _answer([python, "-I", "-c", _ASK_PACKAGES])
    kept = _answer([base, "-I", "-c", _ASK_PACKAGES])
    line = f"import site; site.addsitedir({kept!r})\n"
    write_text(Path(packages) / "recorded_packages.pth", line)
    search = [str(Path(python).parent), str(Path(base).parent), os.environ.get("PATH", os.defpath)]
    variables = {
        "PATH": os.pathsep.join(search),
        "VIRTUAL_ENV": str(folder),
        "PYTHONPATH": own,
        "PYTHONHOME": None,
    }
    return Environment(python, variables, cold=True)


def _own_code(tree: Path) -> str:
    """Return where Python finds the project's own package in its tree."""
    source = tree / "src"
    return os.pathsep.join(map(str, (source, tree) if source.is_dir() else (tree,)))


def _install(plan: EnvironmentPlan, kept: Path, say: Say) -> None:
    """Install the recorded packages into a folder of the cache, and mark it when that worked."""
    kept.mkdir(parents=True, exist_ok=True)
    folder = kept / f"made-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        say(f"making an environment with Python of {plan.python}")
        if shutil.which("uv"):
            words = ["uv", "venv", "--quiet", "--python", plan.python]
        else:
            bare = ["--without-pip"] if own_pip_serves(plan.python) else []
            words = [plan.python, "-m", "venv", *bare]
        _do([*words, str(folder)], "no environment could be made")
        installer = installer_into(_python_in(folder))
        if plan.wheels is not None:
            installer += ["--no-index", "--find-links", str(plan.wheels.resolve())]
        plan.packages.install(installer, folder, say)
        write_text(kept / _READY, f"{folder.name}\n")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _python_in(environment: Path) -> str:
    if os.name == "nt":
        return str(environment / "Scripts" / "python.exe")
    return str(environment / "bin" / "python")


def _do(words: list[str], fault: str) -> None:
    done = subprocess.run(words, capture_output=True)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UnavailableError(f"{fault}: {said[-1][:300] if said else done.returncode}")


def _answer(words: list[str]) -> str:
    done = subprocess.run(words, capture_output=True, timeout=_ASK_SECONDS)
    if done.returncode:
        raise UnavailableError(f"{words[0]} does not run")
    return os.fsdecode(done.stdout).strip()
