"""Is kept what a person looks for beside the numbers: configuration file, predictions, figures?"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from reportgen.audit.code_tree import CodeTree, code_tree
from reportgen.audit.config_sources import ENDINGS, named_files
from reportgen.audit.evidence import at, counted, listed
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.audit.prediction_table import PredictionTable, read_predictions
from reportgen.audit.split_ids import hash_of, kept_share, split_hashes
from reportgen.errors import UnavailableError, UnreadableError
from reportgen.runs import layout
from reportgen.runs.goals import split_of
from reportgen.runs.picture_file import inspect_picture
from reportgen.runs.schema import Opens
from reportgen.runs.view import RunView

_COPIES = f"{layout.CONFIG_FILES}/"
_PICTURE_BYTES = 32 * 2**20
_IDS_COMPARED = 50_000


class ConfigFileKept(Check):
    """A copy of each file that the run was started with, byte for byte that of the repository."""

    id = "artifacts.config-file-kept"
    severity = Severity.M
    title = "The configuration file is kept as it was"
    failure = "The configuration file is not kept as it was"
    why = "The resolved values alone do not show what was asked for, and with which comments."
    fix = "Name the file on the command line, or give it to the logger, which keeps a copy"
    command = 'reportgen.start_run(config=config, config_files=["configs/mlp.yaml"])'
    needs = ("folder", "repository")

    def inapplicable(self, context: AuditContext) -> str | None:
        view = context.run
        told = view.run.command is not None and bool(view.run.command.argv)
        if _started_with(view) or _copies(view) or _left_out(view) or not told:
            return None
        return "no configuration file was named, read or kept: it was made in the code"

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        copies, left_out = _copies(view), _left_out(view)
        expected = _started_with(view)
        missing = [path for path in expected if not _has_copy(path, copies)]
        count = len({*expected, *copies}) + len(left_out)
        if not copies:
            return self._without_copy(view, [*missing, *left_out], count)
        tree = _tree(context)
        differing = [path for path in copies if _differs(view, path, tree)]
        if differing:
            message = f"not the bytes of the repository: {listed(differing)}"
            where = [Where(file=f"{_COPIES}{path}") for path in differing[:3]]
            return self.failed(message, inspected=count, where=where)
        empty = [path for path in copies if not view.file_sizes[f"{_COPIES}{path}"]]
        if tree is None and empty:
            where = [Where(file=f"{_COPIES}{path}") for path in empty[:3]]
            return self.failed(f"empty: {listed(empty)}", inspected=count, where=where)
        gone = [*missing, *left_out]
        if gone:
            where = [at(view, layout.RUN, "command")]
            message = f"{listed(copies)} kept, no copy of {listed(gone)}"
            return self.partial(message, inspected=count, where=where)
        compared = [path for path in copies if tree is not None and path in tree]
        if len(compared) == len(copies):
            return self.passed(f"{listed(copies)}: the bytes of the repository", inspected=count)
        loose = [path for path in copies if path not in compared]
        message = f"{listed(copies)} kept; nothing to compare with for {listed(loose)}"
        return self.passed(message, evidence=Evidence.E2, inspected=count)

    def _without_copy(self, view: RunView, gone: list[str], count: int) -> CheckResult:
        where = [at(view, layout.RUN, "command")]
        message = f"no copy of {listed(gone) or 'a file, and no command that would name one'}"
        if view.config:
            message = f"{message}; only the resolved configuration is kept"
            return self.partial(message, inspected=count, where=where)
        return self.failed(f"{message}, nor the configuration", inspected=count, where=where)


def _started_with(view: RunView) -> list[str]:
    """Return the files that the command names, and those that were read and look like it."""
    command = view.run.command
    named = named_files(command.argv, command.cwd) if command else []
    opens = view.captured(layout.OPENS, Opens)
    inputs = {entry.path for entry in (view.data.inputs if view.data else [])}
    read = (path for path in (opens.files if opens else []) if _is_config(path))
    return list(dict.fromkeys([*named, *(path for path in read if path not in inputs)]))


def _is_config(path: str) -> bool:
    outside = path.startswith(("/", "~", "../"))
    return not outside and path.lower().endswith(ENDINGS) and "conf" in path.lower()


def _copies(view: RunView) -> list[str]:
    return [path.removeprefix(_COPIES) for path in view.below(layout.CONFIG_FILES)]


def _left_out(view: RunView) -> list[str]:
    """Return the files that were not kept for what they hold, or for their size."""
    return [
        entry.where.removeprefix(_COPIES)
        for entry in view.run.left_out
        if entry.where.startswith(_COPIES)
    ]


def _has_copy(path: str, copies: Iterable[str]) -> bool:
    # What lies outside of the repository is kept by its name.
    return any(copy in (path, posixpath.basename(path)) for copy in copies)


def _tree(context: AuditContext) -> CodeTree | None:
    try:
        return code_tree(context)
    except UnavailableError:
        return None


def _differs(view: RunView, path: str, tree: CodeTree | None) -> bool:
    try:
        blob = tree.blob(path) if tree is not None else None
    except UnavailableError:
        return False
    if blob is None:
        return False
    kept = view.bytes(f"{_COPIES}{path}") or b""
    # git may store a text with other line ends than a checkout has.
    return kept != blob and kept.replace(b"\r\n", b"\n") != blob.replace(b"\r\n", b"\n")


class PredictionsKept(Check):
    """The predictions on the validation set: one row an example, with its id and its label."""

    id = "artifacts.predictions-kept"
    severity = Severity.M
    title = "The validation predictions are kept"
    failure = "The validation predictions are not kept"
    why = "Only from them can a metric be recomputed and a mistake be looked at, without a model."
    fix = "Save them once, at the end; a thousand rows are a few kilobytes"
    command = 'run.log_predictions("val", ids=ids, labels=labels, predictions=predictions)'
    at_end = True

    def inapplicable(self, context: AuditContext) -> str | None:
        kind = context.run.run.kind
        if kind in ("unsupervised", "other"):
            return f"a run of kind {kind} predicts no labels"
        return None

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        files = view.below(layout.PREDICTIONS)
        if not files:
            where = [Where(file=f"{layout.PREDICTIONS}/val.csv")]
            return self.failed("no predictions are kept", inspected=0, where=where)
        places = [path for path in files if split_of(_stem(path), {}) == "val"]
        where = [Where(file=path) for path in (places or files)[:3]]
        if not places:
            message = f"none on the validation set, only {listed(map(_stem, files))}"
            return self.partial(message, inspected=len(files), where=where)
        place = next((path for path in places if path.lower().endswith((".csv", ".tsv"))), None)
        if place is None:
            return self.inconclusive(
                f"{listed(places)}: of a format that is not read here", remedy="Save them as CSV"
            )
        try:
            table = read_predictions(view.text(place) or "", tabs=place.lower().endswith(".tsv"))
        except UnreadableError as error:
            return self.failed(f"{place} {error.what}", where=where)
        return self._table(context, place, table)

    def _table(self, context: AuditContext, place: str, table: PredictionTable) -> CheckResult:
        where = [Where(file=place)]
        rows = table.rows
        if not table.filled("prediction"):
            what = "no prediction" if rows else "no row"
            return self.failed(f"{place} holds {what}", inspected=rows, where=where)
        expected = _examples(context.run)
        least = context.policy.tolerances.short_fraction
        if expected and rows < least * expected:
            message = f"{place} has {rows:,} rows, the split {counted(expected, 'example')}"
            return self.failed(message, inspected=rows, where=where)
        faults = []
        if table.distinct_ids < rows:
            faults.append(
                f"{table.distinct_ids:,} different ids in {counted(rows, 'row')}"
                if table.distinct_ids
                else "no ids"
            )
        if table.filled("label") < rows:
            faults.append(f"{table.filled('label'):,} labels in {counted(rows, 'row')}")
        if table.filled("prediction") < rows:
            faults.append(f"{table.filled('prediction'):,} predictions in {counted(rows, 'row')}")
        if expected and rows != expected:
            faults.append(f"{counted(rows, 'row')}, the split has {expected:,}")
        if faults:
            return self.partial(f"{place}: {'; '.join(faults)}", inspected=rows, where=where)
        strange = _of_other_splits(context.run, table)
        if strange:
            message = f"{place} names examples that are not of the split: {strange}"
            where = [*where, Where(file=layout.SPLITS)]
            remedy = "Give each example the id that it has in run.log_splits"
            return self.partial(message, inspected=rows, where=where, remedy=remedy)
        suffix = f", all {expected:,} of the split" if expected else ""
        message = f"{place}: {counted(rows, 'row')} with id, label and prediction{suffix}"
        return self.passed(message, inspected=rows)


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _examples(view: RunView) -> int | None:
    """Return the recorded number of validation examples, None when it is not recorded."""
    for name, split in (view.data.splits if view.data else {}).items():
        if isinstance(split, dict) and split_of(name, {}) == "val":
            count = split.get("count")
            return count if type(count) is int and count > 0 else None
    return None


def _of_other_splits(view: RunView, table: PredictionTable) -> str | None:
    """Return how many of the first ids are of another split, or of none; None when none are."""
    raw = view.raw(layout.SPLITS)
    if not isinstance(raw, dict):
        return None
    try:
        splits = {name: set(hashes) for name, hashes in split_hashes(raw).items()}
    except ValueError:  # that is for environment.data-splits-disjoint to say
        return None
    own = [hashes for name, hashes in splits.items() if split_of(name, {}) == "val"]
    predicted = set(map(hash_of, table.columns.get("id", [])[:_IDS_COMPARED]))
    strange = predicted.difference(*own) if own else set()
    found = {name: len(hashes & strange) for name, hashes in splits.items()}
    # Ids that are of none may be of another numbering, unless the others are of this one.
    if kept_share(raw) == 1.0 and len(strange) <= len(predicted) / 2:
        found["none"] = len(strange) - sum(found.values())
    return listed(f"{count:,} of {name}" for name, count in found.items() if count) or None


class FiguresKept(Check):
    """At least one figure that decodes and shows something."""

    id = "artifacts.figures-kept"
    severity = Severity.L
    title = "A figure is kept"
    failure = "No figure is kept that shows something"
    why = "A picture shows at a glance what no table does: where a model errs, how it learned."
    fix = "Save the confusion matrix or the loss curve"
    command = 'run.log_figure("confusion_matrix", figure, step)'
    at_end = True

    def inapplicable(self, context: AuditContext) -> str | None:
        kind = context.run.run.kind
        return "a run of kind other has nothing to show" if kind == "other" else None

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        figures = sorted(view.below(layout.FIGURES), key=lambda path: view.file_sizes[path])
        if not figures:
            where = [Where(file=layout.FIGURES)]
            return self.failed("there is no figure", inspected=0, where=where)
        faults: dict[str, str] = {}
        undecoded: dict[str, str] = {}
        for path in figures:
            picture = inspect_picture(view.bytes(path, limit=_PICTURE_BYTES) or b"")
            if picture.fault is not None:
                faults[path] = picture.fault
            elif not picture.decoded:
                undecoded[path] = picture.kind
            else:
                message = f"{counted(len(figures), 'figure')}; {path} decodes ({picture.kind})"
                return self.passed(message, inspected=len(faults) + len(undecoded) + 1)
        if undecoded:
            named = listed(f"{path} ({kind})" for path, kind in undecoded.items())
            return self.inconclusive(f"not decoded here: {named}", remedy="Save figures as PNG")
        message = listed(f"{path} {fault}" for path, fault in faults.items())
        where = [Where(file=path) for path in list(faults)[:3]]
        return self.failed(message, inspected=len(figures), where=where)


CHECKS: tuple[Check, ...] = (ConfigFileKept(), PredictionsKept(), FiguresKept())
