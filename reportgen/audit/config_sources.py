"""The files that a configuration was made of, and where it says something else than they do. Pure.

What a file says goes into the configuration unless the command line sets it. Keys may stand below
a section there (Hydra mounts ``model/mlp.yaml`` below ``model``); references such as ``${lr}`` and
the mark ``???`` say nothing of the value; of several files that name a key, one has to agree.
"""

from __future__ import annotations

import posixpath
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from reportgen.audit.command_line import agrees, key_named, options_of, overrides_of
from reportgen.audit.settings import number_in, plain
from reportgen.errors import UnreadableError
from reportgen.fs.documents import parse_json, parse_yaml
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.runs.redact import is_redacted
from reportgen.runs.view import flatten

ENDINGS: Final = (".yaml", ".yml", ".json", ".toml")
_ABOUT_CONFIGS = ("config", "cfg", "conf", "hparams", "hyperparameters", "params", "settings")
_OF_THE_COMPOSER = ("defaults", "hydra")


@dataclass(frozen=True, slots=True)
class Source:
    """A configuration file.

    Attributes:
        path: Its path in the repository, or its name.
        data: Its bytes.
        values: What it says, by dotted key.
    """

    path: str
    data: bytes
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """A key of a file that the configuration has otherwise.

    Attributes:
        path: The file.
        key: In the file.
        value: In the file.
        configured: The key in the configuration, None when it is not there.
    """

    path: str
    key: str
    value: Any
    configured: str | None


def read_source(data: bytes, path: str) -> Source | None:
    """Return a configuration file, None when it holds no settings by name.

    Raises:
        UnreadableError: It is not of the format that its ending says.
        LimitError: It is larger or deeper than the limits.
    """
    if path.endswith(".toml"):
        values: Any = _toml(data, path)
    else:
        parse = parse_json if path.endswith(".json") else parse_yaml
        values = parse(data, name=path).value
    return Source(path, data, flatten(values)) if isinstance(values, dict) else None


def _toml(data: bytes, path: str) -> dict[str, Any]:
    if len(data) > DEFAULT_LIMITS.document_bytes:
        raise UnreadableError(f"has {len(data)} bytes", where=path)
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"is not valid TOML: {str(error)[:120]}", where=path) from None


def named_files(argv: Sequence[str], cwd: str | None) -> list[str]:
    """Return the files that a command line names as configuration, as paths in the repository.

    Those are the values of options such as ``--config`` and arguments that belong to no option,
    as far as they end like one and lie in the repository.
    """
    options = options_of(argv)
    of_options = {word for option in options for word in option.words}
    words = [
        word
        for option in options
        if any(part in plain(option.name) for part in _ABOUT_CONFIGS) or option.name == "c"
        for word in option.words
    ]
    words += [word for word in argv[1:] if word not in of_options and not word.startswith("-")]
    paths = [_in_repository(word, cwd) for word in words if word.lower().endswith(ENDINGS)]
    return list(dict.fromkeys(path for path in paths if path))


def _in_repository(word: str, cwd: str | None) -> str | None:
    path = posixpath.normpath(posixpath.join(cwd or ".", word))
    return None if path.startswith(("../", "/", "~")) or "=" in word else path


def is_source(source: Source, config: Mapping[str, Any], named: Sequence[str]) -> bool:
    """Tell whether a file is one that a configuration was made of.

    One that was named as such is; of others, those of whose keys at least half are configured:
    a command line may name a JSON file of data as well.
    """
    if source.path in named or any(posixpath.basename(one) == source.path for one in named):
        return True
    keys = list(_keys(source))
    return bool(keys) and 2 * sum(bool(_places(key, config)) for key in keys) >= len(keys)


def compared(
    sources: Sequence[Source], config: Mapping[str, Any], argv: Sequence[str]
) -> tuple[int, list[Difference]]:
    """Return how many keys the files set and the command line does not, and where they differ.

    Args:
        sources: The files.
        config: Values by dotted key.
        argv: The command line.
    """
    overridden = {override.key for override in overrides_of(argv, config)}
    # An option may be called otherwise than the key it sets.
    foreign = [
        word
        for option in options_of(argv)
        if key_named(option.name, config) is None
        for word in option.words
    ]
    agreeing: set[str] = set()
    differing: dict[str, Difference] = {}
    for source in sources:
        for key in _keys(source):
            value = source.values[key]
            places = _places(key, config)
            if _says_nothing(value) or overridden.intersection(places):
                continue
            same = [at for at in places if _same(value, config[at], foreign)]
            if same:
                agreeing.update(same)
            else:
                at = places[0] if places else None
                differing.setdefault(at or key, Difference(source.path, key, value, at))
    left = [one for at, one in differing.items() if at not in agreeing]
    return len(agreeing) + len(left), left


def _keys(source: Source) -> Iterator[str]:
    for key in source.values:
        first = key.split(".", 1)[0]
        if first not in _OF_THE_COMPOSER and not first.startswith(("_", ".", "x-")):
            yield key


def _places(key: str, config: Mapping[str, Any]) -> list[str]:
    """Return the keys of a configuration that a key of a file may have become."""
    if key in config:
        return [key]
    ending = f".{key}"
    return [name for name in config if name.endswith(ending)]


def _says_nothing(value: Any) -> bool:
    if isinstance(value, str):
        return "${" in value or value.strip() == "???" or is_redacted(value)
    if isinstance(value, list):
        return any(map(_says_nothing, value))
    return bool(value == {})


def _same(value: Any, configured: Any, words: Sequence[str]) -> bool:
    if same_value(value, configured):
        return True
    if isinstance(configured, bool) or not isinstance(configured, int | float | str):
        return False
    hidden = isinstance(configured, str) and is_redacted(configured)
    return hidden or any(agrees([word], configured) for word in words)


def same_value(left: Any, right: Any) -> bool:
    """Tell whether two values of configurations are one: 1 and 1.0, 1e-3 as text and as number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same_value, left, right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same_value(left[k], right[k]) for k in left)
    if isinstance(left, datetime | date | time):
        return left.isoformat() == str(right)
    one, other = number_in(left), number_in(right)
    return bool(left == right) or (one is not None and one == other)
