"""Is the data fixed, split without overlap, and all of it declared?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any

from reportgen.audit.checks.environment_data import is_generated
from reportgen.audit.code_tree import root_in_repository
from reportgen.audit.data_versions import Immutability, immutability_of
from reportgen.audit.evidence import at, counted, listed, unavailable
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.audit.split_ids import choice_fault, kept_share, split_hashes
from reportgen.errors import UnavailableError
from reportgen.fs.hashing import sha256_bytes
from reportgen.runs import layout
from reportgen.runs.schema import Data, Opens
from reportgen.runs.view import RunView

_PRESENT = "environment.data-fingerprint-present"
_GENERATED = "every input is made by a generator with a recorded seed"


class DataVersionImmutable(Check):
    """Each input is a file of the recorded tree, or has a version that cannot change."""

    id = "environment.data-version-immutable"
    severity = Severity.H
    title = "The version of the data cannot change"
    failure = "The version of the data can change"
    why = "A branch or a bare address gives other data next month, and nobody notices."
    fix = "Track the data in git or DVC, or name a commit, a DOI or an object version"
    command = 'data=[{"name": "x", "path": "data/x", "version": {"kind": "hf", "commit": "..."}}]'
    needs = ("folder", "repository")
    online_evidence = Evidence.E4
    requires = (_PRESENT,)

    def inapplicable(self, context: AuditContext) -> str | None:
        data = context.run.data
        return _GENERATED if data and data.inputs and all(map(is_generated, data.inputs)) else None

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        inputs = [one for one in (view.data.inputs if view.data else []) if not is_generated(one)]
        found = {entry.name: immutability_of(context, entry) for entry in inputs}
        mutable = {name: one for name, one in found.items() if one.fixed is False}
        unknown = {name: one for name, one in found.items() if one.fixed is None}
        where = [at(view, layout.DATA, "inputs")]
        count = len(found)
        if mutable:
            message = listed(f"{name} {one.why}" for name, one in mutable.items())
            causes = {one.cause for one in mutable.values()}
            cause = causes.pop() if len(causes) == 1 else None
            return self.failed(message, inspected=count, where=where, cause=cause)
        if unknown:
            message = listed(f"{name} {one.why}" for name, one in unknown.items())
            return self.inconclusive(message)
        message = listed(f"{name} {one.why}" for name, one in found.items())
        return self.passed(message, inspected=count, evidence=_evidence(context, found))


def _evidence(context: AuditContext, found: dict[str, Immutability]) -> Evidence:
    """Return how far the weakest of the inputs is backed."""
    levels = []
    for one in found.values():
        confirmed = False
        if context.network is not None and one.confirm is not None:
            try:
                confirmed = one.confirm()
            except UnavailableError:
                confirmed = False
        levels.append(Evidence.E4 if confirmed else one.evidence)
    return min(levels)


class DataSplitsDisjoint(Check):
    """No example stands in two splits, by the hashes of their ids."""

    id = "environment.data-splits-disjoint"
    severity = Severity.H
    title = "The splits share no example"
    failure = "The splits share examples"
    why = "An example that was trained on says nothing when it is tested on."
    fix = "Divide by id before anything else, and log the ids: their hashes show an overlap"
    command = 'run.log_splits({"train": train_ids, "val": val_ids}, method="random", seed=0)'

    def inapplicable(self, context: AuditContext) -> str | None:
        data = context.run.data
        counted_splits = _recorded(data) if data else {}
        if len(counted_splits) == 1:
            return f"there is one split, {next(iter(counted_splits))[:60]}"
        return None

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        recorded = _recorded(view.data or Data())
        raw = view.raw(layout.SPLITS)
        if not isinstance(raw, dict):
            return self.inconclusive(
                "the ids of the examples are not recorded",
                remedy=self.fix,
                command=self.command,
            )
        where = [Where(file=layout.SPLITS), at(view, layout.DATA, "splits")]
        try:
            splits = split_hashes(raw)
        except ValueError as error:
            return self.failed(f"splits.json: {error}", inspected=0, where=where)
        fault = _contradiction(splits, recorded, kept_share(raw))
        total = sum(map(len, splits.values()))
        if fault:
            return self.failed(fault, inspected=total, where=where)
        if len(splits) < 2:
            return self.not_applicable("the ids of one split are recorded")
        shared = {
            (one, other): len(set(splits[one]) & set(splits[other]))
            for one, other in combinations(splits, 2)
        }
        worst = max(shared, key=lambda pair: _share(shared[pair], splits, pair))
        if not shared[worst]:
            named = ", ".join(f"{name} {len(ids):,}" for name, ids in splits.items())
            return self.passed(f"{named}: no hash of an id in two of them", inspected=total)
        share = _share(shared[worst], splits, worst)
        message = (
            f"{counted(shared[worst], 'example')} in both {worst[0]} and {worst[1]}, "
            f"{100 * share:.3g} % of the smaller"
        )
        few = share <= context.policy.tolerances.overlap_fraction
        verdict = self.partial if few else self.failed
        return verdict(message, inspected=total, where=where)


def _recorded(data: Data) -> dict[str, dict[str, Any]]:
    return {name: one for name, one in data.splits.items() if isinstance(one, dict)}


def _contradiction(
    splits: dict[str, list[bytes]], recorded: dict[str, dict[str, Any]], kept: float
) -> str | None:
    """Return where the hashes and data.yaml do not fit, or where the ids name no examples."""
    absent = [name for name in recorded if name not in splits]
    if absent:
        return f"no ids of {listed(absent)}"
    for name, hashes in splits.items():
        said = recorded.get(name, {})
        count = said.get("count")
        if not hashes and count:
            return f"no ids of {name}, {count:,} examples recorded"
        if kept == 1.0 and count is not None and len(hashes) != count:
            return f"{len(hashes):,} ids of {name}, {count} examples recorded"
        if kept < 1.0 and type(count) is int and len(hashes) > count:
            return f"{len(hashes):,} ids of {name} kept, only {count:,} examples recorded"
        chosen = choice_fault(hashes, count, kept) if kept < 1.0 and type(count) is int else None
        if chosen:
            return f"the ids of {name} were not left out by their hashes alone: {chosen}"
        whole = sha256_bytes(b"".join(hashes))
        if kept == 1.0 and said.get("ids_sha256") not in (None, whole):
            return f"the ids of {name} are not those of data.yaml"
        if any(one > other for one, other in pairwise(hashes)):
            return f"the hashes of {name} are not sorted"
        if len(set(hashes)) * 2 < len(hashes):
            return f"{len(set(hashes)):,} different ids for {len(hashes):,} examples of {name}"
    return None


def _share(shared: int, splits: dict[str, list[bytes]], pair: tuple[str, str]) -> float:
    return shared / max(1, min(len(splits[name]) for name in pair))


_NO_DATA = re.compile(
    r"(?:^|/)(?:\.git|\.hg|\.github|\.vscode|\.idea|\.ipynb_checkpoints)/"
    r"|(?:^|/)(?:pyproject\.toml|setup\.cfg|tox\.ini|makefile|dockerfile|license[^/]*|\.[^/]*)$"
    r"|\.(?:py|pyi|ipynb|sh|md|rst|lock|cfg|ini|toml|ya?ml)$"
    r"|(?:^|/)requirements[^/]*\.txt$|(?:^|/)[^/]*conf[^/]*/[^/]*\.json$|conf[^/]*\.json$",
    re.IGNORECASE,
)
_DATA_CACHE = re.compile(
    r"(?:^|/)(?:huggingface|kagglehub|keras|torch/hub|tensorflow_datasets|scikit_learn_data"
    r"|nltk_data|torchtext|torch_geometric|\.cache/torch)(?:/|$)"
)
_OWN_AFFAIRS = re.compile(
    r"^~/\.(?:cache|config|local|matplotlib|ipython|jupyter|keras/keras\.json)"
)


class DataOpensCovered(Check):
    """Every file of data that was read is declared as an input.

    Reads are those of Python code, as an audit hook sees them; opens inside C libraries such as
    SQLite are not seen.
    """

    id = "environment.data-opens-covered"
    severity = Severity.M
    title = "All data that was read is declared"
    failure = "Data was read that is not declared"
    why = "An input that nobody named is missing from every rerun, and nobody looks for it."
    fix = "Declare every file or folder that the run reads"
    command = 'reportgen.start_run(data=["data/train.csv", "data/extra.csv"])'
    evidence = Evidence.E2
    at_end = True

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        opens = view.captured(layout.OPENS, Opens)
        reason = unavailable(opens.not_available, "files", "hook") if opens else None
        if opens is None or not opens.hook:
            return self.inconclusive(reason or "which files were read was not recorded")
        inputs = view.data.inputs if view.data else []
        declared = [entry.path.rstrip("/") for entry in inputs if entry.path]
        runs = root_in_repository(context)
        read = [path for path in _data_read(view, opens.files) if not _is_below(path, runs)]
        undeclared = [path for path in read if not _is_declared(path, declared)]
        cached = [path for path in undeclared if _DATA_CACHE.search(path)]
        hard = [path for path in undeclared if path not in cached]
        count = len(read)
        where = [at(view, layout.OPENS, "files"), at(view, layout.DATA, "inputs")]
        if hard:
            message = f"{len(hard)} of {counted(count, 'file')} not declared: {listed(hard)}"
            cause = None if inputs else _PRESENT
            return self.failed(message, inspected=count, where=where, cause=cause)
        if cached:
            message = f"not declared, and only of caches: {listed(cached)}"
            return self.partial(message, inspected=count, where=where)
        if opens.lost:
            message = f"{counted(opens.lost, 'read')} were not kept, the others are declared"
            return self.inconclusive(message)
        if not read and any(not is_generated(entry) for entry in inputs):
            return self.inconclusive(
                "no declared input was seen to be read: a C library may have opened it"
            )
        if not read:
            return self.not_applicable("no file of data was read")
        return self.passed(f"{counted(count, 'file')} read, all declared", inspected=count)


def _data_read(view: RunView, files: list[str]) -> Iterator[str]:
    copies = {path.partition("/")[2] for path in view.below(layout.CONFIG_FILES)}
    for path in files:
        if path in copies or _NO_DATA.search(path):
            continue
        if _OWN_AFFAIRS.match(path) and not _DATA_CACHE.search(path):
            continue
        yield path


def _is_declared(path: str, declared: list[str]) -> bool:
    return any(_is_below(path, one) for one in declared)


def _is_below(path: str, folder: str | None) -> bool:
    return folder is not None and (path == folder or path.startswith(f"{folder}/"))


CHECKS: tuple[Check, ...] = (DataVersionImmutable(), DataSplitsDisjoint(), DataOpensCovered())
