"""Programs that log runs, each in a process of its own that ends as a real one does.

One interpreter imports reportgen once and forks for each program: an interpreter of its own for
each would spend most of the time on imports.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

_MOTHER = """
import json, os, sys
import reportgen.logger.run, reportgen.logger.finish
import reportgen.logger.captures as captures
import reportgen.capture.code, reportgen.capture.environment
from reportgen.runs.schema import Environment, Modules

for line in sys.stdin:
    request = json.loads(line)
    child = os.fork()
    if child == 0:
        break
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(json.dumps(status), flush=True)
else:
    sys.exit()

os.chdir(request["cwd"])
os.environ.update(request["environ"])
sys.argv = request["argv"]
sys.path[0] = request["cwd"]
nothing = os.open(os.devnull, os.O_RDONLY)
os.dup2(nothing, 0)
for number, name in ((1, "stdout"), (2, "stderr")):
    os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
if not request["captures"]:
    captures.capture_environment = lambda **given: Environment()
    captures.capture_modules = lambda top: Modules()
    captures.requirements = lambda top: []
    captures.imported_packages = dict
exec(compile(request["code"], request["argv"][0], "exec"))
"""


class Ended(NamedTuple):
    """How a program ended: its exit status (-n for signal n) and what it printed."""

    status: int
    stdout: str
    stderr: str


class Programs:
    """Starts programs; ``close`` it."""

    def __init__(self) -> None:
        self._outputs = Path(tempfile.mkdtemp())
        self._mother = subprocess.Popen(
            [sys.executable, "-c", _MOTHER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        )

    def run(
        self,
        folder: Path,
        code: str,
        *,
        argv: Sequence[str] = ("train.py",),
        environ: Mapping[str, str] | None = None,
        captures: bool = True,
    ) -> Ended:
        """Run ``code`` as a script that lies in ``folder`` and return how it ended.

        Without ``captures`` nothing is found out about packages, which takes the most time.
        """
        request = {
            "code": textwrap.dedent(code),
            "cwd": str(folder),
            "argv": list(argv),
            "environ": dict(environ or {}),
            "captures": captures,
            "stdout": str(self._outputs / "stdout"),
            "stderr": str(self._outputs / "stderr"),
        }
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        self._mother.stdin.write(json.dumps(request) + "\n")
        self._mother.stdin.flush()
        answer = self._mother.stdout.readline()
        return Ended(
            json.loads(answer),
            (self._outputs / "stdout").read_text(),
            (self._outputs / "stderr").read_text(),
        )

    def close(self) -> None:
        """End the interpreter that forks."""
        self._mother.communicate()
        shutil.rmtree(self._outputs)


def only_run(root: Path) -> Path:
    """Return the folder of the one run below ``root``."""
    found = sorted(root.rglob("run.yaml"))
    assert len(found) == 1, found
    return found[0].parent


def document(folder: Path, place: str = "run.yaml") -> dict[str, Any]:
    """Return a document of a run as plain values."""
    data = (folder / place).read_bytes()
    loaded: dict[str, Any] = json.loads(data) if place.endswith(".json") else yaml.safe_load(data)
    return loaded


def metrics_of(folder: Path) -> list[dict[str, Any]]:
    """Return the records of a run's metrics."""
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_bytes().splitlines()]
