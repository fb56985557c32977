"""What makes two runs one experiment: settings but for seeds, code, data. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from reportgen.runs.schema import Data, GitInfo


class Experiment(NamedTuple):
    """What replicates share.

    Attributes:
        setting: SHA-256 of the configuration without its seeds.
        code: Id of the recorded tree, or the digest of the package that ran; None when unknown.
        data: The hash of each input, or its version where it has none, by name.
    """

    setting: str
    code: str | None
    data: tuple[str, ...]


def experiment_of(setting: str, git: GitInfo | None, data: Data | None) -> Experiment:
    """Return what a run shares with its replicates.

    Args:
        setting: As :func:`setting_of` returns it.
        git: git_info.yaml.
        data: data.yaml.
    """
    package = git.packaged.record_sha256 if git and git.packaged else None
    inputs = data.inputs if data else []
    return Experiment(
        setting=setting,
        code=(git.tree if git else None) or package,
        data=tuple(sorted(one.sha256 or _text([one.name, one.version]) for one in inputs)),
    )


def setting_of(config: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a flat configuration without its seeds; 1 and 1.0 are one value."""
    kept = sorted((key, _plain(value)) for key, value in config.items() if not is_seed(key))
    return sha256(_text(kept).encode("utf-8", "surrogatepass")).hexdigest()


def is_seed(key: str) -> bool:
    """Tell whether a dotted key is a seed: ``seed`` itself, or a name that ends in ``_seed``."""
    last = key.rpartition(".")[2].lower().replace("-", "_")
    return last == "seed" or last.endswith("_seed")


def _plain(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return _text(int(value) if whole else value)


def _text(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=True)
