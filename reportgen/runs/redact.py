"""Replace secrets of known shape before the first byte is written.

What is found becomes ``<redacted:RULE>``; what could not be looked through becomes
``<unscanned>``, whole. Known misses: secrets of no known shape without a telling name beside
them, and what is encoded (base64), compressed or split over several values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, time
from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from reportgen.runs import secret_rules as rules
from reportgen.runs.secret_rules import Certainty, certainty
from reportgen.runs.secret_search import (
    MARK,
    NAMED,
    Hit,
    is_literal_secret,
    is_named_secret,
    is_text_secret,
    named_hits,
    option_hits,
    shape_hits,
    userinfo_hits,
)

UNSCANNED = "<unscanned>"

_MAX_CHARACTERS = 16 * 2**20
_MAX_DEPTH = 64
_WINDOW = 1 << 20
_OVERLAP = 20_000


def is_redacted(text: str) -> bool:
    """Tell whether something was taken out of ``text``, so that it cannot be used as it is."""
    return MARK in text or text == UNSCANNED


def redact_text(text: str) -> tuple[str, int]:
    """Return ``text`` without secrets, and how many were replaced.

    Takes time linear in the length; over 16 Mi characters nothing is scanned and the whole text
    is replaced.
    """
    return _closed(_redact_text, text)


def redact_value(value: Any, key: str | None = None) -> tuple[Any, int]:
    """Return a plain value (mappings, sequences, scalars) without secrets, and the count.

    A value under a name such as ``password`` is replaced whatever it is. Numbers, booleans,
    dates and None elsewhere stay; an object of no plain type is replaced by ``<unscanned>``.

    Args:
        value: The value; it is not changed.
        key: The name it stands under.
    """
    return _closed(lambda plain: _redact_value(plain, _under(key), 0), value)


def redact_argv(argv: Sequence[str]) -> tuple[list[str], int]:
    """Return a command line without secrets, and the count.

    Looks at ``--name=value``, ``--name value``, ``name=value`` and at shapes within words.
    """
    cleaned: list[str] = []
    total = 0
    expects: Certainty | None = None
    for word in argv:
        if expects is not None and not word.startswith("-"):
            result, count = _closed(partial(_redact_named, kind=expects), word)
        else:
            result, count = _closed(_redact_word, word)
        is_option = word.startswith("-") and "=" not in word
        expects = certainty(word.lstrip("-")) if is_option else None
        cleaned.append(result)
        total += count
    return cleaned, total


def redact_url(url: str) -> tuple[str, bool]:
    """Return ``url`` without user, password and secrets in its query; whether any were there.

    The login name of ``ssh://git@host`` and ``git@host:path`` is no secret and stays.
    """
    cleaned, count = _closed(_clean_url, url)
    return cleaned, count > 0


def holds_secret(data: bytes) -> list[str]:
    """Return the names of the rules by which a file holds secrets, sorted.

    Stricter than :func:`redact_text` about names: ``password = get_password()`` and
    ``token = tokens[0]`` are code and not a reason to leave a source file out of a patch.
    """
    try:
        return sorted(_rules_of(data))
    except Exception:
        return ["unscanned"]


def _rules_of(data: bytes) -> set[str]:
    binary = b"\0" in bytes(data[:8192])
    found: set[str] = set()
    for start in range(0, len(data), _WINDOW):
        piece = bytes(data[start : start + _WINDOW + _OVERLAP]).decode("utf-8", "replace")
        found.update(hit.rule for hit in shape_hits(piece))
        if not binary:
            found.update(hit.rule for hit in named_hits(piece, is_literal_secret))
    return found


def _closed(redact: Callable[[Any], tuple[Any, int]], value: Any) -> tuple[Any, int]:
    """Fail closed: whatever goes wrong, what was not looked through is not written."""
    try:
        return redact(value)
    except Exception:
        return UNSCANNED, 1


def _redact_text(text: str) -> tuple[str, int]:
    if len(text) > _MAX_CHARACTERS:
        return UNSCANNED, 1
    total = 0
    for find in (shape_hits, partial(named_hits, is_secret=is_text_secret), option_hits):
        text, count = _replace(text, list(find(text)))
        total += count
    return text, total


def _replace(text: str, hits: list[Hit]) -> tuple[str, int]:
    if not hits:
        return text, 0
    pieces = []
    position = count = 0
    for start, end, rule in sorted(hits):
        if start >= position:
            pieces += [text[position:start], f"{MARK}{rule}>"]
            count += 1
        position = max(position, end)
    return "".join((*pieces, text[position:])), count


def _redact_value(value: Any, kind: Certainty | None, depth: int) -> tuple[Any, int]:
    if depth > _MAX_DEPTH:
        return UNSCANNED, 1
    if isinstance(value, str):
        return _redact_named(value, kind) if kind else _redact_text(value)
    if value is None or isinstance(value, bool | date | time):
        return value, 0
    if isinstance(value, int | float):
        return (f"{MARK}{NAMED}>", 1) if kind == "sure" else (value, 0)
    if isinstance(value, dict):
        return _redact_mapping(value, kind, depth)
    if isinstance(value, list | tuple):
        pairs = [_redact_value(item, kind, depth + 1) for item in value]
        items = [item for item, _ in pairs]
        return (items if isinstance(value, list) else tuple(items)), sum(n for _, n in pairs)
    return UNSCANNED, 1


def _redact_mapping(value: dict[Any, Any], kind: Certainty | None, depth: int) -> tuple[Any, int]:
    result: dict[Any, Any] = {}
    total = 0
    for key, item in value.items():
        name, in_name = _redact_text(key) if isinstance(key, str) else (key, 0)
        result[name], in_value = _redact_value(item, _under(key) or kind, depth + 1)
        total += in_name + in_value
    return result, total


def _under(key: Any) -> Certainty | None:
    return certainty(key[-200:]) if isinstance(key, str) else None


def _redact_named(text: str, kind: Certainty) -> tuple[str, int]:
    """Redact the value of something whose name says ``kind``."""
    return (f"{MARK}{NAMED}>", 1) if is_named_secret(kind, text) else _redact_text(text)


def _redact_word(word: str) -> tuple[str, int]:
    name, equals, value = word.partition("=")
    kind = certainty(name[-200:].lstrip("-+~")) if equals else None
    if kind is None:
        return _redact_text(word)
    result, count = _redact_named(value, kind)
    return f"{name}={result}", count


def _clean_url(url: str) -> tuple[str, int]:
    removed = 0
    for hit in reversed(list(userinfo_hits(url))):
        user = url[hit.start : hit.end].split(":", 1)[0]
        scheme = url[: hit.start].removesuffix("://").lower()
        kept = f"{user}@" if scheme in rules.NAMES_A_USER_ONLY else ""
        url = url[: hit.start] + kept + url[hit.end + 1 :]
        removed += 1
    url, in_query = _without_secret_parameters(url)
    cleaned, count = _redact_text(url)
    return cleaned, removed + in_query + count


def _without_secret_parameters(url: str) -> tuple[str, int]:
    if "?" not in url:
        return url, 0
    parts = urlsplit(url)
    pairs = parts.query.split("&")
    kept = [pair for pair in pairs if certainty(pair.split("=", 1)[0]) is None]
    return urlunsplit(parts._replace(query="&".join(kept))), len(pairs) - len(kept)


__all__ = [
    "MARK",
    "UNSCANNED",
    "holds_secret",
    "is_redacted",
    "redact_argv",
    "redact_text",
    "redact_url",
    "redact_value",
]
