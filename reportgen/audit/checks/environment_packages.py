"""Are the packages that ran known to the lock, and can they be had again?"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from reportgen.audit.checks.environment import plain_name, requirements_of
from reportgen.audit.code_tree import code_tree
from reportgen.audit.evidence import at, counted, listed, unavailable
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.audit.locks import locks_of
from reportgen.errors import UnavailableError
from reportgen.runs import layout
from reportgen.runs.schema import Environment, Modules
from reportgen.runs.times import from_iso
from reportgen.runs.view import RunView
from reportgen.script.requirements import read_requirements

if TYPE_CHECKING:
    from reportgen.audit.network import Network
    from reportgen.runs.lock_files import Lock, LockedPackage

_FROZEN = "environment.packages-frozen"
_PRESENT = "environment.lock-present"
_SOME_UNMAPPED = 2
_ASKED_AT_MOST = 300
_SIMPLE = "application/vnd.pypi.simple.v1+json"


class ImportsCovered(Check):
    """Each third-party module that was loaded belongs to a package of requirements.txt."""

    id = "environment.imports-covered"
    severity = Severity.H
    title = "Every imported package is in the package list"
    failure = "Imported packages are missing from the package list"
    why = "A module that no package owns was put there by hand, and no install brings it back."
    fix = "Install it as a package, from an index or from a repository at a commit"
    command = "pip install 'NAME @ git+https://HOST/OWNER/NAME@COMMIT'"
    requires = (_FROZEN,)
    at_end = True

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        modules = view.captured(layout.MODULES, Modules)
        where = [at(view, layout.MODULES, "third_party")]
        if modules is None:
            message = "which modules were loaded is not recorded"
            return self.failed(message, inspected=0, where=where)
        reason = unavailable(modules.not_available, "third_party", "local")
        if reason:
            return self.inconclusive(reason)
        text = view.text(layout.REQUIREMENTS) or ""
        listed_names = {one.name for one in requirements_of(text)}
        imported = (view.environment.packages if view.environment else None) or {}
        if not modules.third_party:
            if imported:
                message = f"no module, but packages were imported: {listed(imported)}"
                return self.failed(message, inspected=0, where=where)
            return self.not_applicable("no module of a package was loaded")
        unmapped = [
            f"{module} ({owner or 'of no package'})"
            for module, owner in modules.third_party.items()
            if owner is None or plain_name(owner) not in listed_names
        ]
        owned = {plain_name(owner) for owner in modules.third_party.values() if owner}
        owned |= {plain_name(name) for name in read_requirements(text).own}
        unmapped += [
            f"{name} (no module of it)" for name in imported if plain_name(name) not in owned
        ]
        known = {plain_name(name) for name in imported}
        if known:
            unmapped += [
                f"{module} (loaded, {owner} is not among the imported packages)"
                for module, owner in modules.third_party.items()
                if owner and plain_name(owner) in listed_names and plain_name(owner) not in known
            ]
        count = len(modules.third_party)
        if not unmapped:
            message = f"{counted(count, 'module')}, each of a listed package"
            return self.passed(message, inspected=count)
        message = f"{len(unmapped)} of {counted(count, 'module')} not covered: {listed(unmapped)}"
        verdict = self.partial if len(unmapped) <= _SOME_UNMAPPED else self.failed
        return verdict(message, inspected=count, where=where)


class LockPresent(Check):
    """A lock file with a hash for every package, the same as in the recorded tree."""

    id = _PRESENT
    severity = Severity.M
    title = "A lock file with hashes is kept"
    failure = "There is no lock file with hashes"
    why = "Versions alone let an index serve other files under the same name."
    fix = "Lock the environment and commit the lock; the logger keeps a copy"
    command = "uv lock && git add uv.lock && git commit -m 'Lock the environment'"
    needs = ("folder", "repository")

    def judge(self, context: AuditContext) -> CheckResult:
        locks, faults = locks_of(context)
        where = [Where(file=f"{layout.LOCK}/{name}") for name in faults]
        if not locks:
            message = listed(f"lock/{name} {fault}" for name, fault in faults.items())
            place = where or [Where(file=layout.LOCK)]
            return self.failed(
                message or "there is no lock file", inspected=len(faults), where=place
            )
        differing = _differing(context, locks)
        if differing:
            where = [Where(file=f"{layout.LOCK}/{name}") for name in differing]
            message = f"not the lock of the recorded tree: {listed(differing)}"
            return self.failed(message, inspected=len(locks), where=where)
        best = max(locks, key=_hashed_share)
        where = [Where(file=f"{layout.LOCK}/{best.name}")]
        count = len(best.foreign)
        if not count:
            message = f"{best.name} locks no package from elsewhere"
            return self.failed(message, inspected=len(best.packages), where=where)
        bare = [one.name for one in best.foreign if not one.hashed]
        unversioned = [one.name for one in best.foreign if not one.hashed and one.version is None]
        if unversioned:
            message = f"{best.name}: neither version nor hash for {listed(unversioned)}"
            return self.failed(message, inspected=count, where=where)
        if bare:
            packages = counted(count, "package")
            message = f"{best.name}: no hash for {len(bare)} of {packages}: {listed(bare)}"
            return self.partial(message, inspected=count, where=where)
        message = f"{best.name}, {counted(count, 'package')}, each with hashes"
        level = Evidence.E3 if _is_in_tree(context, best) else Evidence.E2
        return self.passed(message, inspected=count, evidence=level)


def _hashed_share(lock: Lock) -> float:
    foreign = lock.foreign
    return sum(one.hashed for one in foreign) / len(foreign) if foreign else -1.0


def _differing(context: AuditContext, locks: list[Lock]) -> list[str]:
    """Return the locks that the recorded tree holds in another form."""
    try:
        tree = code_tree(context)
        return [
            lock.name
            for lock in locks
            if lock.name in tree
            and (tree.blob(lock.name) or b"").replace(b"\r\n", b"\n")
            != (context.run.bytes(f"{layout.LOCK}/{lock.name}") or b"").replace(b"\r\n", b"\n")
        ]
    except UnavailableError:
        return []


def _is_in_tree(context: AuditContext, lock: Lock) -> bool:
    try:
        return lock.name in code_tree(context)
    except UnavailableError:
        return False


class LockMatchesFreeze(Check):
    """What ran has the versions of the lock; local version labels such as ``+cpu`` are cut."""

    id = "environment.lock-matches-freeze"
    severity = Severity.H
    title = "The packages that ran are those of the lock"
    failure = "Other packages ran than the lock names"
    why = "A lock that was not installed promises an environment that nobody had."
    fix = "Install from the lock before the run"
    command = "uv run python train.py"
    requires = (_FROZEN, _PRESENT)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        environment = view.environment or Environment()
        if environment.packages is None:
            reason = unavailable(environment.not_available, "packages")
            return self.inconclusive(reason or "which packages were imported is not recorded")
        found = min((_Comparison(view, lock) for lock in locks_of(context)[0]), key=_badness)
        where = [Where(file=f"{layout.LOCK}/{found.lock.name}"), Where(file=layout.REQUIREMENTS)]
        count = found.compared
        if found.imported:
            return self.failed(listed(found.imported), inspected=count, where=where)
        if found.others:
            message = f"of packages that were not imported: {listed(found.others)}"
            return self.partial(message, inspected=count, where=where)
        if not count:
            return self.not_applicable("no package was imported that a lock could name")
        imported = counted(count, "imported package")
        return self.passed(f"{imported} as in {found.lock.name}", inspected=count)


class _Comparison:
    """One lock beside what was installed.

    Attributes:
        lock: The lock.
        imported: Differences of imported packages, in words.
        others: Differences of packages that were only installed.
        compared: Imported packages.
    """

    def __init__(self, view: RunView, lock: Lock) -> None:
        self.lock = lock
        text = view.text(layout.REQUIREMENTS) or ""
        own = {plain_name(name) for name in read_requirements(text).own}
        packages = (view.environment.packages if view.environment else None) or {}
        imported = {plain_name(name): version for name, version in packages.items()}
        installed = {one.name: one.version for one in requirements_of(text) if one.name}
        locked = lock.versions()
        local = {one.name for one in lock.packages if one.local or one.version is None} | own
        due = {name: version for name, version in imported.items() if name not in local}
        self.compared = len(due)
        pairs = ((name, installed.get(name) or version) for name, version in due.items())
        self.imported = [
            f"{name} {_named(locked, name)}, {version or 'unknown'} ran"
            for name, version in pairs
            if not _agrees(locked.get(name), version)
        ]
        self.others = [
            f"{name} {_named(locked, name)}, {version} installed"
            for name, version in installed.items()
            if name in locked and name not in imported and not _agrees(locked[name], version)
        ]


def _badness(comparison: _Comparison) -> tuple[int, int]:
    return len(comparison.imported), len(comparison.others)


def _named(locked: dict[str, set[str]], name: str) -> str:
    versions = locked.get(name)
    return f"{' or '.join(sorted(versions))} locked" if versions else "not locked"


def _agrees(locked: set[str] | None, version: str | None) -> bool:
    if not locked or not version:
        return False
    return _plain_version(version) in set(map(_plain_version, locked))


@lru_cache(maxsize=4096)
def _plain_version(version: str) -> str:
    """Return a version without local label, zeros before numbers and zeros at its end."""
    public = version.lower().lstrip("v").partition("+")[0]
    release = re.sub(r"(?<![\d])0+(?=\d)", "", public)
    return re.sub(r"(?:\.0)+$", "", release)


class LockResolvable(Check):
    """Each locked file is still listed by its index, under its hash, from before the run.

    Only the index is asked, and only those that the policy names; nothing is downloaded or built.
    """

    id = "environment.lock-resolvable"
    severity = Severity.M
    title = "The locked packages can still be had"
    failure = "Locked packages can no longer be had"
    why = "Files are deleted from indexes, and then no lock brings the environment back."
    fix = "Keep a mirror of the files, or a container image by its digest"
    command = "pip download --require-hashes -r requirements.lock"
    needs = ("network",)
    evidence = Evidence.E4
    requires = (_PRESENT,)

    def judge(self, context: AuditContext) -> CheckResult:
        network = context.network
        if network is None:
            return self.inconclusive(
                "the indexes were not asked",
                remedy="Audit with --online to ask each for the locked files",
                command="reportgen audit --online",
            )
        lock = max(locks_of(context)[0], key=_hashed_share)
        due = _due(context, lock)[:_ASKED_AT_MOST]
        started = from_iso(context.run.run.created)
        states = {one.name: _listed_state(network, context, one, started) for one in due}
        gone = [name for name, state in states.items() if state == "gone"]
        other = [name for name, state in states.items() if state == "other"]
        unknown = [name for name, state in states.items() if state == "unknown"]
        where = [Where(file=f"{layout.LOCK}/{lock.name}")]
        count = len(due)
        packages = counted(count, "package")
        if gone:
            message = f"{len(gone)} of {packages} gone: {listed(gone)}"
            return self.failed(message, inspected=count, where=where)
        if other:
            message = f"{len(other)} of {packages} under another hash or later: {listed(other)}"
            return self.partial(message, inspected=count, where=where)
        if unknown or not due:
            named = listed(unknown) or "no package with a hash"
            return self.inconclusive(f"{len(unknown)} of {packages} not answered for: {named}")
        message = f"{packages} of {lock.name}, every file listed under its hash"
        return self.passed(message, inspected=count)


def _due(context: AuditContext, lock: Lock) -> list[LockedPackage]:
    """Return the locked packages with hashes that were installed, else all of them."""
    text = context.run.text(layout.REQUIREMENTS) or ""
    installed = {one.name: one.version for one in requirements_of(text)}
    hashed = {one.name: one for one in lock.foreign if one.sha256}
    # Of several versions, one for each platform, that which was installed.
    hashed |= {
        one.name: one
        for one in lock.foreign
        if one.sha256 and one.version and _agrees({one.version}, installed.get(one.name))
    }
    return [one for one in hashed.values() if one.name in installed] or list(hashed.values())


def _listed_state(
    network: Network, context: AuditContext, package: LockedPackage, started: float | None
) -> str:
    """Return ``listed``, ``other``, ``gone`` or ``unknown`` for the files of a package."""
    indexes = [index.rstrip("/") for index in context.policy.indexes]
    index = (package.index or (indexes[0] if indexes else "")).rstrip("/")
    if index not in indexes:
        return "unknown"
    try:
        page = network.json(f"{index}/{package.name}/", _SIMPLE)
    except UnavailableError:
        return "unknown"
    files = page.get("files", []) if isinstance(page, dict) else []
    known = {_sha256(file): file for file in files if isinstance(file, dict)}
    there = [known[digest] for digest in package.sha256 if digest in known]
    late = [file for file in there if _is_late(file, started)]
    if len(there) == len(package.sha256) and not late:
        return "listed"
    names = (str(file.get("filename", "")) for file in files if isinstance(file, dict))
    version = f"-{package.version}"
    same_version = any(version in name for name in names)
    return "other" if there or same_version else "gone"


def _sha256(file: dict[str, object]) -> str:
    hashes = file.get("hashes")
    return str(hashes.get("sha256", "")).lower() if isinstance(hashes, dict) else ""


def _is_late(file: dict[str, object], started: float | None) -> bool:
    uploaded = from_iso(str(file.get("upload-time")))
    return started is not None and uploaded is not None and uploaded > started


CHECKS: tuple[Check, ...] = (
    ImportsCovered(),
    LockPresent(),
    LockMatchesFreeze(),
    LockResolvable(),
)
