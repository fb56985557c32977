"""Is it known which data went in, and is it still the same?"""

from __future__ import annotations

import os
import re
from pathlib import Path

from reportgen.audit.evidence import at, counted, listed, unavailable
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.errors import ReportgenError, UnsafePathError
from reportgen.fs.hashing import sha256_file, sha256_folder
from reportgen.fs.paths import safe_relpath
from reportgen.runs import layout
from reportgen.runs.schema import Input

_SHA256 = re.compile(r"[0-9a-f]{64}")
_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_COUNTABLE = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
_PRESENT = "environment.data-fingerprint-present"


def is_generated(entry: Input) -> bool:
    """Tell whether an input is made by a seeded generator, so that there is nothing to hash."""
    version = entry.version or {}
    return version.get("kind") == "generator" and version.get("seed") is not None


class DataFingerprintPresent(Check):
    """Each input is recorded with hash, size and number of rows or files."""

    id = _PRESENT
    severity = Severity.H
    title = "The inputs are recorded with hash, size and count"
    failure = "The inputs are not recorded with hash, size and count"
    why = "The same code on other data is another experiment, and data changes in place."
    fix = "Name the inputs; they are hashed in the background"
    command = 'reportgen.start_run(data=["data/train.csv"])'
    evidence = Evidence.E2

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        data = view.data
        if data is None:
            there = view.exists(layout.DATA)
            message = f"{'no readable' if there else 'there is no'} data.yaml"
            return self.failed(message, inspected=0, where=[Where(file=layout.DATA)])
        inputs = [entry for entry in data.inputs if not is_generated(entry)]
        if data.inputs and not inputs:
            return self.not_applicable("every input is made by a generator with a recorded seed")
        where = [at(view, layout.DATA, "inputs")]
        if not inputs:
            reason = unavailable(data.not_available, "inputs")
            if reason:
                return self.inconclusive(reason)
            return self.failed("no input is named", inspected=0, where=where)
        faults = {entry.name: _lacking(entry) for entry in inputs}
        bad = {name: fault for name, fault in faults.items() if fault}
        count = len(inputs)
        if not bad:
            named = listed(f"{one.name} ({one.bytes:,} bytes)" for one in inputs)
            return self.passed(named, inspected=count)
        message = listed(f"{name}: {fault}" for name, fault in bad.items())
        some = len(bad) < count or any(one.version or one.sha256 for one in inputs if _usable(one))
        verdict = self.partial if some else self.failed
        return verdict(message, inspected=count, where=where)


def _usable(entry: Input) -> bool:
    """Tell whether a fingerprint with gaps still says something: a true hash or a version."""
    if entry.sha256 and _lacking_hash(entry):
        return False
    return bool(entry.sha256) or bool((entry.version or {}).get("version"))


def _lacking(entry: Input) -> str | None:
    """Return what an input's fingerprint lacks, in words, or None."""
    lacking = []
    fault = _lacking_hash(entry)
    if fault:
        lacking.append(fault)
    if not entry.bytes:
        lacking.append("no size" if entry.bytes is None else "empty")
    countable = (entry.path or "").lower().endswith(_COUNTABLE)
    if not entry.rows and entry.files is None and countable:
        lacking.append("no count of rows")
    return ", ".join(lacking) or None


def _lacking_hash(entry: Input) -> str | None:
    digest = (entry.sha256 or "").lower()
    if not digest:
        return "no hash"
    if not _SHA256.fullmatch(digest) or len(set(digest)) == 1:
        return f"{digest[:16]!r} is no hash"
    return "the hash of nothing" if digest == _EMPTY else None


class DataFingerprintMatches(Check):
    """The inputs that are here have the recorded hash."""

    id = "environment.data-fingerprint-matches"
    severity = Severity.H
    title = "The data here is the data that the run read"
    failure = "The data here is not the data that the run read"
    why = "A rerun on changed data compares two things at once."
    fix = "Get the data back at the recorded revision; nothing was run or changed for this check"
    needs = ("data",)
    requires = (_PRESENT,)

    def inapplicable(self, context: AuditContext) -> str | None:
        data = context.run.data
        if data and data.inputs and all(map(is_generated, data.inputs)):
            return "every input is made by a generator with a recorded seed"
        return None

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        inputs = [one for one in (view.data.inputs if view.data else []) if not is_generated(one)]
        found = {entry.name: _compare(context, entry) for entry in inputs}
        differing = {name: text for name, (state, text) in found.items() if state == "differs"}
        absent = {name: text for name, (state, text) in found.items() if state == "absent"}
        loose = {name: text for name, (state, text) in found.items() if state == "loose"}
        compared = len(found) - len(absent)
        where = [at(view, layout.DATA, "inputs")]
        if differing:
            message = listed(f"{name} {text}" for name, text in differing.items())
            return self.failed(message, inspected=compared, where=where)
        if absent:
            named = listed(f"{name} {text}" for name, text in absent.items())
            return self.inconclusive(
                f"{compared} of {counted(len(found), 'input')} compared; {named}",
                remedy="Fetch the data to its recorded path in the repository, then audit again",
            )
        if loose:
            message = listed(f"{name} {text}" for name, text in loose.items())
            return self.partial(message, inspected=compared, where=where)
        return self.passed(f"{listed(found)}: hashed again, equal", inspected=compared)


def _compare(context: AuditContext, entry: Input) -> tuple[str, str]:
    """Return ``equal``, ``differs``, ``absent`` or ``loose`` for an input, and why."""
    try:
        relative = safe_relpath(entry.path or "")
    except UnsafePathError:
        if not entry.path:
            return "absent", "has no path"
        return "absent", "has a path outside the repository"
    base = _base_of(context, relative)
    if base is None:
        return "absent", f"is not here ({relative})"
    path = base / relative
    try:
        if path.resolve() != base.resolve() / relative:
            return "absent", "is reached through a link, which is not followed"
        size = path.lstat().st_size
        if not path.is_dir():
            if entry.bytes is not None and size != entry.bytes:
                return "differs", f"has {size:,} bytes, recorded {entry.bytes:,}"
            if size > context.policy.tolerances.hash_bytes:
                return "loose", f"has {size:,} bytes as recorded, too many to hash again"
        # Runs of one root read the same inputs: each is hashed once an audit.
        digest, files, size = context.repository.remembered(
            ("input", path), lambda: _hashed(base, relative)
        )
    except (OSError, ReportgenError) as error:
        return "absent", f"cannot be read: {error}"
    if entry.sha256:
        same = digest == entry.sha256.lower()
        return ("equal", "") if same else ("differs", f"has sha256 {digest[:12]}…")
    same = size == entry.bytes and files in (None, entry.files)
    return ("loose", "agrees in size only") if same else ("differs", f"has {size:,} bytes")


def _hashed(base: Path, relative: str) -> tuple[str, int | None, int]:
    """Return hash, number of files (None for a file) and bytes of an input."""
    if (base / relative).is_dir():
        return sha256_folder(base / relative)
    digest, size = sha256_file(base, relative)
    return digest, None, size


def _base_of(context: AuditContext, relative: str) -> Path | None:
    """Return the folder that a recorded path starts from: the repository, else one around the run.

    Paths are recorded relative to the repository. Without one, the folders above the run are
    tried, outermost last, as far as its root's parent.
    """
    top = context.repository.top
    if top is not None:
        return top if _is_there(top / relative) else None
    folder = context.run.folder.absolute()
    return next((above for above in folder.parents[:4] if _is_there(above / relative)), None)


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)


CHECKS: tuple[Check, ...] = (DataFingerprintPresent(), DataFingerprintMatches())
