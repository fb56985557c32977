"""The Python environment of a command that another interpreter runs: asked, not guessed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from reportgen.runs.redact import redact_url
from reportgen.runs.schema import Python

_NAME = re.compile(r"^(python|pypy)[\d.]*(\.exe)?$", re.IGNORECASE)
_SECONDS = 10.0
_QUESTION = """
import json, platform, re, sysconfig
from importlib import metadata
found = {}
for d in metadata.distributions():
    name = d.metadata["Name"]
    if name:
        direct = json.loads(d.read_text("direct_url.json") or "{}")
        entry = [d.version, (d.read_text("INSTALLER") or "").strip(), direct]
        found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), entry)
soabi = sysconfig.get_config_var("SOABI") or ""
abi = "cp" + soabi.split("-")[1] if soabi.startswith("cpython-") else soabi
print(json.dumps({"version": platform.python_version(), "packages": found, "abi": abi,
                  "implementation": platform.python_implementation()}))
"""


@dataclass(frozen=True, slots=True)
class ForeignPython:
    """What another interpreter says of itself.

    Attributes:
        python: Its version, implementation and ABI.
        requirements: A line for each installed distribution, sorted.
    """

    python: Python
    requirements: list[str]


def is_python(program: str) -> bool:
    """Tell whether a program's name is that of a Python interpreter."""
    return bool(_NAME.match(Path(program).name))


def is_own(program: str) -> bool:
    """Tell whether a Python program belongs to the environment that this process runs in."""
    found = shutil.which(program)
    if found is None:
        return False
    return os.path.dirname(os.path.abspath(found)) == os.path.dirname(
        os.path.abspath(sys.executable)
    )


def ask(program: str) -> ForeignPython:
    """Return what the interpreter ``program`` says of itself.

    Raises:
        OSError: It does not start.
        ValueError: It gave no answer, or none in time.
    """
    try:
        answer = subprocess.run(
            [program, "-I", "-c", _QUESTION],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"{program} did not answer within {_SECONDS:.0f} s") from None
    try:
        told: dict[str, Any] = orjson.loads(answer.stdout)
        lines = [_line(name, *entry) for name, entry in sorted(told["packages"].items())]
        python = Python(
            version=str(told["version"]),
            implementation=str(told["implementation"]),
            abi=str(told["abi"]),
        )
    except (ValueError, KeyError, AttributeError, TypeError):
        raise ValueError(f"{program} gave no answer that can be read") from None
    return ForeignPython(python, lines)


def _line(name: str, version: str, installer: str, direct: dict[str, Any]) -> str:
    """Return a line of requirements.txt; ``direct`` is direct_url.json (PEP 610)."""
    url = str(direct.get("url", ""))
    vcs = direct.get("vcs_info", {})
    if vcs.get("commit_id"):
        return f"{name} @ {vcs.get('vcs', 'git')}+{redact_url(url)[0]}@{vcs['commit_id']}"
    if url.startswith("file:"):
        return f"{name}=={version}  # a local folder"
    if url:
        return f"{name} @ {redact_url(url)[0]}"
    return f"{name}=={version}  # {'conda' if installer == 'conda' else 'index'}"
