"""Processor, memory, accelerators and the determinism flags of the frameworks that are loaded."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from reportgen.runs.schema import Gpu, Hardware

_CPU_INFO = Path("/proc/cpuinfo")
_NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")
_AMD_DRIVER = Path("/dev/kfd")
_PROGRAM_SECONDS = 10.0
_MODEL = re.compile(r"^model name\s*:\s*(.{1,200})$", re.MULTILINE)
_DRIVER = re.compile(r"Kernel Module(?: for \S+)?\s+(\d[\d.]{1,20})")


def capture_hardware() -> tuple[Hardware, dict[str, Any] | None, dict[str, str]]:
    """Return the hardware, the accelerator stack, and what could not be found out.

    The accelerator stack is None on a machine without one; its keys are ``driver``, ``cuda`` or
    ``rocm``, ``cudnn`` and ``nccl``. No package is imported for it: a framework that is loaded
    is asked, and the NVIDIA management library where it is installed.
    """
    missing: dict[str, str] = {}
    hardware = Hardware(cpu=_cpu(), cores=_cores(), memory_bytes=_memory())
    if hardware.cpu is None:
        missing["hardware.cpu"] = "the system names no processor"
    if hardware.memory_bytes is None:
        missing["hardware.memory_bytes"] = "the system tells no memory size"
    gpus, reason = _gpus()
    hardware.gpus = gpus
    if gpus is None:
        missing["hardware.gpus"] = reason
    return hardware, _accelerator() if gpus or gpus is None else None, missing


def _cpu() -> str | None:
    try:
        match = _MODEL.search(_CPU_INFO.read_text(encoding="utf-8", errors="replace")[:20_000])
    except OSError:
        match = None
    return match[1].strip() if match else platform.processor() or platform.machine() or None


def _cores() -> int | None:
    """Cores that this process may use, which a container or a scheduler may limit."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _memory() -> int | None:
    try:
        import psutil

        return int(psutil.virtual_memory().total)
    except (ImportError, OSError, RuntimeError):
        return None


def _gpus() -> tuple[list[Gpu] | None, str]:
    """Ask whoever knows without waking a device.

    Asking torch for a device's properties would start CUDA in this process, which takes memory
    and breaks every worker that is forked afterwards; so torch is asked only once it runs there.
    """
    torch = sys.modules.get("torch")
    if torch is not None and (found := _gpus_by_torch(torch)) is not None:
        return found, ""
    if _AMD_DRIVER.exists():
        return None, "an AMD driver is there; its devices are known once torch uses one"
    if not _NVIDIA_DRIVER.exists():
        return [], ""
    found = _gpus_by_management_library()
    if found is None:
        found = _gpus_by_program()
    if found is None:
        return None, "an NVIDIA driver is there; install nvidia-ml-py to name its devices"
    return found, ""


def _gpus_by_torch(torch: Any) -> list[Gpu] | None:
    try:
        if not torch.cuda.is_initialized():
            return None
        properties = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
        return [Gpu(name=str(p.name), memory_bytes=int(p.total_memory)) for p in properties]
    except Exception:
        # A build without CUDA, or a torch that is still loading: the others are asked.
        return None


def _gpus_by_management_library() -> list[Gpu] | None:
    try:
        import pynvml  # type: ignore[import-not-found, import-untyped, unused-ignore]

        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        return [
            Gpu(
                name=_text(pynvml.nvmlDeviceGetName(handle)),
                memory_bytes=int(pynvml.nvmlDeviceGetMemoryInfo(handle).total),
            )
            for handle in handles
        ]
    except Exception:
        # Not installed, or of another version than the driver: the driver's program is asked.
        return None


def _gpus_by_program() -> list[Gpu] | None:
    """Ask nvidia-smi, which comes with the driver; its memory sizes are in MiB."""
    program = shutil.which("nvidia-smi")
    if program is None or not os.path.isabs(program):
        return None
    try:
        done = subprocess.run(
            [program, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_PROGRAM_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    pairs = [line.rpartition(",") for line in lines if line.strip()]
    return [
        Gpu(
            name=name.strip(),
            memory_bytes=int(size) * 2**20 if size.strip().isdigit() else None,
        )
        for name, _, size in pairs
    ]


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _accelerator() -> dict[str, Any]:
    stack: dict[str, Any] = {"driver": _driver(), "cuda": None, "cudnn": None, "nccl": None}
    torch = sys.modules.get("torch")
    if torch is None:
        return stack
    if getattr(torch.version, "hip", None):
        stack["rocm"] = str(torch.version.hip)
        del stack["cuda"]
    elif torch.version.cuda:
        stack["cuda"] = str(torch.version.cuda)
    for key, ask in (("cudnn", _cudnn), ("nccl", _nccl)):
        try:
            stack[key] = ask(torch)
        except Exception:
            stack[key] = None
    return stack


def _driver() -> str | None:
    try:
        match = _DRIVER.search(_NVIDIA_DRIVER.read_text(encoding="utf-8", errors="replace")[:2_000])
    except OSError:
        return None
    return match[1] if match else None


def _cudnn(torch: Any) -> str | None:
    version = torch.backends.cudnn.version()
    return None if version is None else str(version)


def _nccl(torch: Any) -> str | None:
    version = torch.cuda.nccl.version()
    return ".".join(map(str, version)) if isinstance(version, tuple) else str(version)


def determinism_flags() -> dict[str, Any]:
    """Return the flags of the loaded frameworks that decide whether a rerun can be equal.

    Keys of torch: ``torch_deterministic``, ``torch_deterministic_warn_only``,
    ``cudnn_deterministic``, ``cudnn_benchmark``, ``matmul_precision``, ``threads``. Empty when
    no framework is loaded.
    """
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "are_deterministic_algorithms_enabled"):
        return {}
    try:
        return {
            "torch_deterministic": bool(torch.are_deterministic_algorithms_enabled()),
            "torch_deterministic_warn_only": bool(
                torch.is_deterministic_algorithms_warn_only_enabled()
            ),
            "cudnn_deterministic": bool(torch.backends.cudnn.deterministic),
            "cudnn_benchmark": bool(torch.backends.cudnn.benchmark),
            "matmul_precision": str(torch.get_float32_matmul_precision()),
            "threads": int(torch.get_num_threads()),
        }
    except Exception:
        return {}
