"""Read a bundle: every name, size and hash first, without writing; then, if asked, unpack it.

bundle.json is the first file of a bundle and lists all others with size and SHA-256. What is
unpacked goes into a new folder beside the target, is hashed once more on the way, and takes the
target's name when all of it is right.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reportgen.errors import (
    LimitError,
    NewerVersionError,
    NotFoundError,
    ReportgenError,
    UnreadableError,
    UsageError,
)
from reportgen.fs.atomic import write_all
from reportgen.fs.documents import parse_json
from reportgen.fs.limits import Limits
from reportgen.fs.paths import is_portable
from reportgen.reproduce.archive import Member, refused
from reportgen.reproduce.documents import BUNDLE_NAME, BUNDLE_SCHEMA
from reportgen.reproduce.tar_reader import tar_members
from reportgen.reproduce.zip_reader import zip_members
from reportgen.runs import layout
from reportgen.runs.seal import Difference, SealCheck, Sealed, compare, read_seal

DOCUMENT = BUNDLE_NAME
RUN = "run"
"""The file that lists all others, and the folder of the run."""

_DOCUMENT_BYTES = 32 * 2**20
_RUN_SEAL = f"{RUN}/{layout.MANIFEST}"


@dataclass(slots=True)
class Bundle:
    """What a bundle says of itself.

    Attributes:
        top: The folder that its files lie in.
        document: bundle.json.
        files: What bundle.json lists.
        seal: What the manifest.json of the run lists; None when the run was not sealed.
    """

    top: str
    document: dict[str, Any]
    files: dict[str, Sealed]
    seal: dict[str, Sealed] | None = None

    @property
    def absent(self) -> frozenset[str]:
        """Files of the run's seal that were not there when the bundle was made."""
        listed = self.document.get("absent")
        return frozenset(map(str, listed)) if isinstance(listed, list) else frozenset()


@dataclass(slots=True)
class Inspected:
    """A bundle, and what came of hashing all of it."""

    bundle: Bundle
    check: SealCheck = field(default_factory=SealCheck)


def read_document(data: bytes, *, name: str, top: str = "") -> Bundle:
    """Return what a bundle.json says.

    Raises:
        UnreadableError: It is none, or lists what cannot be in a bundle.
        NewerVersionError: A newer reportgen wrote it.
    """
    limits = Limits(document_bytes=_DOCUMENT_BYTES, nodes=1_000_000)
    document = parse_json(data, name=name, limits=limits).value
    schema = document.get("schema") if isinstance(document, Mapping) else None
    if schema != BUNDLE_SCHEMA:
        if isinstance(schema, str) and schema.startswith(BUNDLE_SCHEMA.split("/")[0]):
            what = f"has the format {schema[:60]!r}"
            raise NewerVersionError(
                what, where=name, expected=BUNDLE_SCHEMA, fix="Upgrade reportgen"
            )
        raise refused(f"{name} is no record of a bundle", expected=f"schema: {BUNDLE_SCHEMA}")
    return Bundle(top, dict(document), read_seal(data, name=name, own=DOCUMENT))


def inspect(archive: Path) -> Inspected:
    """Hash every file of a bundle and compare; nothing is written.

    Raises:
        NotFoundError: There is no such file.
        UnreadableError: It is no bundle, or holds what no bundle may hold.
    """
    with _members(archive) as members:
        bundle = _start(members)
        hashes: list[tuple[str, str, int]] = []
        for member in members:
            _check_listed(member, bundle)
            kept = member.path == _RUN_SEAL
            digest, data = _hashed(member, keep=kept)
            hashes.append((member.path, digest, member.size))
            if kept:
                bundle.seal = read_seal(data, name=_RUN_SEAL, own=layout.MANIFEST)
    check = compare(bundle.files, hashes)
    check.differences += against_run_seal(bundle)
    return Inspected(bundle, check)


def against_run_seal(bundle: Bundle) -> list[Difference]:
    """Compare what bundle.json lists of the run with the run's own seal."""
    if bundle.seal is None:
        return []
    start = f"{RUN}/"
    inside = {
        path.removeprefix(start): entry
        for path, entry in bundle.files.items()
        if path.startswith(start)
    }
    due = {path: entry for path, entry in bundle.seal.items() if path not in bundle.absent}
    hashes = [(path, inside[path].sha256, inside[path].bytes) for path in due if path in inside]
    found = list(compare(due, hashes).differences)
    for path in inside:
        if path not in bundle.seal and not layout.outside_seal(path):
            found.append(Difference(path, "unlisted", "is no file that the run's seal lists"))
    return [one._replace(path=f"{RUN}/{one.path}") for one in found]


