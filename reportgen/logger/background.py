"""Work that a run needs and a training must not wait for, on a few daemon threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from reportgen.capture import opens
from reportgen.logger.context import RunContext

_THREADS = 3  # code, environment and inputs each take their time, and none waits for another


class Background:
    """Runs tasks beside the training; a task that fails is a fault of its own, nothing more.

    The threads wait for tasks until ``stop``: an interpreter that is about to exit lets no new
    thread start, and that is when the last tasks come.
    """

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._queue: SimpleQueue[tuple[str, Callable[[], object]] | None] = SimpleQueue()
        self._changed = threading.Condition()
        self._open: list[str] = []
        self._threads: list[threading.Thread] = []
        for number in range(_THREADS):
            thread = threading.Thread(target=self._serve, name=f"reportgen-{number}", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # no more threads
                context.fault("background threads", error, lost=0)
                break
            self._threads.append(thread)

    def submit(self, name: str, task: Callable[[], object]) -> None:
        """Run ``task`` soon, in no order with the others; without threads, at once."""
        with self._changed:
            self._open.append(name)
        if self._threads:
            self._queue.put((name, task))
        else:
            self._run(name, task)

    def wait(self, seconds: float, name: str | None = None) -> list[str]:
        """Wait for every task, or the one of a name, at most so long.

        Returns:
            The names of the tasks that are still open.
        """
        deadline = time.monotonic() + seconds
        with self._changed:
            while (self._open if name is None else name in self._open) and (
                left := deadline - time.monotonic()
            ) > 0:
                self._changed.wait(left)
            return list(self._open)

    def stop(self) -> None:
        """Let the threads end once the queue is empty."""
        for _ in self._threads:
            self._queue.put(None)

    def _serve(self) -> None:
        with opens.unheard():
            while (item := self._queue.get()) is not None:
                self._run(*item)

    def _run(self, name: str, task: Callable[[], object]) -> None:
        try:
            task()
        except Exception as error:
            self._context.fault(name, error, lost=0)
        finally:
            with self._changed:
                self._open.remove(name)
                self._changed.notify_all()
