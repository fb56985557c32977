"""Is it recorded how examples met the optimizer: in batches of which size, from which split?"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from reportgen.audit.evidence import at, counted, listed, shown, unavailable
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.audit.settings import Setting, batch_settings
from reportgen.runs import layout
from reportgen.runs.schema import Data
from reportgen.runs.view import RunView

_PARSES = "hyperparameters.config-parses"
_WITHOUT_CHANCE = frozenset(
    {"predefined", "fixed", "official", "given", "provided", "original", "temporal", "time"}
    | {"chronological", "sequential", "ordered", "by time", "by date", "by file", "hash"}
)
_ID_BYTES = 8
_NOT_SPLITS = ("method", "seed")


class BatchEffectiveConsistent(Check):
    """Batch of a device, accumulation and processes give the declared batch of a step."""

    id = "hyperparameters.batch-effective-consistent"
    severity = Severity.M
    title = "The batch of one step is the product of its parts"
    failure = "The batch of one step is not declared, or not the product of its parts"
    why = "What acts on the training is the whole batch, and its parts change with the machine."
    fix = "Declare the whole batch beside that of one device, the accumulation and the processes"
    command = 'config["global_batch_size"] = batch_size * grad_accum * world_size'
    requires = (_PARSES,)

    def inapplicable(self, context: AuditContext) -> str | None:
        view = context.run
        said = batch_settings(view.flat_config)
        parts = (said.accumulation, said.world)
        if view.run.ranks > 1 or any(part and part.value > 1 for part in parts):
            return None
        if said.micro and said.total and said.micro.value != said.total.value:
            return None
        return "one process and no accumulation of gradients"

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        said = batch_settings(view.flat_config)
        ranks = view.run.ranks
        if _other_world(view, said.world):
            text = f"{said.world.key} is {said.world.value}" if said.world else ""
            message = f"{text}, {counted(ranks, 'process ran', 'processes ran')}"
            return self.failed(message, where=[_place(view, said.world)])
        world = ranks if ranks > 1 else said.world.value if said.world else 1
        accumulated = said.accumulation.value if said.accumulation else 1
        named = [one for one in (said.micro, said.accumulation, said.world, said.total) if one]
        count = len(named)
        if said.micro is None and said.total is None:
            message = "no batch size is configured"
            return self.failed(message, inspected=0, where=[at(view, layout.CONFIG)])
        parts = f"x {accumulated} x {world}"
        if said.micro is None or said.total is None:
            return self._derived(view, said.micro, said.total, accumulated * world, parts)
        product = said.micro.value * accumulated * world
        message = f"{said.micro.value} {parts} = {product}, {said.total.key} {said.total.value}"
        if product == said.total.value:
            return self.passed(message, inspected=count)
        return self.failed(message, inspected=count, where=[_place(view, said.total)])

    def _derived(
        self, view: RunView, micro: Setting | None, total: Setting | None, factor: int, parts: str
    ) -> CheckResult:
        if micro is not None:
            message = f"{micro.value} {parts} = {micro.value * factor}, which is not declared"
            return self.partial(message, where=[_place(view, micro)])
        assert total is not None  # noqa: S101 - one of the two is configured
        if total.value % factor:
            message = f"{total.key} {total.value} is no multiple of {parts.removeprefix('x ')}"
            return self.failed(message, where=[_place(view, total)])
        message = f"{total.key} {total.value} makes {total.value // factor} a device, not declared"
        return self.partial(message, where=[_place(view, total)])


def _other_world(view: RunView, world: Setting | None) -> bool:
    """Tell whether the configuration counts other processes than ran.

    One process may drive several devices by itself, so only a count of processes is held to it.
    """
    if world is None or view.format != "standard":
        return False
    counts_processes = world.key.rpartition(".")[2].lower() in ("world_size", "num_processes")
    return world.value != view.run.ranks and (counts_processes or view.run.ranks > 1)


def _place(view: RunView, setting: Setting | None) -> Where:
    return at(view, layout.CONFIG, setting.key.partition(" x ")[0] if setting else None)


class SplitParamsLogged(Check):
    """How the data was divided is recorded, and the parts add up to the whole."""

    id = "hyperparameters.split-params-logged"
    severity = Severity.H
    title = "Method, seed and sizes of the split are recorded"
    failure = "How the data was split is not recorded in full"
    why = "Another split is another test: without it the metric cannot be had again."
    fix = "Log the ids of each split, with method and seed; only their hashes are kept"
    command = 'run.log_splits({"train": ids, "val": ids}, method="random", seed=0)'

    def inapplicable(self, context: AuditContext) -> str | None:
        view = context.run
        if _splits(view.data):
            return None
        if view.run.kind in ("evaluation", "other"):
            return f"a run of kind {view.run.kind} splits nothing"
        if view.series and not any(view.split(name) in ("val", "test") for name in view.series):
            return "nothing is measured on another split than that of training"
        return None

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        data = view.data or Data()
        splits = _splits(data)
        where = [at(view, layout.DATA, "splits")]
        if not splits:
            reason = unavailable(data.not_available, "splits")
            if reason:
                return self.inconclusive(reason)
            return self.failed("no split is recorded", inspected=0, where=where)
        sizes = {name: _count(described) for name, described in splits.items()}
        blank = [name for name, size in sizes.items() if not size]
        method, seed = str(data.splits.get("method") or "").strip(), data.splits.get("seed")
        seeded = isinstance(seed, int | float) and not isinstance(seed, bool)
        lacking = [] if method else ["the method"]
        if not seeded and method.lower() not in _WITHOUT_CHANCE:
            lacking.append("the seed")
        if blank:
            lacking.append(f"the size of {listed(blank)}")
        named = ", ".join(f"{name} {size:,}" for name, size in sizes.items() if size)
        if lacking:
            verdict = self.partial if len(lacking) == 1 else self.failed
            message = f"{listed(lacking)} not recorded{named and f'; {named}'}"
            return verdict(message, inspected=len(splits), where=where)
        counts = {name: size for name, size in sizes.items() if size}
        return self._sizes(view, counts, f"{method}, seed {shown(seed)}: {named}")

    def _sizes(self, view: RunView, sizes: dict[str, int], told: str) -> CheckResult:
        where = [at(view, layout.DATA, "splits")]
        count, total = len(sizes), sum(sizes.values())
        kept = {name: _ids_kept(view, name) for name in sizes}
        others = [
            f"{name} {sizes[name]:,} with {ids:,} ids"
            for name, ids in kept.items()
            if ids not in (None, sizes[name])
        ]
        if others:
            message = f"other examples than the ids kept: {listed(others)}"
            return self.failed(message, inspected=count, where=where)
        inputs = view.data.inputs if view.data else []
        rows = [one.rows for one in inputs if one.rows]
        if rows and _fit(sizes, rows):
            return self.passed(f"{told}; {sum(rows):,} rows in all", inspected=count)
        if not rows or len(rows) < len(inputs):
            if None not in kept.values():
                message = f"{told}; as many ids as that are kept"
                return self.passed(message, inspected=count)
            message = f"{told}; neither rows nor ids to count them by"
            return self.partial(message, inspected=count, where=where, evidence=Evidence.E1)
        if total > sum(rows):
            message = f"{told}: {total:,} examples of {sum(rows):,} rows"
            return self.failed(message, inspected=count, where=where)
        message = f"{told}: {sum(rows) - total:,} of {sum(rows):,} rows are in no split"
        return self.partial(message, inspected=count, where=where)


def _splits(data: Data | None) -> dict[str, Any]:
    """Return what data.yaml says of each split, without method and seed."""
    splits = data.splits if data else {}
    return {
        name: described
        for name, described in splits.items()
        if name not in _NOT_SPLITS and isinstance(described, dict)
    }


def _count(described: dict[str, Any]) -> int | None:
    count = described.get("count")
    return count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else None


def _fit(sizes: dict[str, int], rows: list[int]) -> bool:
    """Tell whether the splits are all rows, those of one input, or each those of an input."""
    total = sum(sizes.values())
    each = list(rows)
    for size in sizes.values():
        if size not in each:
            return total in (sum(rows), *rows)
        each.remove(size)
    return True


def _ids_kept(view: RunView, split: str) -> int | None:
    """Return how many ids of a split are kept, None when not all of them were to be."""
    kept = view.raw(layout.SPLITS)
    ids = kept.get(split) if isinstance(kept, dict) else None
    if not isinstance(ids, str) or kept.get("kept") != 1:
        return None
    try:
        return len(base64.b64decode(ids, validate=True)) // _ID_BYTES
    except (binascii.Error, ValueError):
        return None


CHECKS: tuple[Check, ...] = (BatchEffectiveConsistent(), SplitParamsLogged())
