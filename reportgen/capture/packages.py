"""What is installed: the list for requirements.txt, the imported part, the editable part."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from reportgen.capture.distributions import Installed, installed_distributions, owner_of
from reportgen.runs.redact import redact_url
from reportgen.runs.schema import Editable

LOCK_NAMES = (
    "uv.lock",
    "pylock.toml",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "conda-lock.yml",
)
"""Lock files that are kept; any ``pylock.<name>.toml`` (PEP 751) and ``requirements*.lock`` too,
and ``requirements*.txt`` with a ``--hash``, as pip-tools and uv compile them."""

_HASH = b"--hash="
_REQUIREMENTS_BYTES = 8 * 2**20


def imported_packages() -> dict[str, str | None]:
    """Return the version of each installed distribution of which a module is loaded."""
    installed = installed_distributions()
    owners = {owner_of(name) for name in loaded_modules()}
    return {
        name: installed[name].version or None
        for name in sorted(owner for owner in owners if owner in installed)
    }


def loaded_modules() -> set[str]:
    """Return the top-level modules that are loaded and belong neither to Python nor to a frame."""
    names = {name.partition(".")[0] for name in list(sys.modules)}
    return names - sys.stdlib_module_names - {"__main__", "__mp_main__"}


def requirements(top: Path | None = None) -> list[str]:
    """Return a line for each installed distribution, sorted.

    ``name==version  # index | conda | this repository``, or ``name @ url@commit`` for what was
    installed from a repository, or ``name==version  # a local folder``.

    Args:
        top: Top of the repository that the run's code is in.
    """
    installed = installed_distributions()
    return [_requirement(installed[name], name, top) for name in sorted(installed)]


def _requirement(distribution: Installed, name: str, top: Path | None) -> str:
    direct = distribution.direct_url
    url = str(direct.get("url", ""))
    pinned = f"{name}=={distribution.version}"
    vcs = direct.get("vcs_info")
    if isinstance(vcs, dict) and vcs.get("commit_id"):
        cleaned = redact_url(url)[0]
        if cleaned.startswith("file:"):
            return f"{pinned}  # a local folder"
        return f"{name} @ {vcs.get('vcs', 'git')}+{cleaned}@{vcs['commit_id']}{_within(direct)}"
    if url.startswith("file:"):
        own = distribution.folder is not None and is_inside(distribution.folder, top)
        return f"{pinned}  # {'this repository' if own else 'a local folder'}"
    if url:
        return f"{name} @ {redact_url(url)[0]}"
    installer = (distribution.read("INSTALLER") or "").strip()
    return f"{pinned}  # {'conda' if installer == 'conda' else 'index'}"


def _within(direct: dict[str, object]) -> str:
    """The folder of the repository that was installed (PEP 610 ``subdirectory``)."""
    folder = direct.get("subdirectory")
    return f"#subdirectory={folder}" if isinstance(folder, str) and folder else ""


def is_inside(folder: Path, top: Path | None) -> bool:
    """Tell whether ``folder`` is the repository or a folder of it."""
    return top is not None and Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(top))


def editable_packages(top: Path | None) -> dict[str, Editable]:
    """Return commit, remote and state of each package that is used from a folder elsewhere.

    Args:
        top: Top of the repository of the run, which is not elsewhere.
    """
    found: dict[str, Editable] = {}
    for name, distribution in installed_distributions().items():
        folder = distribution.folder if distribution.is_editable else None
        if folder is None or is_inside(folder, top):
            continue
        from reportgen.capture.code import capture_code

        git = capture_code(folder).git
        found[name] = Editable(commit=git.commit, remote=git.remote, dirty=git.dirty)
    return found


def lock_files(top: Path | None) -> list[Path]:
    """Return the lock files at the top of a repository."""
    if top is None:
        return []
    named = [top / name for name in LOCK_NAMES]
    named += sorted(top.glob("pylock.*.toml")) + sorted(top.glob("requirements*.lock"))
    named += [path for path in sorted(top.glob("requirements*.txt")) if _has_hashes(path)]
    return [path for path in named if path.is_file() and not path.is_symlink()]


def _has_hashes(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return _HASH in stream.read(_REQUIREMENTS_BYTES)
    except OSError:
        return False
