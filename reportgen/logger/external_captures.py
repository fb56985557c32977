"""What is found out about a command that runs in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from reportgen.capture.environment import requirements
from reportgen.logger.captures import Captures
from reportgen.logger.context import RunContext, describe
from reportgen.logger.foreign_python import ForeignPython, ask, is_own, is_python
from reportgen.runs.schema import Compute

_NOT_SEEN = "the command ran in a process of its own; start_run in it would have seen this"


class ExternalCaptures(Captures):
    """The captures of a command, as far as they can be made from outside.

    Args:
        context: The run.
        top: Top of the repository, or None.
        start: Where the code is looked for.
        run_root: The folder of all runs.
        program: The first word of the command.
    """

    def __init__(
        self,
        context: RunContext,
        *,
        top: Path | None,
        start: Path,
        run_root: Path,
        program: str,
    ) -> None:
        super().__init__(context, top=top, start=start, run_root=run_root)
        self._program = program
        self._foreign: ForeignPython | None = None

    def _find_environment(self) -> None:
        super()._find_environment()
        found = self._environment
        if found is None:
            return
        found.packages = None
        found.determinism = None
        found.not_available |= {
            "packages": f"which were imported: {_NOT_SEEN}",
            "determinism": _NOT_SEEN,
            "seeds": _NOT_SEEN,
        }
        if is_python(self._program) and is_own(self._program):
            return
        found.python = None
        found.editable = None
        found.not_available["editable"] = _NOT_SEEN
        if not is_python(self._program):
            found.not_available["python"] = "the command is no Python program"
            return
        try:
            self._foreign = ask(self._program)
            found.python = self._foreign.python
        except (OSError, ValueError) as error:
            found.not_available["python"] = describe(error)

    def _requirement_lines(self) -> list[str]:
        if is_python(self._program) and is_own(self._program):
            return requirements(self._top)
        return self._foreign.requirements if self._foreign else []

    def _compute(self) -> tuple[Compute, dict[str, str]]:
        compute, missing = super()._compute()
        compute.peak_memory_bytes = _peak_memory_of_children()
        compute.device_seconds = None
        missing["compute.device_seconds"] = _NOT_SEEN
        return compute, missing


def _peak_memory_of_children() -> int | None:
    """Largest resident set of a child that has ended, in bytes (getrusage(2))."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024
