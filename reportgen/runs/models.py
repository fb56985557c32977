"""models.yaml: names for models, each bound to a checkpoint of a run by its SHA-256.

A name has aliases (``digits@champion``); an alias points at one checkpoint now and keeps what it
pointed at before. The file is plain text beside the runs: moving an alias is a change that can be
reviewed like any other.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import (
    NotFoundError,
    SchemaError,
    UnavailableError,
    UsageError,
)
from reportgen.fs.atomic import write_text
from reportgen.fs.documents import dump_yaml, load_yaml
from reportgen.fs.hashing import sha256_file
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.fs.regular import read_regular
from reportgen.runs import layout, lock
from reportgen.runs.checkpoint_choice import best_checkpoint
from reportgen.runs.model_document import (
    MODELS_SCHEMA,
    Binding,
    BoundMetric,
    Former,
    ModelRegistry,
)
from reportgen.runs.root import root_of
from reportgen.runs.schema import Checkpoint, Goal, to_plain
from reportgen.runs.seal import read_run_seal
from reportgen.runs.validate import convert
from reportgen.runs.view import RunView

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_HEAD = (
    "# Which checkpoint each name stands for. `reportgen models promote` writes this file,\n"
    "# `reportgen verify` checks every hash in it; comments of your own are not kept.\n"
)


@dataclass(frozen=True, slots=True)
class Promoted:
    """What a promotion does: the file before and after, as text."""

    path: Path
    before: str
    after: str
    binding: Binding
    replaced: Binding | None

    @property
    def changed(self) -> bool:
        """Whether the alias moves; it may point there already."""
        return self.before != self.after


def parse_name(text: str) -> tuple[str, str]:
    """Return name and alias of ``NAME@ALIAS``.

    Raises:
        UsageError: It is no such text.
    """
    name, at, alias = text.partition("@")
    if not at or not _WORD.fullmatch(name) or not _WORD.fullmatch(alias):
        raise UsageError(
            f"{text!r:.120} names no model",
            expected="NAME@ALIAS, of letters, digits and . _ -",
            fix="For example digits@champion",
        )
    return name, alias


def read_registry(root: Path) -> ModelRegistry | None:
    """Return the models.yaml of a folder of runs, None when there is none.

    Raises:
        SchemaError, UnreadableError, LimitError: It is there and is no registry.
    """
    place = f"{root}/{layout.MODELS}"
    try:
        data = read_regular(root, layout.MODELS, limit=DEFAULT_LIMITS.document_bytes)
    except NotFoundError:
        return None
    raw = load_yaml(data, name=place)
    if not isinstance(raw, Mapping) or raw.get("schema") != MODELS_SCHEMA:
        raise SchemaError("is no registry", where=place, expected=f"schema: {MODELS_SCHEMA}")
    return convert(raw, ModelRegistry, name=place)


def bindings(registry: ModelRegistry) -> Iterator[tuple[str, str, Binding]]:
    """Yield name, alias and what it stands for, in order."""
    for name, aliases in sorted(registry.models.items()):
        for alias, binding in sorted(aliases.items()):
            yield name, alias, binding


def plan_promotion(
    view: RunView,
    text: str,
    *,
    now: str,
    checkpoint: str | None = None,
    note: str | None = None,
    goals: Mapping[str, Goal] | None = None,
) -> Promoted:
    """Return what binding ``NAME@ALIAS`` to a checkpoint of a run would do to models.yaml.

    Args:
        view: The run.
        text: ``NAME@ALIAS``.
        now: The time, as the standard writes it.
        checkpoint: The file; the best of the run by default.
        note: Why, in a sentence.
        goals: Directions of metrics from the settings.

    Raises:
        UsageError: The name is none, or the checkpoint is not the one that the run sealed.
        NotFoundError: The run has no such checkpoint.
        ReportgenError: models.yaml cannot be read.
    """
    name, alias = parse_name(text)
    chosen = checkpoint or best_checkpoint(view, goals)
    if chosen is None or not view.exists(chosen):
        known = ", ".join(list(view.checkpoints)[:8]) or "the run has none"
        raise NotFoundError(
            f"there is no checkpoint {chosen!r:.200}" if chosen else "there is no checkpoint",
            where=str(view.folder),
            expected=known,
        )
    root = root_of(view)[0]
    described = view.checkpoints.get(chosen)
    binding = Binding(
        run=view.id,
        path=view.absolute_folder.relative_to(root).as_posix(),
        checkpoint=chosen,
        sha256=_sealed_hash(view, chosen),
        promoted=now,
        metric=_metric(described),
        note=note,
    )
    registry = read_registry(root) or ModelRegistry(schema=MODELS_SCHEMA)
    before = _text_of(root)
    replaced = registry.models.get(name, {}).get(alias)
    if replaced is not None and _same(replaced, binding):
        return Promoted(root / layout.MODELS, before, before, replaced, replaced)
    if replaced is not None:
        former = Former(
            run=replaced.run,
            path=replaced.path,
            checkpoint=replaced.checkpoint,
            sha256=replaced.sha256,
            promoted=replaced.promoted,
            until=now,
            note=replaced.note,
        )
        binding.history = [former, *replaced.history]
    registry.models.setdefault(name, {})[alias] = binding
    return Promoted(root / layout.MODELS, before, _rendered(registry), binding, replaced)


def promote(plan: Promoted) -> None:
    """Write models.yaml as planned, in one step.

    Raises:
        UnavailableError: Somebody else changed it since, or does now.
        OSError: The disk refused; the old file stands.
    """
    with _alone(plan.path.parent):
        if _text_of(plan.path.parent) != plan.before:
            raise UnavailableError(
                "was changed meanwhile", where=str(plan.path), fix="Run the command again"
            )
        write_text(plan.path, plan.after)


def _metric(described: Checkpoint | None) -> BoundMetric | None:
    if described is None or described.metric is None:
        return None
    return BoundMetric(name=described.metric.name, value=described.metric.value)


def _sealed_hash(view: RunView, checkpoint: str) -> str:
    digest, _ = sha256_file(view.folder, checkpoint)
    if view.exists(layout.MANIFEST):
        sealed = read_run_seal(view.folder).get(checkpoint)
        if sealed is None or sealed.sha256 != digest:
            raise UsageError(
                "is not the file that the run sealed",
                where=f"{view.folder}/{checkpoint}",
                fix="`reportgen verify` says what differs",
            )
    return digest


def _same(one: Binding, other: Binding) -> bool:
    return (one.run, one.checkpoint, one.sha256) == (other.run, other.checkpoint, other.sha256)


def _rendered(registry: ModelRegistry) -> str:
    plain = to_plain(registry)
    plain["models"] = {
        name: dict(sorted(aliases.items())) for name, aliases in sorted(plain["models"].items())
    }
    return _HEAD + dump_yaml(plain)


def _text_of(root: Path) -> str:
    try:
        data = read_regular(root, layout.MODELS, limit=DEFAULT_LIMITS.document_bytes)
    except NotFoundError:
        return ""
    return data.decode("utf-8", "replace")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep two promotions at once from losing one of them."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if not lock.hold(descriptor):
            raise UnavailableError(
                "somebody else promotes a model", where=str(folder), fix="Run the command again"
            )
        yield
    finally:
        os.close(descriptor)
