"""The compare page in Chromium: causes, cautions, agreement, figures and patches side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect, sync_playwright
from site_browser import Visit, launch
from site_runs import START, seeded_run

from reportgen.config import Settings
from reportgen.site.build import build_site

pytestmark = pytest.mark.slow
Open = Callable[..., Visit]
PNG = b"\x89PNG\r\n\x1a\n"


def predictions(guesses: str) -> str:
    rows = [
        f"{i},{label},{guess}" for i, (label, guess) in enumerate(zip("aabb", guesses, strict=True))
    ]
    return "\n".join(["id,label,prediction", *rows]) + "\n"


def patch(text: str) -> str:
    return f"diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-old\n+{text}\n"


def run(root: Path, number: int, **more: Any) -> None:
    metrics = [
        {"step": s, "time": START + s, "metrics": {"val/loss": number + 1 / (s + 1)}}
        for s in range(5)
    ]
    seeded_run(root, number, f"run{number}", lr=0.1, metrics=metrics, **more)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("compare") / "runs"
    data = {"inputs": [{"name": "digits", "path": "d.csv", "sha256": "a" * 64}]}
    other = {"inputs": [{"name": "digits", "path": "d.csv", "sha256": "b" * 64}]}
    files = {"predictions/val.csv": predictions("aabb"), "figures/grid_step_3.png": PNG}
    mean = {"metrics": {"val/loss": {"goal": "minimize", "aggregation": "mean"}}}
    run(root, 1, seed=1, data=data, files=files, definitions=mean)
    run(root, 2, seed=2, data=data, files={**files, "predictions/val.csv": predictions("abab")})
    definitions = {"metrics": {"val/loss": {"goal": "minimize", "aggregation": "sum"}}}
    git = {"dirty": True, "dirty_end": True}
    changed = {"git_diff.patch": patch("new")}
    run(root, 3, seed=1, data=other, definitions=definitions, git=git, files=changed)
    build_site([root], root.parent / "site", settings=Settings())
    return root.parent / "site"


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        instance = launch(playwright, chromium)
        yield instance
        instance.close()


@pytest.fixture
def visit(browser: Browser, site: Path) -> Iterator[Open]:
    visits: list[Visit] = []

    def open_(*numbers: int, **options: object) -> Visit:
        slugs = [next((site / "runs").glob(f"run{number}-*")).name for number in numbers]
        visits.append(Visit(browser, **options))
        page = visits[-1].go(f"{site.as_uri()}/compare/index.html#runs={','.join(slugs)}")
        page.locator("[data-filled]").wait_for()
        return visits[-1]

    yield open_
    for one in visits:
        one.close()


def test_runs_of_two_seeds_differ_in_that_alone(visit: Open) -> None:
    one = visit(1, 2)
    causes = one.page.locator(".causes li")
    # These runs recorded equal states of the generators, whatever their configuration says.
    expect(causes.filter(has_text="Seeds")).to_contain_text("unlikely")
    expect(causes.filter(has_text="Seeds")).to_contain_text("the same states all the same")
    expect(one.page.locator("[data-why]")).not_to_contain_text("Compare with care")
    expect(causes.filter(has_text="Data")).to_have_count(0)
    assert one.faults == []


def test_other_data_and_definitions_are_warned_of(visit: Open) -> None:
    page = visit(1, 3).page
    why = page.locator("[data-why]")
    expect(why).to_contain_text("the input digits is not the same data in each run")
    expect(why).to_contain_text("the metric val/loss is not one and the same")
    expect(page.locator(".causes li").first).to_contain_text("changes the computation")
    expect(page.locator("[data-compare-patches]")).to_contain_text("Patch on the commit of run3")
    page.get_by_text("Patch on the commit of run3").click()
    expect(page.locator("pre.diff .added")).to_have_text("+new\n")


def test_agreement_of_predictions(visit: Open) -> None:
    page = visit(1, 2).page
    place = page.locator("[data-compare-agreement]")
    expect(place).to_contain_text("50.0 %")
    expect(place).to_contain_text("both get 2 right and 0 wrong; only run1 gets 2 right")
    rows = place.get_by_role("region", name="Where they differ on val").locator("tbody tr")
    expect(rows).to_have_count(2)
    assert rows.first.locator("th, td").all_inner_texts() == ["1", "a", "a", "b"]


def test_figures_stand_side_by_side(visit: Open) -> None:
    page = visit(1, 2, 3).page
    gallery = page.locator("[data-compare-figures] h3:text-is('grid') + .gallery")
    expect(gallery.locator("img")).to_have_count(2)
    expect(gallery).to_contain_text("has no such figure")


def test_the_table_turns(visit: Open) -> None:
    page = visit(1, 2, 3).page
    table = page.locator("[data-compare-differences]")
    expect(table.locator("thead th")).to_have_count(4)
    page.get_by_label("Runs as rows").check()
    expect(table.locator("tbody tr")).to_have_count(3)
    expect(table.locator("thead")).to_contain_text("seed")


def test_axe_and_a_phone(visit: Open) -> None:
    one = visit(1, 2, 3, viewport={"width": 360, "height": 740})
    one.drawn()
    assert one.page.evaluate("document.documentElement.scrollWidth") == 360
    one.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    found = Axe().run(one.page)
    assert found.violations_count == 0, found.generate_report()
