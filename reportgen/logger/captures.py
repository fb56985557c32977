"""What the logger finds out by itself, at the start in the background and at the end.

Each capture is on its own: one that fails or takes too long leaves a reason under
``not_available`` and the others as they are.
"""

from __future__ import annotations

import getpass
import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from reportgen import seeds
from reportgen.capture import opens
from reportgen.capture.code import capture_code, dirty_now
from reportgen.capture.environment import (
    capture_environment,
    imported_packages,
    lock_files,
    requirements,
)
from reportgen.capture.hardware import determinism_flags
from reportgen.capture.modules import capture_modules
from reportgen.logger.context import RunContext, describe
from reportgen.runs import layout
from reportgen.runs.redact import holds_secret
from reportgen.runs.schema import Compute, Environment, GitInfo, Modules, Opens

_TOO_LATE = "took too long: the run ended before"
_FRAMEWORKS = frozenset({"torch", "tensorflow", "jax", "cupy", "paddle", "mxnet"})
_PATIENCE = 10.0  # in the background; the end of the run waits less
_LOCK_FILE_LIMIT = 32 * 2**20


class Captures:
    """The captured documents of one run, kept in memory to be completed at the end.

    Args:
        context: The run.
        top: Top of the repository that the code is in, or None.
        start: Where the code is looked for.
        run_root: The folder of all runs; run folders below it do not count for the code.
        identify: Whether to record the names of host and user and the interpreter's path.
        announce: Whether to say that the work tree is dirty.
        earlier: What earlier attempts of a resumed run used.
    """

    def __init__(
        self,
        context: RunContext,
        *,
        top: Path | None,
        start: Path,
        run_root: Path,
        identify: bool = False,
        announce: bool = True,
        earlier: Compute | None = None,
    ) -> None:
        self._context = context
        self._top = top
        self._start = start
        self._run_root = run_root
        self._identify = identify
        self._announce = announce
        self._earlier = earlier
        self._git: GitInfo | None = None
        self._environment: Environment | None = None
        self._frameworks: frozenset[str] = frozenset()
        self._completed = False
        self._turn = threading.Lock()
        self._code_known, self._environment_known = threading.Event(), threading.Event()
        self._determinism = determinism_flags()
        self._started = _clock()

    # -- at the start ---------------------------------------------------------------------

    def code(self) -> None:
        """Write git_info.yaml and git_diff.patch; a dirty work tree is said in one line."""
        try:
            captured = capture_code(self._start, run_root=self._run_root)
            git, patch, left_out = captured.git, captured.patch, captured.left_out
        except Exception as error:
            git, patch = GitInfo(not_available={"commit": describe(error)}), b""
            left_out = []
        with self._context.lock:
            if self._completed:  # what the end wrote about it stands
                self._code_known.set()
                return
            if patch:
                self._context.write_data(layout.PATCH, patch)
            self._git = git
            self._context.write(layout.GIT, git)
            for entry in left_out:
                self._context.leave_out(entry.what, layout.GIT, entry.rule)
        self._code_known.set()
        if git.dirty and self._announce:
            self._context.warn(_dirty_line(git, len(patch)))

    def environment(self) -> None:
        """Write environment.yaml, requirements.txt and lock/."""
        self._find_environment()
        self.write_environment()
        lines = "".join(f"{line}\n" for line in self._requirement_lines())
        self._context.write_data(layout.REQUIREMENTS, lines.encode("utf-8", "replace"))
        for path in lock_files(self._top):
            self._keep_lock_file(path)

    def _requirement_lines(self) -> list[str]:
        return requirements(self._top)

    def _find_environment(self) -> None:
        with self._turn:
            self._frameworks = _FRAMEWORKS & sys.modules.keys()
            try:
                found = capture_environment(run_id=self._context.run.id, top=self._top)
            except Exception as error:
                found = Environment(not_available={"python": describe(error)})
            found.determinism = self._determinism or found.determinism
            found.identity = _identity() if self._identify else None
            found.compute = self._earlier
            self._environment = found
        self._environment_known.set()

    def write_environment(self) -> None:
        """Write environment.yaml with the seeds that are known by now."""
        with self._turn:
            if self._environment is not None:
                seeded = seeds.current()
                self._environment.seeds = seeded.seeds if seeded is not None else None
                self._context.write(layout.ENVIRONMENT, self._environment)

    def _keep_lock_file(self, path: Path) -> None:
        place = f"{layout.LOCK}/{path.name}"
        try:
            if path.stat().st_size > _LOCK_FILE_LIMIT:
                self._context.leave_out("lock file", place, "size")
                return
            data = path.read_bytes()
        except OSError as error:
            self._context.fault(place, error)
            return
        if holds_secret(data):
            self._context.leave_out("lock file", place, "secret")
        else:
            self._context.write_data(place, data)

    # -- at the end -----------------------------------------------------------------------

    def modules(self) -> None:
        """Write captured/modules.json: what is loaded now."""
        try:
            found = capture_modules(self._top)
        except Exception as error:
            found = Modules(not_available={"local": describe(error)})
        self._context.write(layout.MODULES, found)

    def opens(self) -> None:
        """Write captured/opens.json: what was read since reportgen was imported."""
        try:
            found = opens.stop(top=self._top, run_folder=self._context.folder)
        except Exception as error:
            found = Opens(not_available={"files": describe(error)})
        opens.start()  # for a next run of this process
        self._context.write(layout.OPENS, found)

    def packages(self) -> None:
        """Look again at what the imports since the start may have changed.

        A framework that was imported since tells more of the hardware and of itself.
        """
        if not self._environment_known.wait(_PATIENCE) or self._environment is None:
            return
        if sys.modules.keys() & _FRAMEWORKS != self._frameworks:
            self._find_environment()
        else:
            self._environment.packages = imported_packages()

    def dirty_end(self) -> None:
        """Compare the work tree with its state at the start."""
        if not self._code_known.wait(_PATIENCE) or self._git is None or self._git.commit is None:
            return
        found = dirty_now(self._top or self._start, run_root=self._run_root)
        with self._context.lock:
            if found is None:
                self._git.not_available["dirty_end"] = "git could not tell in time"
            else:
                self._git.dirty_end = found

    def complete(self, unfinished: list[str]) -> None:
        """Write the documents that the end changes; say what took too long."""
        with self._context.lock:
            self._completed = True
            git = self._git
            if git is None:
                git = GitInfo(not_available={"commit": _TOO_LATE, "dirty_end": _TOO_LATE})
            elif git.dirty_end is None and git.commit is not None:
                git.not_available.setdefault("dirty_end", _TOO_LATE)
            self._context.write(layout.GIT, git)
        if "modules" in unfinished:
            self._context.write(layout.MODULES, Modules(not_available={"local": _TOO_LATE}))
        if "opened files" in unfinished:
            self._context.write(layout.OPENS, Opens(not_available={"files": _TOO_LATE}))
        compute, missing = self._compute()
        if not self._turn.acquire(timeout=0.1):  # the capture still runs
            late = Environment(compute=compute, not_available={"python": _TOO_LATE, **missing})
            self._context.write(layout.ENVIRONMENT, late)
            return
        try:
            if self._environment is None:
                self._environment = Environment(not_available={"python": _TOO_LATE})
            self._environment.compute = compute
            self._environment.not_available.update(missing)
        finally:
            self._turn.release()
        self.write_environment()

    def _compute(self) -> tuple[Compute, dict[str, str]]:
        wall = round(_clock() - self._started, 3)
        missing = {}
        memory = _peak_memory()
        if memory is None:
            missing["compute.peak_memory_bytes"] = "this system does not tell"
        devices = _devices_used()
        if devices is None:
            missing["compute.device_seconds"] = "no framework that was loaded tells what it used"
        seconds = None if devices is None else round(wall * devices, 3)
        found = Compute(wall_seconds=wall, peak_memory_bytes=memory, device_seconds=seconds)
        return (added(self._earlier, found) if self._earlier else found), missing


