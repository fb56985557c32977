"""system.jsonl: what the machine did meanwhile, sampled on a thread of its own.

A record is ``{"time": 1763900000.1, "metrics": {"cpu/percent": 93.5, ...}}``. Every ``every``
seconds one is written, the first after at most a second, the last when the run ends.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any, Final

from reportgen.capture import opens
from reportgen.errors import UsageError
from reportgen.logger.context import RunContext
from reportgen.logger.line_file import LineFile
from reportgen.logger.nvidia import NvidiaDevices
from reportgen.logger.values import number_of
from reportgen.runs import layout

EVERY: Final = 15.0
SHORTEST: Final = 0.1
_FIRST = 1.0
_STOP_SECONDS = 2.0


def checked_period(every: Any) -> float | None:
    """Return the seconds between samples; None turns sampling off.

    Raises:
        UsageError: No number from 0.1.
    """
    if every is None:
        return None
    seconds = None if isinstance(every, bool) else number_of(every)
    if seconds is None or not SHORTEST <= seconds < threading.TIMEOUT_MAX:
        raise UsageError(
            f"is {every!r:.40}",
            where="start_run(system_every=)",
            expected=f"seconds, at least {SHORTEST}, or None for no system metrics",
        )
    return float(seconds)


class SystemSampler:
    """Samples processor, memory, disk and accelerators while a run lasts.

    Args:
        context: The run; what the thread computed goes to ``overhead_seconds``.
        every: Seconds between samples.
    """

    def __init__(self, context: RunContext, every: float = EVERY) -> None:
        self._context = context
        self._every = every
        self._file = LineFile(context, layout.SYSTEM)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to sample."""
        thread = threading.Thread(target=self._watch, name="reportgen-system", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no more threads
            self._context.fault(layout.SYSTEM, error, lost=0)
            return
        self._thread = thread

    def stop(self) -> None:
        """Take a last sample and end the thread; at most 2 s."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_STOP_SECONDS)
        self._file.close()

    def _watch(self) -> None:
        with opens.unheard():
            try:
                machine = Machine(self._context.folder)
            except Exception as error:
                self._context.fault(layout.SYSTEM, error, lost=0)
                return
            try:
                stopping = self._stopping.wait(min(_FIRST, self._every))
                while self._context.active:
                    self._sample(machine)
                    if stopping:
                        break
                    stopping = self._stopping.wait(self._every)
            finally:
                machine.close()
                self._context.add_overhead("system", time.thread_time())

    def _sample(self, machine: Machine) -> None:
        try:
            self._file.append({"time": round(time.time(), 3), "metrics": machine.sample()})
        except Exception as error:
            self._context.fault(layout.SYSTEM, error)


class Machine:
    """What psutil and NVIDIA's library tell.

    Args:
        folder: Whose disk is looked at.

    Raises:
        ImportError: psutil is not installed.
    """

    def __init__(self, folder: Path) -> None:
        import psutil

        self._psutil = psutil
        self._folder = str(folder)
        self._process = psutil.Process()
        self._devices = NvidiaDevices()
        # The first answers are about the time since the call before, so they mean nothing.
        psutil.cpu_percent(None)
        self._process.cpu_percent(None)

    def sample(self) -> dict[str, float]:
        """Return what is known now; what the system does not tell is left out.

        ``cpu/percent`` (of all cores, since the sample before), ``memory/used_bytes``,
        ``memory/percent``, ``process/cpu_percent`` (100 is one core), ``process/memory_bytes``
        (resident), ``process/threads``, ``disk/free_bytes`` and ``disk/percent`` (used, of the
        run folder's disk), and those of :meth:`reportgen.logger.nvidia.NvidiaDevices.sample`.
        """
        found: dict[str, float] = {}
        for ask in (self._processor, self._memory, self._own, self._disk, self._devices.sample):
            try:
                found.update(ask())
            except (OSError, RuntimeError, self._psutil.Error):
                continue
        return found

    def close(self) -> None:
        """Let the accelerators' library go."""
        self._devices.close()

    def _processor(self) -> dict[str, float]:
        return {"cpu/percent": self._psutil.cpu_percent(None)}

    def _memory(self) -> dict[str, float]:
        memory = self._psutil.virtual_memory()
        return {"memory/used_bytes": memory.used, "memory/percent": memory.percent}

    def _own(self) -> dict[str, float]:
        with self._process.oneshot():
            return {
                "process/cpu_percent": self._process.cpu_percent(None),
                "process/memory_bytes": self._process.memory_info().rss,
                "process/threads": self._process.num_threads(),
            }

    def _disk(self) -> dict[str, float]:
        disk = self._psutil.disk_usage(self._folder)
        return {"disk/free_bytes": disk.free, "disk/percent": disk.percent}
