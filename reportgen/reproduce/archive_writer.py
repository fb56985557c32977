"""Write a bundle as one archive: the same files give the same bytes, on every day and machine.

Order, times, modes and owners are fixed: names sorted, but what names them all first, times at
1980-01-01 (the first day of zip) or SOURCE_DATE_EPOCH (reproducible-builds.org), mode 0644.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from reportgen.errors import UnreadableError, UsageError
from reportgen.fs.atomic import replacing
from reportgen.fs.hashing import sha256_bytes, sha256_file
from reportgen.fs.regular import read_pieces
from reportgen.reproduce.archive import MODE

ENDINGS = (".tar.gz", ".tgz", ".zip")
_FIRST_DAY = 315_532_800
_LAST_DAY = 4_354_819_198
_LARGE = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a bundle.

    Attributes:
        path: Where it lies in the bundle.
        size: In bytes.
        sha256: Of its content.
        pieces: Opens its content.
    """

    path: str
    size: int
    sha256: str
    pieces: Callable[[], Iterator[bytes]]


def part_of_file(path: str, root: Path, relative: str) -> Part:
    """Return a file below ``root`` as a part, its hash taken now.

    Raises:
        ReportgenError, OSError: As :func:`reportgen.fs.hashing.sha256_file`.
    """
    digest, size = sha256_file(root, relative)
    return Part(path, size, digest, lambda: read_pieces(root, relative, limit=max(size, 1)))


def part_of_bytes(path: str, data: bytes) -> Part:
    """Return bytes as a part."""
    return Part(path, len(data), sha256_bytes(data), lambda: iter((data,)))


def ending_of(target: Path) -> str:
    """Return the ending of a bundle's name.

    Raises:
        UsageError: It is none that a bundle can have.
    """
    for ending in ENDINGS:
        if target.name.endswith(ending) and target.name != ending:
            return ending
    raise UsageError(
        "is no name of a bundle", where=str(target), expected=f"a name in {' or '.join(ENDINGS)}"
    )


def write_archive(target: Path, top: str, parts: Sequence[Part]) -> None:
    """Write an archive in one step: it is there whole or not at all.

    Args:
        target: Its name tells the kind.
        top: The one folder that everything lies in.
        parts: The files, in their order.

    Raises:
        UsageError: The name is none of a bundle, or SOURCE_DATE_EPOCH is no time.
        UnreadableError: A file changed since its hash was taken.
        OSError: The disk refused.
    """
    write = _write_zip if ending_of(target) == ".zip" else _write_tar
    seconds = _seconds()
    with replacing(target) as beside, beside.open("wb") as file:
        write(file, top, parts, seconds)


def _seconds() -> int:
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if text and (not text.isascii() or not text.isdigit() or len(text) > 11):
        raise UsageError(
            f"{text!r:.60} is no time", where="SOURCE_DATE_EPOCH", expected="seconds since 1970"
        )
    return min(max(int(text or 0), _FIRST_DAY), _LAST_DAY)


def _checked(part: Part) -> Iterator[bytes]:
    """Yield a part's content and refuse it when it is not what its hash was taken of."""
    digest = hashlib.sha256()
    size = 0
    for piece in part.pieces():
        digest.update(piece)
        size += len(piece)
        yield piece
    if (size, digest.hexdigest()) != (part.size, part.sha256):
        raise UnreadableError(
            "changed while it was read", where=part.path, fix="Run the command again"
        )


class _Stream(io.RawIOBase):
    """A part's content as a file, for writers that want one."""

    def __init__(self, part: Part) -> None:
        self._pieces = _checked(part)
        self._held = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while len(self._held) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._held += piece
        taken, self._held = self._held[:size], self._held[size:]
        return taken

    def finish(self) -> None:
        for _ in self._pieces:
            pass


def _write_tar(file: BinaryIO, top: str, parts: Sequence[Part], seconds: int) -> None:
    with (
        gzip.GzipFile("", "wb", 6, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        for part in parts:
            info = tarfile.TarInfo(f"{top}/{part.path}")
            info.size, info.mtime, info.mode = part.size, seconds, MODE & 0o7777
            stream = _Stream(part)
            archive.addfile(info, stream)
            stream.finish()


def _write_zip(file: BinaryIO, top: str, parts: Sequence[Part], seconds: int) -> None:
    moment = time.gmtime(seconds)[:6]
    with zipfile.ZipFile(file, "w", allowZip64=True) as archive:
        for part in parts:
            info = zipfile.ZipInfo(f"{top}/{part.path}", moment)
            # A wheel is a zip file itself: packing it again takes long and gains nothing.
            stored = part.path.endswith(".whl")
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            info.external_attr, info.create_system = MODE << 16, 3
            with archive.open(info, "w", force_zip64=part.size >= _LARGE) as stream:
                for piece in _checked(part):
                    stream.write(piece)
