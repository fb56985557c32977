"""``ExperimentTracker``: the customary class of training scripts, on top of ``start_run``.

Its folder is exactly ``experiments/<name>``, and holds what scripts of this kind expect there
(config.yaml, environment.yaml, git_info.yaml, git_diff.patch, training.log with one line
``Step 3: {...}`` a call, checkpoints/ with latest.pt and best_model.pt, figures/, tensorboard/)
besides the files of every run.
"""

from __future__ import annotations

import logging
import math
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from reportgen.errors import ReportgenError
from reportgen.fs.atomic import replacing, write_bytes
from reportgen.logger.context import describe
from reportgen.logger.interface import Sink
from reportgen.logger.mirrors import open_mirror
from reportgen.logger.run import ActiveRun, start_run
from reportgen.logger.tracker_documents import environment_keys, git_keys, series_named
from reportgen.logger.values import number_of
from reportgen.runs import layout
from reportgen.runs.goals import goal_of

ROOT: Final = "experiments"
LATEST: Final = "latest"
_FORMAT: Final = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"


class ExperimentTracker:
    """Tracks one experiment in ``experiments/<name>``.

    Args:
        config: The hyperparameters, a mapping.
        experiment_name: Name of the folder; ``a/b`` makes folders. By default
            ``{model}_{dataset}_{timestamp}`` from ``config``. A name that exists gets a suffix,
            for two runs never share a folder, and one warning says so.
        use_wandb: Also log to Weights & Biases, where it is installed and somebody is logged in;
            otherwise one warning.
        use_tensorboard: Also write ``tensorboard/``, where its package is installed; otherwise
            one warning.
        options: Further arguments of :func:`reportgen.start_run`, such as ``seed=``, ``data=``
            or ``checkpoints=``.

    Attributes:
        config: As given.
        experiment_name: Name of the run, with its suffix.
        exp_dir: The run folder.
        logger: A logger whose records go to the console and to training.log.
        global_step: The step that the next call gets when it is given none.
        best_metric: The best ``metric_value`` so far; minus infinity before the first.
        run: The run behind it, for everything that this class has no method for.

    Raises:
        UsageError: As :func:`reportgen.start_run`.
    """

    _BEST: ClassVar[str] = "best_model"

    def __init__(
        self,
        config: Any,
        experiment_name: str | None = None,
        use_wandb: bool = True,
        use_tensorboard: bool = True,
        **options: Any,
    ) -> None:
        self.config = config
        wanted = experiment_name
        if wanted is None and options.get("resume") is None:
            wanted = _default_name(config)
        self.run: ActiveRun = start_run(config, name=wanted, **{"root": ROOT, **options})
        self._context = self.run.context
        self.exp_dir: Path = self.run.folder
        self.experiment_name = _name_of(self.run, wanted)
        self.global_step = 0
        self.best_metric = -math.inf
        self._last: dict[str, float] = {}
        self._series: dict[str, str] = {}
        if wanted is not None and self.experiment_name != wanted:
            self._context.warn(
                f"{ROOT}/{wanted} exists, and two runs never share a folder: "
                f"this one is {ROOT}/{self.experiment_name}"
            )
        self._complete_documents()
        self.logger, self._console = _open_logger(self.experiment_name)
        self._mirrors: dict[str, Sink] = {}
        for mirror, used in (("tensorboard", use_tensorboard), ("wandb", use_wandb)):
            if used and self._context.active:  # not on the other ranks of a job
                self._open(mirror)
        self.use_tensorboard = "tensorboard" in self._mirrors
        self.use_wandb = "wandb" in self._mirrors

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Keep the numbers among ``metrics``; everything goes to training.log as well.

        Args:
            metrics: Values by name.
            step: ``global_step`` by default, which is one more than this step afterwards.

        Raises:
            UsageError: The step is no integer.
        """
        at = self.global_step if step is None else step
        numbers, others = _divided(metrics)
        if numbers or not isinstance(metrics, Mapping):
            self.run.log(numbers, at)
            self._last.update(numbers)
        if others and "wandb" in self._mirrors:
            self._tell("wandb", "metrics", others, at)
        self.logger.info(f"Step {at}: {metrics}")
        self.global_step = at + 1

    def save_checkpoint(
        self,
        model: Any,
        optimizer: Any,
        epoch: int,
        metric_value: float,
        metric_name: str = "val_accuracy",
    ) -> Path | None:
        """Keep ``checkpoints/checkpoint_epoch_<epoch>.pt``, and copies: the latest and the best.

        The copies are ``latest.pt`` and ``best_model.pt``. The newest five versioned files and
        the best are kept; start the tracker with ``checkpoints={"keep_last": None}`` to keep them
        all. A higher value is better unless the metric's name (``val_loss``) or its definition
        says otherwise.

        Args:
            model: With ``state_dict()``.
            optimizer: With ``state_dict()``, or None.
            epoch: The epoch that ended.
            metric_value: What the checkpoint is judged by.
            metric_name: Its name, also its key in the file.

        Returns:
            The file, or None when the disk refused.

        Raises:
            UsageError: As :meth:`reportgen.logger.checkpoints.CheckpointStore.save`.
        """
        series = self._series.get(metric_name)
        if series is None:
            series = series_named(metric_name, metric_value, self._last)
            self._series[metric_name] = series
        goal = goal_of(series, self._context.definitions)
        if goal is None:
            self.run.define_metric(series, goal="maximize")
        value = number_of(metric_value)
        better = value is not None and self._is_better(value, goal == "minimize")
        path = self.run.save_checkpoint(
            model,
            optimizer,
            epoch=epoch,
            step=self.global_step - 1 if self.global_step else None,
            metric=(series, metric_value),
            extra={
                "global_step": self.global_step,
                "best_metric": value if better else self.best_metric,
                metric_name: value,
            },
        )
        if path is None:
            return None
        self._copied(path, LATEST)
        if better and value is not None:
            self.best_metric = value
            self._keep_best(path, metric_name, value)
        return path

    def log_figure(self, name: str, figure: Any, step: int | None = None) -> Path | None:
        """Keep ``figures/<name>_step_<step>.png``.

        Args:
            name: What it shows.
            figure: A matplotlib figure, or anything else that ``run.log_figure`` takes.
            step: ``global_step`` by default.

        Raises:
            UsageError: As :meth:`reportgen.logger.figures.FigureStore.log`.
        """
        return self.run.log_figure(name, figure, self.global_step if step is None else step)

    def finish(self) -> None:
        """End the experiment; a second call does nothing."""
        if self._context.active:
            self.logger.info("Experiment tracking finished.")
        self.run.finish()
        self.logger.removeHandler(self._console)

    # -- inside ---------------------------------------------------------------------------

    def _complete_documents(self) -> None:
        """Add the customary keys to the standard's, and the project without its folder."""
        self._context.add_keys(layout.ENVIRONMENT, environment_keys)
        self._context.add_keys(layout.GIT, git_keys)
        project = self.config.get("project") if isinstance(self.config, Mapping) else None
        if isinstance(project, str) and self._context.run.project is None:
            with self._context.lock:
                self._context.run.project = project
                self._context.write_run()

    def _open(self, mirror: str) -> None:
        try:
            sink = open_mirror(
                mirror,
                self.exp_dir,
                project=self._context.run.project or "default",
                name=self.experiment_name,
                config=self.config if isinstance(self.config, Mapping) else {},
            )
        except Exception as error:
            fix = error.fix if isinstance(error, ReportgenError) and error.fix else ""
            self._context.warn(
                f"use_{mirror}=True: {describe(error)}, so this run goes on without it. {fix}"
            )
            return
        self._mirrors[mirror] = sink
        self.run.add_sink(sink)

    def _tell(self, mirror: str, what: str, *arguments: Any) -> None:
        try:
            getattr(self._mirrors[mirror], what)(*arguments)
        except Exception as error:
            self._context.fault(mirror, error)

    def _is_better(self, value: float, lower: bool) -> bool:
        if math.isnan(value):
            return False
        if self.best_metric == -math.inf:
            return True
        return value < self.best_metric if lower else value > self.best_metric

    def _keep_best(self, path: Path, metric_name: str, value: float) -> None:
        best = self._copied(path, self._BEST)
        if best is None:
            return
        self.logger.info(f"New best model saved: {metric_name}={value:.4f}")
        if "wandb" in self._mirrors:
            self._tell("wandb", "best", metric_name, value, best)

    def _copied(self, path: Path, stem: str) -> Path | None:
        """Copy a checkpoint with its description under a name that says what it is now."""
        copy = path.with_name(f"{stem}{path.suffix}")
        try:
            with replacing(copy) as beside:
                shutil.copyfile(path, beside)
            write_bytes(copy.with_suffix(".json"), path.with_suffix(".json").read_bytes())
        except OSError as error:
            self._context.fault(f"{layout.CHECKPOINTS}/{copy.name}", error)
            return None
        return copy


