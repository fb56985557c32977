"""Text and addresses of runs, made fit for a page: visible, bounded, never active."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import orjson

NAME_LIMIT = 240
NOTE_LIMIT = 10_000
VALUE_LIMIT = 2_000

_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"}
_BROKEN = "\ufffd"
_VISIBLE: dict[int, str] = {
    **_PICTURES,
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), _BROKEN),
    **dict.fromkeys(range(0xD800, 0xE000), _BROKEN),
    **dict.fromkeys(range(0xFDD0, 0xFDF0), _BROKEN),
    0xFFFE: _BROKEN,
    0xFFFF: _BROKEN,
}
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# Bidirectional controls and what has no width: they can make code read as what it is not.
_DECEPTIVE = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# Control sequences of terminals (ECMA-48): CSI, OSC and the like with their terminators, and
# two-character escapes. Every repeat is bounded by the class that ends it.
_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,256}[ -/]{0,16}[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]{0,16}[0-~]?"
)


def visible(text: str) -> str:
    """Return ``text`` with control characters as pictures and what is no character as U+FFFD.

    Line feeds and tabs stay. The result encodes as UTF-8 and is valid in XML.
    """
    return text.translate(_VISIBLE) if _UNFIT.search(text) else text


def clip(text: str, limit: int = NAME_LIMIT) -> str:
    """Return ``text``, or its first ``limit`` characters and how many there were."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text):,} characters)"


def plain_log(text: str) -> str:
    """Return terminal output as text: no control sequences, of an overprinted line its last form.

    A carriage return inside a line means that the line was written again (a progress bar);
    what a person saw last is what stays.
    """
    lines = []
    for line in _ANSI.sub("", text).replace("\r\n", "\n").split("\n"):
        parts = [part for part in line.split("\r") if part]
        lines.append(parts[-1] if parts else "")
    return honest("\n".join(lines))


def honest(text: str) -> str:
    """Return ``text`` with bidirectional and zero-width characters as visible escapes.

    For code, patches and logs, where a reader relies on the order of what stands there.
    """
    return _DECEPTIVE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def safe_url(address: str | None) -> str | None:
    """Return an address that a page may link to, without user name and password, or None.

    Only absolute http and https addresses pass; the scheme is judged after the characters that
    browsers ignore (controls and blanks) are refused.
    """
    if not address or len(address) > 2_000 or re.search(r"[\x00-\x20\x7f-\x9f\\]", address):
        return None
    try:
        parts = urlsplit(address)
        host = parts.hostname
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not host:
        return None
    if not re.fullmatch(r"[A-Za-z0-9.-]+", host):
        return None
    return urlunsplit((parts.scheme.lower(), host + port, parts.path, parts.query, ""))


def without_credentials(address: str) -> str:
    """Return a remote's address with any user information removed, for display as text."""
    return re.sub(r"//[^/@\s]{1,500}@", "//", address)


def web_address(remote: str | None) -> str | None:
    """Return the page of a repository for its remote (``git@host:a/b.git`` too), or None."""
    if not remote:
        return None
    match = re.fullmatch(r"(?:ssh://)?[\w.-]{1,64}@([\w.-]{1,253})[:/]([\w./-]{1,500})", remote)
    address = f"https://{match[1]}/{match[2]}" if match else remote
    url = safe_url(address)
    return url.removesuffix(".git") if url else None


def script_json(value: Any) -> str:
    """Return strict JSON that may stand in a script or an attribute: ASCII only, no markup.

    ``<``, ``>``, ``&``, U+2028 and U+2029 stand as ``\\uXXXX`` like everything outside ASCII;
    lone surrogates become U+FFFD. Non-finite numbers must already be text.

    Raises:
        TypeError: A value is of no plain type.
    """
    data = orjson.dumps(_encodable(value), option=orjson.OPT_NON_STR_KEYS)
    return re.sub(r"[<>&\x7f]|[^\x00-\x7f]", _escape, data.decode("utf-8"))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def _encodable(value: Any) -> Any:
    """Replace lone surrogates, which UTF-8 cannot hold; everything else is passed through."""
    if isinstance(value, str):
        return value if _encodes(value) else re.sub("[\ud800-\udfff]", _BROKEN, value)
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        # Columns of numbers are long and hold no text.
        if value and all(type(item) in (int, float) for item in value):
            return value
        return [_encodable(item) for item in value]
    return value


def _encodes(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text) if not text.isascii() else True


def sentence(text: str) -> str:
    """Return ``text`` with an end, and a capital letter where it begins with a plain word."""
    plain = text.strip()
    if not plain:
        return ""
    word = plain.split(maxsplit=1)[0].rstrip(",;:")
    begins = word.isalpha() and word.islower()
    first = plain[0].upper() if begins else plain[0]
    return f"{first}{plain[1:]}{'' if plain[-1] in '.!?:' else '.'}"


def joined(parts: Iterable[str]) -> str:
    """Return ``a, b and c``."""
    items = list(parts)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
