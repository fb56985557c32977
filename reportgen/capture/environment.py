"""Python, packages and variables of this process; nothing that names a person or a machine."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import sys
import sysconfig
from pathlib import Path

from reportgen.capture.hardware import capture_hardware, determinism_flags
from reportgen.capture.packages import (
    editable_packages,
    imported_packages,
    lock_files,
    requirements,
)
from reportgen.runs.schema import Container, Environment, Python
from reportgen.runs.variables import DEVICE_VARIABLES, NUMERIC_VARIABLES

__all__ = [
    "VARIABLES",
    "capture_environment",
    "editable_packages",
    "imported_packages",
    "lock_files",
    "requirements",
]

VARIABLES = tuple(sorted((*NUMERIC_VARIABLES, *DEVICE_VARIABLES)))
"""The variables that may change a result: the only ones that are recorded."""

_IMAGE = re.compile(r"(?P<image>(?!sha256:)[^@\s]{1,300})?(?:@?(?P<digest>sha256:[0-9a-f]{64}))?")
_CONTAINER_FILES = (Path("/.dockerenv"), Path("/run/.containerenv"))
_CONTAINER_VARIABLES = (
    "container",
    "KUBERNETES_SERVICE_HOST",
    "SINGULARITY_CONTAINER",
    "APPTAINER_CONTAINER",
)
_CONTROL_GROUPS = Path("/proc/1/cgroup")
_CONTAINER_GROUP = re.compile(r"/(?:docker|kubepods|containerd|libpod|lxc|ecs)[/.-]")
_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def capture_environment(*, run_id: str = "", top: Path | None = None) -> Environment:
    """Return environment.yaml less seeds and compute, which others know.

    Args:
        run_id: Salt of the host's hash, so that it names nobody and links no two runs.
        top: Top of the repository; what is installed from it is no foreign editable package.
    """
    hardware, accelerator, missing = capture_hardware()
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
        packages=imported_packages(),
        determinism=determinism_flags(),
        editable=editable_packages(top),
        host=host,
        variables=_variables(),
        container=_container(),
        not_available=missing,
    )


def _abi() -> str:
    """The interpreter's tag in the names of binary packages (PEP 425), such as ``cp311``."""
    tag = str(sysconfig.get_config_var("SOABI") or "")
    if tag.startswith("cpython-"):
        return "cp" + tag.split("-")[1]
    flags = getattr(sys, "abiflags", "")
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


def _variables() -> dict[str, str | None]:
    """Each variable of the list, None when it is not set; the home directory reads ``~``."""
    home = os.path.expanduser("~")
    values = {name: os.environ.get(name) for name in VARIABLES}
    if len(home) < 2:
        return values
    return {name: value and value.replace(home, "~") for name, value in values.items()}


def _host(run_id: str) -> str | None:
    for place in _MACHINE_IDS:
        with contextlib.suppress(OSError):
            machine = place.read_text(encoding="ascii", errors="replace").strip()
            if machine:
                return hashlib.sha256(f"{machine}{run_id}".encode()).hexdigest()
    return None


def _container() -> Container | None:
    """What cannot be seen from inside is told by ``REPORTGEN_CONTAINER=image@sha256:...``."""
    told = os.environ.get("REPORTGEN_CONTAINER", "").strip()
    match = _IMAGE.fullmatch(told) if told else None
    if match:
        return Container(image=match["image"], digest=match["digest"])
    return Container() if told or _is_in_container() else None


def _is_in_container() -> bool:
    if any(sign.exists() for sign in _CONTAINER_FILES):
        return True
    if any(os.environ.get(name) for name in _CONTAINER_VARIABLES):
        return True
    with contextlib.suppress(OSError):
        groups = _CONTROL_GROUPS.read_text(encoding="ascii", errors="replace")
        return _CONTAINER_GROUP.search(groups) is not None
    return False
