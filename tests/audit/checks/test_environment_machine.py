from pathlib import Path
from typing import Any

import pytest
from audit.case import Case, assert_case

from reportgen.audit.checks.environment_machine import VARIABLES
from reportgen.capture import environment as capture
from reportgen.testing import ABSENT

STACK = "environment.accelerator-stack"
CONTAINER = "environment.container-digest"
FLAGS = "environment.determinism-flags"
VARS = "environment.vars-captured"
PYTHON = "environment.python-recorded"
DIGEST = "sha256:" + "0123456789abcdef" * 4
GPU: dict[str, Any] = {
    "hardware": {"gpus": [{"name": "H200", "memory_bytes": 1}]},
    "compute": {"device_seconds": 30},
}
CUDA = {"driver": "570.86.10", "cuda": "12.8", "cudnn": "91002", "nccl": "2.27.3"}
NOTHING = {"environment": None}


def on_gpu(accelerator: Any, **more: Any) -> dict[str, Any]:
    return {"environment": {**GPU, "accelerator": accelerator, **more}}


def flags(start: Any, end: Any, **environment: Any) -> dict[str, Any]:
    """The golden flags with what is changed at the start and at the end."""
    return {
        "environment": {"determinism": start, **environment},
        "captured": {"exit": {"determinism": end}},
    }


def on_cuda(workspace: str | None) -> dict[str, Any]:
    return {"environment": {**GPU, "variables": {"CUBLAS_WORKSPACE_CONFIG": workspace}}}


def of(package: str, **variables: str) -> dict[str, Any]:
    packages = {"torch": ABSENT, package: "1.0"}
    return {"environment": {"packages": packages, "variables": variables, **GPU}}


OFF = {"torch_deterministic": False}
UNKNOWN = {"torch_deterministic": "yes"}

CASES = (
    Case(STACK, "passes", "driver 570.86.10, cuda 12.8, cudnn 91002, nccl 2.27.3", on_gpu(CUDA)),
    Case(
        STACK,
        "passes",
        "rocm 6.2.4",
        on_gpu({"driver": "6.8.5", "rocm": "6.2.4", "cudnn": "3.2.0", "nccl": "2.20.5"}),
        name="rocm",
    ),
    Case(STACK, "fails", "not recorded: driver, cuda, cudnn, nccl", on_gpu(None)),
    Case(STACK, "partly", "not nccl", on_gpu({**CUDA, "nccl": None})),
    # Words where versions belong, and a version that the framework contradicts.
    Case(STACK, "cheats", "not recorded", on_gpu(dict.fromkeys(CUDA, "yes"))),
    Case(
        STACK,
        "cheats",
        "is built for CUDA 12.1",
        on_gpu(CUDA, packages={"torch": "2.4.0+cu121"}),
        name="label",
    ),
    # None is there, and it computed for half a minute.
    Case(
        STACK,
        "cheats",
        "not recorded",
        {"environment": {"compute": {"device_seconds": 28.0}}},
        name="no-device",
    ),
    Case(STACK, "not-applicable", "there was no GPU"),
    Case(
        STACK,
        "not-applicable",
        "no GPU was used",
        on_gpu(None, compute={"device_seconds": 0}),
        name="unused",
    ),
    Case(
        STACK,
        "inconclusive",
        "torch could not tell",
        on_gpu(None, not_available={"hardware.gpus": "torch could not tell"}),
    ),
    Case(STACK, "inconclusive", "", NOTHING, more={"blocked_by": PYTHON}, name="no-environment"),
    Case(
        CONTAINER,
        "passes",
        "pytorch/pytorch@sha256:0123456789ab",
        {"environment": {"container": {"image": "pytorch/pytorch", "digest": DIGEST}}},
    ),
    Case(
        CONTAINER,
        "fails",
        "a container of an unknown image",
        {"environment": {"container": {"image": None, "digest": None}}},
    ),
    Case(
        CONTAINER,
        "fails",
        "is not recorded",
        {"environment": {"container": ABSENT}},
        name="not-recorded",
    ),
    Case(
        CONTAINER,
        "partly",
        "'pytorch/pytorch:latest' by name only",
        {"environment": {"container": {"image": "pytorch/pytorch:latest"}}},
    ),
    # Something stands where the digest belongs.
    Case(
        CONTAINER,
        "cheats",
        "'sha256:latest' is no digest",
        {"environment": {"container": {"image": "x", "digest": "sha256:latest"}}},
    ),
    Case(
        CONTAINER,
        "cheats",
        "is no digest",
        {"environment": {"container": {"image": "x", "digest": f"sha256:{'0' * 64}"}}},
        name="zeros",
    ),
    Case(CONTAINER, "not-applicable", "did not run in a container"),
    Case(
        CONTAINER,
        "inconclusive",
        "a fork",
        {"environment": {"not_available": {"container": "a fork"}}},
    ),
    Case(FLAGS, "passes", "on at the start and at the end: torch, deterministic on this stack"),
    Case(FLAGS, "passes", "torch", on_cuda(":4096:8"), name="cuda"),
    Case(
        FLAGS, "passes", "tensorflow", of("tensorflow", TF_DETERMINISTIC_OPS="1"), name="tensorflow"
    ),
    Case(FLAGS, "fails", "flags of torch", flags(None, {"torch_deterministic": ABSENT})),
    Case(
        FLAGS,
        "fails",
        "flags of torch",
        {"captured": {"exit": {"determinism": ABSENT}}},
        name="no-flags-at-exit",
    ),
    Case(FLAGS, "partly", "torch: off", flags(OFF, OFF)),
    Case(FLAGS, "partly", "torch: off", flags({}, OFF), name="switched-off"),
    Case(FLAGS, "partly", "CUBLAS_WORKSPACE_CONFIG is not set", on_cuda(None), name="cublas"),
    Case(
        FLAGS,
        "partly",
        "by timing",
        flags({"cudnn_benchmark": True}, {"cudnn_benchmark": True}, **GPU),
        name="benchmark",
    ),
    Case(FLAGS, "partly", "jax: off", of("jax", XLA_FLAGS=""), name="jax"),
    # Words where truth values belong.
    Case(FLAGS, "cheats", "not recorded", flags(UNKNOWN, UNKNOWN)),
    Case(FLAGS, "not-applicable", "none of torch", of("click")),
    Case(
        FLAGS,
        "inconclusive",
        "another process",
        {
            "environment": {
                "determinism": None,
                "not_available": {"determinism": "another process"},
            },
            "captured": {"exit": {"determinism": ABSENT}},
        },
    ),
    Case(VARS, "passes", "7 variables; set: OMP_NUM_THREADS=1"),
    Case(VARS, "fails", "none of OMP_NUM_THREADS", {"environment": {"variables": None}}),
    Case(
        VARS,
        "partly",
        "6 of 7 variables, not PYTHONHASHSEED",
        {"environment": {"variables": {"PYTHONHASHSEED": ABSENT}}},
    ),
    # Variables are there, and none of those that change numbers.
    Case(
        VARS,
        "cheats",
        "none of",
        {"environment": {"variables": {**dict.fromkeys(VARIABLES, ABSENT), "PATH": "/bin"}}},
    ),
    Case(
        VARS,
        "cheats",
        "none of",
        {"environment": {"variables": dict.fromkeys(VARIABLES, True)}},
        name="no-values",
    ),
    Case(
        VARS,
        "inconclusive",
        "a fork",
        {"environment": {"variables": None, "not_available": {"variables": "a fork"}}},
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_the_logger_records_every_variable_that_is_asked_for() -> None:
    assert set(VARIABLES) <= set(capture.VARIABLES)