def unpack(archive: Path, target: Path | None = None) -> tuple[Path, Inspected]:
    """Unpack a bundle into a new folder: all of it, or nothing.

    Args:
        archive: The bundle.
        target: The folder to make; by default the bundle's own name, here.

    Returns:
        The folder, and what was read.

    Raises:
        UsageError: The target exists.
        UnreadableError: As :func:`inspect`, or a file is not what bundle.json says.
        OSError: The disk refused; nothing is left.
    """
    read = inspect(archive)
    if read.check.differences:
        first = read.check.differences[0]
        count = len(read.check.differences)
        more = f" (and {count - 1} files more)" if count > 1 else ""
        raise refused(f"{archive}: {first.path} {first.message}{more}")
    if target is None and not is_portable(read.bundle.top):
        raise UsageError("the bundle's name is none for a folder", fix="Name a folder after it")
    folder = Path(read.bundle.top) if target is None else target
    if os.path.lexists(folder):
        raise UsageError("exists", where=str(folder), expected="a folder that does not")
    if not folder.absolute().parent.is_dir():
        raise NotFoundError("there is no such folder", where=str(folder.parent))
    beside = folder.absolute().with_name(f".{folder.name[:80]}.{secrets.token_hex(4)}.tmp")
    beside.mkdir(mode=0o755)
    try:
        _write(archive, beside, read.bundle)
        os.rename(beside, folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return folder, read


def _write(archive: Path, folder: Path, bundle: Bundle) -> None:
    """Write every member to the new folder; it was inspected, and is compared again."""
    made: set[Path] = {folder}
    with _members(archive) as members:
        for number, member in enumerate(members):
            place = folder / member.path
            for above in reversed(place.relative_to(folder).parents[:-1]):
                if folder / above not in made:
                    (folder / above).mkdir(mode=0o755)
                    made.add(folder / above)
            digest = _copied(member, place)
            listed = bundle.files.get(member.path)
            if number and (listed is None or listed.sha256 != digest):
                raise refused(f"{member.path} changed while it was read")


def _copied(member: Member, place: Path) -> str:
    digest = hashlib.sha256()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(place, flags, 0o644)
    try:
        for piece in member.pieces:
            digest.update(piece)
            write_all(descriptor, piece)
    finally:
        os.close(descriptor)
    return digest.hexdigest()


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[Member]]:
    """Yield the members of an archive, its kind told by its first bytes."""
    try:
        descriptor = os.open(archive, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFoundError("there is no such file", where=str(archive)) from None
    except OSError as error:
        raise refused(f"{archive}: cannot be read: {error.strerror}") from None
    info = os.fstat(descriptor)
    if not stat.S_ISREG(info.st_mode):
        os.close(descriptor)
        raise refused(f"{archive}: is no regular file")
    with os.fdopen(descriptor, "rb") as file:
        start = file.read(4)
        file.seek(0)
        try:
            if start.startswith(b"PK"):
                yield zip_members(file, info.st_size)
            elif start.startswith(b"\x1f\x8b"):
                yield tar_members(file, info.st_size)
            else:
                raise refused("is no bundle", expected="a .tar.gz or .zip of `reportgen bundle`")
        except (LimitError, UnreadableError) as error:
            raise _of(archive, error) from None


def _of(archive: Path, error: LimitError | UnreadableError) -> ReportgenError:
    """Return an error that names the archive; over a limit it is refused like any other fault."""
    kind = UnreadableError if isinstance(error, LimitError) else type(error)
    where = f"{archive}: {error.where}" if error.where else str(archive)
    more = {"expected": error.expected, "fix": error.fix, "problem": error.problem}
    return kind(error.what, where=where, **more)


def _start(members: Iterator[Member]) -> Bundle:
    first = next(members, None)
    if first is None or first.path != DOCUMENT:
        found = "nothing" if first is None else repr(first.path[:200])
        raise refused(f"starts with {found}", expected=DOCUMENT)
    if first.size > _DOCUMENT_BYTES:
        raise refused(f"{DOCUMENT} has {first.size} bytes", expected=f"at most {_DOCUMENT_BYTES}")
    return read_document(b"".join(first.pieces), name=DOCUMENT, top=first.top)


def _check_listed(member: Member, bundle: Bundle) -> None:
    listed = bundle.files.get(member.path)
    if listed is None:
        raise refused(f"{member.path!r:.200} is not listed in {DOCUMENT}")
    if member.size != listed.bytes:
        what = f"{member.path!r:.200} has {member.size} bytes, {DOCUMENT} lists {listed.bytes}"
        raise refused(what)


def _hashed(member: Member, *, keep: bool) -> tuple[str, bytes]:
    digest = hashlib.sha256()
    kept = []
    if keep and member.size > _DOCUMENT_BYTES:
        raise refused(f"{member.path} has {member.size} bytes")
    for piece in member.pieces:
        digest.update(piece)
        if keep:
            kept.append(piece)
    return digest.hexdigest(), b"".join(kept)
