"""Why runs differ: the differences of their conditions, the likeliest cause first. Pure.

The order is a judgement, no measurement, and says so: what changes which computation is done
(code, data, configuration) comes before what changes its rounding (environment) and before what
only draws other numbers from the same distribution (seeds). A factor goes down when the record
says that it had no part: code of which no loaded file differs, keys that no run read, packages
that do not compute. Telling causes apart for certain takes runs that differ in one factor alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final, Literal

from msgspec import Struct

from reportgen.compare.code import CodeComparison
from reportgen.compare.differences import Difference, differing

Factor = Literal["code", "data", "config", "environment", "seed"]
Weight = Literal["changes the computation", "may change the result", "unlikely"]
FACTORS: Final[tuple[Factor, ...]] = ("code", "data", "config", "environment", "seed")
WEIGHTS: Final[tuple[Weight, ...]] = (
    "changes the computation",
    "may change the result",
    "unlikely",
)
COMPUTING: Final = frozenset(
    {"torch", "torchvision", "torchaudio", "tensorflow", "keras", "jax", "jaxlib", "flax", "optax"}
    | {"numpy", "scipy", "scikit-learn", "pandas", "polars", "xgboost", "lightgbm", "catboost"}
    | {"transformers", "datasets", "tokenizers", "accelerate", "peft", "diffusers", "timm"}
    | {"triton", "mkl", "onnxruntime", "numba", "cupy", "lightning", "pytorch-lightning"}
    | {"statsmodels", "torchmetrics", "albumentations", "opencv-python", "pillow", "einops"}
)
"""Packages whose version is known to change numbers."""
_QUIET = re.compile(r"os\.(release|distribution)|hardware\.memory_bytes|python\.abi")
_HASHES = ("sha256", "ids_sha256", "rows", "count")


class Cause(Struct, frozen=True, kw_only=True):
    """One factor that differs.

    Attributes:
        factor: Which.
        weight: How much a difference of this kind can do.
        why: What is known of it, in one sentence.
        differences: What differs, the weightiest first.
    """

    factor: Factor
    weight: Weight
    why: str
    differences: tuple[Difference, ...]


def rank_causes(
    *,
    code: CodeComparison,
    data: Sequence[Difference],
    config: Sequence[Difference],
    environment: Sequence[Difference],
    seeds: Sequence[Difference],
    keys_read: Collection[str] | None = None,
) -> list[Cause]:
    """Return the factors that differ, the likeliest cause of other results first.

    Args:
        code: As ``compare_code`` returns it.
        data, config, environment, seeds: As ``compare_sections`` returns them.
        keys_read: Keys of the configuration that any of the runs read; None when that was not
            recorded by each.
    """
    found = [
        _code(code),
        _data(data),
        _config(config, keys_read),
        _environment(environment),
        _seeds(seeds),
    ]
    causes = [cause for cause in found if cause is not None]
    return sorted(causes, key=lambda one: (WEIGHTS.index(one.weight), FACTORS.index(one.factor)))


def _code(code: CodeComparison) -> Cause | None:
    loaded = [one for one in differing(code.differences) if one.key.startswith("loaded.")]
    if code.same is not False and not loaded:
        return None
    weight: Weight = WEIGHTS[0]
    if loaded:
        files = (
            "1 loaded file differs" if len(loaded) == 1 else f"{len(loaded)} loaded files differ"
        )
        why = files
    elif code.loaded_differ is False:
        weight, why = WEIGHTS[2], f"{code.how}, but the files that were loaded are the same"
    else:
        why = f"{code.how}; which files were loaded was not recorded by each run"
    rest = [one for one in differing(code.differences) if one not in loaded]
    return Cause(factor="code", weight=weight, why=why, differences=(*loaded, *rest))


def _data(data: Sequence[Difference]) -> Cause | None:
    found = differing(data)
    if not found:
        return None
    content = [one for one in found if one.key.rpartition(".")[2] in _HASHES]
    if content:
        return Cause(
            factor="data",
            weight=WEIGHTS[0],
            why="other bytes, or other examples, were read",
            differences=_first(content, found),
        )
    return Cause(
        factor="data",
        weight=WEIGHTS[2],
        why="the content has the same hash; only what is said about it differs",
        differences=tuple(found),
    )


def _config(config: Sequence[Difference], keys_read: Collection[str] | None) -> Cause | None:
    found = differing(config)
    if not found:
        return None
    if keys_read is None:
        why = "which keys were read was not recorded by each run"
        return Cause(factor="config", weight=WEIGHTS[0], why=why, differences=tuple(found))
    read = [one for one in found if one.key in keys_read]
    if not read:
        why = "no run read any of these keys"
        return Cause(factor="config", weight=WEIGHTS[2], why=why, differences=tuple(found))
    why = "1 of them was read" if len(read) == 1 else f"{len(read)} of them were read"
    return Cause(factor="config", weight=WEIGHTS[0], why=why, differences=_first(read, found))


def _environment(environment: Sequence[Difference]) -> Cause | None:
    found = differing(environment)
    if not found:
        return None
    telling = [one for one in found if computes(one.key)]
    if telling:
        return Cause(
            factor="environment",
            weight=WEIGHTS[1],
            why="what computes is not the same: rounding and order of operations may differ",
            differences=_first(telling, found),
        )
    return Cause(
        factor="environment",
        weight=WEIGHTS[2],
        why="nothing that computes differs",
        differences=tuple(found),
    )


def computes(key: str) -> bool:
    """Tell whether a dotted key of an environment names something that changes numbers."""
    section, _, rest = key.partition(".")
    if section == "packages":
        name = rest.lower().replace("_", "-")
        return name in COMPUTING or name.startswith("nvidia-")
    if section == "hardware" and rest.startswith("gpus"):
        return True
    return not _QUIET.match(key)


def _seeds(seeds: Sequence[Difference]) -> Cause | None:
    found = differing(seeds)
    if not found:
        return None
    states = [one for one in seeds if one.key.startswith("seeds.state_sha256.")]
    if states and all(one.state == "same" for one in states):
        why = "the generators started from the same states all the same"
        weight = WEIGHTS[2]
    else:
        why = "other random numbers: initial weights, order of examples, dropout"
        weight = WEIGHTS[1]
    return Cause(factor="seed", weight=weight, why=why, differences=tuple(found))


def _first(telling: Sequence[Difference], found: Sequence[Difference]) -> tuple[Difference, ...]:
    return (*telling, *(one for one in found if one not in telling))
