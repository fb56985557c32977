"""Mirror a run to Weights & Biases, for teams that look at it there (docs.wandb.ai).

wandb keeps its own files in ``wandb/`` below the working directory, as is its default: they name
host and user, and they change after the run has been sealed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import wandb

from reportgen.errors import UnavailableError
from reportgen.logger.interface import Status

if not hasattr(wandb, "init"):  # the folder of runs that wandb left in the working directory
    raise ImportError("wandb is not installed", name="wandb")

_WITHOUT_LOGIN = ("offline", "disabled", "dryrun")


class WandbSink:
    """One wandb run.

    Args:
        project: wandb's project.
        name: The run's name.
        config: The configuration.

    Raises:
        Exception: Whatever wandb raises when it cannot start.
    """

    name = "wandb"

    def __init__(self, *, project: str, name: str, config: Mapping[str, Any]) -> None:
        self._run = wandb.init(project=project, name=name, config=dict(config))

    def metrics(self, values: Mapping[str, object], step: int) -> None:
        """Log the numbers of a call."""
        self._run.log(dict(values), step=step)

    def figure(self, name: str, path: Path, step: int | None) -> None:
        """Log a PNG as an image."""
        if path.suffix == ".png":
            self._run.log({name: wandb.Image(str(path))}, step=step)

    def best(self, metric: str, value: float, path: Path) -> None:
        """Log the best value so far and upload its checkpoint."""
        self._run.log({f"best_{metric}": value})
        self._run.save(str(path), base_path=str(path.parent), policy="now")

    def close(self, status: Status = "finished") -> None:
        """End the wandb run."""
        self._run.finish(exit_code=int(status != "finished"))


def open_sink(folder: Path, *, project: str, name: str, config: Mapping[str, Any]) -> WandbSink:
    """Return a sink, without asking anybody for a login.

    Raises:
        UnavailableError: Nobody is logged in to wandb, and it is not told to work offline.
    """
    if os.environ.get("WANDB_MODE", "online") not in _WITHOUT_LOGIN and not _is_logged_in():
        raise UnavailableError(
            "nobody is logged in to wandb",
            fix="Run `wandb login`, or set WANDB_MODE=offline, or leave wandb out",
        )
    return WandbSink(project=project, name=name, config=config)


def _is_logged_in() -> bool:
    try:
        return bool(wandb.login(prompt=False, verify=False))
    except TypeError:  # before wandb 0.26
        return bool(wandb.api.api_key)
