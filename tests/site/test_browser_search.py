"""Search and tags in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect, sync_playwright
from site_browser import Visit, launch
from site_runs import records, seeded_run

from reportgen.site.build import build_site

pytestmark = pytest.mark.slow

HOSTILE = "<img src=x onerror=window.PWN=1>"


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        instance = launch(playwright, chromium)
        yield instance
        instance.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("search")
    for number, author in enumerate(["grace", "grace", "a&b=c, d"]):
        run = {
            "tags": {"author": author, "odd/key": HOSTILE},
            "notes": f"Does warm-up help? Attempt-{number}",
        }
        lines = records(seed=number, steps=12)
        seeded_run(
            base / "runs", number, f"net_s{number}", lr=0.1, seed=number, metrics=lines, run=run
        )
    build_site([base / "runs"], base / "site")
    return base / "site"


@pytest.fixture
def one(browser: Browser) -> Iterator[Visit]:
    visit = Visit(browser, viewport={"width": 360, "height": 740})
    yield visit
    visit.close()


def test_everything_is_found_and_names_come_first(site: Path, one: Visit) -> None:
    page = one.go(f"{site.as_uri()}/search/index.html")
    field = page.get_by_label("Search runs, configuration")
    expect(field).to_be_focused()
    found = page.locator(".found li")
    for text, count, holds in [
        ("warm-up ATTEMPT-2", 1, "net_s2"),
        ("grace", 2, "tags: "),
        ("net_s1", 1, "net_s1"),
        ("optimizer sgd", 3, "config: "),
        ("val/accuracy", 4, "Metric"),
        ("seeds", 4, "Check"),
        ("lr-search", 4, "Group"),
    ]:
        field.fill(text)
        expect(found.filter(has_text=holds).first).to_be_visible()
        if count < 4:
            expect(found).to_have_count(count)
    field.fill("no such words")
    expect(page.locator("[data-search-note]")).to_contain_text("Nothing found")
    field.fill("net_s1")
    assert page.evaluate("location.hash") == "#q=net_s1"
    page.reload()
    page.get_by_role("link", name="net_s1").click()
    page.wait_for_url("**/runs/net-s1-*/index.html")
    assert one.faults == []


def test_what_is_found_is_text(site: Path, one: Visit) -> None:
    page = one.go(f"{site.as_uri()}/search/index.html#q=%3Cimg%20src")
    expect(page.locator(".found li")).to_have_count(3)
    assert page.evaluate("window.PWN") is None
    assert page.locator("main img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert one.faults == []
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("value", ["grace", "a&b=c, d", HOSTILE])
def test_a_tag_leads_to_the_table_of_its_runs(site: Path, one: Visit, value: str) -> None:
    page = one.go(f"{site.as_uri()}/tags/index.html")
    assert one.faults == []
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.get_by_role("link", name=value, exact=True).first.click()
    count = {"grace": "2 of 3 runs", HOSTILE: "3 runs"}.get(value, "1 of 3 runs")
    expect(page.locator("[data-filter-note]")).to_have_text(count)


def test_without_javascript_it_says_where_to_look(browser: Browser, site: Path) -> None:
    visit = Visit(browser, java_script_enabled=False)
    page = visit.go(f"{site.as_uri()}/search/index.html")
    expect(page.get_by_text("Searching needs JavaScript")).to_be_visible()
    page.goto(f"{site.as_uri()}/tags/index.html")
    expect(page.get_by_role("link", name="net_s0").first).to_be_visible()
    visit.close()
