"""Do runs that are meant as repetitions differ in their seeds?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson

from reportgen.audit.checks.environment_seeds import seeds_of
from reportgen.audit.evidence import at, counted, listed
from reportgen.audit.interface import AuditContext, Check, CheckResult, Severity
from reportgen.audit.siblings import root_of
from reportgen.runs import layout
from reportgen.runs.view import RunView

Key = tuple[str | None, bytes]


class SeedsReplicatesDistinct(Check):
    """No two runs of one configuration and one tree were made with the same seeds."""

    id = "environment.seeds-replicates-distinct"
    severity = Severity.H
    title = "Repetitions differ in their seeds"
    failure = "Repetitions have the same seeds"
    why = "The same run counted twice makes a spread look smaller than it is."
    fix = "Give every repetition a seed of its own"
    command = "for seed in 1 2 3 4 5; do python train.py --seed $seed; done"
    needs = ("folder", "siblings")
    requires = ("environment.seeds-recorded",)

    def inapplicable(self, context: AuditContext) -> str | None:
        if _replicates(context):
            return None
        return "no other finished run has this configuration and this tree"

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        others = _replicates(context)
        own = seeds_of(view)
        same = [other.name for other in others if seeds_of(other) == own]
        count = len(others) + 1
        shown = ", ".join(f"{name} {seed}" for name, seed in own.items())
        if same:
            message = f"{shown}: the same as in {listed(same)}"
            where = [at(view, layout.ENVIRONMENT, "seeds")]
            return self.failed(message, inspected=count, where=where)
        message = f"{counted(count, 'run')} of one configuration, none with the seeds {shown}"
        return self.passed(message, inspected=count)


def _replicates(context: AuditContext) -> list[RunView]:
    """Return the other finished runs of the same configuration, seeds aside, and the same code."""
    view = context.run
    key = _configuration(view)
    if key is None or view.run.status != "finished":
        return []
    root = root_of(view)[0]
    groups = context.repository.remembered(
        ("configurations", root), lambda: _grouped([view, *context.siblings])
    )
    tree = view.git.tree if view.git else None
    return [
        other
        for other in groups.get(key, ())
        if other is not view
        and other.folder != view.folder
        and (other.git.tree if other.git else None) == tree
    ]


def _grouped(views: Iterable[RunView]) -> dict[Key, list[RunView]]:
    groups: dict[Key, list[RunView]] = {}
    for view in views:
        key = _configuration(view)
        if key is not None and view.run.status == "finished":
            groups.setdefault(key, []).append(view)
    return groups


def _configuration(view: RunView) -> Key | None:
    """Return project and configuration to compare: sorted, without the keys that name a seed."""
    kept = {key: value for key, value in view.flat_config.items() if not is_seed(key)}
    return (view.project, _as_bytes(kept)) if kept else None


def is_seed(key: str) -> bool:
    """Tell whether a dotted key names a seed by its last part."""
    last = key.rpartition(".")[2].lower()
    return last == "seed" or last.endswith("_seed")


def _as_bytes(config: Mapping[str, object]) -> bytes:
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    try:
        return orjson.dumps(config, option=options, default=str)
    except orjson.JSONEncodeError:
        return repr(sorted(config.items(), key=lambda item: item[0])).encode("utf-8", "replace")


CHECKS: tuple[Check, ...] = (SeedsReplicatesDistinct(),)
