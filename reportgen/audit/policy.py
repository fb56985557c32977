"""The policy: what the gate does with each check, tolerances, and exemptions.

A policy file is laid over the built-in one, key by key::

    name: lab
    gate: {code.commit-exists: error, "metrics.*": warn}
    minimum_score: 60
    tolerances: {divergence_factor: 5}
    exemptions:
      - {check: code.commit-exists, runs: "import_*", reason: accepted, by: A. Person,
         until: 2027-01-31, note: from before the repository}

Whoever starts the audit chooses the file. It is never looked for in a run folder, so that no run
relaxes its own audit.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from reportgen.audit.report import CheckResult, Exemption
from reportgen.errors import ReportgenError, SettingsError
from reportgen.fs.documents import load_yaml
from reportgen.runs.schema import Goal
from reportgen.suggest import nearest

GateLevel = Literal["off", "warn", "error"]
DEFAULT_FILE = Path(__file__).with_name("policy") / "default.yaml"


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


class Policy(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A policy in force.

    Attributes:
        name: Shown in the report.
        gate: What the gate does with each check, by id.
        minimum_score: Headline below which a run fails the gate, or None.
        tolerances: The numbers that checks judge by.
        goals: What a metric is for where a run does not say; the first of them that a run has is
            the one it is judged by, unless its checkpoints or its search name another.
        claims: Files of the repository that quote results, as patterns without ``**``.
        exemptions: Findings that are not held against some runs.
    """

    name: str
    gate: dict[str, GateLevel]
    minimum_score: int | None
    tolerances: Tolerances
    goals: dict[str, Goal]
    claims: tuple[str, ...]
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
        gate = dict(self.gate)
        for word in words:
            if word == "error":
                continue
            if word == "none":
                gate = dict.fromkeys(gate, "off")
            elif word == "warn":
                gate = {check: "error" if it == "warn" else it for check, it in gate.items()}
            else:
                known = [*gate, "error", "warn", "none"]
                for check in _matching(word, gate, "--fail-on", known):
                    gate[check] = "error"
        return msgspec.structs.replace(self, gate=gate)


def expired(exemption: Exemption, today: datetime.date) -> bool:
    """Tell whether an exemption's last day is over."""
    return datetime.date.fromisoformat(exemption.until) < today


def load_policy(path: Path | None = None) -> Policy:
    """Return the policy of a file laid over the built-in one, or the built-in one.

    Raises:
        SettingsError: The file cannot be read, or a key, check or value is wrong.
    """
    base = _read(DEFAULT_FILE)
    if path is None:
        return _convert(base, DEFAULT_FILE)
    own = _read(path)
    unknown = next((key for key in own if key not in base), None)
    if unknown is not None:
        raise SettingsError("unknown key", where=f"{path}: {unknown}", fix=nearest(unknown, base))
    merged = {**base, "name": path.stem, **own}
    merged["gate"] = _gate(base["gate"], own.get("gate") or {}, path)
    merged["tolerances"] = {**base["tolerances"], **_mapping(own, "tolerances", path)}
    return _convert(merged, path)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = load_yaml(path.read_bytes(), name=str(path))
    except OSError as error:
        raise SettingsError(
            f"cannot be read: {error.strerror}",
            where=str(path),
            expected="a policy file",
            fix="Name another file, or leave it out for the built-in policy",
        ) from None
    except ReportgenError as error:
        raise SettingsError(error.what, where=error.where, expected=error.expected) from None
    if not isinstance(document, dict):
        raise SettingsError(
            "is no mapping", where=str(path), expected="keys such as gate and tolerances"
        )
    return document


def _mapping(document: Mapping[str, Any], key: str, path: Path) -> Mapping[str, Any]:
    value = document.get(key) or {}
    if not isinstance(value, Mapping):
        raise SettingsError("is no mapping", where=f"{path}: {key}", expected="keys and values")
    unknown = next((name for name in value if name not in Tolerances.__struct_fields__), None)
    if unknown is not None:
        fix = nearest(str(unknown), Tolerances.__struct_fields__)
        raise SettingsError("unknown key", where=f"{path}: {key}.{unknown}", fix=fix)
    return value


def _gate(base: Mapping[str, Any], own: Any, path: Path) -> dict[str, Any]:
    if not isinstance(own, Mapping):
        raise SettingsError("is no mapping", where=f"{path}: gate", expected="check: error")
    gate = dict(base)
    for pattern, level in own.items():
        # YAML reads a bare off as false.
        chosen = "off" if level is False else level
        for check in _matching(str(pattern), base, f"{path}: gate", base):
            gate[check] = chosen
    return gate


def _matching(pattern: str, checks: Iterable[str], where: str, known: Iterable[str]) -> list[str]:
    found = [check for check in checks if fnmatchcase(check, pattern)]
    if not found:
        raise SettingsError(
            f"no check is called {pattern!r}", where=where, fix=nearest(pattern, known)
        )
    return found


def _convert(document: Mapping[str, Any], path: Path) -> Policy:
    dated = [_with_dates(entry) for entry in document.get("exemptions") or ()]
    try:
        policy = msgspec.convert({**document, "exemptions": dated}, Policy)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$.")
        where = f"{path}: {place.rstrip('`')}" if place else str(path)
        raise SettingsError(what, where=where) from None
    for exemption in policy.exemptions:
        _matching(exemption.check, policy.gate, f"{path}: exemptions", policy.gate)
        _check_date(exemption, path)
    return policy


def _with_dates(entry: Any) -> Any:
    """YAML reads a bare date as one; the policy holds its text."""
    if not isinstance(entry, Mapping):
        return entry
    return {
        key: value.isoformat() if isinstance(value, datetime.date) else value
        for key, value in entry.items()
    }


def _check_date(exemption: Exemption, path: Path) -> None:
    try:
        datetime.date.fromisoformat(exemption.until)
    except ValueError:
        raise SettingsError(
            f"{exemption.until!r} is no date",
            where=f"{path}: exemptions, {exemption.check}",
            expected="the last day, such as 2027-01-31",
        ) from None
