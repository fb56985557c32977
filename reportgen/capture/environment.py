"""Python, packages and variables of this process; nothing that names a person or a machine."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import sys
import sysconfig
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from reportgen.capture.hardware import capture_hardware, determinism_flags
from reportgen.runs.redact import redact_url
from reportgen.runs.schema import Container, Editable, Environment, Python

VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "ATEN_CPU_CAPABILITY",
    "MKL_CBWR",
    "ONEDNN_MAX_CPU_ISA",
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_VISIBLE_DEVICES",
    "CUDA_LAUNCH_BLOCKING",
    "PYTHONHASHSEED",
    "TF_DETERMINISTIC_OPS",
    "XLA_FLAGS",
)
"""The variables that may change a result: the only ones that are recorded."""

LOCK_NAMES = (
    "uv.lock",
    "pylock.toml",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "conda-lock.yml",
)
_IMAGE = re.compile(r"^(?P<image>[^@\s]{1,300})?@?(?P<digest>sha256:[0-9a-f]{64})?$")
_CONTAINER_SIGNS = (Path("/.dockerenv"), Path("/run/.containerenv"))
_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def capture_environment(*, run_id: str = "", top: Path | None = None) -> Environment:
    """Return environment.yaml less seeds and compute, which others know.

    Args:
        run_id: Salt of the host's hash, so that it names nobody and links no two runs.
        top: Top of the repository; what is installed from it is no foreign editable package.
    """
    hardware, accelerator, missing = capture_hardware()
    packages = imported_packages()
    host = _host(run_id)
    if host is None:
        missing["host"] = "the system has no machine id"
    return Environment(
        python=Python(
            version=platform.python_version(),
            implementation=platform.python_implementation(),
            abi=_abi(),
        ),
        os={"system": platform.system(), "release": _release(), **_distribution()},
        hardware=hardware,
        accelerator=accelerator,
        packages=packages,
        determinism=determinism_flags(),
        editable=editable_packages(top),
        host=host,
        variables={name: os.environ.get(name) for name in VARIABLES},
        container=_container(),
        not_available=missing,
    )


def _abi() -> str:
    tag = sysconfig.get_config_var("SOABI") or ""
    flags = getattr(sys, "abiflags", "")
    if tag.startswith("cpython-"):
        return "cp" + tag.split("-")[1]
    return tag or f"{sys.implementation.name}{sys.version_info[0]}{sys.version_info[1]}{flags}"


def _release() -> str:
    """The kernel's version without what its builder added, which may name a place."""
    match = re.match(r"\d+(?:\.\d+)*", platform.release())
    return match[0] if match else ""


def _distribution() -> dict[str, str]:
    try:
        facts = platform.freedesktop_os_release()
    except (OSError, AttributeError):
        return {"machine": platform.machine()}
    name = facts.get("PRETTY_NAME") or facts.get("NAME", "")
    libc = " ".join(platform.libc_ver()).strip()
    return {"distribution": name, "libc": libc, "machine": platform.machine()}


def _host(run_id: str) -> str | None:
    for place in _MACHINE_IDS:
        with contextlib.suppress(OSError):
            machine = place.read_text(encoding="ascii", errors="replace").strip()
            if machine:
                return hashlib.sha256(f"{machine}{run_id}".encode()).hexdigest()
    return None


def _container() -> Container | None:
    """What cannot be seen from inside is told by REPORTGEN_CONTAINER=image@sha256:..."""
    told = os.environ.get("REPORTGEN_CONTAINER", "").strip()
    match = _IMAGE.match(told) if told else None
    if match and (match["image"] or match["digest"]):
        return Container(image=match["image"], digest=match["digest"])
    inside = any(sign.exists() for sign in _CONTAINER_SIGNS) or "container" in os.environ
    return Container() if inside or told else None


