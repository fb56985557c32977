"""What goes into a bundle: the run folder, compared with its seal, and the recorded code."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.errors import (
    NotFoundError,
    ReportgenError,
    UnavailableError,
    UnreadableError,
    UnsafePathError,
    UsageError,
)
from reportgen.fs.documents import load_yaml
from reportgen.reproduce.archive_writer import Part, part_of_bytes, part_of_file
from reportgen.reproduce.code_bundle import (
    CITATION,
    CODE,
    LICENSE,
    RecordedCode,
    described,
    look_through,
    recorded_code,
    write_code,
)
from reportgen.reproduce.documents import BundledCode, BundledWheels
from reportgen.reproduce.source import Source, find_source
from reportgen.reproduce.unbundle import RUN
from reportgen.runs import layout
from reportgen.runs.seal import check_hashes, read_run_seal
from reportgen.runs.secret_scan import SecretPlace, scan_pieces
from reportgen.runs.view import RunView
from reportgen.script.facts import ScriptFacts


@dataclass(slots=True)
class Gathered:
    """The parts so far, and what bundle.json and README say of them.

    Attributes:
        parts: The files.
        secrets: Places of secrets in them and in the code.
        absent: Files that the run's seal lists and that are not there.
        notes: What the bundle does not hold, for people.
        code: What bundle.json says of the code.
        wheels: What it says of the packages.
        license_id: SPDX identifier of the license, where the citation names one.
    """

    parts: list[Part] = field(default_factory=list)
    secrets: list[SecretPlace] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    code: BundledCode | None = None
    wheels: BundledWheels | None = None
    license_id: str | None = None

    def add(self, part: Part, *, scan: bool = True) -> None:
        """Take a file, and search it for secrets where that was not done before."""
        self.parts.append(part)
        if scan:
            self.secrets += scan_pieces(part.path, part.pieces())


def add_run(got: Gathered, view: RunView) -> None:
    """Add the run folder, and compare it with its seal on the way.

    Raises:
        UnsafePathError: It holds something that is no regular file.
        UsageError: A file is not the one that was sealed, or none was.
    """
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


def code_at_hand(
    stack: ExitStack, view: RunView, facts: ScriptFacts, repository: Path | None, *, needed: bool
) -> tuple[Source | None, RecordedCode | None]:
    """Open the recorded tree and return it with its repository, or nothing.

    Args:
        stack: Closes the repository again.
        view: The run.
        facts: What the run recorded.
        repository: Where to look instead of around the run; then the code must be there.
        needed: Without the code, raise.

    Raises:
        NotFoundError, UnavailableError, UnreadableError, UsageError: Why it is not at hand.
    """
    try:
        if facts.commit is None:
            raise NotFoundError("names no commit", where=f"{view.folder}/{layout.GIT}")
        source = find_source(view.folder, facts, repository)
        if source.top is None:
            raise NotFoundError(
                f"no repository at hand holds commit {facts.commit}",
                where=str(view.folder),
                fix="Clone it and name it by --repository DIR",
            )
        patch = view.bytes(layout.PATCH) or b""
        return source, stack.enter_context(recorded_code(source, facts, patch))
    except (NotFoundError, UnavailableError, UnreadableError, UsageError):
        if needed or repository is not None:
            raise
        return None, None


def add_code(got: Gathered, code: RecordedCode, scratch: Path, *, whole: bool) -> None:
    """Add citation and license of the code and, where it is wanted ``whole``, the code itself.

    Args:
        got: Takes them.
        code: The recorded tree.
        scratch: A folder for the file that holds the code.
        whole: Add it.
    """
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
        got.code = described(code, snapshot)


def _license_of(citation: bytes | None) -> str | None:
    try:
        found = load_yaml(citation or b"", name=CITATION)
    except ReportgenError:
        return None
    license_id = found.get("license") if isinstance(found, dict) else None
    return license_id if isinstance(license_id, str) else None
