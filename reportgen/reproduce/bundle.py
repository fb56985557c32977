"""Gather what hands a run on, look through all of it for secrets, and write it as one archive.

The run folder lies in it whole and unchanged, so its own seal still holds; what explains and
restores it lies around. See docs/hand-off.md for the layout.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from reportgen import __version__
from reportgen.errors import (
    NotFoundError,
    ReportgenError,
    UnavailableError,
    UnreadableError,
    UnsafePathError,
    UsageError,
)
from reportgen.exporters.ro_crate import METADATA, CrateFile, crate_metadata
from reportgen.fs.documents import dump_json, load_yaml
from reportgen.fs.paths import portable_component
from reportgen.reproduce import archive_writer, bundle_extras, bundle_readme
from reportgen.reproduce.archive import Names
from reportgen.reproduce.archive_writer import Part, part_of_bytes, part_of_file
from reportgen.reproduce.bundle_data import data_parts
from reportgen.reproduce.code_bundle import (
    BUILD,
    CITATION,
    CODE,
    LICENSE,
    RecordedCode,
    code_facts,
    look_through,
    recorded_code,
    write_code,
)
from reportgen.reproduce.source import Source, find_source
from reportgen.reproduce.unbundle import DOCUMENT, RUN, SCHEMA
from reportgen.reproduce.wheels import WHEELS, collect_wheels
from reportgen.runs import layout
from reportgen.runs.seal import check_hashes, read_run_seal
from reportgen.runs.secret_scan import SecretPlace, scan_pieces
from reportgen.runs.view import RunView
from reportgen.script.facts import ScriptFacts, facts_of

README = "README.md"
RESULTS = "results.csv"
_PLACES_SHOWN = 8
_LONG_BYTES = 64 * 2**20
"""Files of this size together take seconds to look through."""


@dataclass(frozen=True, slots=True)
class BundleRequest:
    """What a bundle is to hold beside the run.

    Attributes:
        code: The recorded tree.
        wheels: The recorded packages, so that no network is needed.
        data: Recorded inputs that git does not hold.
        dockerfile: A Dockerfile that restores and runs.
        conda: An environment.yml for conda.
        repository: Where the commit is, in place of the repository around the run.
        allowed: Patterns of files that may be handed on although a rule for secrets hit them.
    """

    code: bool = False
    wheels: bool = False
    data: bool = False
    dockerfile: bool = False
    conda: bool = False
    repository: Path | None = None
    allowed: tuple[str, ...] = ()


@dataclass(slots=True)
class Made:
    """A bundle that was written.

    Attributes:
        target: The archive.
        files: How many files it holds.
        size: Its bytes.
        document: Its bundle.json.
        notes: What it does not hold, for people.
    """

    target: Path
    files: int
    size: int
    document: dict[str, Any]
    notes: list[str]


@dataclass(slots=True)
class _Gathered:
    """The parts so far, and what bundle.json and README say of them."""

    parts: list[Part] = field(default_factory=list)
    secrets: list[SecretPlace] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    code: dict[str, Any] | None = None
    wheels: dict[str, Any] | None = None
    license_id: str | None = None

    def add(self, part: Part, *, scan: bool = True) -> None:
        self.parts.append(part)
        if scan:
            self.secrets += scan_pieces(part.path, part.pieces())


def make_bundle(
    view: RunView,
    target: Path,
    request: BundleRequest,
    *,
    say: Callable[[str], None] = lambda text: None,
) -> Made:
    """Write a bundle of a run.

    Args:
        view: The run.
        target: The archive, ``.tar.gz`` or ``.zip``; written in one step.
        request: What it is to hold.
        say: Is told what takes long.

    Raises:
        UsageError: The run still runs, was changed after its seal, or a secret was found; the
            message names place and rule, never the value.
        NotFoundError, UnavailableError: Code, packages or data that were asked for are not here.
        UnreadableError: A file of the run cannot be bundled.
        OSError: The disk refused.
    """
    archive_writer.ending_of(target)
    if view.state == "running":
        raise UsageError("is still running", where=str(view.folder), fix="Wait for its end")
    if not target.absolute().parent.is_dir():
        raise NotFoundError("there is no such folder", where=str(target.parent))
    facts = facts_of(view)
    got = _Gathered()
    if sum(view.file_sizes.values()) > _LONG_BYTES:
        say("Hashing the run and searching it for secrets")
    _add_run(got, view)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reportgen-")))
        source, code = _code_at_hand(stack, view, facts, request)
        if code is not None:
            _add_code(got, code, scratch, whole=request.code)
        if request.data:
            for part in data_parts(view, source, code, got.notes):
                got.add(part)
        if request.wheels:
            say("Collecting the recorded packages")
            build = code.read(BUILD) if code is not None else None
            got.wheels, found = collect_wheels(facts, scratch / WHEELS, build)
            for part in found:
                got.add(part, scan=False)
        _add_texts(got, view, facts, request)
        _refuse_secrets(got.secrets, request.allowed)
        document = _finish(got, view)
        _check_names(got.parts)
        top = portable_component(view.name)
        archive_writer.write_archive(target, top, got.parts)
    size = target.stat().st_size
    return Made(target, len(got.parts), size, document, got.notes)


def _add_run(got: _Gathered, view: RunView) -> None:
    """Add the run folder, and compare it with its seal on the way."""
    for entry in view.files:
        if entry.refused is not None:
            where = f"{view.folder}/{entry.path}"
            what = f"is a {entry.refused}"
            raise UnsafePathError(what, where=where, expected="regular files alone")
        name = entry.path.rsplit("/", 1)[-1]
        if not (name.startswith(".") and name.endswith(".tmp")):
            got.add(part_of_file(f"{RUN}/{entry.path}", view.folder, entry.path))
    if not view.exists(layout.MANIFEST):
        got.notes.append("the run was not sealed: its files are as they were found")
        return
    start = len(RUN) + 1
    hashes = {part.path[start:]: (part.sha256, part.size) for part in got.parts}
    check = check_hashes(read_run_seal(view.folder), hashes)
    for one in check.differences:
        if one.fault != "missing":
            raise UsageError(
                one.message,
                where=f"{view.folder}/{one.path}",
                expected="the run as it was sealed",
                fix="`reportgen verify` lists every difference",
            )
        got.absent.append(one.path)
        got.notes.append(f"not in the run folder, though its seal lists it: {one.path}")
    got.notes += [f"kept elsewhere, as the seal says: {path}" for path in check.elsewhere]


def _code_at_hand(
    stack: ExitStack, view: RunView, facts: ScriptFacts, request: BundleRequest
) -> tuple[Source | None, RecordedCode | None]:
    """Open the recorded tree; without it nothing that was asked for may need it."""
    try:
        if facts.commit is None:
            raise NotFoundError("names no commit", where=f"{view.folder}/{layout.GIT}")
        source = find_source(view.folder, facts, request.repository)
        if source.top is None:
            raise NotFoundError(
                f"no repository at hand holds commit {facts.commit}",
                where=str(view.folder),
                fix="Clone it and name it by --repository DIR",
            )
        patch = view.bytes(layout.PATCH) or b""
        return source, stack.enter_context(recorded_code(source, facts, patch))
    except (NotFoundError, UnavailableError, UnreadableError, UsageError):
        if request.code or request.data or request.repository is not None:
            raise
        return None, None


def _add_code(got: _Gathered, code: RecordedCode, scratch: Path, *, whole: bool) -> None:
    for name in (CITATION, LICENSE):
        text = code.read(name)
        if text is not None:
            got.add(part_of_bytes(name, text))
    got.license_id = _license_of(code.read(CITATION))
    if whole:
        secrets, lacking = look_through(code)
        got.secrets += secrets
        got.notes += [f"not in the code: {one}" for one in lacking]
        snapshot = write_code(code, scratch / CODE)
        got.add(part_of_file(CODE, scratch, CODE), scan=False)
        got.code = code_facts(code, snapshot)


def _license_of(citation: bytes | None) -> str | None:
    try:
        found = load_yaml(citation or b"", name=CITATION)
    except ReportgenError:
        return None
    license_id = found.get("license") if isinstance(found, dict) else None
    return license_id if isinstance(license_id, str) else None


def _add_texts(got: _Gathered, view: RunView, facts: ScriptFacts, request: BundleRequest) -> None:
    got.add(part_of_bytes(RESULTS, bundle_extras.results_csv(view)))
    if request.dockerfile:
        text = bundle_extras.dockerfile(facts, wheels=got.wheels is not None)
        got.add(part_of_bytes("Dockerfile", text.encode()))
    if request.conda:
        text = bundle_extras.conda_environment(facts, view.text(layout.REQUIREMENTS) or "")
        got.add(part_of_bytes("environment.yml", text.encode()))
    readme = bundle_readme.readme(
        view,
        facts,
        held={part.path for part in got.parts},
        notes=got.notes,
        snapshot=got.code is not None,
    )
    got.add(part_of_bytes(README, readme.encode("utf-8", "replace")))


def _refuse_secrets(found: list[SecretPlace], allowed: tuple[str, ...]) -> None:
    def is_allowed(one: SecretPlace) -> bool:
        return any(fnmatchcase(one.path, pattern) for pattern in allowed)

    places = [one for one in found if not is_allowed(one)]
    if places:
        listed = ", ".join(map(str, places[:_PLACES_SHOWN]))
        more = f" and {len(places) - _PLACES_SHOWN} more" if len(places) > _PLACES_SHOWN else ""
        raise UsageError(
            f"what looks like a secret stands in {listed}{more}",
            expected="nothing that others must not have",
            fix="Take it out, or pass --allow PATTERN for files in which it is none",
        )


def _finish(got: _Gathered, view: RunView) -> dict[str, Any]:
    """Put the parts in order, and add what lists them."""
    got.parts.sort(key=lambda part: (part.path != README, part.path.encode("utf-8", "replace")))
    crate = crate_metadata(
        view,
        [CrateFile(part.path, part.size, part.sha256) for part in got.parts],
        folder=RUN,
        code=CODE if got.code is not None else None,
        license_id=got.license_id,
    )
    got.parts.insert(1, part_of_bytes(METADATA, crate))
    document = {
        "schema": SCHEMA,
        "run": {"id": view.id, "name": view.name, "folder": RUN},
        "writer": {"name": "reportgen", "version": __version__},
        "code": got.code,
        "wheels": got.wheels,
        "absent": got.absent,
        "files": [
            {"path": part.path, "bytes": part.size, "sha256": part.sha256} for part in got.parts
        ],
    }
    got.parts.insert(0, part_of_bytes(DOCUMENT, dump_json(document)))
    return document


def _check_names(parts: list[Part]) -> None:
    names = Names()
    for part in parts:
        try:
            names.add(part.path)
            part.path.encode("utf-8")
        except UnicodeEncodeError:
            what = f"the name {part.path!r:.200} is not UTF-8"
            raise UnreadableError(what, fix="Rename the file") from None
