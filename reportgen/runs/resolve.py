"""RUN on a command line: a path, an id, or a unique name under the roots."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from reportgen.errors import NotFoundError, ReportgenError, UsageError
from reportgen.runs.discovery import find_runs, run_format
from reportgen.runs.view import RunView


def resolve_run(text: str, roots: Sequence[Path]) -> RunView:
    """Return the one run that ``text`` means.

    Args:
        text: A folder, an id, or a name.
        roots: Where ids and names are looked for.

    Raises:
        NotFoundError: No run is meant; close names are given.
        UsageError: Several runs are meant; they are listed.
        UnreadableError: The run that is meant cannot be read.
    """
    return resolve_runs([text], roots)[0]


def resolve_runs(texts: Iterable[str], roots: Sequence[Path]) -> list[RunView]:
    """Return the run that each text means, each run once; the roots are searched once at most.

    Raises:
        ReportgenError: As :func:`resolve_run`, for the first text that means none.
    """
    known: _Known | None = None
    found: dict[str, RunView] = {}
    for text in texts:
        if text and run_format(Path(text)) is not None:
            view = RunView(Path(text))
        else:
            known = known or _Known(roots)
            view = known.named(text)
        found.setdefault(os.path.realpath(view.folder), view)
    return list(found.values())


class _Known:
    """The runs below the roots."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = [root for root in roots if root.is_dir()]
        self._looked_in = ", ".join(map(str, self._roots or roots)) or "."
        self._views: list[RunView] = []
        self._unreadable: dict[str, ReportgenError] = {}
        for ref in find_runs(self._roots).runs:
            try:
                self._views.append(RunView(ref.path))
            except ReportgenError as error:
                self._unreadable[ref.path.name] = error

    def named(self, text: str) -> RunView:
        matches = [view for view in self._views if text in (view.id, view.name, view.folder.name)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            listed = ", ".join(str(view.folder) for view in matches[:8])
            raise UsageError(
                f"{len(matches)} runs are called {text!r}: {listed}",
                expected="one run",
                fix="Name it by its path or its id",
            )
        if text in self._unreadable:
            raise self._unreadable[text]
        raise NotFoundError(
            f"no run {text!r}",
            where=self._looked_in,
            expected="a run folder, an id or a name",
            fix=_nearest(text, self._views),
        )


def _nearest(text: str, views: Sequence[RunView]) -> str | None:
    from difflib import get_close_matches

    close = get_close_matches(text, [view.name for view in views], n=3, cutoff=0.4)
    return f"Did you mean {', '.join(close)}?" if close else "`reportgen list` shows the runs"
