"""What the attempts of a resumed run leave of each other.

An attempt writes the documents of a run anew: code, environment, configuration, inputs. Those of
the attempt before are kept in ``attempts/<n>/`` under their own names; where nothing changed, the
later one speaks for both, and the earlier one is removed when the later attempt ends.
"""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from reportgen.fs.atomic import write_bytes
from reportgen.logger.context import RunContext
from reportgen.logger.resume import Earlier
from reportgen.runs import layout
from reportgen.runs.view import flatten

_REPLACED = (
    *(layout.CONFIG, layout.CONFIG_FILES, layout.GIT, layout.PATCH, layout.DATA, layout.SUMMARY),
    *(layout.ENVIRONMENT, layout.REQUIREMENTS, layout.LOCK, layout.CAPTURED, layout.REPRODUCE),
)
_SHOWN = 5


def begin_attempt(context: RunContext, earlier: Earlier, config: Mapping[str, Any] | None) -> None:
    """Keep what the attempt before wrote and say in run.yaml that the next one runs.

    Faults are counted. The order keeps the folder readable if the process dies in between: the
    old seal goes first, run.yaml is whole at any moment, and a document that was not moved yet
    is moved by the next attempt.

    Args:
        context: The run; its run.yaml is that of the new attempt.
        earlier: The attempts before.
        config: The configuration of the new attempt; without one that of the run stays.
    """
    attempt = earlier.attempt
    try:
        _keep_run_document(context.folder, attempt)
    except OSError as error:
        context.fault(layout.ATTEMPTS, error, lost=0)
    context.write_run()
    changed = changed_keys(earlier.config or {}, config) if config is not None else None
    if changed:
        context.warn(
            f"the configuration is not that of attempt {attempt}, which is kept in "
            f"{layout.ATTEMPTS}/{attempt}/{layout.CONFIG}: {changed}"
        )
    _set_aside(context, attempt, with_config=config is not None)


def _keep_run_document(folder: Path, attempt: int) -> None:
    """Keep run.yaml as ``attempt.yaml``, for a folder with run.yaml would be a run; and the seal.

    Raises:
        OSError: The disk refused.
    """
    kept = _folder_of(folder, attempt)
    with suppress(FileNotFoundError):  # an attempt that was killed has no seal
        os.replace(folder / layout.MANIFEST, folder / layout.attempt_manifest(attempt))
    kept.mkdir(parents=True, exist_ok=True)
    write_bytes(kept / layout.ATTEMPT, (folder / layout.RUN).read_bytes())


def _set_aside(context: RunContext, attempt: int, *, with_config: bool) -> None:
    kept = _folder_of(context.folder, attempt)
    for place in _REPLACED:
        if place == layout.CONFIG and not with_config:
            continue
        try:
            kept.mkdir(parents=True, exist_ok=True)
            os.replace(context.folder / place, kept / place)
        except FileNotFoundError:
            continue
        except OSError as error:
            context.fault(layout.ATTEMPTS, error, lost=0)
    if attempt > 1:
        _forget_equal(_folder_of(context.folder, attempt - 1), kept)


def forget_unchanged(folder: Path, attempt: int) -> None:
    """Remove what an attempt left that stands in the run folder with the same bytes."""
    _forget_equal(_folder_of(folder, attempt), folder)


def changed_keys(before: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """Return in words what differs between two configurations, None when nothing does."""
    old, new = flatten(before), flatten(now)
    missing = object()
    changed = [key for key in {**old, **new} if old.get(key, missing) != new.get(key, missing)]
    if not changed:
        return None
    shown = [f"{key} {_shown(old, key)} -> {_shown(new, key)}" for key in changed[:_SHOWN]]
    more = len(changed) - _SHOWN
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _shown(config: Mapping[str, Any], key: str) -> str:
    return f"{config[key]!r:.40}" if key in config else "absent"


def _folder_of(folder: Path, attempt: int) -> Path:
    return folder / layout.ATTEMPTS / str(attempt)


def _forget_equal(earlier: Path, later: Path) -> None:
    for path in _files(earlier):
        with suppress(OSError):
            if filecmp.cmp(path, later / path.relative_to(earlier), shallow=False):
                path.unlink()
    for folder, _, _ in os.walk(earlier, topdown=False):
        with suppress(OSError):  # something is left in there
            os.rmdir(folder)


def _files(folder: Path) -> Iterator[Path]:
    for above, _, names in os.walk(folder):
        for name in names:
            yield Path(above) / name
