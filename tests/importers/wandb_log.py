"""``.wandb`` files for the tests, written by the documented layout."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

HEADER = b":W&B" + struct.pack("<HB", 0xBEE1, 0)
BLOCK = 32_768


def varint(number: int) -> bytes:
    number %= 2**64
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number: int, value: bytes | str | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def item(key: str | list[str], value: Any) -> bytes:
    names = field(1, key) if isinstance(key, str) else b"".join(field(2, part) for part in key)
    return names + field(16, json.dumps(value))


def history(step: int | None, values: dict[str, Any]) -> bytes:
    body = b"".join(field(1, item(key, value)) for key, value in values.items())
    return field(2, body + (b"" if step is None else field(2, field(1, step))))


def config(values: dict[str, Any], removed: tuple[str, ...] = ()) -> bytes:
    body = b"".join(field(1, item(key, value)) for key, value in values.items())
    return field(5, body + b"".join(field(2, item(key, None)) for key in removed))


def run(identifier: str, started: int, **texts: str) -> bytes:
    numbers = {"project": 3, "group": 6, "job_type": 7, "name": 8, "notes": 9, "tag": 10}
    body = field(1, identifier)
    body += b"".join(field(numbers[name], text) for name, text in texts.items())
    git = field(1, "https://user:secret1234@example.org/a/b.git") + field(2, "c" * 40)
    return field(17, body + field(17, field(1, started)) + field(21, git))


def ended(code: int, runtime: int) -> bytes:
    return field(18, (field(1, code) if code else b"") + field(2, runtime))


def metric(name: str, goal: int) -> bytes:
    return field(12, field(1, name) + field(8, goal))


def log_bytes(records: list[bytes]) -> bytes:
    data = HEADER
    for record in records:
        first = True
        while True:
            left = BLOCK - len(data) % BLOCK
            if left < 7:
                data += bytes(left)
                left = BLOCK
            part, record = record[: left - 7], record[left - 7 :]
            kind = (1 if first else 4) if not record else (2 if first else 3)
            crc = zlib.crc32(bytes([kind]) + part)
            data += struct.pack("<IHB", crc, len(part), kind) + part
            first = False
            if not record:
                break
    return data


def write_log(root: Path, name: str, records: list[bytes]) -> Path:
    folder = root / "wandb" / f"offline-run-{name}"
    (folder / "files").mkdir(parents=True)
    path = folder / f"run-{name}.wandb"
    path.write_bytes(log_bytes(records))
    return path
