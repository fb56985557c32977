"""Settings of a project, from ``reportgen.toml`` or ``[tool.reportgen]`` in ``pyproject.toml``.

The command line beats ``REPORTGEN_*`` variables, which beat the file, key by key. An
unknown key is an error that names the nearest known ones, so a typing error never
silently leaves a default in force. Paths in the file are relative to the file, paths in
variables and arguments to the working directory; all of them come out absolute.

    roots = ["runs"]
    group_by = ["config.model"]
    theme = "paper"                     # a built-in name, or a folder such as "./themes/lab"
    policy = "audit.yaml"

    [goals]
    "val/accuracy" = "maximize"

    [site]
    title = "Digits"
    links = {"Source" = "https://example.org/digits"}
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from reportgen.errors import SettingsError
from reportgen.suggest import nearest

Goal = Literal["minimize", "maximize"]

# Turns a key into the words by which its source is found: "file: key", or a variable.
_Namer = Callable[[str], str]

_GOALS = ("minimize", "maximize")
_LINK_SCHEMES = ("", "http", "https", "mailto")
_MAX_FILE_BYTES = 1 << 20
_NOT_IN_LINKS = re.compile(r"[\x00-\x20\x7f-\x9f]")


class SiteSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the site says about itself.

    Attributes:
        title: Heading of the overview and suffix of each page's title.
        links: Name shown to address; http, https, mailto or relative addresses only.
    """

    title: str = "Runs"
    links: dict[str, str] = {}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every setting, with its default.

    Attributes:
        roots: Absolute folders that are searched for runs.
        goals: Metric name to the direction in which it is better.
        group_by: Keys of a run that place it in a group, such as ``config.model``.
        theme: Name of a built-in theme, or the absolute path of a theme's folder.
        policy: Absolute path of an audit policy, or the bare name of a built-in one, such as
            ``strict``; None is the default one.
        site: What the site says about itself.
        source: The file that was read; None when there is none.
    """

    roots: tuple[Path, ...] = (Path("runs"),)
    goals: dict[str, Goal] = {}
    group_by: tuple[str, ...] = ()
    theme: str = "default"
    policy: Path | None = None
    site: SiteSettings = SiteSettings()
    source: Path | None = None


_SITE_KEYS = SiteSettings.__struct_fields__
_KEYS = tuple(name for name in Settings.__struct_fields__ if name != "source")


def load_settings(
    start: Path | None = None,
    *,
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Settings in force for a folder.

    Args:
        start: Folder whose settings file is looked for, upwards to the top of its
            repository; the working directory by default.
        file: A settings file to read in place of looking for one.
        environ: Stands in for ``os.environ``.
        overrides: Values from the command line in the shape of the file; None means
            "not given".

    Raises:
        SettingsError: A file that cannot be read, an unknown key, or a wrong value.
    """
    here = Path.cwd()
    source = file if file is not None else find_settings_file(start or here)
    merged: dict[str, Any] = {"roots": [str(here / "runs")]}
    if source is not None:
        source = here / source
        merged["roots"] = [str(source.parent / "runs")]
        _merge(merged, _checked(_read_table(source), source.parent, _name_in_file(source)))
    variables = _from_environment(os.environ if environ is None else environ)
    _merge(merged, _checked(variables, here, _variable_of))
    _merge(merged, _checked(_given(overrides or {}), here, lambda key: f"command line: {key}"))
    merged["source"] = None if source is None else str(source)
    return msgspec.convert(merged, Settings, dec_hook=_to_path)


def find_settings_file(start: Path) -> Path | None:
    """The nearest settings file at or above ``start``, not above its repository.

    Raises:
        SettingsError: A ``pyproject.toml`` that mentions reportgen is not valid TOML.
    """
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / "reportgen.toml").is_file():
            return folder / "reportgen.toml"
        if _has_table(folder / "pyproject.toml"):
            return folder / "pyproject.toml"
        if (folder / ".git").exists():
            return None
    return None


def _has_table(path: Path) -> bool:
    if not path.is_file() or b"reportgen" not in _read_bytes(path):
        return False
    return _tool_table(_parse(path)) is not None


def _read_table(path: Path) -> dict[str, Any]:
    document = _parse(path)
    if path.name != "pyproject.toml":
        return document
    table = _tool_table(document)
    if table is None:
        raise SettingsError(
            "has no table [tool.reportgen]", where=str(path), fix="Add it, or name another file."
        )
    return table


