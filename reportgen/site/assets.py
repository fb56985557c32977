"""Style sheets, scripts and vendored libraries of a build, under names with their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import BuildError
from reportgen.site.theme import Theme
from reportgen.site.tokens import tokens_css

FOLDER = Path(__file__).parent / "assets"
VENDORED = ("vega", "vega-lite", "vega-embed")
"""In the order in which they load."""

GRID = ("slick.core", "slick.interactions", "slick.grid")
"""The builds of SlickGrid, in the order in which they load."""

PROVING = ("js-sha256",)
"""What re-hashes files in the browser, also where the page may not use the browser's own."""

EARLY = ("theme",)
"""Scripts of every page that run before the first paint."""

EVERYWHERE = ("loader",)
"""Scripts of every page that run after it."""

BUNDLES: Mapping[str, tuple[str, ...]] = {
    "table": (
        *GRID,
        *("query", "table-data", "table-state", "table-export"),
        *("table-cells", "table-menus", "table-model", "table-page", "table-start"),
    ),
    "charts": (
        *("address", "smoothing", "spread", "axes", "curves", "lines", "legend", "reading"),
        *("hover", "frame", "remarks", "save", "chart", "chart-tools", "chart-page"),
    ),
}
"""Names that stand for several scripts; any other name is one script."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of ``assets/``."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Assets:
    """All of them by logical name: ``tokens.css``, ``loader.js``, ``vega.min.js``."""

    files: Mapping[str, Asset]
    styles: tuple[str, ...]

    def path(self, name: str) -> str:
        """Return where a file lies below the site."""
        return self.files[name].path

    def scripts(self, names: tuple[str, ...]) -> list[str]:
        """Return the paths of scripts in order, each once, bundles opened.

        Raises:
            BuildError: A page asks for a script that does not exist.
        """
        wanted: dict[str, None] = {}
        for name in (*EVERYWHERE, *names):
            wanted.update(dict.fromkeys(BUNDLES.get(name, (name,))))
        for name in wanted:
            if f"{name}.js" not in self.files:
                raise BuildError(f"there is no script {name!r}", where="assets/scripts")
        return [self.path(f"{name}.js") for name in wanted]


def collect_assets(theme: Theme) -> Assets:
    """Return every asset of a build.

    Raises:
        BuildError: The theme has no ``site.css``.
    """
    contents: dict[str, bytes] = {"tokens.css": tokens_css(theme).encode("utf-8")}
    static = theme.static_files()
    if "site.css" not in static:
        raise BuildError("there is no static/site.css", where=str(theme.folders[0]))
    contents.update({name: path.read_bytes() for name, path in static.items()})
    for path in sorted((FOLDER / "scripts").glob("*.js")):
        contents[path.name] = path.read_bytes()
    for name in (*VENDORED, *PROVING):
        contents[f"{name}.min.js"] = (FOLDER / "vendor" / f"{name}.min.js").read_bytes()
        licence = FOLDER / "vendor" / f"{name}.LICENSE"
        contents[f"{name}.license.txt"] = licence.read_bytes()
    for name in GRID:
        contents[f"{name}.js"] = (FOLDER / "vendor" / f"{name}.js").read_bytes()
    contents["slickgrid.license.txt"] = (FOLDER / "vendor" / "slickgrid.LICENSE").read_bytes()
    contents["third-party.txt"] = (FOLDER / "vendor" / "third-party.txt").read_bytes()
    files = {name: Asset(_hashed(name, data), data) for name, data in contents.items()}
    sheets = [name for name in static if name.endswith(".css") and name != "site.css"]
    return Assets(files, ("tokens.css", "site.css", *sorted(sheets)))


def _hashed(name: str, data: bytes) -> str:
    stem, _, ending = name.rpartition(".")
    if stem.endswith((".min", ".license")):
        stem, _, more = stem.rpartition(".")
        ending = f"{more}.{ending}"
    return f"assets/{stem}.{hashlib.sha256(data).hexdigest()[:12]}.{ending}"
