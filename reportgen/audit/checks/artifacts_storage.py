"""Where the large files are, and whether they stay within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reportgen.audit.evidence import counted, listed
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.errors import UnavailableError
from reportgen.runs import layout
from reportgen.runs.schema import ManifestFile
from reportgen.runs.view import RunView

if TYPE_CHECKING:
    from reportgen.audit.network import Network

_ASKED_AT_MOST = 50
_NEAR = 0.8
_LOGS = (
    *(layout.METRICS, layout.TRAINING_LOG, layout.STDOUT, layout.STDERR, layout.SYSTEM),
    *(layout.ALERTS,),
)
_MEDIA = (layout.FIGURES, layout.TABLES, layout.PREDICTIONS)


class ExternalRetrievable(Check):
    """Each file that is kept elsewhere is there, and of the size or tag that was recorded.

    Only its head is asked for, over https. The address comes from the run, so nothing is sent
    there that would identify anybody.
    """

    id = "artifacts.external-retrievable"
    severity = Severity.M
    title = "The files kept elsewhere can be had"
    failure = "Files kept elsewhere cannot be had"
    why = "An address outlives the file behind it more often than not."
    fix = "Upload them to a place that stays, such as a release or an archive with a DOI"
    command = 'run.log_artifact("model.pt", uri="https://...")'
    needs = ("network",)
    evidence = Evidence.E4

    def inapplicable(self, context: AuditContext) -> str | None:
        return None if _elsewhere(context.run) else "no file of the run is kept elsewhere"

    def judge(self, context: AuditContext) -> CheckResult:
        entries = _elsewhere(context.run)
        network = context.network
        if network is None:
            return self.inconclusive(
                f"{counted(len(entries), 'file')} elsewhere: {listed(_names(entries))}; not asked",
                remedy="Audit with --online to ask for each",
                command="reportgen audit --online",
            )
        found = {entry.path: _asked(network, entry) for entry in entries[:_ASKED_AT_MOST]}
        count = len(found)
        there = [path for path, (state, _) in found.items() if state == "there"]
        gone = {path: why for path, (state, why) in found.items() if state == "gone"}
        unknown = {path: why for path, (state, why) in found.items() if state == "unknown"}
        where = [Where(file=layout.MANIFEST)]
        named = listed(f"{path} {why}" for path, why in {**gone, **unknown}.items())
        if gone:
            verdict = self.partial if there else self.failed
            message = f"{len(there)} of {counted(count, 'file')} there; {named}"
            return verdict(message, inspected=count, where=where)
        if unknown:
            return self.inconclusive(f"{len(there)} of {counted(count, 'file')} there; {named}")
        more = len(entries) - count
        rest = f", {more} more not asked for" if more else ""
        message = f"{counted(count, 'file')} there, of the recorded size or tag{rest}"
        if more:
            return self.partial(message, inspected=count)
        return self.passed(message, inspected=count)


def _elsewhere(view: RunView) -> list[ManifestFile]:
    return [entry for entry in (view.manifest.files if view.manifest else []) if entry.uri]


def _names(entries: list[ManifestFile]) -> Iterator[str]:
    return (entry.path for entry in entries)


def _asked(network: Network, entry: ManifestFile) -> tuple[str, str]:
    """Return ``there``, ``gone`` or ``unknown`` for a file, and why."""
    try:
        head = network.head(entry.uri or "")
    except UnavailableError as error:
        return "unknown", f"not asked: {error.what}"
    if head.status in (404, 410):
        return "gone", f"answers {head.status}"
    if head.status != 200:
        return "unknown", f"answers {head.status}"
    if head.bytes is not None and entry.bytes and head.bytes != entry.bytes:
        return "gone", f"has {head.bytes:,} bytes there, recorded {entry.bytes:,}"
    same_size = bool(entry.bytes) and head.bytes == entry.bytes
    same_tag = entry.etag is not None and head.etag == entry.etag.removeprefix("W/").strip('"')
    if entry.etag is not None and head.etag is not None and not same_tag:
        return "gone", "has another tag there"
    return ("there", "") if same_size or same_tag else ("unknown", "tells neither size nor tag")


class StorageBounded(Check):
    """Checkpoints, logs, figures and series stay within what the policy allows."""

    id = "artifacts.storage-bounded"
    severity = Severity.L
    title = "What the run keeps stays within bounds"
    failure = "The run keeps more than the policy allows"
    why = "A run that fills the disk ends others, and nobody can copy or publish it."
    fix = "Log every 100 steps, and keep the last few checkpoints and the best"
    command = 'reportgen.start_run(checkpoints={"keep_last": 5, "best": name})'

    def judge(self, context: AuditContext) -> CheckResult:
        view, limits = context.run, context.policy.tolerances
        sizes = view.file_sizes
        totals = {
            "checkpoints": (_below(sizes, layout.CHECKPOINTS), limits.checkpoint_bytes),
            "logs": (sum(map(_log_bytes, sizes.items())), limits.log_bytes),
            "figures, tables and predictions": (
                sum(_below(sizes, folder) for folder in _MEDIA),
                limits.media_bytes,
            ),
        }
        points = {name: (len(series), limits.series_points) for name, series in view.series.items()}
        over = [_bytes_text(*pair) for pair in totals.items() if pair[1][0] > pair[1][1]]
        over += [_points_text(*pair) for pair in points.items() if pair[1][0] > pair[1][1]]
        inspected = len(totals) + len(points)
        if over:
            return self.failed(listed(over), inspected=inspected, where=_largest(view))
        near = [_bytes_text(*pair) for pair in totals.items() if pair[1][0] > _NEAR * pair[1][1]]
        near += [_points_text(*pair) for pair in points.items() if pair[1][0] > _NEAR * pair[1][1]]
        if near:
            return self.partial(listed(near), inspected=inspected, where=_largest(view))
        total = sum(sizes.values())
        longest = max((count for count, _ in points.values()), default=0)
        message = f"{total:,} bytes in all, at most {counted(longest, 'point')} a series"
        return self.passed(message, inspected=inspected)


def _below(sizes: dict[str, int], folder: str) -> int:
    return sum(size for path, size in sizes.items() if path.startswith(f"{folder}/"))


def _log_bytes(file: tuple[str, int]) -> int:
    path, size = file
    is_log = path in _LOGS or path.startswith((f"{layout.TENSORBOARD}/", "metrics.rank"))
    return size if is_log or path == layout.HISTOGRAMS else 0


def _bytes_text(name: str, pair: tuple[int, int]) -> str:
    return f"{pair[0]:,} bytes of {name}, the policy allows {pair[1]:,}"


def _points_text(name: str, pair: tuple[int, int]) -> str:
    return f"{pair[0]:,} points of {name[:80]}, the policy allows {pair[1]:,}"


def _largest(view: RunView) -> list[Where]:
    path = max(view.file_sizes, key=view.file_sizes.__getitem__, default=layout.RUN)
    return [Where(file=path)]


CHECKS: tuple[Check, ...] = (ExternalRetrievable(), StorageBounded())
