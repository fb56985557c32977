"""``ArtifactManager``: checkpoints, figures and logs of an experiment in a folder of its own.

It stands by itself and writes beside and renames, as the stores of a run do; where the folder is
that of a tracker, the files are part of the run that is sealed at its end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from reportgen.errors import UsageError
from reportgen.fs.atomic import replacing, write_bytes
from reportgen.fs.documents import dump_json
from reportgen.fs.paths import portable_component
from reportgen.fs.regular import walk
from reportgen.logger.checkpoint_content import HashingFile, Payload, mapping_payload, payload_of
from reportgen.logger.context import LOGGER, describe
from reportgen.logger.figure_formats import encode_figure
from reportgen.logger.values import number_of, step_of, type_name
from reportgen.runs import layout
from reportgen.runs.checkpoint_file import inspect_checkpoint
from reportgen.runs.schema import Checkpoint, to_plain

_LOGS: Final = "logs"
_VERSIONED: Final = "checkpoint_epoch_*"
_MEGABYTE: Final = 1024 * 1024


class ArtifactManager:
    """Manages what an experiment makes: models, plots, logs.

    Args:
        experiment_dir: The folder; made with its three subfolders when absent.
        keep_n: How many files ``checkpoint_epoch_*`` are kept, the newest; those with ``best``
            in their name, and checkpoints of other names, are kept always.

    Attributes:
        exp_dir: The folder.
        checkpoints_dir: ``checkpoints/`` below it.
        figures_dir: ``figures/``.
        logs_dir: ``logs/``, for files that the program writes itself.

    Raises:
        UsageError: ``keep_n`` is no whole number from 1.
        OSError: The folders cannot be made.
    """

    def __init__(self, experiment_dir: str | Path, keep_n: int = 5) -> None:
        _check_keep(keep_n)
        self.exp_dir = Path(experiment_dir)
        self.keep_n = keep_n
        self.checkpoints_dir = self.exp_dir / layout.CHECKPOINTS
        self.figures_dir = self.exp_dir / layout.FIGURES
        self.logs_dir = self.exp_dir / _LOGS
        self._said: set[str] = set()
        for folder in (self.checkpoints_dir, self.figures_dir, self.logs_dir):
            folder.mkdir(parents=True, exist_ok=True)

    def save_checkpoint(self, checkpoint: Any, name: str) -> Path | None:
        """Keep a checkpoint as ``checkpoints/<name>.pt``, then remove what is too many.

        A file ``<name>.json`` beside it says epoch, step, size, hash and tensors.

        Args:
            checkpoint: A mapping such as ``{"epoch": 3, "model_state_dict": ...}``, anything
                with ``state_dict()``, or bytes.
            name: Such as ``checkpoint_epoch_3``; one that exists is replaced.

        Returns:
            The file, or None when the disk refused, which is said once.

        Raises:
            UsageError: A name or checkpoint that is none.
        """
        stem = _name(name)
        if isinstance(checkpoint, Mapping):
            payload = mapping_payload(dict(checkpoint))
        else:
            payload = payload_of(checkpoint, None, {}, None)
        path = self.checkpoints_dir / f"{stem}{payload.suffix}"
        try:
            described = _written(path, payload)
            write_bytes(path.with_suffix(".json"), dump_json(to_plain(described)))
        except OSError as error:
            self._refused("checkpoints", error)
            return None
        self._cleanup_checkpoints(self.keep_n)
        return path

    def save_figure(self, fig: Any, name: str, step: int | None = None) -> Path | None:
        """Keep ``figures/<name>.png`` or ``figures/<name>_step_<step>.png``.

        Args:
            fig: A matplotlib figure, or what else
                :func:`reportgen.logger.figure_formats.encode_figure` takes.
            name: What it shows.
            step: The step that it belongs to.

        Returns:
            The file, or None when the disk refused, which is said once.

        Raises:
            UsageError: A name, a step or a figure that is none.
        """
        stem = _name(name) if step is None else f"{_name(name)}_step_{step_of(step)}"
        encoded = encode_figure(fig)
        path = self.figures_dir / f"{stem}{encoded.suffix}"
        try:
            write_bytes(path, encoded.data)
        except OSError as error:
            self._refused("figures", error)
            return None
        return path

    def get_artifact_summary(self) -> dict[str, int | float]:
        """Return num_checkpoints, num_figures and total_size_mb (of 1,048,576 bytes)."""
        entries = [entry for entry in walk(self.exp_dir) if entry.refused is None]
        paths = [entry.path for entry in entries]
        models = [path for path in paths if path.startswith(f"{layout.CHECKPOINTS}/")]
        return {
            "num_checkpoints": sum(not path.endswith(".json") for path in models),
            "num_figures": sum(path.startswith(f"{layout.FIGURES}/") for path in paths),
            "total_size_mb": sum(entry.bytes for entry in entries) / _MEGABYTE,
        }

    def _cleanup_checkpoints(self, keep_n: int = 5) -> None:
        """Remove versioned checkpoints but for the newest ``keep_n`` and any called best."""
        found = [path for path in self.checkpoints_dir.glob(_VERSIONED) if path.suffix != ".json"]
        newest_first = sorted(found, key=_age, reverse=True)
        for path in newest_first[keep_n:]:
            if "best" not in path.name:
                try:
                    path.unlink(missing_ok=True)
                    path.with_suffix(".json").unlink(missing_ok=True)
                except OSError as error:
                    self._refused("removal of old checkpoints", error)

    def _refused(self, what: str, error: OSError) -> None:
        if what not in self._said:
            self._said.add(what)
            LOGGER.warning("%s in %s: %s; this is said once", what, self.exp_dir, describe(error))


def _written(path: Path, payload: Payload) -> Checkpoint:
    """Write a checkpoint and return its description.

    Raises:
        UsageError: It cannot be serialised.
        OSError: The disk refused.
    """
    with replacing(path) as beside:
        file = HashingFile(beside)
        try:
            payload.write(file)
        except Exception as error:
            if file.error is not None:  # torch tells of it as an error of its own
                raise file.error from error
            if isinstance(error, OSError):
                raise
            raise UsageError(
                f"could not be serialised: {describe(error)}",
                where="ArtifactManager.save_checkpoint",
                expected="tensors and plain values, or what pickle takes",
            ) from error
        finally:
            file.close()
        with beside.open("rb") as written:
            found = inspect_checkpoint(written)
    return Checkpoint(
        epoch=_number(payload.content, "epoch"),
        step=_step(payload.content),
        bytes=file.bytes,
        sha256=file.sha256,
        format=found.format,
        tensors=found.tensors,
    )


def _age(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, path.name
    except OSError:  # removed meanwhile
        return 0, path.name


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        raise UsageError(
            f"the name is {name!r:.60}",
            where="ArtifactManager",
            expected='a text such as "checkpoint_epoch_3"',
        )
    return portable_component(name)


def _check_keep(keep_n: Any) -> None:
    if type(keep_n) is not int or keep_n < 1:
        raise UsageError(
            f"keep_n is of type {type_name(keep_n)}, or less than 1",
            where="ArtifactManager",
            expected="a whole number from 1",
        )


def _number(content: Any, key: str) -> int | float | None:
    value = number_of(content.get(key)) if isinstance(content, dict) else None
    return value if value is not None and math.isfinite(value) else None


def _step(content: Any) -> int | None:
    for key in ("step", "global_step"):
        value = _number(content, key)
        if value is not None:
            return int(value)
    return None
