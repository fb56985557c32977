"""Is the configuration that ran recorded: as it was resolved, and as the command line set it?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from reportgen.audit.command_line import key_named, options_of, overrides_of, says_null
from reportgen.audit.evidence import at, counted, listed, shown
from reportgen.audit.interface import AuditContext, Check, CheckResult, Severity, Where
from reportgen.runs import layout
from reportgen.runs.view import RunView, flatten

_REPR = re.compile(r"<[\w.]{1,200}(?: object)? at 0x[0-9a-fA-F]{4,16}>")
_CONFIG_ENDINGS = (".yaml", ".yml", ".json")


class ConfigParses(Check):
    """config.yaml holds hyperparameters as plain values."""

    id = "hyperparameters.config-parses"
    severity = Severity.B
    title = "The configuration is recorded as plain values"
    failure = "The configuration cannot be read back"
    why = "Without its hyperparameters a run cannot be compared with another or run again."
    fix = "Give the configuration to the logger as a mapping of plain values; it costs one argument"
    command = "reportgen.start_run(config=config)"

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        flat = view.flat_config
        if not view.exists(layout.CONFIG):
            return self.failed(
                "there is no config.yaml", inspected=0, where=[at(view, layout.CONFIG)]
            )
        if not flat:
            return self.failed(_why_empty(view), where=[_fault_place(view)])
        as_text = [left.where for left in view.run.left_out if left.rule == "stringified"]
        as_text += [key for key, value in flat.items() if _is_repr(value)]
        keys = counted(len(flat), "key")
        if not as_text:
            return self.passed(f"{keys}, plain values only", inspected=len(flat))
        return self.partial(
            f"{counted(len(as_text), 'value')} of {keys} kept only as text: {listed(as_text)}",
            inspected=len(flat),
            where=[at(view, layout.CONFIG, as_text[0])],
            remedy="Turn these values into numbers, text or lists before they are logged",
        )


def _is_repr(value: Any) -> bool:
    return isinstance(value, str) and bool(_REPR.search(value[:1000]))


def _why_empty(view: RunView) -> str:
    raw = view.raw(layout.CONFIG)
    for problem in view.problems:
        if problem.file == layout.CONFIG and problem.severity == "error":
            return problem.message
    if raw is None:
        return "config.yaml is empty"
    return "config.yaml holds no key" if isinstance(raw, dict) else "config.yaml is no mapping"


def _fault_place(view: RunView) -> Where:
    lines = [problem.line for problem in view.problems if problem.file == layout.CONFIG]
    return Where(file=layout.CONFIG, line=next((line for line in lines if line), None))


class ConfigResolved(Check):
    """The values are those that ran: no interpolation, no "missing" mark, no forgotten null."""

    id = "hyperparameters.config-resolved"
    severity = Severity.H
    title = "Every value of the configuration is resolved"
    failure = "Values of the configuration are left open"
    why = "A reference or a null says what was written, not what ran."
    fix = "Log the configuration after files, command line and defaults are put together"
    command = "reportgen.start_run(config=OmegaConf.to_container(cfg, resolve=True))"
    requires = ("hyperparameters.config-parses",)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        flat = view.flat_config
        explained = _nulls_explained(view)
        open_keys = [
            key
            for key, value in flat.items()
            if _is_open(value) or (value is None and not explained(key))
        ]
        total = counted(len(flat), "value")
        if not open_keys:
            return self.passed(f"{total}, all resolved", inspected=len(flat))
        named = listed(f"{key} = {shown(flat[key])}" for key in open_keys)
        message = f"{len(open_keys)} of {total} left open: {named}"
        where = [at(view, layout.CONFIG, key) for key in open_keys[:3]]
        few = len(open_keys) <= context.policy.tolerances.unresolved_some
        verdict = self.partial if few and 2 * len(open_keys) <= len(flat) else self.failed
        return verdict(message, inspected=len(flat), where=where)


def _is_open(value: Any) -> bool:
    if isinstance(value, str):
        return "${" in value or value.strip() == "???"
    if isinstance(value, list):
        return any(_is_open(item) for item in value)
    return isinstance(value, dict) and any(_is_open(item) for item in value.values())


def _nulls_explained(view: RunView) -> Any:
    """Return a test for keys that a configuration file or the command line sets to null."""
    in_files = {key for key, value in _file_values(view) if value is None}
    argv = view.run.command.argv if view.run.command else []
    in_argv = {
        key_named(option.name, view.flat_config)
        for option in options_of(argv)
        if says_null(option.words)
    }

    def explained(key: str) -> bool:
        return key in in_argv or any(key == it or key.endswith(f".{it}") for it in in_files)

    return explained


def _file_values(view: RunView) -> Iterator[tuple[str, Any]]:
    for path in view.below(layout.CONFIG_FILES):
        if path.endswith(_CONFIG_ENDINGS):
            raw = view.raw(path)
            if isinstance(raw, dict):
                yield from flatten(raw).items()


class ConfigArgvConsistent(Check):
    """What the command line set is what the configuration says."""

    id = "hyperparameters.config-argv-consistent"
    severity = Severity.H
    title = "The configuration has the values of the command line"
    failure = "The command line and the configuration disagree"
    why = "A configuration logged before the options were applied describes another run."
    fix = "Log the configuration after the command line is parsed"
    requires = ("hyperparameters.config-parses",)

    def inapplicable(self, context: AuditContext) -> str | None:
        command = context.run.run.command
        if command is None:
            return None
        if command.notebook:
            return "the run was started in a notebook, without a command line"
        if not command.argv or options_of(command.argv):
            return None
        return "the command line has no options"

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        command = view.run.command
        if command is None or not command.argv:
            where = [at(view, layout.RUN)] if view.exists(layout.RUN) else []
            return self.failed(
                "the command line is not recorded",
                inspected=0,
                where=where,
                remedy="Start the run under the logger, or by `reportgen run -- COMMAND`",
            )
        overrides = overrides_of(command.argv, view.flat_config)
        compared = [override for override in overrides if override.agrees is not None]
        if not compared:
            count = counted(len(options_of(command.argv)), "option")
            return self.not_applicable(f"none of {count} names a key of the configuration")
        wrong = [override for override in compared if not override.agrees]
        if not wrong:
            named = listed(override.option.text for override in compared)
            return self.passed(f"{named}: as configured", inspected=len(compared))
        config = view.flat_config
        listing = listed(
            f"{shown(it.option.text)} where {it.key} is {shown(config[it.key])}" for it in wrong
        )
        return self.failed(
            listing,
            inspected=len(compared),
            where=[at(view, layout.CONFIG, override.key) for override in wrong[:3]],
        )


CHECKS: tuple[Check, ...] = (ConfigParses(), ConfigResolved(), ConfigArgvConsistent())
