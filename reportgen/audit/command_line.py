"""What a recorded command line says about the configuration: options, overrides, their values.

Pure. Reads the forms of argparse (``--name value``, ``--name=value``, ``--flag``, ``--no-flag``),
and of Hydra and OmegaConf (``name=value``, ``+name=value``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.runs.redact import is_redacted

_OVERRIDE = re.compile(r"^\+{0,2}(?P<name>[A-Za-z_][\w.@/-]{0,200})=(?P<value>.*)$", re.DOTALL)
_OPTION = re.compile(r"^--?(?P<name>[A-Za-z][\w.-]{0,200})(?:=(?P<value>.*))?$", re.DOTALL)
_TRUE = frozenset({"true", "1", "yes", "on", "y", "t"})
_FALSE = frozenset({"false", "0", "no", "off", "n", "f"})
_NULL = frozenset({"null", "none", "~", ""})


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a command line.

    Attributes:
        name: Without its dashes or plus signs.
        words: Its values; empty for a bare flag.
        text: As it stood.
    """

    name: str
    words: tuple[str, ...]
    text: str


def options_of(argv: Sequence[str]) -> list[Option]:
    """Return the options of a command line in their order; ``argv[0]`` is the program."""
    found: list[Option] = []
    words: list[str] | None = None
    name = ""

    def close() -> None:
        if words is not None:
            text = " ".join([f"--{name}", *words])
            found.append(Option(name, tuple(words), text))

    for word in argv[1:]:
        if word == "--":
            close()
            words = None
            continue
        option = None if _is_number(word) else _OPTION.match(word)
        override = None if word.startswith("-") else _OVERRIDE.match(word)
        if option is None and override is None:
            if words is not None:
                words.append(word)
            continue
        close()
        words = None
        match = option or override
        assert match is not None  # noqa: S101 - one of the two matched
        name = match["name"]
        if match["value"] is None:
            words = []
        else:
            found.append(Option(name, (match["value"],), word))
    close()
    return found


@dataclass(frozen=True, slots=True)
class Override:
    """An option that names a key of the configuration.

    Attributes:
        option: The option.
        key: The dotted key.
        agrees: Whether the configuration has that value; None when the two cannot be compared.
    """

    option: Option
    key: str
    agrees: bool | None


def overrides_of(argv: Sequence[str], config: Mapping[str, Any]) -> list[Override]:
    """Return the options that name a key of a flat configuration, the last one for each key.

    Args:
        argv: The command line.
        config: Values by dotted key.
    """
    found: dict[str, Override] = {}
    for option in options_of(argv):
        negated = False
        key = key_named(option.name, config)
        if key is None and option.name.startswith(("no-", "no_")):
            key = key_named(option.name[3:], config)
            negated = key is not None and isinstance(config[key], bool) and not option.words
            if not negated:
                key = None
        if key is None:
            continue
        value = config[key]
        words = option.words
        if isinstance(value, list) and key in found and len(words) == 1:
            words = (*found[key].option.words, *words)
            option = Option(option.name, words, f"{found[key].option.text} {option.text}")
        found[key] = Override(option, key, value is False if negated else agrees(words, value))
    return list(found.values())


def key_named(name: str, config: Mapping[str, Any]) -> str | None:
    """Return the one key that an option's name means: itself, or the only one ending in it."""
    wanted = name.replace("-", "_")
    plain = {key.replace("-", "_"): key for key in config}
    if wanted in plain:
        return plain[wanted]
    ending = [key for text, key in plain.items() if text.endswith(f".{wanted}")]
    return ending[0] if len(ending) == 1 else None


def agrees(words: Sequence[str], value: Any) -> bool | None:
    """Tell whether the words of an option say what a configuration holds, None if unclear."""
    if isinstance(value, bool):
        word = words[0].lower() if words else ""
        # A word that is no truth value belongs to somebody else: the option is a bare flag.
        return value == (word in _TRUE) if word in _TRUE | _FALSE else value
    if not words or any(map(is_redacted, words)):
        return None
    if isinstance(value, list):
        parts = _parts(words)
        if len(parts) != len(value):
            return False
        return all(
            agrees([part], item) is not False for part, item in zip(parts, value, strict=True)
        )
    if isinstance(value, Mapping):
        return None
    return _same_scalar(words[0], value)


def says_null(words: Sequence[str]) -> bool:
    """Tell whether an option's value is null."""
    return len(words) == 1 and words[0].lower() in _NULL


def _same_scalar(word: str, value: Any) -> bool:
    if value is None:
        return word.lower() in _NULL
    stripped = word.strip("'\"")
    if str(value) in (word, stripped):
        return True
    left, right = _as_number(stripped), _as_number(str(value))
    return left is not None and left == right


def _parts(words: Sequence[str]) -> list[str]:
    if len(words) > 1:
        return list(words)
    inner = words[0].strip().removeprefix("[").removesuffix("]")
    return [part.strip() for part in inner.split(",")] if inner else []


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _is_number(word: str) -> bool:
    return word.startswith("-") and _as_number(word) is not None
