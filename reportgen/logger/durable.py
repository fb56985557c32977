"""``durable=True``: ask the disk to keep the metrics through a power loss, once a second."""

from __future__ import annotations

import os
import threading
from contextlib import suppress

from reportgen.logger.metrics import MetricWriter

_PERIOD = 1.0


class Syncer:
    """Calls fsync on the metrics file on a thread of its own, when anything was logged since.

    Args:
        metrics: The writer of the file.
    """

    def __init__(self, metrics: MetricWriter) -> None:
        self._metrics = metrics
        self._synced = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="reportgen-sync", daemon=True)
        with suppress(RuntimeError):  # no more threads: the last sync is at the end
            self._thread.start()

    def stop(self) -> None:
        """Sync once more and end the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5.0)
        self._sync()

    def _serve(self) -> None:
        while not self._stopping.wait(_PERIOD):
            self._sync()

    def _sync(self) -> None:
        calls = self._metrics.calls
        if calls != self._synced and self._metrics.descriptor >= 0:
            with suppress(OSError):  # a disk that fails here also fails the next write, loudly
                os.fsync(self._metrics.descriptor)
                self._synced = calls
