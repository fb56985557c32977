"""Hardware is told by whoever knows it, and nothing is woken for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import psutil
import pytest

from reportgen.capture import hardware
from reportgen.capture.hardware import capture_hardware, determinism_flags


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without a driver, and without what this one has."""
    monkeypatch.setattr(hardware, "_NVIDIA_DRIVER", tmp_path / "version")
    monkeypatch.setattr(hardware, "_AMD_DRIVER", tmp_path / "kfd")
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setitem(sys.modules, "pynvml", None)  # type: ignore[arg-type]
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def with_driver(machine: Path) -> None:
    (machine / "version").write_text(
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Thu Jan 23\nGCC version: x\n"
    )


def with_program(machine: Path, script: str) -> None:
    (machine / "nvidia-smi").write_text(f"#!/bin/sh\n{script}\n")
    (machine / "nvidia-smi").chmod(0o755)


def torch_with(**cuda: Any) -> ModuleType:
    torch = ModuleType("torch")
    torch.cuda = SimpleNamespace(**cuda)  # type: ignore[attr-defined]
    torch.version = SimpleNamespace(cuda="12.8", hip=None)  # type: ignore[attr-defined]
    torch.backends = SimpleNamespace(  # type: ignore[attr-defined]
        cudnn=SimpleNamespace(version=lambda: 91002)
    )
    return torch


def test_processor_and_memory_of_this_machine() -> None:
    found, accelerator, missing = capture_hardware()
    assert found.cpu
    assert found.cores is not None
    assert 0 < found.cores <= (psutil.cpu_count() or 0)
    assert found.memory_bytes == psutil.virtual_memory().total
    assert (found.gpus, accelerator, missing) == ([], None, {})


def test_a_driver_without_anybody_to_ask_is_said(machine: Path) -> None:
    with_driver(machine)
    found, accelerator, missing = capture_hardware()
    assert found.gpus is None
    assert "nvidia-ml-py" in missing["hardware.gpus"]
    assert accelerator is not None
    assert accelerator["driver"] == "570.86.15"


def test_the_management_library_names_the_devices(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_driver(machine)
    library = ModuleType("pynvml")
    library.nvmlInit = lambda: None  # type: ignore[attr-defined]
    library.nvmlDeviceGetCount = lambda: 2  # type: ignore[attr-defined]
    library.nvmlDeviceGetHandleByIndex = lambda index: index  # type: ignore[attr-defined]
    library.nvmlDeviceGetName = lambda index: [b"NVIDIA H200", "NVIDIA T4"][index]  # type: ignore[attr-defined]
    library.nvmlDeviceGetMemoryInfo = lambda index: SimpleNamespace(total=(index + 1) * 2**30)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pynvml", library)
    found, _, missing = capture_hardware()
    assert [(gpu.name, gpu.memory_bytes) for gpu in found.gpus or []] == [
        ("NVIDIA H200", 2**30),
        ("NVIDIA T4", 2**31),
    ]
    assert missing == {}


def test_the_drivers_program_is_asked_last(machine: Path) -> None:
    with_driver(machine)
    with_program(machine, "echo 'NVIDIA H200, 143771'; echo 'NVIDIA A, B, [N/A]'")
    found, _, _ = capture_hardware()
    assert [(gpu.name, gpu.memory_bytes) for gpu in found.gpus or []] == [
        ("NVIDIA H200", 143771 * 2**20),
        ("NVIDIA A, B", None),
    ]
    with_program(machine, "exit 9")
    assert capture_hardware()[0].gpus is None


def test_a_program_that_hangs_is_given_up(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_driver(machine)
    with_program(machine, "exec /bin/sleep 600")
    monkeypatch.setattr(hardware, "_PROGRAM_SECONDS", 0.2)
    assert capture_hardware()[0].gpus is None


def test_torch_is_asked_only_where_it_runs_on_a_device(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wakes(*_: object) -> None:
        raise AssertionError("a device was woken")

    with_driver(machine)
    with_program(machine, "echo 'NVIDIA H200, 1000'")
    asleep = torch_with(
        is_initialized=lambda: False,
        is_available=wakes,
        device_count=wakes,
        get_device_properties=wakes,
        nccl=SimpleNamespace(version=lambda: (2, 26, 2)),
    )
    monkeypatch.setitem(sys.modules, "torch", asleep)
    found, accelerator, _ = capture_hardware()
    assert [gpu.name for gpu in found.gpus or []] == ["NVIDIA H200"]
    assert accelerator == {
        "driver": "570.86.15",
        "cuda": "12.8",
        "cudnn": "91002",
        "nccl": "2.26.2",
    }
    awake = torch_with(
        is_initialized=lambda: True,
        device_count=lambda: 1,
        get_device_properties=lambda index: SimpleNamespace(name="NVIDIA B", total_memory=5),
        nccl=SimpleNamespace(version=wakes),
    )
    monkeypatch.setitem(sys.modules, "torch", awake)
    found, accelerator, _ = capture_hardware()
    assert [(gpu.name, gpu.memory_bytes) for gpu in found.gpus or []] == [("NVIDIA B", 5)]
    assert accelerator is not None
    assert accelerator["nccl"] is None


def test_an_amd_driver_is_said(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (machine / "kfd").write_text("")
    found, accelerator, missing = capture_hardware()
    assert found.gpus is None
    assert "AMD" in missing["hardware.gpus"]
    torch = torch_with(is_initialized=lambda: False)
    torch.version.hip = "6.2"
    monkeypatch.setitem(sys.modules, "torch", torch)
    accelerator = capture_hardware()[1]
    assert accelerator is not None
    assert accelerator["rocm"] == "6.2"
    assert "cuda" not in accelerator


def test_flags_without_a_framework_are_none() -> None:
    assert determinism_flags() == {}
    torch = ModuleType("torch")
    sys.modules["torch"] = torch
    assert determinism_flags() == {}


def test_flags_are_those_of_the_real_torch() -> None:
    program = """
import torch
from reportgen.capture.hardware import capture_hardware, determinism_flags
from reportgen.seeds import set_seed
torch.set_num_threads(1)
before = determinism_flags()
set_seed(7, deterministic=True)
after = determinism_flags()
assert before["torch_deterministic"] is False, before
assert (after["torch_deterministic"], after["torch_deterministic_warn_only"]) == (True, True)
assert (after["cudnn_deterministic"], after["cudnn_benchmark"]) == (True, False)
assert after["threads"] == 1
assert capture_hardware()[0].gpus is not None
assert not torch.cuda.is_initialized()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
