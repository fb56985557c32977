"""Did the program use the configuration: every key of it, and that of the file it came from?"""

from __future__ import annotations

from typing import Any

from reportgen.audit.config_sources import (
    ENDINGS,
    Source,
    compared,
    is_source,
    named_files,
    read_source,
    same_value,
)
from reportgen.audit.evidence import at, counted, listed, shown, stated, unavailable
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.audit.recorded_tree import recorded_tree
from reportgen.errors import ReportgenError, UnavailableError
from reportgen.runs import layout
from reportgen.runs.schema import ConfigAccess
from reportgen.runs.view import RunView

_PARSES = "hyperparameters.config-parses"
_COPY = f"{layout.CONFIG_FILES}/"


class ConfigKeysConsumed(Check):
    """Every declared key was read, and nothing was read that is not declared."""

    id = "hyperparameters.config-keys-consumed"
    severity = Severity.M
    title = "Every key of the configuration was read"
    failure = "Configuration and program do not share their keys"
    why = (
        "A key that nothing reads changes nothing, and a default in the code that no key names "
        "is a hyperparameter that nobody sees."
    )
    fix = "Remove the keys that nothing reads, and declare those that the program asks for"
    evidence = Evidence.E2
    requires = (_PARSES,)
    at_end = True

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        access = view.captured(layout.CONFIG_ACCESS, ConfigAccess)
        reason = unavailable(access.not_available, "tracking", "read") if access else None
        if access is None or reason or not access.tracking:
            return self.inconclusive(
                reason or "which keys were read is not recorded",
                remedy="Take the settings from the run, which notes each key that is read",
                command="config = run.config",
            )
        declared = list(view.flat_config)
        used = set(access.read) | _seeds_set(view)
        unread = [key for key in declared if key not in used]
        asked = {key: value for key, value in access.absent.items() if key not in declared}
        literal = {key: value for key, value in asked.items() if value is not None}
        keys = counted(len(declared), "key")
        where = [at(view, layout.CONFIG, key) for key in unread[:3]]
        message = f"{len(unread)} of {keys} never read: {listed(unread)}" if unread else ""
        if literal:
            named = listed(f"{key} = {shown(value)}" for key, value in literal.items())
            message = f"a default of the code stood in for {named}{message and f'; {message}'}"
            place = at(view, layout.CONFIG_ACCESS, "absent")
            return self.failed(message, inspected=len(declared), where=[place, *where])
        if len(unread) > context.policy.tolerances.unread_fraction * len(declared):
            return self.failed(message, inspected=len(declared), where=where)
        if unread:
            return self.partial(message, inspected=len(declared), where=where)
        raw = view.raw(layout.CONFIG_ACCESS)
        if isinstance(raw, dict) and raw.get("absent") is None:
            message = f"{keys}, all read; what was asked for and not declared is not recorded"
            where = [Where(file=layout.CONFIG_ACCESS)]
            return self.partial(message, inspected=len(declared), where=where)
        if asked:
            message = f"{keys}, all read; asked for and not declared: {listed(asked)}"
            where = [at(view, layout.CONFIG_ACCESS, "absent")]
            return self.partial(message, inspected=len(declared), where=where)
        return self.passed(f"{keys}, all read", inspected=len(declared))


def _seeds_set(view: RunView) -> set[str]:
    """Return the keys of seeds that the generators were set to: seeding read them."""
    seeds = view.environment.seeds if view.environment else None
    found = {value for value in (seeds or {}).values() if isinstance(value, int)}
    return {
        key
        for key, value in view.flat_config.items()
        if key.rpartition(".")[2] == "seed" and isinstance(value, int) and value in found
    }


