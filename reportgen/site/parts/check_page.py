"""A check over all runs: what it is about, and what it found in each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.audit.interface import Check
from reportgen.audit.report import CheckResult, RunAudit
from reportgen.site.model import Record, Tone
from reportgen.site.parts.findings import (
    OUTCOME_TONES,
    OUTCOME_WORDS,
    CheckInfo,
    ResultRow,
    by_weight,
    check_info,
    result_row,
)

_RUNS = 500
_NEEDS = {
    "folder": "the run's folder",
    "repository": "the repository",
    "data": "the data",
    "siblings": "the other runs of its root",
    "network": "the network, which builds of a site do not ask",
    "replay": "replays of the run",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What the check says of one run."""

    record: Record
    row: ResultRow


@dataclass(frozen=True, slots=True)
class Share:
    """How many runs have an outcome."""

    word: str
    tone: Tone
    runs: int


@dataclass(frozen=True, slots=True)
class CheckView:
    """A check over all runs.

    Attributes:
        info: Its words.
        reads: What it reads.
        evidence: The best evidence that it can reach.
        requires: Checks that it is held up by.
        shares: Runs by outcome, the gravest first.
        found: At most five hundred runs in which it found something, the gravest first.
        findings: How many there are.
    """

    info: CheckInfo
    reads: tuple[str, ...]
    evidence: str
    requires: tuple[str, ...]
    shares: tuple[Share, ...]
    found: tuple[Found, ...]
    findings: int

    @property
    def worst(self) -> str:
        """Tone of the gravest outcome."""
        return self.found[0].row.tone if self.found else "good"

    @property
    def left(self) -> int:
        """How many findings have no row."""
        return self.findings - len(self.found)


def check_views(
    checks: Sequence[Check], judged: Sequence[tuple[Record, RunAudit]]
) -> list[CheckView]:
    """Return checks over some runs, in the order given.

    Args:
        checks: The checks.
        judged: Runs with their audits.
    """
    known: dict[str, list[tuple[Record, CheckResult]]] = {}
    for record, run in judged:
        for result in run.checks:
            known.setdefault(result.id, []).append((record, result))
    return [_view(check, known.get(check.id, [])) for check in checks]


def _view(check: Check, known: Sequence[tuple[Record, CheckResult]]) -> CheckView:
    records = {id(result): record for record, result in known}
    findings = by_weight([result for _, result in known if result.is_finding])
    return CheckView(
        info=check_info(check),
        reads=tuple(_NEEDS[need] for need in check.needs),
        evidence=f"{check.evidence}, {check.evidence.words}",
        requires=tuple(check.requires),
        shares=_shares([result for _, result in known]),
        found=tuple(Found(records[id(one)], result_row(one)) for one in findings[:_RUNS]),
        findings=len(findings),
    )


def _shares(results: Sequence[CheckResult]) -> tuple[Share, ...]:
    counts = Counter(result.outcome for result in results)
    examples = {result.outcome: result for result in results}
    gravest_first = [result.outcome for result in by_weight(list(examples.values()))]
    return tuple(
        Share(OUTCOME_WORDS[one], OUTCOME_TONES[one], counts[one]) for one in gravest_first
    )
