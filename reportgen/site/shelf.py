"""What the former site holds of an unchanged run, taken over file by file."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.audit.report import RunAudit
from reportgen.site.audits import Audits
from reportgen.site.memory import Kept, Memory, digest_of
from reportgen.site.model import Record
from reportgen.site.output import Output, Staging
from reportgen.site.project import Project
from reportgen.site.recalled import facts_of


class Shelf:
    """Links the files of unchanged runs into the new site, and keeps a note of those it made.

    Args:
        staging: The new site.
        memory: What the last build kept; None for a build that neither takes nor keeps.
        shared: Digest of what all pages have in common.
    """

    def __init__(self, staging: Staging, memory: Memory | None, shared: str) -> None:
        self._staging = staging
        self._memory = memory
        self._shared = shared
        self._curves: dict[str, Sequence[Output]] = {}
        self._pages: dict[str, tuple[str, Sequence[Output], str]] = {}
        self._verdicts: dict[str, str] = {}

    def take_curves(self, project: Project, record: Record) -> bool:
        """Take over the data files of a run's lines; False when there are none to take."""
        kept = self._kept(record)
        if kept is None or kept.curves_key != record.slug:
            return False
        if not self._staging.take(kept.curve_outputs):
            return False
        self._curves[record.slug] = kept.curve_outputs
        project.curves.note(record.slug, kept.curves, kept.spark)
        return True

    def put_curves(self, record: Record, outputs: Sequence[Output]) -> None:
        """Note the data files of a run's lines."""
        self._curves[record.slug] = outputs

    def take_page(self, project: Project, record: Record) -> str | None:
        """Take over a run's page and the files beside it; return the path of its data."""
        kept = self._kept(record)
        if kept is None or kept.pages_key != self._key(project, record):
            return None
        if not self._staging.take(kept.page_outputs):
            return None
        self._pages[record.slug] = (kept.pages_key, kept.page_outputs, kept.document)
        return kept.document

    def put_page(
        self, project: Project, record: Record, outputs: Sequence[Output], document: str
    ) -> None:
        """Note a run's page and the files beside it."""
        self._pages[record.slug] = (self._key(project, record), outputs, document)

    def remember(self, project: Project, audits: Audits | None) -> None:
        """Keep what was found out, for the next build."""
        if self._memory is None:
            return
        for record in project.records:
            kept = self._entry(self._memory, project, record, audits)
            if kept != self._kept(record):
                self._memory.keep(record.view.folder, kept)
        self._memory.close()

    def _entry(
        self, memory: Memory, project: Project, record: Record, audits: Audits | None
    ) -> Kept:
        fingerprint = memory.fingerprint(record.view.folder)
        key, outputs, document = self._pages[record.slug]
        return Kept(
            world=memory.world,
            folder=str(record.view.folder),
            digest=fingerprint.digest if fingerprint else "",
            facts=facts_of(record.view),
            derived=record.derived,
            verdict=audits.verdict(record.view, record.judged)
            if audits and record.judged
            else None,
            curves=project.curves.files_of(record.slug),
            spark=(project.curve_metric or "", project.spark(record)),
            curves_key=record.slug,
            curve_outputs=list(self._curves[record.slug]),
            pages_key=key,
            page_outputs=list(outputs),
            document=document,
        )

    def _kept(self, record: Record) -> Kept | None:
        return self._memory.known(record.view.folder) if self._memory else None

    def _key(self, project: Project, record: Record) -> str:
        """Return a digest of what a run's page says besides the run itself."""
        return digest_of(
            [
                self._shared,
                [record.slug, record.label, record.style, record.view.group],
                [project.metric, project.goal, project.curve_metric],
                self._verdict(record.judged) if record.judged else "",
            ]
        )

    def _verdict(self, audit: RunAudit) -> str:
        if audit.path not in self._verdicts:
            self._verdicts[audit.path] = digest_of([audit])
        return self._verdicts[audit.path]
