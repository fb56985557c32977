"""Policies as files: what the gate does with each check, tolerances, and exemptions.

A policy file is laid over a built-in profile, key by key::

    name: lab
    extends: strict                   # default, strict, debug or publication
    severities: {M: error}            # of the checks of that severity, less those that an error
                                      # would make depend on the network
    gate: {code.commit-exists: error, "metrics.*": warn}
    worse_than_base: error
    minimum_score: 60
    tolerances: {divergence_factor: 5}
    signers: {lab: ssh-ed25519 AAAAC3Nz...}
    exemptions:
      - {check: code.commit-exists, runs: "import_*", reason: accepted, by: A. Person,
         until: 2027-01-31, note: from before the repository}

Whoever starts the audit chooses the file. It is never looked for in a run folder, so that no run
relaxes its own audit.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from reportgen.audit.policy_in_force import DEBUG as DEBUG
from reportgen.audit.policy_in_force import GateLevel as GateLevel
from reportgen.audit.policy_in_force import Policy as Policy
from reportgen.audit.policy_in_force import Tolerances as Tolerances
from reportgen.audit.policy_in_force import expired as expired
from reportgen.audit.policy_in_force import matching
from reportgen.audit.result import Exemption, Severity
from reportgen.audit.ssh_signature import KEY_TYPE, public_key
from reportgen.errors import ReportgenError, SettingsError, UnreadableError
from reportgen.fs.documents import load_yaml
from reportgen.suggest import nearest

PROFILES = ("default", "strict", "debug", "publication")
"""The built-in policies: ``policy/<name>.yaml``, each laid over the first."""

_LAYERS = ("extends", "severities")
_UNSTEADY = frozenset({"network", "replay"})
_FOLDER = Path(__file__).with_name("policy")


def load_policy(path: Path | None = None) -> Policy:
    """Return the policy of a file, laid over the profile that it extends, or a built-in profile.

    Args:
        path: A file, or the bare name of a profile; the default profile if None.

    Raises:
        SettingsError: The file cannot be read, or a key, check or value is wrong.
    """
    if path is None or str(path) in PROFILES:
        return _convert(_profile(str(path or PROFILES[0])), "built-in policy")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"cannot be read: {error.strerror}",
            where=str(path),
            expected=f"a policy file, or one of {', '.join(PROFILES)}",
            fix="Name another file, or leave it out for the built-in policy",
        ) from None
    return read_policy(data, str(path))


def read_policy(data: bytes, name: str) -> Policy:
    """Return the policy that the bytes of a file hold, laid over the profile that it extends.

    Args:
        data: YAML.
        name: What the file is called in messages, its commit before a colon if it is of one; the
            stem is the name of the policy.

    Raises:
        SettingsError: A key, check or value is wrong.
    """
    own = {"name": Path(name.rpartition(":")[2]).stem, **_read(data, name)}
    profile = own.get("extends", PROFILES[0])
    if profile not in PROFILES:
        fix = nearest(str(profile), PROFILES)
        raise SettingsError(f"no profile {profile!r}", where=f"{name}: extends", fix=fix)
    return _convert(_laid_over(_profile(profile), own, name), name)


def _profile(name: str) -> dict[str, Any]:
    first, file = (_FOLDER / f"{one}.yaml" for one in (PROFILES[0], name))
    base = _read(first.read_bytes(), str(first))
    if name == PROFILES[0]:
        return base
    return _laid_over(base, _read(file.read_bytes(), str(file)), str(file))


def _laid_over(base: dict[str, Any], own: dict[str, Any], name: str) -> dict[str, Any]:
    known = [*base, *_LAYERS]
    unknown = next((key for key in own if key not in known), None)
    if unknown is not None:
        raise SettingsError("unknown key", where=f"{name}: {unknown}", fix=nearest(unknown, known))
    merged = {**base, **{key: value for key, value in own.items() if key not in _LAYERS}}
    gate = _by_severity(base["gate"], own.get("severities") or {}, name)
    merged["gate"] = _gate(gate, own.get("gate") or {}, name)
    merged["tolerances"] = {**base["tolerances"], **_tolerances(own, name)}
    merged["worse_than_base"] = _level(merged["worse_than_base"])
    return merged


def _read(data: bytes, name: str) -> dict[str, Any]:
    try:
        document = load_yaml(data, name=name)
    except ReportgenError as error:
        raise SettingsError(error.what, where=error.where, expected=error.expected) from None
    if not isinstance(document, dict):
        raise SettingsError(
            "is no mapping", where=name, expected="keys such as gate and tolerances"
        )
    return document


def _tolerances(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get("tolerances") or {}
    where = f"{name}: tolerances"
    if not isinstance(value, Mapping):
        raise SettingsError("is no mapping", where=where, expected="keys and values")
    unknown = next((key for key in value if key not in Tolerances.__struct_fields__), None)
    if unknown is not None:
        fix = nearest(str(unknown), Tolerances.__struct_fields__)
        raise SettingsError("unknown key", where=f"{where}.{unknown}", fix=fix)
    return value


def _by_severity(base: Mapping[str, Any], own: Any, name: str) -> dict[str, Any]:
    where = f"{name}: severities"
    if not isinstance(own, Mapping):
        raise SettingsError("is no mapping", where=where, expected="a severity: error")
    if not own:
        return dict(base)
    unknown = next((key for key in own if key not in list(Severity)), None)
    if unknown is not None:
        raise SettingsError(
            f"no severity {unknown!r}", where=where, fix=nearest(str(unknown), list(Severity))
        )
    from reportgen.audit.registry import CHECKS_BY_ID

    gate = dict(base)
    for check in base:
        level = own.get(CHECKS_BY_ID[check].severity.value)
        # What asks the network may fail for reasons that are nobody's here.
        steady = _UNSTEADY.isdisjoint(CHECKS_BY_ID[check].needs)
        if level is not None and (steady or level != "error"):
            gate[check] = _level(level)
    return gate


def _level(value: Any) -> Any:
    """YAML reads a bare off as false."""
    return "off" if value is False else value


def _gate(base: Mapping[str, Any], own: Any, name: str) -> dict[str, Any]:
    if not isinstance(own, Mapping):
        raise SettingsError("is no mapping", where=f"{name}: gate", expected="check: error")
    gate = dict(base)
    for pattern, level in own.items():
        for check in matching(str(pattern), base, f"{name}: gate", base):
            gate[check] = _level(level)
    return gate


def _convert(document: Mapping[str, Any], name: str) -> Policy:
    dated = [_with_dates(entry) for entry in document.get("exemptions") or ()]
    fields = {**document, "exemptions": dated, "debug_gate": _debug_gate(document, name)}
    del fields["debug_profile"]
    try:
        policy = msgspec.convert(fields, Policy)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$.")
        where = f"{name}: {place.rstrip('`')}" if place else name
        raise SettingsError(what, where=where) from None
    for signer, line in policy.signers.items():
        _check_key(line, f"{name}: signers, {signer}")
    for exemption in policy.exemptions:
        matching(exemption.check, policy.gate, f"{name}: exemptions", policy.gate)
        _check_date(exemption, name)
    return policy


def _debug_gate(document: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    profile = document["debug_profile"]
    if profile is None:
        return None
    if profile != DEBUG:
        raise SettingsError(
            f"is {profile!r}", where=f"{name}: debug_profile", expected=f"{DEBUG} or null"
        )
    gate: dict[str, Any] = _profile(DEBUG)["gate"]
    return gate


def _check_key(line: str, where: str) -> None:
    try:
        public_key(line)
    except UnreadableError as error:
        raise SettingsError(
            error.what,
            where=where,
            expected=f"one line such as stands in id_ed25519.pub ({KEY_TYPE} AAAA...)",
            fix="ssh-keygen -t ed25519 makes one",
        ) from None


def _with_dates(entry: Any) -> Any:
    """YAML reads a bare date as one; the policy holds its text."""
    if not isinstance(entry, Mapping):
        return entry
    return {
        key: value.isoformat() if isinstance(value, datetime.date) else value
        for key, value in entry.items()
    }


def _check_date(exemption: Exemption, name: str) -> None:
    try:
        datetime.date.fromisoformat(exemption.until)
    except ValueError:
        raise SettingsError(
            f"{exemption.until!r} is no date",
            where=f"{name}: exemptions, {exemption.check}",
            expected="the last day, such as 2027-01-31",
        ) from None
