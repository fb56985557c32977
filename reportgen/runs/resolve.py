"""RUN on a command line: a path, an id, or a unique name under the roots."""

from __future__ import annotations

from collections.abc import Sequence
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
    if text and run_format(Path(text)) is not None:
        return RunView(Path(text))
    existing = [root for root in roots if root.is_dir()]
    views: list[RunView] = []
    unreadable: dict[str, ReportgenError] = {}
    for ref in find_runs(existing).runs:
        try:
            views.append(RunView(ref.path))
        except ReportgenError as error:
            unreadable[ref.path.name] = error
    matches = [view for view in views if text in (view.id, view.name, view.folder.name)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        listed = ", ".join(str(view.folder) for view in matches[:8])
        raise UsageError(
            f"{len(matches)} runs are called {text!r}: {listed}",
            expected="one run",
            fix="Name it by its path or its id",
        )
    if text in unreadable:
        raise unreadable[text]
    raise NotFoundError(
        f"no run {text!r}",
        where=", ".join(map(str, existing)) or ", ".join(map(str, roots)) or ".",
        expected="a run folder, an id or a name",
        fix=_nearest(text, views),
    )


def _nearest(text: str, views: Sequence[RunView]) -> str | None:
    from difflib import get_close_matches

    close = get_close_matches(text, [view.name for view in views], n=3, cutoff=0.4)
    return f"Did you mean {', '.join(close)}?" if close else "`reportgen list` shows the runs"
