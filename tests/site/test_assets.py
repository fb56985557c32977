"""What ships to the browser: the vendored libraries as fetched, our scripts without sinks."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import altair
import pytest

from reportgen.errors import BuildError
from reportgen.site.assets import BUNDLES, FOLDER, GRID, VENDORED, collect_assets
from reportgen.site.pages import PAGES
from reportgen.site.theme import load_theme

VENDOR = FOLDER / "vendor"
WHOLE = json.loads((VENDOR / "lock.json").read_text())
LOCK = {entry["name"]: entry for entry in WHOLE["packages"]}
SCRIPTS = sorted((FOLDER / "scripts").glob("*.js"))
SINKS = re.compile(
    r"\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    r"|createContextualFragment|setTimeout\(\s*[\"'`]|\bimport\b|\bfetch\(|XMLHttpRequest"
    r"|https?://(?!www\.w3\.org/2000/svg)"
)


@pytest.mark.parametrize("name", VENDORED)
def test_a_drawing_library_has_its_build_and_its_licence(name: str) -> None:
    entry = LOCK[name]
    assert entry["license"] == "BSD-3-Clause"
    assert entry["files"].keys() == {f"{name}.min.js", f"{name}.LICENSE"}


def test_the_grid_has_its_builds_and_its_licence() -> None:
    entry = LOCK["slickgrid"]
    assert entry["license"] == "MIT"
    assert entry["files"].keys() == {*(f"{name}.js" for name in GRID), "slickgrid.LICENSE"}
    assert "slickgrid.license.txt" in collect_assets(load_theme("default")).files


@pytest.mark.parametrize("name", LOCK)
def test_what_is_vendored_is_what_was_fetched(name: str) -> None:
    for file, digest in LOCK[name]["files"].items():
        assert hashlib.sha256((VENDOR / file).read_bytes()).hexdigest() == digest


def test_nothing_else_is_vendored() -> None:
    listed = {file for entry in LOCK.values() for file in entry["files"]}
    notices = WHOLE["notices"].keys()
    assert {path.name for path in VENDOR.iterdir()} == listed | notices | {"lock.json"}


def test_the_licences_of_what_the_libraries_hold_travel_with_them() -> None:
    text = (VENDOR / "third-party.txt").read_bytes()
    assert hashlib.sha256(text).hexdigest() == WHOLE["notices"]["third-party.txt"]
    assert b"d3-array" in text
    assert b"Mike Bostock" in text
    assert "third-party.txt" in collect_assets(load_theme("default")).files


def test_the_libraries_are_those_that_altair_writes_for() -> None:
    assert LOCK["vega-lite"]["version"] == altair.SCHEMA_VERSION.removeprefix("v")
    assert LOCK["vega"]["version"].split(".")[0] == "6"
    assert LOCK["vega-embed"]["version"].split(".")[0] == "7"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_our_scripts_have_no_sink_for_markup_or_code(path: Path) -> None:
    assert SINKS.findall(path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    ["a.innerHTML = x", "eval(x)", "setTimeout('x()')", "fetch(x)", "'https://e.example/x'"],
)
def test_a_sink_is_found(line: str) -> None:
    assert SINKS.search(line)


def test_every_script_is_used_and_every_used_script_exists(built) -> None:  # type: ignore[no-untyped-def]
    assets = collect_assets(load_theme("default"))
    used = set()
    for path in built.folder.rglob("*.html"):
        used |= set(re.findall(r'<script (?:defer )?src="(?:\.\./)*([^"]+)"', path.read_text()))
    ours = {assets.path(path.name) for path in SCRIPTS if path.name != "live.js"}
    others = [name for name in LOCK if name not in VENDORED]
    assert used == ours | {
        assets.path(file) for name in others for file in LOCK[name]["files"] if file.endswith(".js")
    }


def test_names_carry_the_hash_of_the_content() -> None:
    assets = collect_assets(load_theme("default"))
    for asset in assets.files.values():
        assert hashlib.sha256(asset.data).hexdigest()[:12] in asset.path
    assert assets.styles[:2] == ("tokens.css", "site.css")


def test_bundles_open_in_order_and_once() -> None:
    assets = collect_assets(load_theme("default"))
    found = assets.scripts(("charts", "charts", "copy"))
    names = [re.sub(r"assets/(.*)\.\w{12}\.js", r"\1", path) for path in found]
    assert names == ["loader", *BUNDLES["charts"], "copy"]
    with pytest.raises(BuildError, match="no-such"):
        assets.scripts(("no-such",))


def test_pages_are_found_by_name() -> None:
    from reportgen.errors import NotFoundError
    from reportgen.site.pages import by_name

    assert [by_name(page.slug) for page in PAGES] == list(PAGES)
    with pytest.raises(NotFoundError, match="overview"):
        by_name("overvew")
