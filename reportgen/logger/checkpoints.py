"""Keep checkpoints of a model: versioned names, never overwritten, bounded in number.

``checkpoints/checkpoint_epoch_7.pt`` (``checkpoint_step_120.pt`` when there is no epoch) stands
beside ``checkpoint_epoch_7.json``, which says epoch, step, metric, size, hash, format and number
of tensors, so that a reader needs to load nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reportgen.errors import ReportgenError, UsageError
from reportgen.fs.atomic import replacing
from reportgen.logger.checkpoint_content import (
    Format,
    HashingFile,
    Payload,
    payload_of,
    without_optimizer,
)
from reportgen.logger.checkpoint_folder import Facts, read_saved, stem_of
from reportgen.logger.context import RunContext, describe
from reportgen.logger.retention import (
    Retention,
    Saved,
    best_saved,
    resumed_with,
    retention_of,
    superseded,
)
from reportgen.runs import layout
from reportgen.runs.checkpoint_file import inspect_checkpoint
from reportgen.runs.goals import goal_of
from reportgen.runs.numbers import to_stored
from reportgen.runs.schema import Checkpoint, CheckpointMetric, CheckpointPolicy, Goal, LeftOut


class CheckpointStore:
    """The checkpoints of one run.

    Args:
        context: The run.
        policy: Which checkpoints are kept. None takes what run.yaml states (a resumed run), else
            the newest five and the best by the first metric that a checkpoint is saved with.
        config: The plain configuration, put into each checkpoint.

    Raises:
        UsageError: A policy that is none.
    """

    def __init__(
        self,
        context: RunContext,
        policy: Retention | CheckpointPolicy | Mapping[str, Any] | None = None,
        *,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        with context.lock:
            recorded = context.run.checkpoints
        self.retention = retention_of(policy) if policy is not None else resumed_with(recorded)
        self.folder = context.folder / layout.CHECKPOINTS
        self._context = context
        self._config = config
        self._lock = threading.Lock()
        self._saved: list[Saved] | None = None
        self._accepted = False
        self._removed: LeftOut | None = None
        self._removed_count = 0
        with context.lock:
            context.run.checkpoints = self.retention.document()

    def __len__(self) -> int:
        """How many checkpoint files are kept."""
        return len(self._known())

    @property
    def total_bytes(self) -> int:
        """Size of the kept files."""
        return sum(path.stat().st_size for path in self.paths() if path.is_file())

    def paths(self) -> list[Path]:
        """Return the kept files, oldest first."""
        return [self.folder / item.file for item in list(self._known())]

    @property
    def latest(self) -> Path | None:
        """The newest whole checkpoint: what a training resumes from."""
        whole = [item for item in list(self._known()) if not item.is_best_copy]
        return self.folder / whole[-1].file if whole else None

    @property
    def best(self) -> Path | None:
        """The best checkpoint by the policy's metric, or None."""
        name = self.retention.best
        goal = self._goal(name) if name else None
        found = best_saved(list(self._known()), name, goal) if name and goal else None
        return self.folder / found.file if found else None

    def save(
        self,
        model: Any,
        optimizer: Any = None,
        *,
        epoch: float | None = None,
        step: int | None = None,
        metric: tuple[str, float] | None = None,
        extra: Mapping[str, Any] | None = None,
        format: Format | None = None,
        best_without_optimizer: bool | None = None,
    ) -> Path | None:
        """Keep a checkpoint and remove those that the policy no longer keeps.

        Args:
            model: A module or anything else with ``state_dict()``, a state dict, bytes, or the
                path of a file that some library saved.
            optimizer: Whose state goes beside the model's.
            epoch: The epoch that ended, for the name.
            step: The step that ended; names the file where there is no epoch.
            metric: Name and value that the checkpoint is judged by.
            extra: More entries of the saved mapping, such as a scheduler's state.
            format: ``safetensors`` for the model's tensors alone in that format.
            best_without_optimizer: As in the policy, which it overrides.

        Returns:
            The file, or None when the disk refused: that is warned of once and counted.

        Raises:
            UsageError: A bad argument, until a first checkpoint was accepted; later ones are
                counted and warned of, for a training at hour ten must not end by them.
            UnavailableError: safetensors is asked for and not installed.
        """
        if not self._context.active:
            self._context.late("checkpoints")
            return None
        with self._lock, self._context.overhead("checkpoints"):
            try:
                facts = Facts.of(epoch=epoch, step=step, metric=metric)
                described = self._described(facts, extra)
                payload = payload_of(model, optimizer, described, format)
                small = (
                    self.retention.best_without_optimizer
                    if best_without_optimizer is None
                    else best_without_optimizer
                )
                path = self._keep(payload, facts, small)
            except Exception as error:
                self._refused(error)
                return None
            self._accepted = True
            return path

    def _described(self, facts: Facts, extra: Mapping[str, Any] | None) -> dict[str, Any]:
        described: dict[str, Any] = {"epoch": facts.epoch, "step": facts.step}
        if self._config is not None:
            described["config"] = dict(self._config)
        if facts.step is not None:
            described["global_step"] = facts.step
        described.update(extra or {})
        if facts.metric is not None:
            described[facts.metric] = facts.value
        return described

    def _refused(self, error: Exception) -> None:
        if self._accepted or _is_of_the_machine(error):
            self._context.fault("checkpoints", _disk_error(error) or error)
            return
        if isinstance(error, ReportgenError):
            raise error
        raise UsageError(
            f"could not be serialised: {describe(error)}",
            where="save_checkpoint",
            expected="a model, an optimizer and extras that pickle takes",
            fix="Save plain values and state_dict() of objects rather than the objects",
        ) from error

    # -- writing --------------------------------------------------------------------------

    def _keep(self, payload: Payload, facts: Facts, small_best: bool) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        saved = self._known()
        order = saved[-1].order + 1 if saved else 1
        path = self._write(payload, facts, stem_of(self.folder, facts, payload.suffix))
        new = Saved(path.name, order, facts.metric, facts.value)
        saved.append(new)
        goal = self._settle_best(facts)
        if small_best and goal and best_saved(saved, self.retention.best or "", goal) is new:
            stem = stem_of(self.folder, facts, payload.suffix, prefix="best")
            copy = self._write(without_optimizer(payload), facts, stem)
            saved.append(Saved(copy.name, order, facts.metric, facts.value, is_best_copy=True))
        self._remove(superseded(saved, self.retention, goal))
        return path

    def _settle_best(self, facts: Facts) -> Goal | None:
        if facts.metric is not None:
            before, self.retention = self.retention, self.retention.for_metric(facts.metric)
            if self.retention is not before:
                with self._context.lock:
                    self._context.run.checkpoints = self.retention.document()
                    self._context.write_run()
        name = self.retention.best
        goal = self._goal(name) if name else None
        if goal is None and name is not None and name == facts.metric:
            self._context.fault(
                "best checkpoint",
                f"{name!r:.80} has no known direction, so only the newest are kept; "
                f"declare it by run.define_metric({name!r:.80}, goal='maximize') or 'minimize'",
                lost=0,
            )
        return goal

    def _goal(self, name: str) -> Goal | None:
        with self._context.lock:
            return goal_of(name, self._context.definitions)

    def _write(self, payload: Payload, facts: Facts, stem: str) -> Path:
        path = self.folder / f"{stem}{payload.suffix}"
        with replacing(path) as beside:
            file = HashingFile(beside)
            try:
                payload.write(file)
            finally:
                file.close()
            with open(beside, "rb") as written:
                content = inspect_checkpoint(written)
        document = Checkpoint(
            epoch=facts.epoch,
            step=facts.step,
            metric=_metric_of(facts),
            bytes=file.bytes,
            sha256=file.sha256,
            format=content.format,
            tensors=content.tensors,
        )
        self._context.write(f"{layout.CHECKPOINTS}/{stem}.json", document)
        return path

    # -- what is kept ---------------------------------------------------------------------

    def _known(self) -> list[Saved]:
        if self._saved is None:
            self._saved = read_saved(self.folder)
        return self._saved

    def _remove(self, gone: list[Saved]) -> None:
        if not gone:
            return
        known = self._known()
        for item in gone:
            known.remove(item)
            path = self.folder / item.file
            try:
                path.unlink(missing_ok=True)
                path.with_suffix(".json").unlink(missing_ok=True)
            except OSError as error:
                self._context.fault("removal of old checkpoints", error, lost=0)
                continue
            self._removed_count += not item.is_best_copy
        self._record_removal()

    def _record_removal(self) -> None:
        """Keep one entry for all removals: a long run would otherwise list thousands."""
        with self._context.lock:
            left_out = self._context.run.left_out
            if self._removed is None:
                self._removed = LeftOut(what="", where=layout.CHECKPOINTS, rule="keep_last")
                left_out.append(self._removed)
            plural = "" if self._removed_count == 1 else "s"
            self._removed.what = f"{self._removed_count} older checkpoint{plural}"
            self._context.write_run()


def _metric_of(facts: Facts) -> CheckpointMetric | None:
    if facts.metric is None or facts.value is None:
        return None
    return CheckpointMetric(name=facts.metric, value=to_stored(facts.value))


def _is_of_the_machine(error: Exception) -> bool:
    return isinstance(error, MemoryError) or _disk_error(error) is not None


def _disk_error(error: BaseException) -> OSError | None:
    """Return the disk's own error; torch raises another one, with the cause as its context."""
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None or isinstance(seen, OSError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None
