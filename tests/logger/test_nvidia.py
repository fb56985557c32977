"""Accelerators through the management library: the real one where there is no driver, and one
that answers as the library does where there is.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from reportgen.logger.nvidia import NvidiaDevices


class Nvml:
    """Two devices, with the names, units and errors of pynvml 13."""

    NVML_TEMPERATURE_GPU = 0

    class NVMLError(Exception):
        pass

    def __init__(self) -> None:
        self.open = 0

    def nvmlInit(self) -> None:  # noqa: N802 - the library's name, as those below
        self.open += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.open -= 1

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any:  # noqa: N802
        if index > 1:
            raise self.NVMLError("Invalid Argument")
        return index

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> Any:  # noqa: N802
        if uuid != "GPU-1":
            raise self.NVMLError("Not Found")
        return 1

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:  # noqa: N802
        return SimpleNamespace(gpu=40 + handle, memory=7)

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:  # noqa: N802
        return SimpleNamespace(total=8 << 30, free=6 << 30, used=2 << 30)

    def nvmlDeviceGetTemperature(self, handle: int, sensor: int) -> int:  # noqa: N802
        assert sensor == self.NVML_TEMPERATURE_GPU
        return 55

    def nvmlDeviceGetPowerUsage(self, handle: int) -> int:  # noqa: N802
        if handle == 1:
            raise self.NVMLError("Not Supported")
        return 120_500  # milliwatts


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> Nvml:
    library = Nvml()
    monkeypatch.setitem(sys.modules, "pynvml", library)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return library


def test_each_device_tells_what_it_can(nvml: Nvml) -> None:
    devices = NvidiaDevices()
    assert len(devices) == 2
    assert devices.sample() == {
        "gpu.0/percent": 40,
        "gpu.0/memory_used_bytes": 2 << 30,
        "gpu.0/memory_percent": 25.0,
        "gpu.0/temperature_celsius": 55,
        "gpu.0/power_watts": 120.5,
        "gpu.1/percent": 41,
        "gpu.1/memory_used_bytes": 2 << 30,
        "gpu.1/memory_percent": 25.0,
        "gpu.1/temperature_celsius": 55,
    }
    devices.close()
    devices.close()
    assert (nvml.open, devices.sample()) == (0, {})


@pytest.mark.parametrize(
    ("visible", "percents"),
    [("1", [41]), ("1,0", [41, 40]), ("GPU-1", [41]), ("", []), ("-1,0", []), ("0,9,1", [40])],
)
def test_devices_are_numbered_as_the_program_sees_them(
    nvml: Nvml, monkeypatch: pytest.MonkeyPatch, visible: str, percents: list[int]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    sample = NvidiaDevices().sample()
    assert [sample[f"gpu.{at}/percent"] for at in range(len(percents))] == percents
    assert f"gpu.{len(percents)}/percent" not in sample


def test_without_the_library_or_a_driver_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert len(NvidiaDevices()) == 0
    monkeypatch.setitem(sys.modules, "pynvml", SimpleNamespace())
    assert NvidiaDevices().sample() == {}


def test_the_real_library_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    library = pytest.importorskip("pynvml")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    for name in dir(Nvml):
        assert name.startswith("_") or hasattr(library, name)
    devices = NvidiaDevices()
    for name, value in devices.sample().items():
        assert name.startswith("gpu.")
        assert value >= 0
    devices.close()
