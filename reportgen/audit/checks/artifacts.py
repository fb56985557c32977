"""Are the files of the run whole: sealed, unchanged, with its model and its logs?"""

from __future__ import annotations

import re

from reportgen.audit.evidence import counted, last_step, listed
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.audit.kinds import is_unended, no_model
from reportgen.errors import LimitError, NotFoundError, ReportgenError
from reportgen.runs import layout
from reportgen.runs.schema import Checkpoint, Exit, ManifestFile
from reportgen.runs.view import RunView

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LFS_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:(?P<oid>[0-9a-f]{64})\n"
)
_LFS_BYTES = 1024
_MATCHES = "artifacts.manifest-matches"
_STREAMS = {
    "stdout": layout.STDOUT,
    "stderr": layout.STDERR,
    "training": layout.TRAINING_LOG,
}
_OUT_OF_REACH = ("kept elsewhere", "a Git LFS pointer", "too large to hash again")
_RESEAL = "Seal the run again if the change was meant, else restore the file"


class ManifestPresent(Check):
    """manifest.json lists every file of the run with its size and hash."""

    id = "artifacts.manifest-present"
    severity = Severity.H
    title = "Every file of the run is sealed"
    failure = "Files of the run are not sealed"
    why = "A file that no hash speaks for can be changed without a trace."
    fix = "Let the run end by itself, which seals it; a file added later is best kept elsewhere"
    command = "run.finish()"
    at_end = True

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        where = [Where(file=layout.MANIFEST)]
        if view.manifest is None:
            there = view.exists(layout.MANIFEST)
            message = "manifest.json cannot be read" if there else "there is no manifest.json"
            return self.failed(message, inspected=0, where=where, cause=_MATCHES)
        sealed = {one.path for one in view.manifest.files if _SHA256.fullmatch(one.sha256)}
        due = [path for path in view.file_sizes if not layout.outside_seal(path)]
        missing = [path for path in due if path not in sealed]
        files = counted(len(due), "file")
        if not missing:
            return self.passed(f"{files}, all sealed", inspected=len(due))
        message = f"{len(missing)} of {files} not sealed: {listed(missing)}"
        where = [Where(file=path) for path in missing[:3]]
        if len(missing) == len(due):
            return self.failed(message, inspected=len(due), where=where)
        return self.partial(message, inspected=len(due), where=where)


class ManifestMatches(Check):
    """Every sealed file still has the bytes that it was sealed with."""

    id = _MATCHES
    severity = Severity.B
    title = "Every sealed file is unchanged"
    failure = "A sealed file was changed or is missing"
    why = "What is audited, published and compared must be what the run wrote."
    fix = _RESEAL
    at_end = True

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        seal = Where(file=layout.MANIFEST)
        if view.manifest is None or not view.manifest.files:
            reason = "there is no seal" if view.manifest is None else "the seal lists no file"
            return self.failed(
                f"{reason} to compare the files with",
                inspected=0,
                where=[seal],
                remedy="Let the run end by itself, which seals it",
            )
        wrong: dict[str, str] = {}
        away: dict[str, str] = {}
        absent: list[str] = []
        for entry in view.manifest.files:
            found = _compared(context, entry)
            if found == "absent":
                absent.append(entry.path)
            elif found in _OUT_OF_REACH:
                away[entry.path] = found
            elif found:
                wrong[entry.path] = found
        ignored = context.repository.ignored(view.folder, absent) if absent else set()
        away.update(dict.fromkeys(ignored, "absent and ignored by git"))
        wrong.update({path: "missing" for path in absent if path not in ignored})
        total = len(view.manifest.files)
        compared = total - len(away)
        if wrong:
            message = listed(f"{path} {fault}" for path, fault in wrong.items())
            where = [Where(file=path) for path in list(wrong)[:3]]
            return self.failed(message, inspected=compared, where=where)
        if away:
            named = listed(f"{path} ({reason})" for path, reason in away.items())
            return self.inconclusive(
                f"{compared} of {counted(total, 'file')} equal, out of reach: {named}",
                remedy="Fetch them beside the others, then audit again",
            )
        return self.passed(f"{counted(total, 'file')}, all equal to the seal", inspected=total)


