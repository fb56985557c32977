"""What a command line that somebody else runs says: its words, and the settings it makes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reportgen.capture.command import capture_command
from reportgen.logger.config_files import settings_in
from reportgen.logger.foreign_python import is_python
from reportgen.logger.overrides import options_of, overrides_of
from reportgen.runs.redact import redact_argv
from reportgen.runs.schema import Command
from reportgen.runs.view import flatten


def words_of(command: Sequence[str]) -> list[str]:
    """Return the command line as its program sees it: script first."""
    return list(command[1:]) if is_python(command[0]) and len(command) > 1 else list(command)


def command_document(command: Sequence[str], top: Path | None) -> tuple[Command, int]:
    """Return the command as run.yaml has it, and how many secrets were taken out."""
    words, redacted = redact_argv(words_of(command))
    found = capture_command(words, top=top)
    python = is_python(command[0]) and len(command) > 1
    found.interpreter = Path(command[0]).name if python else None
    found.notebook = None
    return found, redacted


def config_of(words: Sequence[str], files: Sequence[Path]) -> dict[str, Any]:
    """Return the settings in configuration files, overridden and completed by the options."""
    config: dict[str, Any] = {}
    for values in settings_in(files):
        config.update(values)
    overrides = overrides_of(words, flatten(config))
    for key, value in overrides.items():
        _set(config, key, value)
    last_parts = {key.rpartition(".")[2] for key in overrides} | overrides.keys()
    names = {path.name for path in files}
    for name, value in options_of(words).items():
        is_file = isinstance(value, str) and Path(value).name in names
        if name not in last_parts and name not in config and not is_file:
            config[name] = value
    return config


def _set(config: dict[str, Any], key: str, value: Any) -> None:
    *sections, last = key.split(".")
    for section in sections:
        below = config.get(section)
        if not isinstance(below, dict):
            config[key] = value  # the key itself has dots
            return
        config = below
    config[last] = value
