"""What stands beside the checks: advice on how runs are organised, and facts out of the ordinary.

Neither is scored. A good name states model, dataset, time and what was varied; project, group and
tags say where a run belongs, and a note why it was made.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from reportgen.audit.evidence import counted, listed, shown
from reportgen.audit.patch import changed_files
from reportgen.fs.paths import portable_component
from reportgen.runs import layout
from reportgen.runs.naming import DATASET_KEYS, MODEL_KEYS, says_nothing, stated, time_in
from reportgen.runs.view import RunView

_DEFAULT_NAME = "Leave the name out: model, dataset, time and what was varied make the default"


class Advice(Struct, frozen=True, kw_only=True):
    """One thing that would make a run easier to find and to understand.

    Attributes:
        topic: What it is about.
        message: What was found, without the name of the run.
        remedy: What to do.
    """

    topic: Literal["name", "project", "group", "tags", "notes"]
    message: str
    remedy: str


def advice_of(view: RunView) -> tuple[Advice, ...]:
    """Return the advice on a run.

    The plain tracker layout has no place for more than a name, so that is all it is asked for.
    """
    found = []
    lack = _lack_of_name(view)
    if lack is not None:
        found.append(Advice(topic="name", message=lack, remedy=_DEFAULT_NAME))
    if view.format == "tracker":
        return tuple(found)
    if not view.project:
        remedy = "Say what it belongs to: start_run(project=...)"
        found.append(Advice(topic="project", message="no project", remedy=remedy))
    if not view.group:
        remedy = "Name what it is compared with: start_run(group=...), or group in labels.yaml"
        found.append(Advice(topic="group", message="no group", remedy=remedy))
    if not view.tags:
        remedy = "Tag what it is looked for by: start_run(tags=...), or tags in labels.yaml"
        found.append(Advice(topic="tags", message="no tags", remedy=remedy))
    if not (view.notes or "").strip():
        remedy = "Say why while you know: start_run(notes=...), or notes in labels.yaml"
        message = "no note says why it was made"
        found.append(Advice(topic="notes", message=message, remedy=remedy))
    return tuple(found)


def facts_of(view: RunView) -> tuple[str, ...]:
    """Return what is out of the ordinary about a run even when every check passes."""
    found = []
    if view.format == "tracker":
        found.append(f"plain tracker layout, no {layout.RUN}")
    found += _uncommitted_work(view)
    if view.run.attempt > 1:
        found.append(f"{view.run.attempt} attempts")
    if view.run.ranks > 1:
        found.append(f"{view.run.ranks} ranks")
    if view.labels.archived:
        found.append("archived")
    return tuple(found)


def _lack_of_name(view: RunView) -> str | None:
    if says_nothing(view.name):
        return "a name that every run could have"
    rest = _folded(view.name)
    missing = []
    for what, keys in (("model", MODEL_KEYS), ("dataset", DATASET_KEYS)):
        value = stated(view.flat_config, keys)
        if value is None:
            continue
        if _folded(value) not in rest:
            missing.append(f"the {what} ({shown(value)})")
        rest = rest.replace(_folded(value), "", 1)
    moment = time_in(view.name)
    if moment is None:
        missing.append("the time")
    elif not re.search(r"\w", rest.replace(_folded(moment), "", 1).replace("_", " ")):
        missing.append("what was varied")
    if not missing:
        return None
    *first, last = missing
    return f"a name without {', '.join(first)} and {last}" if first else f"a name without {last}"


def _folded(text: str) -> str:
    return portable_component(text).casefold()


def _uncommitted_work(view: RunView) -> list[str]:
    git = view.git
    if git is None or not (git.dirty or git.dirty_end):
        return []
    patch = view.bytes(layout.PATCH)
    if patch:
        kept = f": {listed(changed_files(patch), limit=1)}, kept in the patch"
    elif git.left_out:
        kept = ""
    else:
        kept = ", not kept"
    left = f", {counted(len(git.left_out), 'file')} left out" if git.left_out else ""
    return [f"uncommitted work{kept}{left}"]
