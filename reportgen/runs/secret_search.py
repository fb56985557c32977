"""Where in a text secrets stand: by their own shape, or by the name beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from reportgen.runs import secret_rules as rules
from reportgen.runs.secret_rules import Certainty, certainty

MARK = "<redacted:"
"""What a replacement starts with; it ends with the rule's name and ``>``."""

NAMED = "named"
"""The rule of what is a secret only by the name beside it."""

_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
_NOTHING = re.compile(
    r"(?i)(?:|none|null|nil|true|false|yes|no|on|off|str|string|int|bytes|float|bool|any|optional"
    r"|required|undefined|[*x.•_-]{1,64}|<.{0,100}|\[.{0,100}\]|\$.{0,100}|\{.{0,100}|%.{0,60})"
)
_NUMBER = re.compile(r"[-+]?[0-9][0-9_]{0,40}(?:\.[0-9]{0,40})?(?:[eE][-+]?[0-9]{1,4})?")
_RANDOM = re.compile(r"[A-Za-z0-9_+/~.-]{16,}={0,2}")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,200}(?:\.[A-Za-z_][A-Za-z0-9_]{0,200}){0,20}")
_CODE = re.compile(r"[\s(){}\[\]<>$]")
_PATH_STARTS = ("/", "./", "../", "~")
_PLACEHOLDER = re.compile(r"(?i)change|example|your|dummy|placeholder|sample|insert|todo|fake|test")


class Hit(NamedTuple):
    """Characters ``start`` to ``end`` of a text are a secret by ``rule``."""

    start: int
    end: int
    rule: str


class Value(NamedTuple):
    """A value beside a name; ``text`` is its beginning, ``written`` what stands before it."""

    text: str
    group: int
    written: str
    start: int

    @property
    def quoted(self) -> bool:
        """Whether it stands within quotes."""
        return self.group < 3

    def hit(self, whole: str) -> Hit:
        """All of the value; only a secret's is measured, or long lines would cost their square."""
        end = self.start + len(self.text)
        if len(self.text) == rules.VALUE_CHARACTERS:
            rest = rules.REST_OF_VALUE[self.group - 1].match(whole, end)
            end = rest.end() if rest else end
        return Hit(self.start, end, NAMED)


def is_named_secret(kind: Certainty, value: str) -> bool:
    """Tell whether the value of an option or a key whose name says ``kind`` is a secret."""
    if value.startswith(MARK) or _NOTHING.fullmatch(value):
        return False
    if kind == "sure":
        return True
    return not _NUMBER.fullmatch(value) if kind == "bare" else _looks_random(value)


def is_text_secret(kind: Certainty, value: Value) -> bool:
    """Tell whether ``name = value`` in running text gives a secret away."""
    if kind != "sure":
        return _looks_random(value.text)
    if value.text.startswith(MARK) or _NOTHING.fullmatch(value.text):
        return False
    return value.quoted or certainty(value.text) is None


def is_literal_secret(kind: Certainty, value: Value) -> bool:
    """Tell a secret written out in a file from code that handles one."""
    text = value.text
    if not is_text_secret(kind, value):
        return False
    if kind != "sure":
        return True
    if len(text) < 6 or not _has_letter_and_digit(text):
        return False
    if _CODE.search(text) or _PLACEHOLDER.search(text) or text.startswith(_PATH_STARTS):
        return False
    is_setting = value.written.rstrip("=").isupper() and value.written.endswith("=")
    if value.quoted or is_setting:
        return True
    return not _IDENTIFIER.fullmatch(text) or _looks_random(text)


def _looks_random(text: str) -> bool:
    return _RANDOM.fullmatch(text) is not None and _has_letter_and_digit(text)


def _has_letter_and_digit(text: str) -> bool:
    return any(map(str.isdigit, text)) and any(map(str.isalpha, text))


def shape_hits(text: str) -> Iterator[Hit]:
    """Find secrets that are known by their own form, URL userinfo among them."""
    lowered = _lowered(text)
    for shape in rules.SHAPES:
        for start in shape.starts:
            taken = 0
            for position in _positions(start, lowered):
                match = shape.pattern.match(text, position) if position >= taken else None
                if match and not match[shape.pattern.groups].startswith(MARK):
                    taken = match.end()
                    yield Hit(*match.span(shape.pattern.groups), shape.name)
    if "://" in text:
        yield from userinfo_hits(text)


def userinfo_hits(text: str) -> Iterator[Hit]:
    """Find user and password, or a bare token, in URLs; the login name of ssh is none."""
    for match in rules.USERINFO.finditer(text):
        scheme = rules.SCHEME_BEFORE.search(text[max(0, match.start() - 21) : match.start()])
        if scheme is None or match[1].startswith(MARK):
            continue
        if ":" not in match[1] and scheme[0].lower() in rules.NAMES_A_USER_ONLY:
            continue
        yield Hit(*match.span(1), "url-userinfo")


def named_hits(text: str, is_secret: Callable[[Certainty, Value], bool]) -> Iterator[Hit]:
    """Find ``name = value`` where the name tells of a secret and ``is_secret`` agrees."""
    lowered = _lowered(text)
    for word in rules.TELLING_WORDS:
        taken = 0
        for position in _positions(word, lowered):
            end = rules.NAME_END.match(text, position) if position >= taken else None
            if end is None:
                continue
            start = _name_start(text, position)
            kind = certainty(text[start : end.end()].rstrip(" \t=:>\\\"']"))
            value = _value_at(text, end.end(), text[start : end.end()]) if kind else None
            if kind and value and is_secret(kind, value):
                hit = value.hit(text)
                taken = hit.end
                yield hit


def option_hits(text: str) -> Iterator[Hit]:
    """Find ``--password VALUE`` in running text."""
    taken = 0
    for position in _positions("--", text):
        option = rules.OPTION.match(text, position) if position >= taken else None
        kind = certainty(option[1]) if option else None
        value = _value_at(text, option.end()) if option and kind else None
        if kind and value and is_named_secret(kind, value.text):
            hit = value.hit(text)
            taken = hit.end
            yield hit


def _lowered(text: str) -> str:
    """Lower case of the same length: the one letter that would grow is replaced first."""
    return text.replace("\u0130", "I").lower()


def _positions(needle: str, lowered: str) -> Iterator[int]:
    position = lowered.find(needle)
    while position >= 0:
        yield position
        position = lowered.find(needle, position + len(needle))


def _name_start(text: str, position: int) -> int:
    start = position
    while start > 0 and position - start < 64 and text[start - 1] in _NAME_CHARACTERS:
        start -= 1
    return start


def _value_at(text: str, position: int, written: str = "") -> Value | None:
    match = rules.VALUE.match(text, position)
    if match is None:
        return None
    group = match.lastindex or 3
    if group == 3 and text[match.end() : match.end() + 1] in ("(", "[", "{"):
        return None
    return Value(match[group], group, written, match.start(group))
