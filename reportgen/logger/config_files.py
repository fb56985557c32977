"""Configuration files: read as settings, and kept byte for byte under ``config/``."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from reportgen.errors import ReportgenError, UsageError
from reportgen.fs.documents import load_json, load_yaml
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.logger.context import RunContext
from reportgen.runs import layout
from reportgen.runs.redact import holds_secret


def load_config_file(path: Path) -> dict[str, Any]:
    """Return the settings in a YAML, JSON or TOML file.

    Raises:
        UsageError: It cannot be read, or holds no mapping.
        UnreadableError: It is not of the format that its ending says.
        LimitError: It is larger than a reader accepts.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot be read: {error.strerror}", where=str(path), expected="a configuration file"
        ) from None
    name = str(path)
    if path.suffix.lower() == ".json":
        values = load_json(data, name=name)
    elif path.suffix.lower() == ".toml":
        values = _load_toml(data, name)
    else:
        values = load_yaml(data, name=name)
    if not isinstance(values, dict):
        raise UsageError("holds no mapping", where=name, expected="settings by name")
    return values


def _load_toml(data: bytes, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"is not valid TOML: {str(error)[:120]}", where=name, expected="a TOML file"
        ) from None


def settings_in(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Return the settings of those files that can be read as such."""
    found = []
    for path in paths:
        try:
            found.append(load_config_file(path))
        except ReportgenError:
            continue
    return found


def keep_config_files(context: RunContext, paths: Iterable[Path], top: Path | None) -> None:
    """Copy files to ``config/<path in the repository>``; one that holds a secret is left out.

    A file from elsewhere is kept by its name.
    """
    for path in paths:
        place = f"{layout.CONFIG_FILES}/{_place_of(path, top)}"
        try:
            if path.stat().st_size > DEFAULT_LIMITS.document_bytes:
                context.leave_out("configuration file", place, "size")
                continue
            data = path.read_bytes()
        except OSError as error:
            context.fault(place, error)
            continue
        if holds_secret(data):
            context.leave_out("configuration file", place, "secret")
        else:
            context.write_data(place, data)


def _place_of(path: Path, top: Path | None) -> str:
    real = Path(os.path.realpath(path))
    base = None if top is None else Path(os.path.realpath(top))
    if base is not None and real.is_relative_to(base):
        return real.relative_to(base).as_posix()
    return path.name
