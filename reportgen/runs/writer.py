"""Create run folders and write their documents; what metrics need is in the logger."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from reportgen.errors import ReportgenError
from reportgen.fs.atomic import write_bytes
from reportgen.fs.documents import dump_json, dump_yaml
from reportgen.fs.hashing import sha256_file
from reportgen.fs.paths import portable_component
from reportgen.fs.regular import walk
from reportgen.runs import layout
from reportgen.runs.schema import MANIFEST_SCHEMA, Document, Manifest, ManifestFile, to_plain

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_run_id(now: float | None = None) -> str:
    """Return a unique id that sorts by time: ten characters of milliseconds, six random ones.

    The alphabet is Crockford's base 32, as in ULID (github.com/ulid/spec).
    """
    milliseconds = int((time.time() if now is None else now) * 1000)
    number = (milliseconds << 30) | secrets.randbits(30)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(75, -1, -5))


def create_run_folder(root: Path, *, project: str | None, group: str | None, name: str) -> Path:
    """Make ``root/project/group/name`` and return it; a name that exists gets a suffix.

    Parts are made portable; two processes never get the same folder.

    Raises:
        OSError: The folder cannot be made.
    """
    above = root
    for part in (project, group):
        if part:
            above = _folder_of_runs(above, portable_component(part))
    above.mkdir(parents=True, exist_ok=True)
    while True:
        folder = _first_free(above, portable_component(name), os.path.lexists)
        try:
            os.mkdir(folder)
        except FileExistsError:  # another process was faster
            continue
        return folder


def _folder_of_runs(above: Path, base: str) -> Path:
    """Return the folder ``base``, suffixed when that is a run: nobody looks for runs in a run."""
    return _first_free(above, base, lambda folder: (folder / layout.RUN).exists())


def _first_free(above: Path, base: str, taken: Callable[[Path], bool]) -> Path:
    folder, number = above / base, 1
    while taken(folder):
        number += 1
        folder = above / f"{base}-{number}"
    return folder


def write_document(folder: Path, place: str, document: Document) -> None:
    """Write a document of the standard at its place, beside and renamed.

    Raises:
        OSError: The disk refused; the old document stands.
    """
    write_plain(folder, place, to_plain(document))


def write_plain(folder: Path, place: str, value: object) -> None:
    """Write plain values as YAML or JSON, by the ending of ``place``.

    Raises:
        OSError: The disk refused; the old document stands.
    """
    data = dump_json(value) if place.endswith(".json") else dump_yaml(value).encode("utf-8")
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, data)


def build_manifest(
    folder: Path, *, external: Iterable[ManifestFile] = (), unsettled: Collection[str] = ()
) -> Manifest:
    """Return the manifest of a folder: every regular file but those outside the seal.

    A file that cannot be read, or changed while it was, is left out: the seal then says so by
    not listing it.

    Args:
        folder: The run folder.
        external: Entries of files that are kept elsewhere, each with its ``uri``.
        unsettled: Paths of files that still change; they are left out.
    """
    elsewhere = {entry.path: entry for entry in external}
    files = []
    for entry in walk(folder):
        if entry.refused is not None or layout.outside_seal(entry.path):
            continue
        if entry.path in unsettled:
            continue
        try:
            digest, size = sha256_file(folder, entry.path)
        except (OSError, ReportgenError):
            continue
        elsewhere.pop(entry.path, None)
        files.append(ManifestFile(path=entry.path, bytes=size, sha256=digest))
    files.extend(elsewhere.values())
    return Manifest(schema=MANIFEST_SCHEMA, files=files)


def seal(
    folder: Path, *, external: Iterable[ManifestFile] = (), unsettled: Collection[str] = ()
) -> Manifest:
    """Write manifest.json, the last file of a finished run, and return it.

    Args:
        folder: The run folder.
        external, unsettled: As :func:`build_manifest` takes them.

    Raises:
        OSError: The disk refused.
    """
    manifest = build_manifest(folder, external=external, unsettled=unsettled)
    write_document(folder, layout.MANIFEST, manifest)
    return manifest