class ConfigSourceMatch(Check):
    """The file that the run was started with, with the command line, is what was logged."""

    id = "hyperparameters.config-source-match"
    severity = Severity.M
    title = "The configuration follows from its file and the command line"
    failure = "The configuration does not follow from its file and the command line"
    why = "Who runs the file of the repository again must get the configuration of the run."
    fix = "Commit the configuration file, and log the configuration that was made of it"
    command = "git add --all && git commit -m 'Configuration of the run'"
    needs = ("folder", "repository")
    requires = (_PARSES, "code.commit-recorded")

    def inapplicable(self, context: AuditContext) -> str | None:
        view = context.run
        if _kept(view) or _named(view) or _left_out(view) or view.run.command is None:
            return None
        return "no configuration file was named or kept: it was made in the code"

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        named = _named(view)
        try:
            kept = [read_source(view.bytes(_COPY + path) or b"", path) for path in _kept(view)]
        except ReportgenError as error:
            return self.failed(error.what, where=[Where(file=f"{_COPY}{error.where}")])
        config = view.flat_config
        sources = [one for one in kept if one is not None and is_source(one, config, named)]
        if not sources:
            return self._without_source(view, named)
        argv = view.run.command.argv if view.run.command else []
        keys, different = compared(sources, config, argv)
        if different:
            listing = stated(
                f"{one.key} is {shown(one.value)} in {one.path} and "
                + ("not logged" if one.configured is None else shown(config[one.configured]))
                for one in different
            )
            where = [at(view, layout.CONFIG, one.configured or one.key) for one in different[:3]]
            return self.failed(listing, inspected=keys, where=where)
        if not keys:
            message = "the file sets no key that the command line does not set"
            return self.not_applicable(message)
        return self._in_repository(context, sources, keys)

    def _without_source(self, view: RunView, named: list[str]) -> CheckResult:
        left = _left_out(view)
        if left:
            return self.inconclusive(left)
        if view.run.command is None:
            message = "neither a configuration file nor the command line is recorded"
            return self.inconclusive(message, blocked_by="hyperparameters.config-argv-consistent")
        if not named:
            return self.not_applicable("no file that was kept is about the configuration")
        message = f"{listed(named)} was named and is not kept"
        where = [at(view, layout.RUN, "command")]
        return self.failed(
            message,
            inspected=0,
            where=where,
            remedy="Give the file to the logger, which keeps a copy of it",
            command=f"reportgen.start_run(config_files=[{named[0]!r}])",
        )

    def _in_repository(
        self, context: AuditContext, sources: list[Source], keys: int
    ) -> CheckResult:
        names = listed(one.path for one in sources)
        agree = f"{names}: {counted(keys, 'key')} as logged"
        try:
            tree = recorded_tree(context)
            blobs = {one.path: context.repository.blob(tree, one.path) for one in sources}
        except UnavailableError as error:
            return self.inconclusive(f"{agree}; whether it is committed: {error.what}")
        except ReportgenError as error:
            message = f"{agree}; the recorded tree: {error.what}"
            return self.inconclusive(message, blocked_by="code.patch-applies")
        where = [Where(file=_COPY + one.path) for one in sources[:3]]
        for source in sources:
            blob = blobs[source.path]
            if blob is not None and not _same_settings(source, blob):
                message = f"the copy of {source.path} is not the file of the recorded tree"
                return self.failed(message, inspected=keys, where=where)
        missing = [path for path, blob in blobs.items() if blob is None]
        if missing:
            message = f"{agree}; {listed(missing)} is in no commit"
            return self.partial(message, inspected=keys, where=where, evidence=Evidence.E2)
        for source in sources:
            if _plain_ends(source.data) != _plain_ends(blobs[source.path] or b""):
                message = f"the copy of {source.path} differs from the recorded tree in comments"
                return self.partial(message, inspected=keys, where=where)
        return self.passed(f"{agree}, the file as in the recorded tree", inspected=keys)


def _kept(view: RunView) -> list[str]:
    """Return the configuration files that were kept, by their path in the repository."""
    below = view.below(layout.CONFIG_FILES)
    return [path.removeprefix(_COPY) for path in below if path.lower().endswith(ENDINGS)]


def _named(view: RunView) -> list[str]:
    command = view.run.command
    return named_files(command.argv, command.cwd) if command else []


def _left_out(view: RunView) -> str | None:
    """Return that a configuration file was left out by the logger, with its rule."""
    for left in view.run.left_out:
        if left.where.startswith(_COPY):
            return f"{left.where.removeprefix(_COPY)} was left out, rule {left.rule}"
    return None


def _same_settings(source: Source, blob: bytes) -> bool:
    if _plain_ends(source.data) == _plain_ends(blob):
        return True
    try:
        committed = read_source(blob, source.path)
    except ReportgenError:
        return False
    return committed is not None and _same_values(source.values, committed.values)


def _same_values(left: Any, right: Any) -> bool:
    return left.keys() == right.keys() and all(same_value(left[key], right[key]) for key in left)


def _plain_ends(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")


CHECKS: tuple[Check, ...] = (ConfigKeysConsumed(), ConfigSourceMatch())