def imported_packages() -> dict[str, str | None]:
    """Return the version of each installed distribution of which a module is loaded."""
    loaded = {name.partition(".")[0] for name in list(sys.modules)}
    owners = metadata.packages_distributions()
    names = sorted({owner for module in loaded for owner in owners.get(module, ())}, key=normal)
    return {normal(name): _version(name) for name in names}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except (metadata.PackageNotFoundError, OSError, ValueError):
        return None


def normal(name: str) -> str:
    """Return a distribution's name in the one spelling that indexes compare by (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(top: Path | None = None) -> list[str]:
    """Return a line for each installed distribution, sorted.

    ``name==version  # index | conda | this repository``, or ``name @ url@commit`` for what was
    installed from a repository.

    Args:
        top: Top of the repository that the run's code is in.
    """
    lines: dict[str, str] = {}
    for distribution in metadata.distributions():
        name, version = _name_and_version(distribution)
        if name and normal(name) not in lines:
            lines[normal(name)] = _requirement(distribution, normal(name), version, top)
    return [lines[name] for name in sorted(lines)]


def _name_and_version(distribution: metadata.Distribution) -> tuple[str | None, str]:
    try:
        return distribution.metadata["Name"], distribution.version or ""
    except (KeyError, OSError, ValueError):
        return None, ""


def _requirement(
    distribution: metadata.Distribution, name: str, version: str, top: Path | None
) -> str:
    direct = direct_url(distribution)
    url = str(direct.get("url", ""))
    vcs = direct.get("vcs_info")
    if isinstance(vcs, dict) and vcs.get("commit_id"):
        return f"{name} @ {vcs.get('vcs', 'git')}+{redact_url(url)[0]}@{vcs['commit_id']}"
    if url.startswith("file:"):
        source = "this repository" if _inside(url, top) else "a local folder"
        return f"{name}=={version}  # {source}"
    if url:
        return f"{name} @ {redact_url(url)[0]}"
    installer = (_read(distribution, "INSTALLER") or "").strip()
    return f"{name}=={version}  # {'conda' if installer == 'conda' else 'index'}"


def direct_url(distribution: metadata.Distribution) -> dict[str, Any]:
    """Return direct_url.json of a distribution (PEP 610), empty when it came from an index."""
    try:
        value = orjson.loads(_read(distribution, "direct_url.json") or "{}")
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _read(distribution: metadata.Distribution, file: str) -> str | None:
    try:
        return distribution.read_text(file)
    except (OSError, UnicodeDecodeError):
        return None


def folder_of(url: str) -> Path:
    """Return the folder of a ``file:`` URL."""
    return Path(unquote(urlsplit(url).path))


def _inside(url: str, top: Path | None) -> bool:
    return top is not None and folder_of(url).resolve().is_relative_to(top.resolve())


def _editable_folders(top: Path | None) -> Iterator[tuple[str, Path]]:
    seen: set[str] = set()
    for distribution in metadata.distributions():
        name = normal(_name_and_version(distribution)[0] or "")
        if not name or name in seen:  # of two with one name the first is the one that loads
            continue
        seen.add(name)
        direct = direct_url(distribution)
        info = direct.get("dir_info")
        url = str(direct.get("url", ""))
        editable = isinstance(info, dict) and info.get("editable") and url.startswith("file:")
        if editable and not _inside(url, top):
            yield name, folder_of(url)


def editable_packages(top: Path | None) -> dict[str, Editable]:
    """Return commit, remote and state of each package installed editable from elsewhere."""
    found: dict[str, Editable] = {}
    for name, folder in _editable_folders(top):
        from reportgen.capture.code import capture_code

        git = capture_code(folder, run_root=None).git
        found[name] = Editable(commit=git.commit, remote=git.remote, dirty=git.dirty)
    return found


def lock_files(top: Path | None) -> list[Path]:
    """Return the lock files at the top of a repository."""
    if top is None:
        return []
    named = [top / name for name in LOCK_NAMES]
    named += sorted(top.glob("pylock.*.toml"))
    return [path for path in named if path.is_file() and not path.is_symlink()]
