"""``ResumableExperimentTracker``: a tracker that goes on where a checkpoint was written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

from reportgen.logger.tracker import LATEST, ExperimentTracker
from reportgen.logger.tracker_state import state_in
from reportgen.runs import layout
from reportgen.runs.discovery import run_format


class ResumableExperimentTracker(ExperimentTracker):
    """Tracks one experiment, over as many attempts as it takes.

    A checkpoint in the folder of a run of reportgen makes that run go on: the same folder, a
    marker in its metrics, readers show the attempts as one. Any other checkpoint (of another
    tracker, or copied elsewhere) starts a new experiment that counts on from its step.

    Args:
        config: The hyperparameters, a mapping.
        checkpoint_path: The checkpoint to go on from; when there is no such file, a fresh
            experiment begins, so that a script may always name it.
        experiment_name: As for :class:`ExperimentTracker`; with a name it is a new experiment
            always.
        options: Further arguments of :class:`ExperimentTracker` and of
            :func:`reportgen.start_run`.

    Attributes:
        checkpoint_path: As given.

    Raises:
        UsageError: As :class:`ExperimentTracker`, and when the run is still being written.
        UnreadableError: The checkpoint is none; nothing in it is executed.
    """

    _BEST: ClassVar[str] = "best"

    def __init__(
        self,
        config: Any,
        checkpoint_path: str | os.PathLike[str] | None = None,
        experiment_name: str | None = None,
        **options: Any,
    ) -> None:
        self.checkpoint_path = checkpoint_path
        found = bool(checkpoint_path) and os.path.exists(checkpoint_path or "")
        # Before anything is written: a checkpoint that is none must not leave half an attempt.
        state = state_in(checkpoint_path or "") if found else None
        if found and experiment_name is None and _is_in_run(Path(checkpoint_path or "")):
            options.setdefault("resume", checkpoint_path)
        super().__init__(config, experiment_name, **options)
        if state is not None:
            self.resume_from_checkpoint()

    def resume_from_checkpoint(self) -> None:
        """Take ``global_step`` and ``best_metric`` from the checkpoint.

        Weights and optimizer state are the script's own to load.

        Raises:
            UnreadableError: As the constructor.
        """
        state = state_in(self.checkpoint_path or "")
        self.global_step = state.global_step
        self.best_metric = state.best_metric
        self.logger.info(f"Resumed from checkpoint: step={self.global_step}")

    def save_checkpoint(
        self,
        model: Any,
        optimizer: Any,
        epoch: int,
        metric_value: float,
        metric_name: str = "val_accuracy",
    ) -> Path | None:
        """Keep the checkpoint as ``latest.pt``, and as ``best.pt`` when it is the best so far.

        Both are copies of versioned files, ``checkpoint_epoch_<epoch>.pt``.

        Args:
            model: With ``state_dict()``.
            optimizer: With ``state_dict()``, or None.
            epoch: The epoch that ended.
            metric_value: What the checkpoint is judged by.
            metric_name: Its name, also its key in the file.

        Returns:
            ``latest.pt``, or None when the disk refused.

        Raises:
            UsageError: As :meth:`ExperimentTracker.save_checkpoint`.
        """
        path = super().save_checkpoint(model, optimizer, epoch, metric_value, metric_name)
        return None if path is None else path.with_name(f"{LATEST}{path.suffix}")


def _is_in_run(checkpoint: Path) -> bool:
    folder = Path(os.path.abspath(checkpoint)).parent
    return folder.name == layout.CHECKPOINTS and run_format(folder.parent) == "standard"
