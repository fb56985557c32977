"""Can the checkpoints of the run be told apart, and are they what they are called?"""

from __future__ import annotations

import os
import re
from typing import IO

from reportgen.audit.evidence import counted, listed
from reportgen.audit.interface import AuditContext, Check, CheckResult, Severity, Where
from reportgen.audit.kinds import no_model
from reportgen.errors import ReportgenError
from reportgen.fs.regular import open_regular
from reportgen.runs import layout
from reportgen.runs.checkpoint_scan import CheckpointScan, scan_checkpoint
from reportgen.runs.schema import Checkpoint
from reportgen.runs.view import RunView

_OF_TORCH = (".pt", ".pth", ".ckpt", ".safetensors")
_NUMBER = re.compile(r"(?<!\d)\d{1,12}(?!\d)")
_NAMED = re.compile(r"(?:epoch|step|iter|ep)[_=-]?(?P<number>\d{1,12})(?!\d)")
_PRESENT = ("artifacts.checkpoint-present",)


class CheckpointReadable(Check):
    """Each checkpoint parses as what it is, and holds as many tensors as its description says.

    Nothing is loaded. Of a pickle it is told which names loading it would import; that it names
    none but those of tensors does not make it harmless.
    """

    id = "artifacts.checkpoint-readable"
    severity = Severity.M
    title = "The checkpoints parse, and hold the tensors that are described"
    failure = "A checkpoint does not parse, or names other code than tensors"
    why = "A cut or damaged file shows only when it is needed; a pickle can name any program."
    fix = "Save the state dict alone, best as safetensors; nothing was loaded to find this out"
    command = 'run.save_checkpoint(model, epoch=epoch, format="safetensors")'

    def inapplicable(self, context: AuditContext) -> str | None:
        return no_model(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        found = all_checkpoints(view)
        if not found:
            return self.not_applicable("there is no checkpoint to read")
        scans = {path: _scan(view, path) for path in found}
        faults = {
            path: _fault(path, scan, found[path])
            for path, scan in scans.items()
            if _fault(path, scan, found[path])
        }
        count = len(found)
        where = [Where(file=path) for path in list(faults)[:3]]
        if faults:
            message = listed(f"{path} {fault}" for path, fault in faults.items())
            return self.failed(message, inspected=count, where=where)
        unknown = {path: scan.kind for path, scan in scans.items() if not scan.readable}
        if unknown:
            named = listed(f"{path} ({kind})" for path, kind in unknown.items())
            return self.inconclusive(
                f"not loaded, known by size and hash alone: {named}",
                remedy="Save a state dict, or safetensors, whose structure can be read",
            )
        uncounted = [path for path in found if found[path].tensors is None]
        if uncounted:
            message = f"{counted(count, 'file')} parse; no count of tensors for {listed(uncounted)}"
            where = [Where(file=path) for path in uncounted[:3]]
            return self.partial(message, inspected=count, where=where)
        kinds = ", ".join(sorted({scan.kind for scan in scans.values()}))
        tensors = sum(scan.tensors or 0 for scan in scans.values())
        message = (
            f"{counted(count, 'file')} ({kinds}), {tensors:,} tensors as described, not loaded"
        )
        return self.passed(message, inspected=count)


def all_checkpoints(view: RunView) -> dict[str, Checkpoint]:
    """Return the checkpoints by path, with the one that the plain layout keeps beside them."""
    found = dict(view.checkpoints)
    if view.format == "tracker" and view.exists("best_model.pt"):
        found["best_model.pt"] = Checkpoint()
    return found


def _scan(view: RunView, path: str) -> CheckpointScan:
    try:
        with open_regular(view.folder, path) as descriptor:
            file: IO[bytes]
            with os.fdopen(os.dup(descriptor), "rb") as file:
                return scan_checkpoint(file, os.fstat(descriptor).st_size)
    except (ReportgenError, OSError) as error:
        return CheckpointScan("file", fault=f"cannot be read ({error})")


def _fault(path: str, scan: CheckpointScan, described: Checkpoint) -> str | None:
    if scan.fault:
        return scan.fault
    if not scan.readable:
        is_torch = path.endswith(_OF_TORCH) and scan.kind in ("unknown format", "zip archive")
        return f"is no file of its kind: {scan.kind}" if is_torch else None
    if described.tensors is not None and described.tensors != (scan.tensors or 0):
        return f"holds {scan.tensors or 0:,} tensors, described with {described.tensors:,}"
    if described.format and scan.kind not in (described.format, "torch file from before 1.6"):
        return f"is of kind {scan.kind}, described as {described.format[:40]}"
    return None


class CheckpointsVersioned(Check):
    """Several checkpoints, each with its epoch or step in its name and its metric beside it."""

    id = "artifacts.checkpoints-versioned"
    severity = Severity.H
    title = "Checkpoints are versioned, none overwritten"
    failure = "Checkpoints are overwritten or cannot be told apart"
    why = "One file that is written over again leaves no way back to the epoch that was better."
    fix = "Save by the helper, which never overwrites and keeps the last few and the best"
    command = "run.save_checkpoint(model, optimizer, epoch=epoch, metric=(name, value))"
    requires = _PRESENT

    def inapplicable(self, context: AuditContext) -> str | None:
        view = context.run
        policy = view.run.checkpoints
        if policy is not None and policy.keep_last == 1 and policy.best is None:
            return "the policy declared for checkpoints is the last one alone"
        return no_model(view)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        found = all_checkpoints(view)
        count = len(found)
        where = [Where(file=path) for path in list(found)[:3]] or [Where(file=layout.CHECKPOINTS)]
        if not found:
            return self.failed("no checkpoint is kept here", inspected=0, where=where)
        versions = {path: _version(path, described) for path, described in found.items()}
        unnamed = [path for path, version in versions.items() if version is None]
        if len(unnamed) == count:
            message = f"no epoch or step in the name of {listed(found)}"
            return self.failed(message, inspected=count, where=where)
        false = [path for path in found if _contradicts(path, found[path])]
        if false:
            message = f"named after another epoch or step than described: {listed(false)}"
            where = [Where(file=path) for path in false[:3]]
            return self.failed(message, inspected=count, where=where)
        same = _same_bytes(context, {path: v for path, v in versions.items() if v is not None})
        if same:
            message = f"the same bytes under the names of two epochs: {listed(same)}"
            return self.failed(message, inspected=count, where=[Where(file=one) for one in same])
        kept = {version for version in versions.values() if version is not None}
        if len(kept) < 2 and not _only_one_was_due(view):
            left = "; " + "; ".join(
                one.what for one in view.run.left_out if one.rule == "keep_last"
            )
            message = f"{counted(count, 'file')} of one epoch{left if len(left) > 2 else ''}"
            remedy = 'Keep at least two: checkpoints={"keep_last": 2, "best": name}'
            return self.partial(message, inspected=count, where=where, remedy=remedy)
        bare = [path for path in found if not _has_metric(found[path])]
        if unnamed or bare:
            faults = [f"no epoch or step in the name of {listed(unnamed)}"] if unnamed else []
            faults += [f"no metric beside {listed(bare)}"] if bare else []
            message = f"{counted(len(kept), 'version')}; {'; '.join(faults)}"
            return self.partial(message, inspected=count, where=where)
        message = f"{counted(count, 'file')} of {counted(len(kept), 'epoch')}, each with its metric"
        return self.passed(message, inspected=count)


def _numbers(path: str) -> set[int]:
    return {int(number) for number in _NUMBER.findall(_stem(path))}


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0].lower()


