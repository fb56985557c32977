"""Is it known what ran the code: Python, packages, hardware?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from reportgen.audit.evidence import at, counted, listed, unavailable
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.runs import layout
from reportgen.runs.schema import Environment
from reportgen.runs.view import RunView

_VERSION = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}[\w.+-]{0,40}")
_ABI = re.compile(r"cp(?P<major>\d)(?P<minor>\d{1,2})")
_PINNED = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]{0,200})==(?P<version>[\w.!+-]{1,200})"
    r"(?:\s+#\s*(?P<source>\S.{0,200}))?\s*"
)
_DIRECT = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]{0,200})\s*@\s*(?P<url>[a-z+]{2,20}://\S{1,2000})")
_REMEMBERED = 2**20
_LOCAL_SOURCES = ("a local folder", "unknown")


class PythonRecorded(Check):
    """Version, implementation and ABI of the interpreter."""

    id = "environment.python-recorded"
    severity = Severity.B
    title = "The Python interpreter is recorded"
    failure = "The Python interpreter is not recorded"
    why = "Packages and results change with the interpreter, so a rerun starts with it."
    fix = "Log the run with a current reportgen, which records it by itself"
    evidence = Evidence.E2

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        where = [at(view, layout.ENVIRONMENT, "python")]
        if view.environment is None:
            return self.failed(
                _no_environment(view), inspected=0, where=[Where(file=layout.ENVIRONMENT)]
            )
        python = view.environment.python
        if python is None or not _VERSION.fullmatch(python.version.strip()):
            reason = unavailable(view.environment.not_available, "python")
            if reason:
                return self.inconclusive(reason)
            said = "null" if python is None else repr(python.version[:60])
            return self.failed(f"python.version is {said}", inspected=0, where=where)
        abi = _ABI.match(python.abi or "")
        if abi and f"{abi['major']}.{abi['minor']}" != ".".join(python.version.split(".")[:2]):
            message = f"version {python.version} and ABI {python.abi} contradict each other"
            return self.failed(message, where=where)
        lacking = [
            name
            for name, value in (("implementation", python.implementation), ("abi", python.abi))
            if not (value or "").strip()
        ]
        if lacking:
            message = f"version {python.version}, without {' and '.join(lacking)}"
            return self.partial(message, where=where)
        return self.passed(f"{python.implementation} {python.version}, {python.abi}", inspected=3)


def _no_environment(view: RunView) -> str:
    there = view.exists(layout.ENVIRONMENT)
    return "environment.yaml cannot be read" if there else "there is no environment.yaml"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of requirements.txt.

    Attributes:
        name: Distribution, as comparisons spell it (PEP 503); "" when the line names none.
        version: None for one that is given by a URL.
        sourced: Whether the line says where it came from, in a way that others can follow.
        line: From 1.
    """

    name: str
    version: str | None
    sourced: bool
    line: int


def requirements_of(text: str) -> tuple[Requirement, ...]:
    """Return the requirements of a recorded requirements.txt; comments and blanks are skipped."""
    return _known_requirements(text) if len(text) < _REMEMBERED else tuple(_requirements(text))


@lru_cache(maxsize=16)
def _known_requirements(text: str) -> tuple[Requirement, ...]:
    """Several checks ask, and the runs of one environment have the same text."""
    return tuple(_requirements(text))


