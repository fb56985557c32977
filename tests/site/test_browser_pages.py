"""Every page of a site whose words are markup, in Chromium: text stays text after scripts ran,
axe finds nothing wide and light nor narrow and dark, and nothing is complained of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from site_browser import Visit, launch, served
from site_hostile import hostile_site

from reportgen.audit.registry import CHECKS
from reportgen.site.pages import PAGES

pytestmark = pytest.mark.slow

HOSTILE = "\"'></script><img src=x onerror=PWN=1><svg onload=PWN=1>{{7*7}}javascript:PWN=1"
FEW = CHECKS[::10]  # axe looks at each element, and all checks make tens of thousands
DRAWN = re.compile("[0-9]")
PLAIN = re.sub(r"[^\w ]", "x", HOSTILE)  # as long, with words as long
KINDS = (
    "",
    "404.html",
    "runs",
    "runs/*",
    "groups",
    "groups/*",
    "compare",
    "audit",
    "audit/*",
    "reports",
    "reports/*",
    "models",
    "tags",
    "search",
)
ELEMENTS = """() => {
  const lines = [];
  (function walk(node, depth) {
    if (node.matches("[data-chart], .slick-viewport, .noticed, option")) { return; }
    const names = node.getAttributeNames().filter(name => name !== "style").sort();
    lines.push(" ".repeat(depth) + node.localName + " " + names.join(" "));
    Array.from(node.children).forEach(child => walk(child, depth + 1));
  })(document.querySelector("main"), 0);
  return lines;
}"""


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        instance = launch(playwright, chromium)
        yield instance
        instance.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """At ``a/b`` below a folder that is served."""
    folder = tmp_path_factory.mktemp("hostile")
    return hostile_site(folder, HOSTILE, folder / "served" / "a" / "b", checks=FEW)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_site(tmp_path_factory.mktemp("harmless"), PLAIN, checks=FEW)


@pytest.fixture(scope="module")
def server(site: Path) -> Iterator[str]:
    with served(site.parents[1]) as address:
        yield f"{address}/a/b"


def place(site: Path, kind: str) -> str:
    """The path of a page of a kind, with the fragment that it needs."""
    if kind.endswith(".html"):
        return kind
    page = sorted(site.glob(f"{kind}/index.html" if kind else "index.html"))[0]
    path = page.relative_to(site).as_posix()
    if kind == "compare":
        runs = sorted(run.parent.name for run in site.glob("runs/*/index.html"))
        return f"{path}#runs={','.join(runs)}"
    return path


def opened(one: Visit, address: str, kind: str) -> Page:
    page = one.go(address)
    if kind == "compare":
        page.locator("[data-filled]").wait_for()
    if kind == "runs":
        page.locator(".slick-row").first.wait_for()
        page.locator("summary", has_text="Facets").click()
        page.locator(".menu-panel:visible fieldset").first.wait_for()
    if kind == "search":
        page.get_by_label("Search runs, configuration").fill("o")
        page.locator(".found li").first.wait_for()
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    for chart in page.locator("[data-chart]").all():
        if chart.is_visible():
            chart.scroll_into_view_if_needed()
            expect(chart).to_have_attribute("data-drawn", DRAWN)
    return page


def test_no_kind_of_page_is_left_out(site: Path) -> None:
    found = {path.relative_to(site).parts for path in site.rglob("*.html")}
    kinds = {"/".join(parts[:1] if len(parts) == 2 else (parts[0], "*")) for parts in found}
    assert kinds - {"index.html/*", "404.html/*"} == set(KINDS) - {"", "404.html"}
    assert len(PAGES) == len({kind.split("/")[0] for kind in KINDS}) + 1  # a run is one of runs


@pytest.mark.parametrize("kind", KINDS)
def test_text_stays_text_and_nothing_is_complained_of(
    kind: str, site: Path, twin: Path, server: str, browser: Browser
) -> None:
    wide = Visit(browser)
    page = opened(wide, f"{server}/{place(site, kind)}", kind)
    elements = page.evaluate(ELEMENTS)
    unharmed(wide)
    assert opened(wide, f"{twin.as_uri()}/{place(twin, kind)}", kind).evaluate(ELEMENTS) == elements
    narrow = Visit(browser, viewport={"width": 360, "height": 740}, color_scheme="dark")
    page = opened(narrow, f"{site.as_uri()}/{place(site, kind)}", kind)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    unharmed(narrow)
    wide.close()
    narrow.close()


def unharmed(one: Visit) -> None:
    assert one.page.evaluate("window.PWN") is None
    assert one.faults == []
    found = Axe().run(one.page)
    one.faults.clear()  # axe itself asks for style sheets, which files refuse
    assert found.violations_count == 0, found.generate_report()