def _tool_table(document: dict[str, Any]) -> dict[str, Any] | None:
    tool = document.get("tool")
    table = tool.get("reportgen") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_read_bytes(path).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"byte {error.start} is not UTF-8",
            where=str(path),
            expected="a TOML file",
            fix="Save it as UTF-8.",
        ) from None
    except (ValueError, RecursionError) as error:
        raise SettingsError(
            f"not valid TOML: {error}", where=str(path), fix="Correct that line."
        ) from None


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SettingsError(
            f"cannot be read: {error.strerror}",
            where=str(path),
            expected="a readable settings file",
            fix="Name another file, or leave it out.",
        ) from None
    if len(data) > _MAX_FILE_BYTES:
        raise SettingsError(
            "too large", where=str(path), expected=f"at most {_MAX_FILE_BYTES} bytes"
        )
    return data


def _name_in_file(path: Path) -> _Namer:
    prefix = "tool.reportgen." if path.name == "pyproject.toml" else ""
    return lambda key: f"{path}: {prefix}{key}"


def _variable_of(key: str) -> str:
    return "REPORTGEN_" + key.replace(".", "_").upper()


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    def value(key: str) -> str | None:
        return environ.get(_variable_of(key)) or None

    layer: dict[str, Any] = {"theme": value("theme"), "policy": value("policy")}
    layer["site"] = {"title": value("site.title")}
    if roots := value("roots"):
        layer["roots"] = [part for part in roots.split(os.pathsep) if part]
    if group_by := value("group_by"):
        layer["group_by"] = [part.strip() for part in group_by.split(",") if part.strip()]
    if goals := value("goals"):
        layer["goals"] = dict(_goal(part) for part in goals.split(","))
    return _given(layer)


def _goal(text: str) -> tuple[str, str]:
    name, equals, goal = text.rpartition("=")
    if not equals:
        raise SettingsError(
            f"{text!r} gives no direction",
            where=_variable_of("goals"),
            expected="name=minimize or name=maximize, separated by commas",
        )
    return name.strip(), goal.strip()


def _given(layer: Mapping[str, Any]) -> dict[str, Any]:
    """``layer`` without what was not given."""
    given: dict[str, Any] = {}
    for key, value in layer.items():
        if isinstance(value, Mapping):
            value = _given(value)
            if not value:
                continue
        if value is not None:
            given[key] = value
    return given


def _checked(layer: dict[str, Any], base: Path, name: _Namer) -> dict[str, Any]:
    """One source of settings, refused where wrong, with its paths made absolute.

    Checking before merging is what lets a message name the source at fault.
    """
    _refuse_unknown(layer, _KEYS, name)
    if isinstance(layer.get("site"), Mapping):
        _refuse_unknown(layer["site"], _SITE_KEYS, lambda key: name(f"site.{key}"))
    try:
        msgspec.convert({**layer, "goals": {}}, Settings, dec_hook=_to_path)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$.")
        raise SettingsError(what, where=name(path.rstrip("`"))) from None
    _check_goals(layer.get("goals", {}), name)
    _check_links(layer.get("site", {}).get("links", {}), name)
    return _absolute(layer, base)


def _refuse_unknown(table: Mapping[str, Any], known: Iterable[str], name: _Namer) -> None:
    for key in table:
        if key not in known:
            raise SettingsError("unknown setting", where=name(key), fix=nearest(key, known))


def _check_goals(goals: object, name: _Namer) -> None:
    if not isinstance(goals, Mapping):
        raise SettingsError(
            "not a table", where=name("goals"), expected='entries such as "val/loss" = "minimize"'
        )
    for metric, goal in goals.items():
        if goal not in _GOALS:
            raise SettingsError(
                f"{goal!r} is no goal",
                where=name(f'goals."{metric}"'),
                expected=" or ".join(_GOALS),
            )


def _check_links(links: Mapping[str, str], name: _Namer) -> None:
    for title, address in links.items():
        if not _is_link(address):
            raise SettingsError(
                f"{address!r} is not an address that a page may link to",
                where=name(f'site.links."{title}"'),
                expected="an http, https, mailto or relative address without blanks",
            )


def _is_link(address: str) -> bool:
    if not address or _NOT_IN_LINKS.search(address):
        return False
    try:
        return urlsplit(address).scheme in _LINK_SCHEMES
    except ValueError:
        return False


def _absolute(layer: dict[str, Any], base: Path) -> dict[str, Any]:
    resolved = dict(layer)
    if "roots" in layer:
        resolved["roots"] = [str(base / root) for root in layer["roots"]]
    policy = layer.get("policy", "")
    if _is_path(policy) or "." in policy:
        resolved["policy"] = str(base / policy)
    theme = layer.get("theme", "")
    if _is_path(theme):
        resolved["theme"] = str(base / theme)
    return resolved


def _is_path(text: str) -> bool:
    return text.startswith(".") or "/" in text or os.sep in text


def _merge(into: dict[str, Any], layer: Mapping[str, Any]) -> None:
    for key, value in layer.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = dict(value) if isinstance(value, Mapping) else value


def _to_path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    raise ValueError(f"Expected `str`, got `{type(value).__name__}`")
