"""A bar on a terminal for what takes more than a second; nothing anywhere else."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE_SECONDS = 1.0


@contextmanager
def progress(args: argparse.Namespace, what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that takes how much is done, of how much.

    The bar is drawn on standard error, leaves no trace, and appears only when that is a
    terminal, ``--quiet`` was not given and the work has taken more than a second.

    Args:
        args: The command line.
        what: What is done, as in "reading runs".
    """
    if args.quiet or sys.stderr is None or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    begin = time.monotonic()
    bars: list[Progress] = []

    def advance(done: int, total: int) -> None:
        if not bars and time.monotonic() - begin > PATIENCE_SECONDS:
            bars.append(_started(what))
        for bar in bars:
            bar.update(bar.task_ids[0], completed=done, total=total)

    try:
        yield advance
    finally:
        for bar in bars:
            bar.stop()


def _started(what: str) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task(what, total=None)
    bar.start()
    return bar
