"""Keep whatever else a training makes: copied into ``artifacts/``, or named where it is kept."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

from reportgen.errors import NotFoundError, ReportgenError, UsageError
from reportgen.fs.atomic import replacing
from reportgen.fs.hashing import sha256_file
from reportgen.fs.paths import is_portable, portable_component
from reportgen.fs.regular import open_regular, walk
from reportgen.logger.context import RunContext
from reportgen.runs import layout
from reportgen.runs.redact import redact_url
from reportgen.runs.schema import ManifestFile

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,40}:[^\s]{1,2000}")
_WHERE: Final = "log_artifact"


class ArtifactStore:
    """The artifacts of one run.

    Args:
        context: The run.
    """

    def __init__(self, context: RunContext) -> None:
        self.folder = context.folder / layout.ARTIFACTS
        self._context = context
        self._accepted = False

    def log(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        uri: str | None = None,
        etag: str | None = None,
    ) -> Path | None:
        """Keep a file or a folder.

        Args:
            path: The file or folder; no link is followed, links inside a folder are left out.
            name: Its name below ``artifacts/``; ``/`` makes folders. The path's own by default;
                a name that is taken gets a suffix.
            uri: Where the file is kept instead (``s3://bucket/key``): it is hashed and listed in
                the manifest, not copied. Credentials in it are removed.
            etag: What the store at ``uri`` calls this version.

        Returns:
            The copy; None for a file kept elsewhere, and when the disk refused.

        Raises:
            UsageError: A bad argument, until a first artifact was accepted; later ones are
                counted and warned of.
        """
        if not self._context.active:
            self._context.late("artifacts")
            return None
        with self._context.overhead("artifacts"):
            try:
                source = _source(path, self._context.folder)
                place = _place(name if name is not None else source.name)
                if uri is not None:
                    self._name_elsewhere(source, place, uri, etag)
                    kept = None
                else:
                    kept = self._copy(source, place)
                self._accepted = True
                return kept
            except OSError as error:
                self._context.fault("artifacts", error)
            except ReportgenError as error:
                if not self._accepted:
                    raise
                self._context.fault("artifacts", error)
            except Exception as error:
                self._context.fault("artifacts", error)
            return None

    # -- kept here ------------------------------------------------------------------------

    def _copy(self, source: Path, place: str) -> Path:
        target = self._free(place)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            self._copy_folder(source, target)
        else:
            _copy_file(source.parent, source.name, target)
        return target

    def _free(self, place: str) -> Path:
        """Return the first free path for a name: ``a.csv``, ``a-2.csv``, ..."""
        target, count = self.folder / place, 1
        while os.path.lexists(target):
            count += 1
            target = self.folder / _numbered(place, count)
        return target

    def _copy_folder(self, source: Path, target: Path) -> None:
        """Copy beside, then rename, so that a folder is there whole or not at all."""
        beside = target.with_name(f".{target.name[:50]}.{secrets.token_hex(4)}.tmp")
        beside.mkdir()
        try:
            for entry, place in _places(source):
                if entry.refused is not None:
                    where = f"{layout.ARTIFACTS}/{target.name}/{place}"
                    self._context.leave_out(f"a {entry.refused} in an artifact", where, "link")
                    continue
                copy = beside / place
                copy.parent.mkdir(parents=True, exist_ok=True)
                _copy_file(source, entry.path, copy)
            os.rename(beside, target)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise

    # -- kept elsewhere -------------------------------------------------------------------

    def _name_elsewhere(self, source: Path, place: str, uri: Any, etag: str | None) -> None:
        if not isinstance(uri, str) or not _SCHEME.fullmatch(uri):
            raise UsageError(
                f"uri is {uri!r:.80}", where=_WHERE, expected='an address, as "s3://bucket/key"'
            )
        if source.is_dir():
            raise UsageError(
                "is a folder and has one uri",
                where=str(source),
                expected="one file",
                fix="Log each file with its own uri, or an archive of the folder",
            )
        digest, size = sha256_file(source.parent, source.name)
        shown, cleaned = redact_url(uri)
        with self._context.lock:
            external = self._context.external
            external[:] = [known for known in external if known.uri != shown]
            taken = {known.path for known in external}
            path = f"{layout.ARTIFACTS}/{place}"
            wanted, count = path, 1
            while path in taken or os.path.lexists(self._context.folder / path):
                count += 1
                path = _numbered(wanted, count)
            external.append(
                ManifestFile(path=path, bytes=size, sha256=digest, uri=shown, etag=etag)
            )
            if cleaned:
                self._context.run.redacted += 1
                self._context.leave_out("credentials in a uri", path, "url-userinfo")


def _source(path: Any, run_folder: Path) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise UsageError(
            f"path is of type {type(path).__name__}",
            where=_WHERE,
            expected="the path of a file or folder",
            fix="Write what is in memory to a file first",
        )
    source = Path(os.path.abspath(path))
    if source.is_symlink():
        raise UsageError(
            "is a link, and links are not followed",
            where=str(path),
            fix=f"Give what it points to, os.path.realpath({str(path)!r})",
        )
    if not source.exists():
        raise UsageError("there is no such file or folder", where=str(path))
    if source.is_dir() and run_folder.resolve().is_relative_to(source.resolve()):
        raise UsageError(
            "holds the run folder itself",
            where=str(path),
            expected="a file or folder beside it",
        )
    return source


def _place(name: Any) -> str:
    parts = name.split("/") if isinstance(name, str) else []
    kept = [_portable(part) for part in parts if part not in ("", ".", "..")]
    if not kept:
        raise UsageError(f"the name is {name!r:.80}", where=_WHERE, expected="a file name")
    return "/".join(kept)


def _numbered(place: str, count: int) -> str:
    path = PurePosixPath(place)
    return str(path.with_name(f"{path.stem}-{count}{path.suffix}"))


def _portable(part: str) -> str:
    return part if is_portable(part) else portable_component(part)


def _places(source: Path) -> Iterator[tuple[Any, str]]:
    """Yield each entry of a folder with its portable path, no two the same."""
    taken: set[str] = set()
    for entry in walk(source):
        wanted = "/".join(_portable(part) for part in entry.path.split("/"))
        place, count = wanted, 1
        while place.casefold() in taken:
            count += 1
            place = _numbered(wanted, count)
        taken.add(place.casefold())
        yield entry, place


def _copy_file(root: Path, relative: str, target: Path) -> None:
    try:
        with (
            open_regular(root, relative) as descriptor,
            replacing(target) as beside,
            open(descriptor, "rb", closefd=False) as reader,
            beside.open("wb") as writer,
        ):
            shutil.copyfileobj(reader, writer, 1 << 20)
    except NotFoundError as error:
        raise UsageError("there is no such file any more", where=relative) from error
