"""The pages of the audit in Chromium: the matrix is filtered, a dot leads to its run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect, sync_playwright
from site_browser import Visit, launch
from site_runs import make_project

from reportgen.site.build import build_site

pytestmark = pytest.mark.slow
COMPLETED = "metrics.run-completed"


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        instance = launch(playwright, chromium)
        yield instance
        instance.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audited")
    build_site([make_project(folder / "runs")], folder / "site")
    return folder / "site"


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    one = Visit(browser, viewport={"width": 360, "height": 740})
    yield one
    one.close()


def test_the_matrix_shows_checks_with_findings_and_all_on_demand(visit: Visit, site: Path) -> None:
    page = visit.go(f"{site.as_uri()}/audit/index.html")
    shown = page.locator(".marks .names th:visible")
    few = shown.count()
    page.get_by_label("Checks without findings too").check()
    assert shown.count() == 79
    assert few < 79
    band = page.locator(".marks .bands th").nth(1)
    assert int(band.get_attribute("colspan") or 0) == 17
    page.get_by_label("Checks without findings too").uncheck()
    assert shown.count() == few
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert visit.faults == []


def test_runs_are_filtered_by_a_finding(visit: Visit, site: Path) -> None:
    page = visit.go(f"{site.as_uri()}/audit/index.html")
    rows = page.locator(".marks tbody tr:visible")
    assert rows.count() == 8
    page.get_by_label("Runs with a finding of").select_option(COMPLETED)
    expect(page.locator("[data-finding-count]")).to_have_text("1 of 8 runs")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("killed")
    page.get_by_label("Runs with a finding of").select_option("")
    expect(rows).to_have_count(8)
    assert visit.faults == []


def test_a_dot_leads_to_its_run(visit: Visit, site: Path) -> None:
    page = visit.go(f"{site.as_uri()}/audit/index.html")
    page.locator(".history .poor rect").first.click()
    page.wait_for_url("**/runs/**/index.html#audit")
    assert visit.faults == []


def test_the_page_of_a_check_has_nothing_to_complain_of(visit: Visit, site: Path) -> None:
    page = visit.go(f"{site.as_uri()}/audit/{COMPLETED}/index.html")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert visit.faults == []  # what axe asks of a file is another matter
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
