"""Text of other people: what in it cannot be stored, and what in it is not what it looks like."""

from __future__ import annotations

import re

# Bidirectional marks, embeddings, overrides and isolates; what has no width (joiners aside:
# scripts need them); tag characters.
_HIDDEN = re.compile(
    "[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def hidden_character(text: str) -> str | None:
    """Return the first character that reorders or hides text, as ``U+202E``, or None."""
    if text.isascii():
        return None
    match = _HIDDEN.search(text)
    return f"U+{ord(match[0]):04X}" if match else None


def storable(text: str) -> str:
    """Return ``text`` as text that UTF-8 can hold.

    A byte that Python holds as a lone surrogate (PEP 383) becomes ``\\xff``, any other lone
    surrogate U+FFFD.
    """
    return _SURROGATE.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else "\ufffd"