def added(earlier: Compute, latest: Compute) -> Compute:
    """Return what two attempts used together: seconds add up, of memory the higher peak counts."""
    return Compute(
        wall_seconds=_sum(earlier.wall_seconds, latest.wall_seconds),
        peak_memory_bytes=max(
            filter(None, (earlier.peak_memory_bytes, latest.peak_memory_bytes)), default=None
        ),
        device_seconds=_sum(earlier.device_seconds, latest.device_seconds),
    )


def _sum(earlier: float | None, latest: float | None) -> float | None:
    known = [part for part in (earlier, latest) if part is not None]
    return round(sum(known), 3) if known else None


def _identity() -> dict[str, str]:
    """Return who and where; a user without an entry in the password file has only a number."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):
        user = str(os.getuid()) if hasattr(os, "getuid") else ""
    return {"host": socket.gethostname(), "user": user, "interpreter": sys.executable}


def _dirty_line(git: GitInfo, patch_bytes: int) -> str:
    parts = [f"{patch_bytes:,} bytes of changes are kept in {layout.PATCH}"]
    if git.untracked:
        parts.append(f"{len(git.untracked)} untracked files among them")
    if git.left_out:
        parts.append(f"{len(git.left_out)} files left out")
    return f"the work tree is not committed: {', '.join(parts)}"


def _clock() -> float:
    """Seconds that also pass while the machine sleeps, where the system counts so."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


def _peak_memory() -> int | None:
    """Largest resident set of this process, in bytes (getrusage(2): KiB, on macOS bytes)."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024


def _devices_used() -> int | None:
    """How many accelerators this process put memory on; None where nobody can tell."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "cuda"):
        try:
            if not torch.cuda.is_initialized():
                return 0
            devices = range(torch.cuda.device_count())
            return sum(bool(torch.cuda.max_memory_allocated(index)) for index in devices)
        except Exception:
            return None
    others = {"tensorflow", "jax", "cupy"} & sys.modules.keys()
    return None if others and os.path.exists("/proc/driver/nvidia") else 0
