"""A report in Chromium: its charts have axes of their own, and axe finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect, sync_playwright
from site_browser import Visit, launch
from site_runs import make_project

from reportgen.config import Settings
from reportgen.site.build import build_site

pytestmark = pytest.mark.slow

TEXT = """# Weekly note

The best is {{run:mlp_digits_lr0.1_s1 train/lr last}};
quoted 0.2 {{run:mlp_digits_lr0.1_s1 train/lr last}}.

```chart
runs: mlp_digits_lr*
metric: val/loss
y: log
seeds: together
```

```chart
runs: mlp_digits_lr0.1_s1
metric: val/loss
x: time
smooth: 0.5
```

```table
group: lr-search
metric: val/accuracy
```
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_project(tmp_path_factory.mktemp("reports") / "runs")
    (root / "reports").mkdir()
    (root / "reports" / "weekly.md").write_text(TEXT)
    build_site([root], root.parent / "site", settings=Settings())
    return root.parent / "site"


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        instance = launch(playwright, chromium)
        yield instance
        instance.close()


@pytest.mark.parametrize("width", [1280, 360])
def test_each_chart_has_its_own_axes(site: Path, browser: Browser, width: int) -> None:
    one = Visit(browser, viewport={"width": width, "height": 900})
    page = one.go(next((site / "reports").glob("weekly-*/index.html")).as_uri())
    assert one.drawn() == 2
    first, second = page.locator("[data-chart]").all()
    expect(first).to_have_attribute("data-drawn", "2")
    expect(first.locator("[data-chart-note]")).to_contain_text("mean, 95 % interval (t)")
    expect(second).to_have_attribute("data-drawn", "1")
    expect(second.locator("[data-chart-note]")).to_contain_text("smoothed, weight 0.5")
    second.locator(".plot").hover(position={"x": 180, "y": 60})
    expect(second.locator(".tooltip")).to_contain_text(" s")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    expect(page.get_by_role("link", name="is 0.1 in the record")).to_be_visible()
    assert one.faults == []
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    one.close()


def test_lists_and_models_have_nothing_that_axe_finds(site: Path, browser: Browser) -> None:
    for path in ("reports/index.html", "models/index.html", "groups/index.html"):
        one = Visit(browser, color_scheme="dark")
        page = one.go((site / path).as_uri())
        assert one.faults == []
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        one.close()
