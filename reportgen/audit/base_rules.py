"""The rules of an audit against a base: settings, policy and exemptions of the base commit.

A change cannot relax its own audit: whatever it does to these files is listed, and is in force
once it is part of the base.
"""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from reportgen.audit.base_revision import BaseRevision
from reportgen.audit.change import CONFIG_CHANGED
from reportgen.audit.evidence import counted, listed
from reportgen.audit.policy import PROFILES, Policy, load_policy, read_policy
from reportgen.config import Settings, load_settings
from reportgen.errors import ReportgenError, SettingsError
from reportgen.fs.regular import read_regular
from reportgen.runs.problems import Problem

_SETTINGS = ("reportgen.toml", "pyproject.toml")
_WORKFLOWS = ".github/workflows"
_LIMIT = 1 << 20
_SAID = ("name", "gate", "minimum_score", "worse_than_base", "tolerances", "exemptions")


@dataclass(frozen=True, slots=True)
class Rules:
    """What an audit goes by.

    Attributes:
        policy: In force.
        roots: Folders that are searched when no path was named.
        problems: What the change does to the rules, one each.
    """

    policy: Policy
    roots: tuple[Path, ...]
    problems: tuple[Problem, ...]


def rules_of(
    base: BaseRevision,
    *,
    settings_file: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Rules:
    """Return the rules of the base.

    Args:
        base: The base.
        settings_file: The settings file that was asked for, in place of looking for one.
        overrides: Settings from the command line, in the shape of the file. A policy that is named
            there or in a variable and that lies in the repository is read from the base as well.

    Raises:
        SettingsError: A rule of the base is wrong, or a file outside the repository is.
    """
    settings = _settings(base, settings_file, overrides)
    place = _place_in(base, settings.policy)
    policy = _policy(base, settings.policy, place)
    changed = [*_changed_settings(base, settings_file), *_changed_workflows(base)]
    now = _settings_now(settings_file, overrides)
    new_place = _place_in(base, now.policy) if now else None
    for path in dict.fromkeys(one for one in (place, new_place) if one):
        changed += _changed_policy(base, path, policy if path == place else None)
    return Rules(policy, settings.roots, tuple(changed))


def _settings(
    base: BaseRevision, settings_file: Path | None, overrides: Mapping[str, Any] | None
) -> Settings:
    """Read the settings from a copy of the base's files that lie where they lie here."""
    here = Path(os.path.realpath(os.getcwd()))
    inside = here if here.is_relative_to(base.top) else base.top
    with tempfile.TemporaryDirectory(prefix="reportgen-base-") as temporary:
        copy = Path(os.path.realpath(temporary))
        (copy / ".git").mkdir()
        start = copy / inside.relative_to(base.top)
        start.mkdir(parents=True, exist_ok=True)
        for path in _settings_places(base, settings_file):
            content = base.file(path)
            if content is not None:
                (copy / path).parent.mkdir(parents=True, exist_ok=True)
                (copy / path).write_bytes(content)
        file = _in_copy(base, settings_file, copy)
        try:
            found = load_settings(start, file=file, overrides=overrides)
        except SettingsError as error:
            where = (error.where or "").replace(f"{copy}/", f"{base.revision}:")
            raise SettingsError(
                error.what, where=where, expected=error.expected, fix=error.fix
            ) from None
        return _moved(found, copy, base.top)


def _in_copy(base: BaseRevision, file: Path | None, copy: Path) -> Path | None:
    place = _place_in(base, file)
    return file if file is None or place is None else copy / place


def _moved(settings: Settings, copy: Path, top: Path) -> Settings:
    """Return settings whose paths lie in the work tree in place of the copy."""
    from msgspec.structs import replace

    def moved(path: Path) -> Path:
        return top / path.relative_to(copy) if path.is_relative_to(copy) else path

    policy = moved(settings.policy) if settings.policy else None
    return replace(settings, roots=tuple(map(moved, settings.roots)), policy=policy)


def _settings_now(
    settings_file: Path | None, overrides: Mapping[str, Any] | None
) -> Settings | None:
    try:
        return load_settings(file=settings_file, overrides=overrides)
    except SettingsError:
        return None  # it is listed as changed, and is not in force


def _place_in(base: BaseRevision, path: Path | None) -> str | None:
    """Return where a file lies in the repository; None for a profile and for one outside."""
    if path is None or str(path) in PROFILES:
        return None
    real = Path(os.path.realpath(path))
    return real.relative_to(base.top).as_posix() if real.is_relative_to(base.top) else None


def _policy(base: BaseRevision, file: Path | None, place: str | None) -> Policy:
    if place is None:
        return load_policy(file)
    content = base.file(place)
    if content is not None:
        return read_policy(content, f"{base.revision}:{place}")
    if _now(base, place) is None:
        return load_policy(file)  # which says that there is no such file
    return load_policy()


def _settings_places(base: BaseRevision, settings_file: Path | None) -> Iterator[str]:
    """Yield every place at which a settings file is looked for."""
    named = _place_in(base, settings_file)
    if named is not None:
        yield named
    if settings_file is not None:
        return
    here = Path(os.path.realpath(os.getcwd()))
    inside = here if here.is_relative_to(base.top) else base.top
    folder = PurePosixPath(inside.relative_to(base.top).as_posix())
    for above in (folder, *folder.parents):
        for name in _SETTINGS:
            yield (above / name).as_posix()


def _now(base: BaseRevision, path: str) -> bytes | None:
    try:
        return read_regular(base.top, path, limit=_LIMIT)
    except (ReportgenError, OSError):
        return None


def _changed_settings(base: BaseRevision, settings_file: Path | None) -> Iterator[Problem]:
    for path in _settings_places(base, settings_file):
        before, now = base.file(path), _now(base, path)
        if not _is_touched(base, path):
            continue
        if path.endswith("pyproject.toml") and _own_table(before) == _own_table(now):
            continue
        yield _changed(base, path, _how(before, now))


def _is_touched(base: BaseRevision, path: str) -> bool:
    """Tell whether the change did something to a file, whatever the base did to it since."""
    return _now(base, path) not in (base.file(path), base.file(path, of=base.ancestor))


def _own_table(content: bytes | None) -> object:
    """Return [tool.reportgen] of a pyproject.toml, or its text where that cannot be told."""
    if content is None:
        return None
    try:
        tool = tomllib.loads(content.decode("utf-8")).get("tool")
    except (ValueError, RecursionError):
        return content if b"reportgen" in content else None
    return tool.get("reportgen") if isinstance(tool, dict) else None


def _changed_workflows(base: BaseRevision) -> Iterator[Problem]:
    """A workflow that runs the audit decides whether there is one."""
    from reportgen.capture.revisions import changed_below

    base.more_time()
    for path in sorted(changed_below(base.shadow, base.ancestor, [_WORKFLOWS])):
        before, now = base.file(path), _now(base, path)
        if _is_touched(base, path) and any(
            b"reportgen" in (content or b"") for content in (before, now)
        ):
            yield _changed(base, path, _how(before, now))


def _changed_policy(base: BaseRevision, path: str, before: Policy | None) -> Iterator[Problem]:
    old, new = base.file(path), _now(base, path)
    if not _is_touched(base, path):
        return
    how = _how(old, new)
    if old is not None and new is not None and before is not None:
        try:
            how = listed(_differences(before, read_policy(new, path)), limit=4) or "its wording"
        except SettingsError as error:
            how = f"no longer a policy: {error.what}"
    yield _changed(base, path, how)


def _how(before: bytes | None, now: bytes | None) -> str:
    return "added" if before is None else "removed" if now is None else "changed"


def _changed(base: BaseRevision, path: str, how: str) -> Problem:
    message = f"{how}; this audit goes by the rules of {base.as_base().label}"
    return Problem(CONFIG_CHANGED, "warning", path, message)


def _differences(before: Policy, now: Policy) -> Iterator[str]:
    """Yield what became of a policy in words: what lets most through comes first."""
    for word, own, other in (("added", now, before), ("removed", before, now)):
        some = [one for one in own.exemptions if one not in other.exemptions]
        if some:
            names = listed(f"{one.check} for runs {one.runs}" for one in some)
            yield f"{counted(len(some), 'exemption')} {word} ({names})"
    for name in ("minimum_score", "worse_than_base"):
        old, new = getattr(before, name), getattr(now, name)
        if old != new:
            yield f"{name} {old} → {new}"
    changed = [check for check, level in before.gate.items() if now.level(check) != level]
    for check in sorted(changed, key=lambda check: before.level(check) != "error"):
        yield f"{check} {before.level(check)} → {now.level(check)}"
    for name in before.tolerances.__struct_fields__:
        old, new = getattr(before.tolerances, name), getattr(now.tolerances, name)
        if old != new:
            yield f"{name} {old} → {new}"
    for name in before.__struct_fields__:
        if name not in _SAID and getattr(before, name) != getattr(now, name):
            yield f"{name} changed"
