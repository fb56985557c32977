"""The ids of examples as captured/splits.json keeps them: eight bytes of a hash each. Pure.

A hash is the first eight bytes of the SHA-256 of the id as text. Over 200,000 ids, those below one
bound are kept, the same in every split.
"""

from __future__ import annotations

import math
from base64 import b64decode
from binascii import Error as DecodingError
from hashlib import sha256
from typing import Any

ID_BYTES = 8
_NOT_SPLITS = ("hash", "kept", "not_available")
_ROUNDED = 1e-8
_DEVIATIONS = 6


def split_hashes(raw: dict[str, Any]) -> dict[str, list[bytes]]:
    """Return the hashes of each split of captured/splits.json.

    Raises:
        ValueError: They are no such text.
    """
    return {name: _hashes(raw[name]) for name in raw if name not in _NOT_SPLITS}


def kept_share(raw: dict[str, Any]) -> float:
    """Return which share of all hashes captured/splits.json says that it keeps, 1 by default."""
    kept = raw.get("kept", 1.0)
    return float(kept) if isinstance(kept, int | float) and 0 < kept <= 1 else 1.0


def hash_of(identity: str) -> bytes:
    """Return the hash of an id as text."""
    return sha256(identity.encode("utf-8", "replace")).digest()[:ID_BYTES]


def choice_fault(hashes: list[bytes], count: int, kept: float) -> str | None:
    """Return why hashes are not those below the bound of a share, or None.

    Hashes are spread evenly, so of ``count`` there are ``count * kept`` below it, with the
    deviation of a binomial distribution.

    Args:
        hashes: Of one split, sorted.
        count: How many examples it has.
        kept: The share of all hashes that are kept, below 1.
    """
    if hashes and int.from_bytes(hashes[-1], "big") >= (kept + _ROUNDED) * 2**64:
        return f"hashes above the bound of a share of {kept:g}"
    allowed = _DEVIATIONS * math.sqrt(count * kept * (1 - kept)) + 1
    if abs(len(hashes) - count * kept) > allowed:
        return f"{len(hashes):,} hashes where a share of {kept:g} is about {count * kept:,.0f}"
    return None


def _hashes(text: Any) -> list[bytes]:
    try:
        data = b64decode(text, validate=True)
    except (TypeError, ValueError, DecodingError):
        raise ValueError("hashes that are no base64") from None
    if len(data) % ID_BYTES:
        raise ValueError("hashes that are cut off")
    return [data[at : at + ID_BYTES] for at in range(0, len(data), ID_BYTES)]
