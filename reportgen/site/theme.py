"""Themes: folders of tokens, templates and static files; a child gives only what it changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from reportgen.errors import BuildError, NotFoundError, SchemaError
from reportgen.fs.documents import load_yaml
from reportgen.suggest import nearest

Mode = Literal["light", "dark"]
MODES: tuple[Mode, Mode] = ("light", "dark")

TOKENS = (
    *("background", "panel", "line", "edge", "ink", "soft", "accent"),
    *("good", "warn", "poor", "good-ground", "warn-ground", "poor-ground"),
)
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_FONT = re.compile(r"[\w ,.'-]+")
_DEEPEST = 8


class _Document(Struct, forbid_unknown_fields=True):
    name: str
    extends: str | None = None
    light: dict[str, str] = {}
    dark: dict[str, str] = {}
    series: dict[str, list[str]] = {}
    dashes: list[list[float]] | None = None
    sequential: list[str] | None = None
    fonts: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme with everything it inherits.

    Attributes:
        name: As theme.yaml gives it.
        folders: Its folder, then that of each theme it extends.
        names: The names of these, in the same order.
        colours: Token to colour (``#rrggbb``), for each mode.
        series: Colours of lines in their order, for each mode.
        dashes: Dash patterns in pixels; the first is solid.
        sequential: A ramp from few to many.
        fonts: Font stacks ``text`` and ``code``.
    """

    name: str
    folders: tuple[Path, ...]
    names: tuple[str, ...]
    colours: Mapping[Mode, Mapping[str, str]]
    series: Mapping[Mode, tuple[str, ...]]
    dashes: tuple[tuple[float, ...], ...]
    sequential: tuple[str, ...]
    fonts: Mapping[str, str]

    def static_files(self) -> dict[str, Path]:
        """Return each static file by its name; a child's stands before its parent's."""
        found: dict[str, Path] = {}
        for folder in reversed(self.folders):
            below = folder / "static"
            if below.is_dir():
                for path in sorted(below.iterdir()):
                    if path.is_file() and not path.name.startswith("."):
                        found[path.name] = path
        return found


def builtin_themes_dir() -> Path:
    """Return the folder of the themes that ship: in the package, or beside it in a checkout.

    Raises:
        BuildError: The installation holds none.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "themes", package.parent / "themes"):
        if (folder / "default" / "theme.yaml").is_file():
            return folder
    raise BuildError(
        "no themes are installed",
        where=str(package / "themes"),
        expected="default/theme.yaml",
        fix="Install reportgen-runs again.",
    )


def builtin_names() -> list[str]:
    """Return the names of the themes that ship."""
    return sorted(path.parent.name for path in builtin_themes_dir().glob("*/theme.yaml"))


def load_theme(name: str) -> Theme:
    """Return a built-in theme by its name, or the theme in a folder.

    Raises:
        NotFoundError: There is no such theme.
        SchemaError: Its theme.yaml is wrong; the key is named.
    """
    chain: list[tuple[Path, _Document]] = []
    wanted: str | None = name
    beside = Path()
    while wanted is not None:
        folder = _folder_of(wanted, beside)
        if len(chain) == _DEEPEST or any(folder == known for known, _ in chain):
            raise SchemaError(
                "extends itself, or more than eight themes",
                where=str(chain[0][0] / "theme.yaml"),
                expected="a chain of themes that ends",
            )
        document = _read(folder)
        chain.append((folder, document))
        wanted, beside = document.extends, folder
    return _merged(chain)


def _folder_of(name: str, beside: Path) -> Path:
    if "/" in name or "\\" in name or name.startswith("."):
        folder = (beside / name).resolve()
        if (folder / "theme.yaml").is_file():
            return folder
        raise NotFoundError("is no theme", where=name, expected="a folder that holds theme.yaml")
    if name not in builtin_names():
        raise NotFoundError(
            f"no theme {name!r}",
            expected="a built-in name, or a folder such as ./themes/lab",
            fix=nearest(name, builtin_names()),
        )
    return builtin_themes_dir() / name


def _read(folder: Path) -> _Document:
    path = folder / "theme.yaml"
    raw = load_yaml(path.read_bytes(), name=str(path))
    try:
        return msgspec.convert(raw, _Document)
    except msgspec.ValidationError as error:
        what, _, key = str(error).partition(" - at `$.")
        raise SchemaError(what, where=f"{path}: {key.rstrip('`')}".rstrip(": ")) from None


def _merged(chain: list[tuple[Path, _Document]]) -> Theme:
    colours: dict[Mode, dict[str, str]] = {"light": {}, "dark": {}}
    series: dict[str, list[str]] = {}
    dashes: list[list[float]] = []
    sequential: list[str] = []
    fonts: dict[str, str] = {}
    for _, document in reversed(chain):
        colours["light"].update(document.light)
        colours["dark"].update(document.dark)
        series.update(document.series)
        dashes = document.dashes if document.dashes is not None else dashes
        sequential = document.sequential if document.sequential is not None else sequential
        fonts.update(document.fonts)
    theme = Theme(
        name=chain[0][1].name,
        folders=tuple(folder for folder, _ in chain),
        names=tuple(document.name for _, document in chain),
        colours=colours,
        series={mode: tuple(series.get(mode, ())) for mode in MODES},
        dashes=tuple(tuple(pattern) for pattern in dashes),
        sequential=tuple(sequential),
        fonts=fonts,
    )
    _check(theme, chain[0][0] / "theme.yaml")
    return theme


def _check(theme: Theme, path: Path) -> None:
    for mode in MODES:
        for token in TOKENS:
            _check_colour(theme.colours[mode].get(token), f"{path}: {mode}.{token}")
        for token in theme.colours[mode].keys() - set(TOKENS):
            raise SchemaError(
                "unknown token", where=f"{path}: {mode}.{token}", fix=nearest(token, TOKENS)
            )
        if len(theme.series[mode]) < 2:
            raise SchemaError("needs two colours or more", where=f"{path}: series.{mode}")
        for colour in theme.series[mode]:
            _check_colour(colour, f"{path}: series.{mode}")
    if len(theme.series["light"]) != len(theme.series["dark"]):
        raise SchemaError("light and dark differ in number", where=f"{path}: series")
    if not theme.dashes or theme.dashes[0] or not all(theme.dashes[1:]):
        raise SchemaError(
            "the first pattern must be empty (solid) and the others not", where=f"{path}: dashes"
        )
    if len(theme.sequential) < 2:
        raise SchemaError("needs two colours or more", where=f"{path}: sequential")
    for colour in theme.sequential:
        _check_colour(colour, f"{path}: sequential")
    for use in ("text", "code"):
        if not _FONT.fullmatch(theme.fonts.get(use, "")):
            raise SchemaError("is no list of font names", where=f"{path}: fonts.{use}")


def _check_colour(colour: str | None, where: str) -> None:
    if colour is None or not _COLOUR.fullmatch(colour):
        raise SchemaError(f"{colour!r} is no colour", where=where, expected="'#rrggbb'")
