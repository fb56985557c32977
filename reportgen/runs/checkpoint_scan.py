"""What a checkpoint file is, described by its structure: it is never loaded.

torch: a zip archive with one pickle, ``<folder>/data.pkl``, and the bytes of each storage in
``<folder>/data/<key>`` (docs.pytorch.org, "Serialization semantics"). safetensors: eight bytes of
length (little-endian), a JSON header, the bytes of the tensors (github.com/huggingface/safetensors,
"Format"). A pickle by itself is walked as well. Of anything else only the kind is named.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from math import prod
from typing import IO, Any, Final

from reportgen.errors import ReportgenError
from reportgen.fs.documents import load_json
from reportgen.fs.limits import Limits
from reportgen.runs.pickle_opcodes import PickleContent, walk_pickles

_PICKLE_BYTES = 16 * 2**20
_SUMMED_BYTES = 64 * 2**20
_PIECE_BYTES = 2**20
_HEADER_BYTES = 64 * 2**20
_DIRECTORY_BYTES = 8 * 2**20
_TAIL_BYTES = 70_000
_ENCRYPTED = 0x1
_OLD_TORCH = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_DTYPE_BITS: Final = {
    "F64": 64,
    "I64": 64,
    "U64": 64,
    "C64": 64,
    "F32": 32,
    "I32": 32,
    "U32": 32,
    "F16": 16,
    "BF16": 16,
    "I16": 16,
    "U16": 16,
    "I8": 8,
    "U8": 8,
    "BOOL": 8,
    "F8_E4M3": 8,
    "F8_E5M2": 8,
    "F8_E8M0": 8,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "F4": 4,
}
_KNOWN_HEADS: Final = (
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"GGUF", "GGUF"),
    (b"\x93NUMPY", "NumPy array"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"\x1f\x8b", "gzip"),
)


@dataclass(frozen=True, slots=True)
class CheckpointScan:
    """A description of one file.

    Attributes:
        kind: ``torch``, ``safetensors``, ``pickle``, or what else its first bytes say.
        tensors: How many it holds; None where that cannot be told.
        fault: What is wrong with it, or None.
        readable: Whether its structure was read to the end; False for kinds that are not known.
    """

    kind: str
    tensors: int | None = None
    fault: str | None = None
    readable: bool = True


class _FaultError(Exception):
    """What is wrong with a file, in words that follow its name."""


def scan_checkpoint(file: IO[bytes], size: int) -> CheckpointScan:
    """Return the description of an open, seekable file; nothing in it is executed.

    Args:
        file: Opened for reading.
        size: Its length in bytes.

    Raises:
        OSError: It cannot be read.
    """
    file.seek(0)
    head = file.read(64)
    kind = _kind_of(head)
    read = {"torch": _scan_zip, "safetensors": _scan_safetensors, "pickle": _scan_pickle}.get(kind)
    if read is None:
        return CheckpointScan(kind, readable=False)
    try:
        return read(file, size)
    except _FaultError as fault:
        return CheckpointScan(kind, fault=str(fault))


def _kind_of(head: bytes) -> str:
    if head.startswith(b"PK\x03\x04"):
        return "torch"
    if len(head) > 8 and head[8:9] == b"{":
        return "safetensors"
    for start, name in _KNOWN_HEADS:
        if head.startswith(start):
            return name
    if head.startswith(b"\x80") and head[1:2] <= b"\x05":
        return "pickle"
    return "unknown format"


# -- torch --------------------------------------------------------------------------------


def _scan_zip(file: IO[bytes], size: int) -> CheckpointScan:
    if _directory_bytes(file, size) > _DIRECTORY_BYTES:
        raise _FaultError("has a directory that is too large to read")
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if not any(one.filename.split("/")[-1] == "data.pkl" for one in members):
                return CheckpointScan("zip archive", readable=False)
            _check_members(members, size)
            content = walk_pickles(_pickle_of(archive, members))
            _check_pickle(content)
            _check_sums(archive, members)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        # zipfile's words for damaged, compressed by an unknown method, and encrypted
        raise _FaultError(f"is no whole archive ({str(error)[:80]})") from None
    if content.pickles > 1:
        raise _FaultError(f"holds {content.pickles} pickles, one behind the other")
    _check_storages(content, members)
    return CheckpointScan("torch", content.tensors)


def _directory_bytes(file: IO[bytes], size: int) -> int:
    """Return how long the directory says it is: zipfile holds an object for each entry of it.

    It is the field at byte 12 of the end record, or at byte 40 of its 64-bit form
    (pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.14 and 4.3.16).
    """
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read(_TAIL_BYTES)
    end, large = tail.rfind(b"PK\5\6"), tail.rfind(b"PK\6\6")
    plain = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    wide = int.from_bytes(tail[large + 40 : large + 48], "little") if large >= 0 else 0
    return max(wide, 0 if plain == 0xFFFFFFFF else plain)


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    names = [one.filename for one in members]
    if len(set(names)) != len(names):
        raise _FaultError("names an entry twice")
    for one in members:
        parts = one.filename.split("/")
        if one.filename.startswith("/") or "\\" in one.filename or ".." in parts:
            raise _FaultError(f"has an entry outside of it: {one.filename[:80]!r}")
        if one.flag_bits & _ENCRYPTED:
            raise _FaultError("has encrypted entries")
        if one.compress_type == zipfile.ZIP_STORED and one.file_size != one.compress_size:
            raise _FaultError(f"has an entry of two sizes: {one.filename[:80]!r}")
    if sum(one.compress_size for one in members) > size:
        raise _FaultError("names more bytes than it has")


def _pickle_of(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> bytes:
    found = [one for one in members if one.filename.lower().endswith((".pkl", ".pickle"))]
    if len(found) > 1:
        raise _FaultError(
            f"holds {len(found)} pickles: {found[1].filename[:80]!r} besides data.pkl"
        )
    if found[0].file_size > _PICKLE_BYTES:
        raise _FaultError(f"has a pickle of {found[0].file_size:,} bytes, too large to walk")
    with archive.open(found[0]) as member:
        return member.read(_PICKLE_BYTES + 1)


def _check_sums(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
    """Read entries against their checksums, as many as have 64 MiB together.

    Raises:
        zipfile.BadZipFile: One is damaged.
    """
    left = _SUMMED_BYTES
    for one in members:
        if one.file_size > left:
            continue
        left -= one.file_size
        with archive.open(one) as member:
            while member.read(_PIECE_BYTES):
                continue


def _check_storages(content: PickleContent, members: list[zipfile.ZipInfo]) -> None:
    """Each persistent id names its storage, a file of the archive, among its texts."""
    parts = [one.filename.split("/") for one in members]
    keys = {path[-1] for path in parts if len(path) > 1 and path[-2] == "data"}
    absent = sum(not (nearby & keys) for nearby in content.nearby)
    if absent:
        raise _FaultError(f"lacks the data of {absent} of {content.tensors} tensors")


# -- pickle -------------------------------------------------------------------------------


def _scan_pickle(file: IO[bytes], size: int) -> CheckpointScan:
    if size > _PICKLE_BYTES:
        return CheckpointScan("pickle", readable=False)
    file.seek(0)
    data = file.read(_PICKLE_BYTES + 1)
    if _OLD_TORCH in data[:32]:
        return CheckpointScan("torch file from before 1.6", readable=False)
    content = walk_pickles(data)
    _check_pickle(content)
    return CheckpointScan("pickle", content.tensors or None)


def _check_pickle(content: PickleContent) -> None:
    """Names come first: they were found, whatever is wrong with the rest."""
    if content.others:
        shown = ", ".join(name.replace(" ", ".", 1)[:60] for name in content.others[:3])
        more = f" and {len(content.others) - 3} more" if len(content.others) > 3 else ""
        raise _FaultError(f"names other globals: {shown}{more}")
    if content.unknown:
        raise _FaultError(f"names {content.unknown} globals that its opcodes do not tell")
    if content.fault:
        raise _FaultError(f"holds a pickle that {content.fault}")


# -- safetensors --------------------------------------------------------------------------


def _scan_safetensors(file: IO[bytes], size: int) -> CheckpointScan:
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    if length > min(_HEADER_BYTES, size - 8):
        raise _FaultError(f"has a header of {length:,} bytes")
    limits = Limits(document_bytes=_HEADER_BYTES, nodes=10_000_000)
    try:
        header = load_json(file.read(length), name="header", limits=limits)
    except ReportgenError as error:
        raise _FaultError(f"has a header that {error.what}") from None
    if not isinstance(header, dict):
        raise _FaultError("has a header that is no mapping")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise _FaultError("has metadata that is no text")
    spans = sorted(_span(name, entry) for name, entry in header.items())
    end = 0
    for start, stop, name in spans:
        if start != end:
            raise _FaultError(f"has a {'gap' if start > end else 'overlap'} before {name[:60]!r}")
        end = stop
    if end != size - 8 - length:
        raise _FaultError(f"has {size - 8 - length:,} bytes of tensors, its header names {end:,}")
    return CheckpointScan("safetensors", len(spans))


def _span(name: str, entry: Any) -> tuple[int, int, str]:
    """Return where the bytes of a tensor begin and end, and its name."""
    fault = _FaultError(f"describes {name[:60]!r} in another way than the format")
    if not isinstance(entry, dict):
        raise fault
    dtype = entry.get("dtype")
    bits = _DTYPE_BITS.get(dtype) if isinstance(dtype, str) else None
    shape, offsets = _counts(entry.get("shape")), _counts(entry.get("data_offsets"))
    if bits is None or shape is None or offsets is None or len(offsets) != 2:
        raise fault
    start, stop = offsets
    if (stop - start) * 8 != prod(shape) * bits:
        raise _FaultError(
            f"has {stop - start:,} bytes for {name[:60]!r}, its shape asks for others"
        )
    return start, stop, name


def _counts(value: Any) -> list[int] | None:
    """Return a short list of whole numbers from 0, or None when ``value`` is anything else."""
    if not isinstance(value, list) or len(value) > 64:
        return None
    counts = [one for one in value if type(one) is int and one >= 0]
    return counts if len(counts) == len(value) else None