def _requirements(text: str) -> Iterator[Requirement]:
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        pinned = _PINNED.fullmatch(stripped)
        direct = _DIRECT.match(stripped)
        if pinned:
            source = (pinned["source"] or "").strip()
            sourced = bool(source) and source not in _LOCAL_SOURCES
            yield Requirement(plain_name(pinned["name"]), pinned["version"], sourced, number)
        elif direct:
            sourced = not direct["url"].startswith("file:")
            yield Requirement(plain_name(direct["name"]), None, sourced, number)
        else:
            name = re.match(r"[A-Za-z0-9][\w.-]{0,200}", stripped)
            yield Requirement(plain_name(name[0]) if name else "", None, False, number)


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """Return a distribution's name in the one spelling that indexes compare by (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


class PackagesFrozen(Check):
    """requirements.txt names every installed package with version and source."""

    id = "environment.packages-frozen"
    severity = Severity.H
    title = "The packages are recorded with version and source"
    failure = "The packages are not recorded with version and source"
    why = "An environment without versions is another one next month."
    fix = "Let the logger write requirements.txt, which costs nothing"
    evidence = Evidence.E2

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        place = Where(file=layout.REQUIREMENTS)
        text = view.text(layout.REQUIREMENTS)
        if text is None:
            reason = _requirements_unavailable(view)
            if reason:
                return self.inconclusive(reason)
            return self.failed("there is no requirements.txt", inspected=0, where=[place])
        found = [one for one in requirements_of(text) if one.name]
        if not found:
            return self.failed("requirements.txt names no package", inspected=0, where=[place])
        count = len(found)
        versions = {one.name: one.version for one in found}
        imported = (view.environment.packages if view.environment else None) or {}
        other = [
            f"{name} {version} ran, {versions[plain_name(name)]} is listed"
            for name, version in imported.items()
            if version and versions.get(plain_name(name)) not in (None, version)
        ]
        if other:
            return self.failed(listed(other), inspected=count, where=[place])
        unlisted = [name for name in imported if plain_name(name) not in versions]
        vague = [one for one in found if not one.sourced]
        if not unlisted and not vague:
            packages = counted(count, "package")
            return self.passed(f"{packages}, each with version and source", inspected=count)
        faults = []
        if vague:
            named = listed(one.name for one in vague)
            faults.append(f"{len(vague)} of {count} without version or source: {named}")
        if unlisted:
            faults.append(f"imported but not listed: {listed(unlisted)}")
        where = [Where(file=layout.REQUIREMENTS, line=one.line) for one in vague[:3]] or [place]
        return self.partial(
            "; ".join(faults),
            inspected=count,
            where=where,
            remedy="Install these from an index, or from a repository at a pinned commit",
        )


def _requirements_unavailable(view: RunView) -> str | None:
    environment = view.environment or Environment()
    return unavailable(environment.not_available, "requirements", "packages")


class HardwareRecorded(Check):
    """Processor, cores, memory, GPUs and operating system."""

    id = "environment.hardware-recorded"
    severity = Severity.M
    title = "The hardware is recorded"
    failure = "The hardware is not recorded"
    why = "Speed, memory limits and the last digits of a result depend on it."
    fix = "Log the run with a current reportgen, which records it by itself"
    evidence = Evidence.E2

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        environment = view.environment
        where = [at(view, layout.ENVIRONMENT, "hardware")]
        if environment is None:
            return self.failed(
                _no_environment(view), inspected=0, where=[Where(file=layout.ENVIRONMENT)]
            )
        facts = _hardware_facts(environment)
        lacking = [name for name, known in facts.items() if not known]
        if not lacking:
            hardware = environment.hardware
            assert hardware is not None  # noqa: S101 - all of its facts are known
            gpus = counted(len(hardware.gpus or ()), "GPU")
            message = f"{hardware.cpu}, {counted(hardware.cores or 0, 'core')}, {gpus}"
            return self.passed(message, inspected=len(facts))
        excused = {name: unavailable(environment.not_available, name) for name in lacking}
        if all(excused.values()):
            return self.inconclusive("; ".join(sorted({text for text in excused.values() if text})))
        message = f"not recorded: {', '.join(lacking)}"
        if len(lacking) == len(facts):
            return self.failed(message, inspected=0, where=where)
        return self.partial(message, inspected=len(facts), where=where)


def _hardware_facts(environment: Environment) -> dict[str, bool]:
    hardware = environment.hardware
    gpus = hardware.gpus if hardware else None
    return {
        "os": any(str(value or "").strip() for value in (environment.os or {}).values()),
        "hardware.cpu": bool(hardware and (hardware.cpu or "").strip()),
        "hardware.cores": bool(hardware and hardware.cores and hardware.cores > 0),
        "hardware.memory_bytes": bool(hardware and hardware.memory_bytes),
        "hardware.gpus": gpus is not None and all(gpu.name.strip() for gpu in gpus),
    }


CHECKS: tuple[Check, ...] = (PythonRecorded(), PackagesFrozen(), HardwareRecorded())
