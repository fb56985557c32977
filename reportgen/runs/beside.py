"""What stands beside run folders: sweep.yaml of a group, models.yaml of a root."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.errors import NotFoundError, UnreadableError
from reportgen.fs.documents import parse_yaml
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.fs.regular import read_regular
from reportgen.runs import layout
from reportgen.runs.schema import Sweep
from reportgen.runs.validate import convert_tolerantly


def read_sweep(group: Path) -> Sweep | None:
    """Return the sweep.yaml of a group's folder, None when there is none.

    Keys that do not fit are left out.

    Raises:
        UnreadableError: It is there and is no mapping in YAML, or a link.
        LimitError: It is too large.
    """
    raw = _mapping_in(group, layout.SWEEP)
    if raw is None:
        return None
    sweep, problems = convert_tolerantly(raw, Sweep, name=layout.SWEEP)
    if sweep is None:
        raise UnreadableError(problems[-1].message, where=layout.SWEEP)
    return sweep


@dataclass(frozen=True, slots=True)
class Promotion:
    """A model that was given a name.

    Attributes:
        name: Where it stands in models.yaml, as a dotted key.
        run: Id or name of the run.
        sha256: Of the checkpoint.
    """

    name: str
    run: str
    sha256: str


def read_promotions(root: Path) -> list[Promotion]:
    """Return what the models.yaml of a root binds to names now; what it was before is left out.

    Every mapping with the keys ``run`` and ``sha256`` binds a checkpoint, wherever it stands.

    Raises:
        UnreadableError, LimitError: As :func:`read_sweep`.
    """
    raw = _mapping_in(root, layout.MODELS)
    return list(_bound(raw or {}, ""))


def _bound(node: Mapping[Any, Any], name: str) -> Iterator[Promotion]:
    run, digest = node.get("run"), node.get("sha256")
    if isinstance(run, str) and isinstance(digest, str):
        yield Promotion(name, run, digest.lower())
    for key, value in node.items():
        if isinstance(value, Mapping) and key != "history":
            yield from _bound(value, f"{name}.{key}" if name else str(key))


def _mapping_in(folder: Path, name: str) -> Mapping[Any, Any] | None:
    try:
        data = read_regular(folder, name, limit=DEFAULT_LIMITS.document_bytes)
    except NotFoundError:
        return None
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror}", where=name) from None
    value = parse_yaml(data, name=name).value
    if not isinstance(value, Mapping):
        raise UnreadableError("is no mapping", where=name, expected="keys and values")
    return value