def _default_name(config: Any) -> str | None:
    """Return ``{model}_{dataset}_{timestamp}``; None where the config names neither."""
    if not isinstance(config, Mapping):
        return None
    model, dataset = config.get("model"), config.get("dataset")
    if not isinstance(model, str) or not isinstance(dataset, str):
        return None
    return f"{model}_{dataset}_{time.strftime('%Y%m%d_%H%M%S')}".replace("/", "-")


def _name_of(run: ActiveRun, wanted: str | None) -> str:
    """Return the run's name with the folders that the wanted name had, as ``project/lr_0.1``."""
    above, slash, _ = (wanted or "").rpartition("/")
    return f"{above}{slash}{run.name}"


def _divided(metrics: Any) -> tuple[Any, dict[str, Any]]:
    """Return the numbers and the rest; what is no mapping comes back for ``run.log`` to refuse."""
    if not isinstance(metrics, Mapping):
        return metrics, {}
    numbers, others = {}, {}
    for name, value in metrics.items():
        number = number_of(value)
        if number is None:
            others[name] = value
        else:
            numbers[name] = number
    return numbers, others


def _open_logger(name: str) -> tuple[logging.Logger, logging.Handler]:
    logger = logging.getLogger(name)
    logger.setLevel(logging.INFO)
    console = logging.StreamHandler()
    console.setLevel(logging.INFO)
    console.setFormatter(logging.Formatter(_FORMAT))
    logger.addHandler(console)
    return logger, console
