"""Hugging Face Trainer: ``trainer_state.json``, which each checkpoint of a training holds.

The file is documented with transformers (``TrainerState``). It grows from checkpoint to checkpoint,
so of one training only the one with the most steps is read. ``training_args.bin`` beside it is a
pickle and is not opened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from reportgen.errors import ReportgenError
from reportgen.importers.interface import (
    ImportedRun,
    ImportOptions,
    LeftAside,
    SourceFile,
    Unreadable,
)
from reportgen.importers.point_columns import PointColumns
from reportgen.importers.sources import HashedPieces, files_below, place_of
from reportgen.runs.numbers import from_stored
from reportgen.runs.schema import LeftOut

_NAME = "trainer_state.json"
_CHECKPOINT = re.compile(r"checkpoint-\d+")
_CONFIG = (
    *("max_steps", "num_train_epochs", "train_batch_size", "logging_steps", "eval_steps"),
    *("save_steps", "trial_name", "trial_params"),
)


@dataclass(frozen=True, slots=True)
class _State:
    """A file that was read; ``training`` is the folder of its training."""

    path: str
    training: str
    source: SourceFile
    value: dict[str, Any]

    @property
    def steps(self) -> int:
        found = self.value.get("global_step")
        return found if isinstance(found, int) else 0


class TrainerStateImporter:
    """Trainings of Hugging Face Trainer."""

    kind: ClassVar[str] = "hf-trainer"
    title: ClassVar[str] = "Hugging Face Trainer"

    def detect(self, source: Path) -> bool:
        """Tell whether ``source`` is, or holds, the state of a training."""
        return any(path.rpartition("/")[2] == _NAME for path in files_below(source))

    def read(
        self, source: Path, options: ImportOptions
    ) -> Iterator[ImportedRun | Unreadable | LeftAside]:
        """Yield the runs, as :class:`reportgen.importers.interface.Importer` says."""
        root, _ = place_of(source)
        longest: dict[str, _State] = {}
        for path in files_below(source, limits=options.limits):
            if path.rpartition("/")[2] != _NAME:
                continue
            found = _read(root, path, options)
            if isinstance(found, Unreadable):
                yield found
            elif found.training not in longest or found.steps > longest[found.training].steps:
                longest[found.training] = found
        for state in longest.values():
            yield _run(root, state, options)


def _read(root: Path, path: str, options: ImportOptions) -> _State | Unreadable:
    pieces = HashedPieces(root, path, options.limits.text_bytes)
    try:
        data = b"".join(pieces)
        # The Trainer writes NaN and Infinity as they are, which strict readers refuse.
        value = None if pieces.too_large else json.loads(data)
    except ReportgenError as error:
        return Unreadable(path, error.what)
    except OSError as error:
        return Unreadable(path, error.strerror or type(error).__name__)
    except (ValueError, RecursionError):
        return Unreadable(path, "is no JSON")
    if not isinstance(value, dict) or not isinstance(value.get("log_history"), list):
        what = f"holds more than {pieces.limit} bytes" if pieces.too_large else "has no log_history"
        return Unreadable(path, what)
    folder = path.rpartition("/")[0]
    above, _, name = folder.rpartition("/")
    training = above if _CHECKPOINT.fullmatch(name) else folder
    return _State(path, training, pieces.source(path), value)


def _run(root: Path, state: _State, options: ImportOptions) -> ImportedRun:
    columns, others = PointColumns(options.limits), 0
    for row in state.value["log_history"]:
        step = row.get("step") if isinstance(row, dict) else None
        if not isinstance(step, int) or isinstance(step, bool):
            others += 1
            continue
        for name, value in row.items():
            number = from_stored(value)
            if name != "step" and number is not None:
                columns.add(name, step, None, number)
            others += name != "step" and number is None
    left_out = []
    if others:
        what = f"{others} values that are no numbers"
        left_out.append(LeftOut(what=what, where=state.path, rule="not imported"))
    if columns.refused:
        what = f"{columns.refused} points beyond the limits"
        left_out.append(LeftOut(what=what, where=state.path, rule="size"))
    *above, name = (state.training or root.resolve().name).split("/")
    config = {key: state.value[key] for key in _CONFIG if state.value.get(key) is not None}
    return ImportedRun(
        kind=TrainerStateImporter.kind,
        source=state.training or ".",
        identity=state.training or ".",
        name=name,
        group="/".join(above) or None,
        points=columns.points(),
        files=[state.source],
        config=config or None,
        left_out=left_out,
    )
