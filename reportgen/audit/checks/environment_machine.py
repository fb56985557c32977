"""Is the machine's part known: accelerator, container, determinism, variables?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reportgen.audit.evidence import at, counted, listed, shown, unavailable
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.runs import layout
from reportgen.runs.schema import Environment, Exit

_RECORDED = "environment.python-recorded"
_VERSION = re.compile(r"\d{1,5}(?:\.\d{1,6}){0,4}(?:[\w.+-]{0,20})?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LABEL = re.compile(r"\+cu(?P<major>\d{2})(?P<minor>\d)\b")
_FRAMEWORKS = ("torch", "tensorflow", "jax")
_WORKSPACES = (":4096:8", ":16:8")

VARIABLES = (
    *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
    *("CUDA_VISIBLE_DEVICES", "CUBLAS_WORKSPACE_CONFIG", "PYTHONHASHSEED"),
)
"""What decides threads, devices and hashing, of all that the logger records."""


def _accelerators_unused(environment: Environment) -> str | None:
    """Return why no accelerator had a part in the run, or None when one may have had."""
    hardware, compute = environment.hardware, environment.compute
    seconds = compute.device_seconds if compute is not None else None
    if hardware is not None and hardware.gpus == [] and not seconds:
        return "there was no GPU"
    if seconds == 0:
        return "no GPU was used"
    return None


class AcceleratorStack(Check):
    """Driver, CUDA or ROCm, cuDNN and NCCL of the accelerators that were used."""

    id = "environment.accelerator-stack"
    severity = Severity.H
    title = "The accelerator's software is recorded"
    failure = "The accelerator's software is not recorded"
    why = "Kernels differ between releases of these libraries, and with them the last digits."
    fix = "Log the run with a current reportgen, which asks the framework and the driver"
    evidence = Evidence.E2
    requires = (_RECORDED,)

    def inapplicable(self, context: AuditContext) -> str | None:
        environment = context.run.environment
        return _accelerators_unused(environment) if environment else None

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        environment = view.environment or Environment()
        where = [at(view, layout.ENVIRONMENT, "accelerator")]
        stack = environment.accelerator or {}
        platform = "rocm" if stack.get("rocm") else "cuda"
        due = ("driver", platform, "cudnn", "nccl")
        known = {name: str(stack[name]).strip() for name in due if _is_version(stack.get(name))}
        lacking = [name for name in due if name not in known]
        if not known:
            reason = unavailable(environment.not_available, "accelerator", "hardware.gpus")
            if reason:
                return self.inconclusive(reason)
            return self.failed(f"not recorded: {', '.join(due)}", inspected=0, where=where)
        other = _other_cuda(environment, known.get("cuda"))
        if other:
            return self.failed(other, inspected=len(due), where=where)
        named = ", ".join(f"{name} {value}" for name, value in known.items())
        if lacking:
            message = f"{named}; not {', '.join(lacking)}"
            return self.partial(message, inspected=len(due), where=where)
        return self.passed(named, inspected=len(due))


def _is_version(value: object) -> bool:
    return value is not None and _VERSION.fullmatch(str(value).strip()) is not None


def _other_cuda(environment: Environment, cuda: str | None) -> str | None:
    """Return where the label of the torch that ran contradicts the CUDA version, or None."""
    torch = (environment.packages or {}).get("torch") or ""
    label = _LABEL.search(torch)
    if cuda is None or label is None:
        return None
    built = f"{label['major']}.{label['minor']}"
    same = cuda.split(".")[:2] == built.split(".")
    return None if same else f"torch {torch} is built for CUDA {built}, CUDA {cuda} is recorded"


class ContainerDigest(Check):
    """The image of the container, by its digest."""

    id = "environment.container-digest"
    severity = Severity.M
    title = "The container's image is recorded by digest"
    failure = "The container's image is not recorded by digest"
    why = "A tag is moved to another image without a trace; a digest names one for ever."
    fix = "Tell it to the run: from inside a container the digest cannot be seen"
    command = "docker run --env REPORTGEN_CONTAINER=IMAGE@sha256:DIGEST ..."
    evidence = Evidence.E2
    requires = (_RECORDED,)

    def inapplicable(self, context: AuditContext) -> str | None:
        raw = context.run.raw(layout.ENVIRONMENT)
        if isinstance(raw, dict) and "container" in raw and raw["container"] is None:
            reasons = context.run.environment.not_available if context.run.environment else {}
            return None if "container" in reasons else "it did not run in a container"
        return None

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        environment = view.environment or Environment()
        where = [at(view, layout.ENVIRONMENT, "container")]
        container = environment.container
        if container is None:
            reason = unavailable(environment.not_available, "container")
            if reason:
                return self.inconclusive(reason)
            message = "whether it ran in a container is not recorded"
            return self.failed(message, inspected=0, where=where)
        digest = (container.digest or "").strip().lower()
        image = (container.image or "").strip()
        if _DIGEST.fullmatch(digest) and len(set(digest.partition(":")[2])) > 1:
            return self.passed(f"{image or 'the image'}@{digest[:19]}…")
        if digest:
            return self.failed(f"{shown(digest)} is no digest", where=where)
        if image:
            return self.partial(f"{shown(image)} by name only", where=where)
        return self.failed("it ran in a container of an unknown image", where=where)


class DeterminismFlags(Check):
    """The frameworks' flags for deterministic results, on from the start to the end."""

    id = "environment.determinism-flags"
    severity = Severity.M
    title = "The frameworks were asked for deterministic results"
    failure = "Whether results are deterministic is not known"
    why = "Without them the same run on the same stack may give other digits."
    fix = "Ask for it, at a cost of 10 to 20 %, or accept a tolerance between repetitions"
    command = "reportgen.start_run(seed=1337, deterministic=True)"
    evidence = Evidence.E2
    requires = (_RECORDED,)
    at_end = True

    def inapplicable(self, context: AuditContext) -> str | None:
        environment = context.run.environment
        packages = environment.packages if environment else None
        if packages and not any(name.lower() in _FRAMEWORKS for name in packages):
            return f"none of {', '.join(_FRAMEWORKS)} among the packages"
        return None

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        environment = view.environment or Environment()
        end = view.captured(layout.EXIT, Exit)
        where = [at(view, layout.ENVIRONMENT, "determinism"), Where(file=layout.EXIT)]
        reason = unavailable(environment.not_available, "determinism")
        reason = reason or (unavailable(end.not_available, "determinism") if end else None)
        at_start = _states(environment, environment.determinism or {})
        at_exit = _states(environment, end.determinism if end else {})
        due = sorted({*at_start, *at_exit}) or ["torch"]
        unknown = [name for name in due if at_start.get(name) is None or at_exit.get(name) is None]
        if unknown:
            if reason:
                return self.inconclusive(reason)
            message = f"not recorded at the start and at the end: flags of {listed(unknown)}"
            return self.failed(message, inspected=0, where=where)
        off = [
            f"{name}: {state}"
            for name in due
            for state in dict.fromkeys((at_start[name], at_exit[name]))
            if state not in (None, "on")
        ]
        if off:
            return self.partial(listed(off), inspected=len(due), where=where)
        message = f"on at the start and at the end: {', '.join(due)}, deterministic on this stack"
        return self.passed(message, inspected=len(due))


