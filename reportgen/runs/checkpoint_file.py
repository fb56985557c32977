"""What a checkpoint file is and how many tensors it holds, without loading it.

A file of ``torch.save`` is a zip archive with one pickle, ``<folder>/data.pkl``, in which each
tensor refers to its storage by a persistent id (docs.pytorch.org, "Serialization semantics");
counting those ids walks the opcodes and runs none. A safetensors file starts with the length of
its header (little-endian, 8 bytes) and the header, a JSON mapping of tensor names
(github.com/huggingface/safetensors, "Format").
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import IO

import orjson

_PICKLE_LIMIT = 16 * 2**20
_HEADER_LIMIT = 100 * 2**20
_MEMBERS_LIMIT = 200_000


@dataclass(frozen=True, slots=True)
class CheckpointContent:
    """What the bytes of a checkpoint show.

    Attributes:
        format: ``torch`` (zip archive of torch.save), ``safetensors``, ``pickle`` or ``other``.
        tensors: Persistent ids of the pickle, or entries of the header; None where the format
            has no such count or the file is damaged.
    """

    format: str
    tensors: int | None


def inspect_checkpoint(file: IO[bytes], *, pickle_limit: int = _PICKLE_LIMIT) -> CheckpointContent:
    """Return format and tensor count of an open, seekable checkpoint file.

    Args:
        file: Read from its beginning; nothing in it is executed.
        pickle_limit: Greatest size of ``data.pkl`` that is walked, in bytes.

    Raises:
        OSError: The file cannot be read.
    """
    file.seek(0)
    head = file.read(9)
    if head.startswith(b"PK\x03\x04"):
        return _inspect_zip(file, pickle_limit)
    if len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") <= _HEADER_LIMIT:
        return CheckpointContent("safetensors", _safetensors_entries(file))
    return CheckpointContent("pickle" if head.startswith(b"\x80") else "other", None)


def _inspect_zip(file: IO[bytes], limit: int) -> CheckpointContent:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > _MEMBERS_LIMIT:
                return CheckpointContent("torch", None)
            found = [m for m in members if m.filename.split("/")[1:] == ["data.pkl"]]
            if not found:
                return CheckpointContent("other", None)
            if len(found) > 1 or found[0].file_size > limit:
                return CheckpointContent("torch", None)
            with archive.open(found[0]) as member:
                data = member.read(limit + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError):
        # zipfile's words for damaged, compressed by an unknown method, and encrypted
        return CheckpointContent("torch", None)
    return CheckpointContent("torch", count_persistent_ids(data) if len(data) <= limit else None)


def count_persistent_ids(pickle: bytes) -> int | None:
    """Return how many persistent ids the first pickle in ``pickle`` holds; None when damaged."""
    import pickletools  # costs milliseconds, and most runs that are read need none of it

    try:
        return sum(
            opcode.name in ("BINPERSID", "PERSID") for opcode, _, _ in pickletools.genops(pickle)
        )
    except Exception:  # genops raises whatever its decoders do: ValueError, struct.error and more
        return None


def _safetensors_entries(file: IO[bytes]) -> int | None:
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    header = file.read(length)
    try:
        entries = orjson.loads(header) if len(header) == length else None
    except orjson.JSONDecodeError:
        return None
    if not isinstance(entries, dict):
        return None
    return len(entries) - ("__metadata__" in entries)
