"""What NVIDIA's management library tells of the accelerators, where it is installed.

The library is ``pynvml`` of the distribution nvidia-ml-py (docs.nvidia.com/deploy/nvml-api); it
asks the driver, so no framework has to run and no device is woken.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from importlib import import_module
from typing import Any

_DEVICES = 16


class NvidiaDevices:
    """The accelerators that this program may use; none where there is no library or driver."""

    def __init__(self) -> None:
        self._library: Any = None
        self._handles: list[tuple[str, Any]] = []
        try:
            library = import_module("pynvml")
            library.nvmlInit()
        except Exception:  # no library, no driver, another library of that name
            return
        self._library = library
        self._handles = _handles(library)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._handles)

    def sample(self) -> dict[str, float]:
        """Return per device (``gpu.0/...``) what it tells of itself.

        ``percent`` of the time it computed, ``memory_used_bytes``, ``memory_percent``,
        ``temperature_celsius`` and ``power_watts``; what a device does not tell is left out.
        """
        found: dict[str, float] = {}
        for name, handle in self._handles:
            for ask in (_utilisation, _memory, _temperature, _power):
                with suppress(Exception):  # not every device supports every question
                    told = ask(self._library, handle)
                    found.update({f"{name}/{key}": value for key, value in told.items()})
        return found

    def close(self) -> None:
        """Let the library go; a second call does nothing."""
        if self._library is None:
            return
        self._handles = []
        library, self._library = self._library, None
        with suppress(Exception):
            library.nvmlShutdown()


def _handles(library: Any) -> list[tuple[str, Any]]:
    """Return the devices that CUDA_VISIBLE_DEVICES leaves, numbered as the program sees them."""
    try:
        count = library.nvmlDeviceGetCount()
    except Exception:
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    wanted = list(map(str, range(count))) if visible is None else visible.split(",")
    found: list[tuple[str, Any]] = []
    for name in map(str.strip, wanted[:_DEVICES]):
        try:
            if re.fullmatch(r"[0-9]+", name):
                handle = library.nvmlDeviceGetHandleByIndex(int(name))
            else:
                handle = library.nvmlDeviceGetHandleByUUID(name)
        except Exception:  # CUDA too ignores what follows an entry that is none
            break
        found.append((f"gpu.{len(found)}", handle))
    return found


def _utilisation(library: Any, handle: Any) -> dict[str, float]:
    return {"percent": float(library.nvmlDeviceGetUtilizationRates(handle).gpu)}


def _memory(library: Any, handle: Any) -> dict[str, float]:
    memory = library.nvmlDeviceGetMemoryInfo(handle)
    share = round(100 * memory.used / memory.total, 1) if memory.total else 0.0
    return {"memory_used_bytes": int(memory.used), "memory_percent": share}


def _temperature(library: Any, handle: Any) -> dict[str, float]:
    sensor = library.NVML_TEMPERATURE_GPU
    return {"temperature_celsius": float(library.nvmlDeviceGetTemperature(handle, sensor))}


def _power(library: Any, handle: Any) -> dict[str, float]:
    return {"power_watts": library.nvmlDeviceGetPowerUsage(handle) / 1000}
