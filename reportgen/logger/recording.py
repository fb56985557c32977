"""The calls of a run for what only some trainings keep; ``ActiveRun`` has them too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from reportgen.logger.histograms import BINS
from reportgen.logger.session import Session


class _HasSession(Protocol):
    """What these calls need of a run."""

    _session: Session

    def _last_step(self) -> int | None: ...

    def _log_and_tell(self, metrics: Mapping[str, Any], step: int | None = None) -> None: ...


class RecordsMore:
    """Watches, histograms and tables."""

    def watch(
        self: _HasSession,
        model: Any,
        optimizer: Any = None,
        *,
        every: int = 100,
        histograms: bool = False,
        prefix: str = "train",
    ) -> None:
        """Log gradient norm and learning rates of a torch model, now and then.

        ``train/grad_norm`` is the Euclidean norm of all gradients as the optimizer sees them,
        after any clipping; ``train/lr`` its learning rate, ``train/lr/<group>`` with several
        groups, unless the training logs a metric of that name itself. A measurement stands at
        the step that the training logs next, so the curves share their axis.

        Args:
            model: A ``torch.nn.Module``.
            optimizer: Its optimizer; by default the first that steps a parameter of the model.
            every: Steps of the optimizer from one measurement to the next.
            histograms: Also keep histograms of parameters and gradients, which costs far more.
            prefix: What the names begin with; a second model needs another one.

        Raises:
            UsageError: A wrong argument, or a prefix that is watched already.
        """
        self._session.extras.watch(
            model,
            optimizer,
            every=every,
            histograms=histograms,
            prefix=prefix,
            steps=self._session.metrics,
            log=self._log_and_tell,
        )

    def log_histogram(
        self: _HasSession, name: str, values: Any, step: int | None = None, bins: int = BINS
    ) -> None:
        """Keep the distribution of an array or a tensor.

        As :meth:`reportgen.logger.histograms.HistogramStore.log`; without ``step`` it belongs to
        the last step that was logged, else to step 0.
        """
        at = self._last_step() or 0 if step is None else step
        self._session.extras.histograms.log(name, values, at, bins)

    def log_table(self: _HasSession, name: str, columns: Any, rows: Any = None) -> Path | None:
        """Keep a table; as :meth:`reportgen.logger.tables.TableStore.log`."""
        return self._session.extras.tables.log(name, columns, rows)
