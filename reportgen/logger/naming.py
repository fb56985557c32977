"""Names of runs: ``{model}_{dataset}_{timestamp}_{what varied}`` unless the user knows better."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from reportgen.errors import UsageError
from reportgen.fs.paths import portable_component
from reportgen.runs.naming import DATASET_KEYS, MODEL_KEYS, stated, stem

_VARIED_LIMIT = 60
_VALUE_LIMIT = 20


class Place(NamedTuple):
    """Where a run belongs below its root."""

    project: str | None
    group: str | None
    name: str | None


def split_name(name: str | None, project: str | None, group: str | None) -> Place:
    """Return project, group and name; ``a/b/c`` as a name gives all three, ``a/b`` two.

    Raises:
        UsageError: More parts, an empty one, or one that contradicts ``project`` or ``group``.
    """
    if not isinstance(name, str) or "/" not in name:
        return Place(_word(project, "project"), _word(group, "group"), _word(name, "name"))
    parts = name.split("/")
    if len(parts) > 3:
        raise UsageError(
            f"the name {name!r:.120} has {len(parts)} parts",
            where="start_run(name=)",
            expected="a name, or project/group/name",
        )
    if len(parts) == 3:
        found = Place(parts[0], parts[1], parts[2])
    elif project is not None and project != parts[0]:
        found = Place(project, parts[0], parts[1])
    else:
        found = Place(parts[0], group, parts[1])
    for told, given, part in ((found.project, project, "project"), (found.group, group, "group")):
        if given is not None and told != given:
            raise UsageError(
                f"the name {name!r:.120} says {part} {told!r:.60}, {part}= says {given!r:.60}",
                where="start_run",
                fix="Say it once.",
            )
    return Place(
        _word(found.project, "project"), _word(found.group, "group"), _word(found.name, "name")
    )


def _word(text: Any, part: str) -> str | None:
    if text is None:
        return None
    if not isinstance(text, str) or not text.strip() or text in (".", "..") or not _fits(text):
        raise UsageError(
            f"the {part} is {text!r:.60}",
            where=f"start_run({part}=)",
            expected="a text of at most 500 characters that could name a folder",
        )
    return text


def _fits(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return len(text) <= 500


def default_name(
    flat_config: Mapping[str, Any],
    *,
    moment: str,
    varied: Mapping[str, Any],
    program: str | None,
    inputs: Sequence[str] = (),
) -> str:
    """Return a name for a run that was given none.

    Args:
        flat_config: The configuration with dotted keys; model and dataset are looked for there.
        moment: The start, as ``20261123-101500``.
        varied: What sets this run apart, by dotted key; four random hexadecimal digits else.
        program: The script, which stands in for an unknown model.
        inputs: Names of the declared inputs, the first of which stands in for the dataset.
    """
    model = stated(flat_config, MODEL_KEYS) or stem(program or "run")
    dataset = stated(flat_config, DATASET_KEYS) or (stem(inputs[0]) if inputs else None)
    parts = [model, dataset, moment, _varied(varied) or secrets.token_hex(2)]
    return "_".join(portable_component(part) for part in parts if part)


def varied_of(
    overrides: Mapping[str, Any], flat_config: Mapping[str, Any], files: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what was varied: the overrides in argv, else what differs from the config files.

    Args:
        overrides: Configuration keys that argv sets, with their values.
        flat_config: The configuration with dotted keys.
        files: The configuration files, with dotted keys.
    """
    if overrides:
        return dict(overrides)
    declared: dict[str, Any] = {}
    for file in files:
        declared.update(file)
    return {
        key: value
        for key, value in flat_config.items()
        if key in declared and declared[key] != value
    }


def _varied(varied: Mapping[str, Any]) -> str:
    pieces: list[str] = []
    for key, value in varied.items():
        word = key.rpartition(".")[2]
        text = "" if value is True else str(value)
        piece = f"{word}{text[:_VALUE_LIMIT]}"
        if len("_".join([*pieces, piece])) > _VARIED_LIMIT:
            break
        pieces.append(piece)
    return "_".join(pieces)