def _compared(context: AuditContext, entry: ManifestFile) -> str | None:
    """Return what is wrong with a sealed file, None when it is as it was sealed."""
    size = context.run.file_sizes.get(entry.path)
    if size is None:
        if entry.uri:
            return "kept elsewhere"
        refused = any(it.path == entry.path and it.refused for it in context.run.files)
        return "is no regular file now" if refused else "absent"
    if size != entry.bytes:
        if _is_pointer(context.run, entry, size):
            return "a Git LFS pointer"
        return f"has {size:,} bytes, sealed with {entry.bytes:,}"
    try:
        digest = context.digest(entry.path)
    except NotFoundError:
        return "absent"
    except LimitError:
        return "too large to hash again"
    except (ReportgenError, OSError) as error:
        return f"cannot be read: {error}"
    if digest == entry.sha256:
        return None
    return f"has sha256 {digest[:12]}…, sealed with {entry.sha256[:12]}…"


def _is_pointer(view: RunView, entry: ManifestFile, size: int) -> bool:
    if size > _LFS_BYTES:
        return False
    match = _LFS_POINTER.match(view.bytes(entry.path) or b"")
    return match is not None and match["oid"].decode() == entry.sha256


class CheckpointPresent(Check):
    """The last or the best checkpoint is there, with the bytes that its description names."""

    id = "artifacts.checkpoint-present"
    severity = Severity.H
    title = "The model of the run is kept"
    failure = "The model of the run is not kept"
    why = "Without its model no prediction of the run can be made again or looked into."
    fix = "Save a checkpoint at the end of each epoch; the policy keeps the last few and the best"
    command = "run.save_checkpoint(model, optimizer, epoch=epoch, metric=(name, value))"

    def inapplicable(self, context: AuditContext) -> str | None:
        return no_model(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        found = dict(view.checkpoints)
        if view.format == "tracker" and view.exists("best_model.pt"):
            found["best_model.pt"] = Checkpoint()
        where = [Where(file=path) for path in list(found)[:3]] or [Where(file=layout.CHECKPOINTS)]
        if not found:
            return self._none(view, where)
        faults = {path: _fault(context, path, described) for path, described in found.items()}
        whole = {path: found[path] for path, fault in faults.items() if fault is None}
        count = len(found)
        good = [
            path for path in whole if _is_last(view, whole[path]) or _is_best(view, whole[path])
        ]
        if good:
            kind = "the last" if _is_last(view, whole[good[-1]]) else "the best"
            message = f"{good[-1]} is {kind} of {counted(count, 'checkpoint')}, as described"
            other = {path: fault for path, fault in faults.items() if _is_damage(view, fault)}
            other |= dict.fromkeys(_gone(view), "describes a checkpoint that is not here")
            if other:
                named = listed(f"{path} {fault}" for path, fault in other.items())
                places = [Where(file=path) for path in list(other)[:3]]
                return self.partial(f"{message}; {named}", inspected=count, where=places)
            return self.passed(message, inspected=count)
        if whole:
            message = f"{listed(whole)}: neither the last nor the best of the run"
            return self.partial(message, inspected=count, where=where)
        message = listed(f"{path} {fault}" for path, fault in faults.items())
        undescribed = [path for path, fault in faults.items() if fault == _UNDESCRIBED]
        verdict = self.partial if undescribed else self.failed
        return verdict(message, inspected=count, where=where)

    def _none(self, view: RunView, where: list[Where]) -> CheckResult:
        entries = view.manifest.files if view.manifest else []
        outside = [one.path for one in entries if one.uri and one.path.startswith("checkpoints/")]
        if outside:
            message = f"only elsewhere: {listed(outside)}"
            return self.partial(message, evidence=Evidence.E2, inspected=len(outside))
        if is_unended(view):
            message = "no checkpoint yet"
            return self.inconclusive(message, blocked_by="metrics.run-completed")
        return self.failed("there is no checkpoint", inspected=0, where=where)


_UNDESCRIBED = "has no description that names its hash"
_EMPTY = "is empty"
_OTHER = "has sha256 "


def _fault(context: AuditContext, path: str, described: Checkpoint) -> str | None:
    """Return what is wrong with a checkpoint file; its bytes are hashed, never loaded."""
    if not context.run.file_sizes.get(path):
        return _EMPTY
    if not described.sha256:
        return _UNDESCRIBED
    try:
        digest = context.digest(path)
    except (ReportgenError, OSError) as error:
        return f"cannot be read: {error}"
    if digest != described.sha256:
        return f"{_OTHER}{digest[:12]}…, described with {described.sha256[:12]}…"
    return None


def _is_damage(view: RunView, fault: str | None) -> bool:
    """Tell whether a checkpoint is another than described, or not described at all.

    The plain layout describes none.
    """
    bare = fault == _UNDESCRIBED and view.format == "standard"
    return bare or (fault is not None and fault.startswith((_EMPTY, _OTHER)))


def _gone(view: RunView) -> list[str]:
    """Return the descriptions of checkpoints beside which there is none, here or elsewhere."""
    kept = {path.rsplit(".", 1)[0] for path in view.checkpoints}
    kept |= (
        {one.path.rsplit(".", 1)[0] for one in view.manifest.files if one.uri}
        if view.manifest
        else set()
    )
    return [
        path
        for path in view.below(layout.CHECKPOINTS)
        if path.endswith(".json") and path.removesuffix(".json") not in kept
    ]


def _is_last(view: RunView, described: Checkpoint) -> bool:
    if is_unended(view):
        return True
    planned = view.run.planned
    if described.step is not None:
        epochs = planned.epochs if planned else None
        steps = planned.steps if planned else None
        epoch = steps / epochs if steps and epochs else 1.0
        return described.step >= last_step(view) - max(1.0, epoch)
    if described.epoch is None:
        return False
    validated = (
        len(set(one.steps)) for one in view.series.values() if view.split(one.name) == "val"
    )
    run = max(validated, default=0) or (planned.epochs if planned and planned.epochs else None)
    return run is not None and described.epoch >= run - 1


def _is_best(view: RunView, described: Checkpoint) -> bool:
    metric = described.metric
    summary = view.summary.metrics.get(metric.name) if metric else None
    if metric is None or summary is None or summary.best is None:
        return False
    return metric.value == summary.best


class LogsCaptured(Check):
    """What the run said is kept whole: standard output, standard error, log records."""

    id = "artifacts.logs-captured"
    severity = Severity.H
    title = "What the run said is kept"
    failure = "What the run said is not kept whole"
    why = "Warnings explain results, and they are gone with the terminal."
    fix = "Run it under the logger, which keeps streams and log records by itself"
    command = "reportgen run -- python train.py"
    at_end = True

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        end = view.captured(layout.EXIT, Exit)
        found = {place: _stream_fault(view, place, name, end) for name, place in _STREAMS.items()}
        if found[layout.TRAINING_LOG] is None:
            found[layout.TRAINING_LOG] = _record_fault(view)
        faults = {place: fault for place, fault in found.items() if fault}
        if not faults:
            sizes = listed(f"{place} {counted(view.file_sizes[place], 'byte')}" for place in found)
            return self.passed(f"{sizes}, nothing lost", inspected=len(found))
        message = "; ".join(f"{place} {fault}" for place, fault in faults.items())
        where = [Where(file=place) for place in faults]
        verdict = self.failed if len(faults) == len(found) else self.partial
        return verdict(message, inspected=len(found), where=where)


def _stream_fault(view: RunView, place: str, stream: str, end: Exit | None) -> str | None:
    size = view.file_sizes.get(place)
    if size is None:
        return "is missing"
    recorded = end.streams.get(stream) if end else None
    if recorded is None:
        return "has no size recorded at the end of the run"
    if recorded.lost:
        return f"lost {counted(recorded.lost, 'byte')}"
    if size != recorded.bytes:
        return f"has {counted(size, 'byte')}, {recorded.bytes:,} when the run ended"
    return None


def _record_fault(view: RunView) -> str | None:
    """Return what the log lacks: the record with which the run began names it by its id."""
    text = view.text(layout.TRAINING_LOG) or ""
    if not text.strip():
        return "holds no log record"
    tells = view.format == "tracker" or view.id in text
    return None if tells else "does not hold the record of the run's start"


CHECKS: tuple[Check, ...] = (
    ManifestPresent(),
    ManifestMatches(),
    CheckpointPresent(),
    LogsCaptured(),
)