def _version(path: str, described: Checkpoint) -> float | None:
    """Return the epoch (else step) of a checkpoint whose name tells it, else None."""
    numbers = _numbers(path)
    for told in (described.epoch, described.step):
        if told is not None and told in numbers:
            return float(told)
    if described.epoch is not None or described.step is not None:
        return None
    match = _NAMED.search(_stem(path))
    return float(match["number"]) if match else None


def _contradicts(path: str, described: Checkpoint) -> bool:
    told = {one for one in (described.epoch, described.step) if one is not None}
    return bool(told) and bool(_NAMED.search(_stem(path))) and not told & _numbers(path)


def _same_bytes(context: AuditContext, versions: dict[str, float]) -> list[str]:
    """Return two checkpoints of different epochs that hold the same bytes, or nothing."""
    seen: dict[str, str] = {}
    for path, version in versions.items():
        try:
            digest = context.digest(path)
        except (ReportgenError, OSError):
            continue
        other = seen.setdefault(digest, path)
        if versions[other] != version:
            return [other, path]
    return []


def _has_metric(described: Checkpoint) -> bool:
    metric = described.metric
    return metric is not None and bool(metric.name.strip()) and metric.value is not None


def _only_one_was_due(view: RunView) -> bool:
    planned = view.run.planned
    return planned is not None and planned.epochs is not None and planned.epochs <= 1


CHECKS: tuple[Check, ...] = (CheckpointReadable(), CheckpointsVersioned())
