"""A policy in force: what the gate does with each check, the tolerances, and the exemptions."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec
from msgspec import Struct

from reportgen.audit.result import CheckResult, Exemption
from reportgen.errors import SettingsError
from reportgen.runs.schema import Goal
from reportgen.suggest import nearest

GateLevel = Literal["off", "warn", "error"]
DEBUG = "debug"
"""The tag of runs that are judged by the profile of that name."""


class Tolerances(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The numbers that checks judge by; ``policy/default.yaml`` says what each means."""

    divergence_factor: float
    short_fraction: float
    unresolved_some: int
    unread_fraction: float
    gap_factor: float
    clock_seconds: float
    hash_bytes: int
    history_commits: int
    overlap_fraction: float
    replay_band: float
    replay_steps: int
    checkpoint_bytes: int
    log_bytes: int
    media_bytes: int
    series_points: int


class Policy(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A policy in force.

    Attributes:
        name: Shown in the report.
        gate: What the gate does with each check, by id.
        minimum_score: Headline below which a run fails the gate, or None.
        worse_than_base: What the gate does when a check says less of a run than on the base.
        debug_gate: What the gate does with each check for a run tagged ``debug``; None when it
            is judged like any other.
        tolerances: The numbers that checks judge by.
        goals: What a metric is for where a run does not say; the first of them that a run has is
            the one it is judged by, unless its checkpoints or its search name another.
        claims: Files of the repository that quote results, as patterns without ``**``.
        signers: Public SSH keys, by the name of whoever may sign runs with each.
        indexes: Package indexes that ``--online`` may ask, by the addresses that locks name.
        exemptions: Findings that are not held against some runs.
    """

    name: str
    gate: dict[str, GateLevel]
    minimum_score: int | None
    worse_than_base: GateLevel
    debug_gate: dict[str, GateLevel] | None
    tolerances: Tolerances
    goals: dict[str, Goal]
    claims: tuple[str, ...]
    signers: dict[str, str]
    indexes: tuple[str, ...]
    exemptions: tuple[Exemption, ...]

    def level(self, check: str) -> GateLevel:
        """Return what the gate does with a check; one that is not named only warns."""
        return self.gate.get(check, "warn")

    def exemption_of(self, result: CheckResult, run: str, today: datetime.date) -> Exemption | None:
        """Return the exemption in force for a finding of a run, or None."""
        for exemption in self.exemptions:
            concerned = exemption.check == result.id and fnmatchcase(run, exemption.runs)
            if concerned and not expired(exemption, today):
                return exemption
        return None

    def failing_on(self, words: Iterable[str]) -> Policy:
        """Return the policy with more checks that fail the gate.

        Args:
            words: ``error`` (no change), ``warn`` (whatever is warned of fails), ``none`` (nothing
                fails), or ids and patterns of checks that fail in addition.

        Raises:
            SettingsError: A word is none of these.
        """
        told = list(words)
        debug = None if self.debug_gate is None else _failing(self.debug_gate, told)
        worse = "off" if "none" in told else self.worse_than_base
        gate = _failing(self.gate, told)
        return msgspec.structs.replace(self, gate=gate, debug_gate=debug, worse_than_base=worse)

    def judging(self, tags: Mapping[str, Any]) -> Policy:
        """Return the policy that judges a run with these tags: a lighter gate for debugging.

        Args:
            tags: Those of run.yaml, which are sealed; a label that is made later counts not.
        """
        if self.debug_gate is None or not _is_set(tags.get(DEBUG)):
            return self
        return msgspec.structs.replace(
            self, name=DEBUG, gate=self.debug_gate, debug_gate=None, worse_than_base="off"
        )


def _is_set(tag: Any) -> bool:
    """A tag is set by any value but those that say no."""
    return tag is not None and str(tag).strip().lower() not in ("false", "no", "0", "off")


def _failing(gate: Mapping[str, GateLevel], words: Iterable[str]) -> dict[str, GateLevel]:
    gate = dict(gate)
    for word in words:
        if word == "none":
            gate = dict.fromkeys(gate, "off")
        elif word == "warn":
            gate = {check: "error" if it == "warn" else it for check, it in gate.items()}
        elif word != "error":
            known = [*gate, "error", "warn", "none"]
            for check in matching(word, gate, "--fail-on", known):
                gate[check] = "error"
    return gate


def expired(exemption: Exemption, today: datetime.date) -> bool:
    """Tell whether an exemption's last day is over."""
    return datetime.date.fromisoformat(exemption.until) < today


def matching(pattern: str, checks: Iterable[str], where: str, known: Iterable[str]) -> list[str]:
    """Return the checks that a pattern names.

    Raises:
        SettingsError: There is none.
    """
    found = [check for check in checks if fnmatchcase(check, pattern)]
    if not found:
        raise SettingsError(
            f"no check is called {pattern!r}", where=where, fix=nearest(pattern, known)
        )
    return found
