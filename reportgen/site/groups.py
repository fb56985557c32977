"""Seeds of one setting: runs whose configuration is equal but for the seed belong together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

_SEED = re.compile(r"(?:^|[._])seed$")
_TIME = re.compile(r"\d{8}(?:[-T]?\d{4,6})?|\d{6}")
_WORDS = re.compile(r"[_\s]+")


def is_seed(key: str) -> bool:
    """Tell whether a dotted configuration key names a seed (``seed``, ``data_seed``)."""
    return _SEED.search(key) is not None


def setting_of(config: Mapping[str, Any]) -> str:
    """Return a text that is equal for two flat configurations that differ only in seeds."""
    plain = {str(key): value for key, value in config.items() if not is_seed(str(key))}
    return canonical(plain)


def canonical(value: Any) -> str:
    """Return a value as text that is equal exactly when two values are."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    try:
        return orjson.dumps(value, default=str, option=options).decode("utf-8")
    except (TypeError, ValueError):  # an integer over 64 bits, a lone surrogate
        return repr(value)


def split_keys(configs: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """Return the keys that vary and those that are the same in all, seeds left out.

    Keys that vary come with the most telling first: set in most configurations, then with the
    most values, then in their order. A key that some configurations lack varies.
    """
    order: dict[str, None] = {}
    for config in configs:
        order.update(dict.fromkeys(config))
    varied: list[tuple[int, int, int, str]] = []
    same = []
    for place, key in enumerate(order):
        if is_seed(key):
            continue
        values = [canonical(config[key]) for config in configs if key in config]
        distinct = len(set(values))
        if distinct == 1 and len(values) == len(configs):
            same.append(key)
        else:
            varied.append((-len(values) * (distinct > 1), -distinct, place, key))
    return [key for *_, key in sorted(varied)], same


def common_name(names: Sequence[str]) -> str:
    """Return what the names of one setting share, word by word; the first name when nothing.

    >>> common_name(["mlp_digits_20260101-1000_lr0.1_s1", "mlp_digits_20260101-1030_lr0.1_s2"])
    'mlp_digits_lr0.1'
    """
    if len(names) < 2:
        return names[0]
    words = [_WORDS.split(name) for name in names]
    length = min(map(len, words))
    shared = [words[0][i] for i in range(length) if len({row[i] for row in words}) == 1]
    text = "_".join(word for word in shared if word)
    return text if len(text) >= 3 else names[0]


def timeless(names: Sequence[str]) -> list[str]:
    """Return names without the words that are times, each that stays unlike all others.

    >>> timeless(["mlp_20261123-101500_s1", "mlp_20261123-101900_s2", "x_20261123", "x_20261124"])
    ['mlp_s1', 'mlp_s2', 'x_20261123', 'x_20261124']
    """
    short = [
        "_".join(word for word in name.split("_") if not _TIME.fullmatch(word)) for name in names
    ]
    counts = Counter([*short, *set(names)])
    return [
        plain if plain and counts[plain] == 1 + (plain == name) else name
        for plain, name in zip(short, names, strict=True)
    ]


def short_labels(names: Sequence[str]) -> list[str]:
    """Return of each name only the words in which they differ, without times; all whole where
    two would become the same or one would vanish.

    >>> short_labels(["mlp_20261123-101500_lr0.1_w64", "mlp_20261123-101900_lr0.1_w128"])
    ['w64', 'w128']
    """
    if len(names) < 2:
        return list(names)
    words = [name.split("_") for name in names]
    shared = set(words[0]).intersection(*words[1:])
    for dull in (lambda word: word in shared or _TIME.fullmatch(word), shared.__contains__):
        short = ["_".join(word for word in row if not dull(word)) for row in words]
        if all(short) and len(set(short)) == len(set(names)):
            return short
    return list(names)


def shown(value: Any) -> str:
    """Return a configuration value as a person would write it in YAML."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value if value else '""'
    if isinstance(value, float):
        return repr(value).removesuffix(".0") if abs(value) < 1e15 else repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(shown(item) for item in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {shown(item)}' for key, item in value.items())}}}"
    return str(value)