def _states(environment: Environment, flags: Mapping[str, Any]) -> dict[str, str | None]:
    """Return ``on``, or why it is not, of each framework that was imported; None: not recorded."""
    packages = {name.lower() for name in environment.packages or {}}
    variables = environment.variables or {}
    found: dict[str, str | None] = {}
    if "torch" in packages:
        found["torch"] = _torch_state(environment, flags)
    if "tensorflow" in packages:
        value = variables.get("TF_DETERMINISTIC_OPS")
        told = flags.get("tf_deterministic")
        found["tensorflow"] = "on" if told is True or value in ("1", "true") else "off"
    if "jax" in packages:
        unused = _accelerators_unused(environment)
        asked = "xla_gpu_deterministic_ops=true" in (variables.get("XLA_FLAGS") or "")
        found["jax"] = "on" if unused or asked else "off"
    return found


def _torch_state(environment: Environment, flags: Mapping[str, Any]) -> str | None:
    deterministic, benchmark = flags.get("torch_deterministic"), flags.get("cudnn_benchmark")
    if not isinstance(deterministic, bool):
        return None
    if not deterministic:
        return "off"
    if _accelerators_unused(environment):
        return "on"
    if benchmark is not False:
        return "cuDNN chooses its algorithms by timing"
    workspace = (environment.variables or {}).get("CUBLAS_WORKSPACE_CONFIG")
    return "on" if workspace in _WORKSPACES else "CUBLAS_WORKSPACE_CONFIG is not set"


class VarsCaptured(Check):
    """The variables that decide threads, devices and hashing, each with its value or null."""

    id = "environment.vars-captured"
    severity = Severity.L
    title = "The variables that change numbers are recorded"
    failure = "The variables that change numbers are not recorded"
    why = "A thread count in the environment changes the order of sums, and so the last digits."
    fix = "Log the run with a current reportgen, which records them and no others"
    evidence = Evidence.E2
    requires = (_RECORDED,)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        environment = view.environment or Environment()
        raw = view.raw(layout.ENVIRONMENT)
        said = raw.get("variables") if isinstance(raw, dict) else None
        recorded = said if isinstance(said, dict) else {}
        known = [name for name in VARIABLES if _is_setting(recorded.get(name, 0))]
        where = [at(view, layout.ENVIRONMENT, "variables")]
        if not known:
            reason = unavailable(environment.not_available, "variables")
            if reason:
                return self.inconclusive(reason)
            return self.failed(f"none of {listed(VARIABLES)}", inspected=0, where=where)
        count = len(VARIABLES)
        lacking = [name for name in VARIABLES if name not in known]
        if lacking:
            message = f"{len(known)} of {counted(count, 'variable')}, not {listed(lacking)}"
            return self.partial(message, inspected=count, where=where)
        set_ones = [f"{name}={recorded[name]}" for name in known if recorded[name] is not None]
        message = f"{counted(count, 'variable')}; set: {listed(set_ones) or 'none'}"
        return self.passed(message, inspected=count)


def _is_setting(value: object) -> bool:
    return value is None or isinstance(value, str)


CHECKS: tuple[Check, ...] = (
    AcceleratorStack(),
    ContainerDigest(),
    DeterminismFlags(),
    VarsCaptured(),
)
