"""What a run that is started here and now would record, and what it would lack."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.audit.evidence import counted
from reportgen.audit.patch import changed_files
from reportgen.capture.code import CodeCapture, capture_code
from reportgen.capture.environment import capture_environment, lock_files
from reportgen.capture.git_process import git_path
from reportgen.capture.packages import requirements
from reportgen.capture.shown_paths import recorded_path
from reportgen.cli.optional_packages import version_of
from reportgen.cli.tables import size
from reportgen.errors import UnavailableError
from reportgen.runs.schema import Environment, Hardware

if TYPE_CHECKING:
    from reportgen.config import Settings

_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "afs", "9p")
_LITTLE_SPACE = 10**9


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that would be recorded.

    Attributes:
        name: What it is.
        text: For a person, on one line.
        value: Plain values, for a program.
    """

    name: str
    text: str
    value: Any


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that would be missing.

    Attributes:
        what: The lack, as a sentence without a full stop.
        fix: How to get it.
        check: The check of an audit that would find it.
        matters: Whether a run started here could not be repeated, or not be written.
    """

    what: str
    fix: str
    check: str | None = None
    matters: bool = False


Preview = Iterator[Fact | Lack]


def preview(here: Path, settings: Settings) -> Preview:
    """Yield what a run started in ``here`` would record and lack, as the logger finds it out."""
    root = settings.roots[0]
    code = capture_code(here, run_root=root)
    yield from _code(code)
    environment = capture_environment(top=code.top)
    yield from _packages(environment, code.top)
    yield _seeds(environment)
    yield from _hardware(environment)
    yield from _container(environment)
    yield from _settings(settings, code.top)
    yield from _disk(root, code.top)


# -- code ---------------------------------------------------------------------------------


def _code(code: CodeCapture) -> Preview:
    git = code.git
    if git.commit is None:
        reason = git.not_available.get("commit", "unknown")
        yield Fact("code", f"not recorded: {reason}", {"not_available": reason})
        what = f"The code would not be recorded: {reason}"
        yield Lack(what, _way_to_a_commit(code), "code.commit-recorded", True)
        return
    changed = changed_files(code.patch)
    where = f"on {git.branch}" if git.branch else "on no branch"
    value = {
        "commit": git.commit,
        "branch": git.branch,
        "dirty": git.dirty,
        "tree": git.tree,
        "changed": len(changed),
        "left_out": [file.path for file in git.left_out],
        "remote": git.remote is not None,
    }
    text = f"commit {git.commit[:12]} {where}, {_state(code, len(changed))}"
    yield Fact("code", text, value)
    yield from _code_lacks(code)


def _code_lacks(code: CodeCapture) -> Iterator[Lack]:
    git = code.git
    if git.dirty is None:
        reason = git.not_available.get("dirty", "unknown")
        yield Lack(
            f"Whether all code is committed is not known: {reason}",
            "Run `git status` here: it should answer quickly and without an error",
            "code.worktree-state-known",
            True,
        )
    if git.left_out:
        many = counted(len(git.left_out), "uncommitted file")
        yield Lack(
            f"{many} would not be kept, too large or with a secret",
            "Commit or ignore them",
            "code.untracked-captured",
        )
    if git.remote is None:
        yield Lack(
            "Nobody else can fetch the commit: there is no remote, or only a local one",
            "git remote add origin URL, then git push",
            "code.remote-usable",
        )


def _way_to_a_commit(code: CodeCapture) -> str:
    try:
        git_path()
    except UnavailableError:
        return "Install git: git-scm.com/downloads, or your system's package `git`"
    if code.top is None:
        return "git init and commit the code, or go to the folder of the code"
    return "Commit the code; if it is committed, see what `git status` says here"


def _state(code: CodeCapture, changed: int) -> str:
    if code.git.dirty is None:
        return "uncommitted work not known"
    if not code.git.dirty:
        return "clean"
    return f"{counted(changed, 'uncommitted file')} kept as a patch of {size(len(code.patch))}"


# -- environment --------------------------------------------------------------------------


def _packages(environment: Environment, top: Path | None) -> Preview:
    listed = requirements(top)
    yield Fact("packages", f"{len(listed)} with their versions", len(listed))
    locks = [path.name for path in lock_files(top)]
    yield Fact("lock file", ", ".join(locks) or "none", locks)
    if not locks:
        yield Lack(
            "No lock file says which packages to install again",
            "uv lock, or another tool's lock file, at the top of the repository",
            "environment.lock-present",
        )
    for name, editable in (environment.editable or {}).items():
        if editable.commit is None or editable.dirty:
            yield Lack(
                f"{name} is used from a folder whose state is in no commit",
                "Commit it there",
                "code.editable-deps-pinned",
            )


def _seeds(environment: Environment) -> Fact:
    libraries = ["python", *(name for name in ("numpy", "torch") if version_of(name))]
    gpus = environment.hardware.gpus if environment.hardware else None
    if gpus and "torch" in libraries:
        libraries.append("cuda")
    return Fact("seeds", f"{', '.join(libraries)}, by start_run(seed=) or set_seed", libraries)


def _hardware(environment: Environment) -> Preview:
    hardware = environment.hardware or Hardware()
    missing = environment.not_available
    cores = counted(hardware.cores or 0, "core")
    memory = "memory unknown" if hardware.memory_bytes is None else size(hardware.memory_bytes)
    text = f"{hardware.cpu or 'processor unknown'}, {cores}, {memory}"
    yield Fact(
        "hardware",
        text,
        {"cpu": hardware.cpu, "cores": hardware.cores, "memory_bytes": hardware.memory_bytes},
    )
    gpus = hardware.gpus
    names = None if gpus is None else [gpu.name for gpu in gpus]
    reason = missing.get("hardware.gpus", "unknown")
    yield Fact(
        "GPU", f"not known: {reason}" if names is None else ", ".join(names) or "none", names
    )
    if names is None:
        yield Lack(
            f"The accelerators would not be named: {reason}",
            "pip install 'reportgen-runs[nvidia]'",
            "environment.hardware-recorded",
        )
    set_here = {key: value for key, value in (environment.variables or {}).items() if value}
    shown = ", ".join(f"{key}={value}" for key, value in set_here.items())
    yield Fact("variables", shown or "none of those that may change a result is set", set_here)


def _container(environment: Environment) -> Preview:
    container = environment.container
    if container is None:
        yield Fact("container", "none", None)
        return
    named = container.digest or container.image
    text = f"{container.image or ''}@{container.digest}" if container.digest else container.image
    yield Fact(
        "container",
        text or "one, of an unknown image",
        {"image": container.image, "digest": container.digest},
    )
    if not (named and container.digest):
        yield Lack(
            "This is a container, and from inside its image cannot be seen",
            "Start it with REPORTGEN_CONTAINER=image@sha256:... set",
            "environment.container-digest",
        )


# -- where it goes ------------------------------------------------------------------------


def _settings(settings: Settings, top: Path | None) -> Preview:
    source = None if settings.source is None else recorded_path(settings.source, top)
    yield Fact("settings", source or "no file; the defaults", source)
    roots = [recorded_path(root, top) for root in settings.roots]
    yield Fact("roots", ", ".join(roots), roots)


def _disk(root: Path, top: Path | None) -> Preview:
    place = _nearest_existing(root)
    shown = recorded_path(root, top)
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        yield Lack(
            f"{shown} cannot be written to, so a run would go to a temporary folder",
            "Name another root in reportgen.toml",
            matters=True,
        )
        return
    free = shutil.disk_usage(place).free
    yield Fact("space", f"{size(free)} free below the root", free)
    if free < _LITTLE_SPACE:
        yield Lack(
            f"{size(free)} are free below {shown}",
            "Free some, or name another root",
            "artifacts.storage-bounded",
        )
    if kind := _network_file_system(place):
        yield Lack(
            f"{shown} lies on a network file system ({kind}), where a record that was "
            "logged may be lost with its machine, and a lock may not be seen elsewhere",
            "Name a root on a local disk",
        )


def _nearest_existing(path: Path) -> Path:
    return next((place for place in (path, *path.parents) if place.exists()), Path("/"))


def _network_file_system(place: Path) -> str | None:
    import psutil

    try:
        mounts = {part.mountpoint: part.fstype for part in psutil.disk_partitions(all=True)}
    except (OSError, RuntimeError):
        return None
    real = Path(os.path.realpath(place))
    kinds = (mounts.get(str(above)) for above in (real, *real.parents))
    kind = next((kind for kind in kinds if kind is not None), "")
    return kind if kind in _NETWORK else None
