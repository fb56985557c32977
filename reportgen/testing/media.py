"""Files that are what they claim to be, made without the libraries that usually write them."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
import zlib
from typing import Any


class _Storage:
    """Stands for the storage of a tensor, which torch.save refers to by a persistent id."""

    def __init__(self, key: str) -> None:
        self.key = key


class _Pickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        return ("storage", value.key) if isinstance(value, _Storage) else None


def checkpoint_bytes(epoch: int, *, tensors: int = 4) -> bytes:
    """Return a file in the layout of ``torch.save``: a zip archive with one pickle.

    Args:
        epoch: Makes the bytes differ from epoch to epoch.
        tensors: Number of persistent ids in the pickle.
    """
    pickled = io.BytesIO()
    model = {f"layer{index}.weight": _Storage(str(index)) for index in range(tensors)}
    _Pickler(pickled, protocol=2).dump({"model": model, "epoch": epoch})
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        parts = {"data.pkl": pickled.getvalue(), "version": b"3\n"}
        parts |= {
            f"data/{index}": struct.pack("<4f", epoch, index, 0, 1) for index in range(tensors)
        }
        for name, data in parts.items():
            members.writestr(zipfile.ZipInfo(f"archive/{name}"), data)
    return archive.getvalue()


def png_bytes(size: int = 16, *, step: int = 1) -> bytes:
    """Return a square grey ramp as PNG (w3.org/TR/png): a figure that decodes and shows something.

    Args:
        size: Edge in pixels.
        step: From one grey to the next; 0 makes the picture all black.
    """
    rows = b"".join(
        b"\0" + bytes(step * (16 * row + column) % 256 for column in range(size))
        for row in range(size)
    )
    header = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
