"""What the name of a run tells: model, dataset, time and what was varied, or nothing at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

MODEL_KEYS: Final = (
    *("model", "model.name", "model.type", "model.arch", "model_name", "arch", "architecture"),
    *("model.architecture", "model.kind", "backbone", "network", "net", "model_name_or_path"),
)
"""Keys of a configuration that name the model, most telling first."""

DATASET_KEYS: Final = (
    *("dataset", "dataset.name", "data.name", "data.dataset", "dataset_name", "data.type"),
    *("datamodule", "data", "task"),
)
"""Keys of a configuration that name the dataset, most telling first."""

_EMPTY_WORDS = frozenset(
    {"test", "testing", "final", "new", "old", "tmp", "temp", "model", "run", "exp", "experiment"}
    | {"try", "trial", "again", "actually", "really", "debug", "foo", "bar", "untitled", "asdf"}
    | {"copy", "latest", "best", "last", "baseline", "default", "my", "the", "train", "training"}
    | {"v"}
)
_ENDING = re.compile(r"\.(py|csv|tsv|jsonl?|parquet|npz|ya?ml|pt|zip|tar|gz|txt)$")
_TIME = re.compile(r"\d{4}-?\d\d-?\d\d(?:[T_-]?\d\d[:h-]?\d\d(?:[:m-]?\d\d)?)?")


def says_nothing(name: str) -> bool:
    """Tell whether a name consists of words that every run could have ("final_v2", "test")."""
    words = re.findall(r"[a-z]+|\d+", name.lower())
    telling = [word for word in words if not word.isdigit() and word not in _EMPTY_WORDS]
    return bool(words) and not telling and not re.search(r"\d{6}", name)


def stated(flat_config: Mapping[str, Any], keys: Iterable[str]) -> str | None:
    """Return what the first of some keys names, as a name of a run would have it, or None."""
    for key in keys:
        value = flat_config.get(key)
        if isinstance(value, str) and value.strip():
            return stem(value)
    return None


def stem(text: str) -> str:
    """Return the telling end of a path or a hub name: ``data/digits.csv`` is ``digits``."""
    last = PurePosixPath(text.strip().replace("\\", "/")).name or text
    return (_ENDING.sub("", last) or last)[:40]


def time_in(name: str) -> str | None:
    """Return the date, with the time of day if there is one, that a name holds, or None."""
    match = _TIME.search(name)
    return match[0] if match else None
