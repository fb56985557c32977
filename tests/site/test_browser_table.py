"""The table of runs in Chromium: filter, facets, sort, columns, seeds, baseline, files, address."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from site_browser import Visit, launch, served
from site_runs import records, seeded_run

from reportgen.config import Settings, SiteSettings
from reportgen.site.build import build_site

pytestmark = pytest.mark.slow

TITLED = Settings(site=SiteSettings(title="Digits"))


def make_project(root: Path) -> None:
    for number, (lr, seed) in enumerate([(0.1, 1), (0.1, 2), (0.1, 3), (0.01, 1), (0.01, 2)]):
        tags = {"author": "ada" if seed == 1 else "=bo()", "odd": "<b>x</b>|&"}
        run = {"tags": tags}
        lines = records(lr=lr, seed=seed, steps=40)
        seeded_run(root, number, f"mlp_lr{lr}_s{seed}", lr=lr, seed=seed, metrics=lines, run=run)
    seeded_run(root, 5, "diverged", lr=5.0, seed=1, metrics=records(steps=40, nan=9), group="bad")
    files = {"labels.yaml": "archived: true\n"}
    seeded_run(root, 6, "old", lr=0.1, seed=7, metrics=records(seed=7, steps=40), files=files)


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        instance = launch(playwright, chromium)
        yield instance
        instance.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("served")
    make_project(base / "runs")
    build_site([base / "runs"], base / "a" / "b", settings=TITLED)
    return base / "a" / "b"


@pytest.fixture
def one(browser: Browser) -> Iterator[Visit]:
    visit = Visit(browser)
    yield visit
    assert visit.faults == []
    visit.close()


def rows(page: Page) -> Locator:
    return page.locator(".slick-row .cell-name")


def names(page: Page) -> list[str]:
    """The names in the order of the rows, whatever their order in the document."""
    found = page.evaluate(
        "() => Array.from(document.querySelectorAll('.slick-row .cell-name')).map(cell =>"
        " [cell.getBoundingClientRect().y, cell.querySelector('a').textContent])"
    )
    return [name for _, name in sorted(found)]


def opened(visit: Visit, site: Path, fragment: str = "") -> Page:
    page = visit.go(f"{site.as_uri()}/runs/index.html{fragment}")
    page.locator(".slick-row").first.wait_for()
    return page


def test_conditions_words_and_faults(site: Path, one: Visit) -> None:
    page = opened(one, site)
    note = page.locator("[data-filter-note]")
    expect(note).to_have_text("6 runs")
    field = page.get_by_label("Filter")
    for text, count in [
        ("config.lr == 0.1", "3 of 6 runs"),
        ("lr == 0.1 and tags.author == 'ada'", "1 of 6 runs"),
        ("val/accuracy > 0.2 and 'mlp' in name", "5 of 6 runs"),
        ("state in ('failed', 'interrupted')", "0 of 6 runs"),
        ("S3 Mlp", "1 of 6 runs"),
        ("", "6 runs"),
    ]:
        field.fill(text)
        expect(note).to_have_text(count)
    field.fill("lrr == 3")
    expect(note).to_contain_text("no run has 'lrr'")
    assert len(names(page)) == 6
    field.fill("state in ('failed',)")
    page.get_by_role("button", name="Clear the filter").click()
    expect(note).to_have_text("6 runs")


def test_a_click_or_a_key_on_a_heading_sorts(site: Path, one: Visit) -> None:
    page = opened(one, site)
    head = page.get_by_role("columnheader", name="lr", exact=True)
    head.click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert names(page)[0] == "diverged"
    head.focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert "lr0.01" in names(page)[0]
    accuracy = page.get_by_role("columnheader", name="val/accuracy", exact=True)
    accuracy.click()
    assert names(page)[-1] == "diverged"
    accuracy.click()
    assert names(page)[-1] == "diverged"
    assert page.evaluate("location.hash") == "#sort=metrics.val/accuracy"
    page.go_back()
    assert page.evaluate("location.hash") == "#sort=-metrics.val/accuracy"


def test_facets_are_chips_and_in_the_address(site: Path, one: Visit) -> None:
    page = opened(one, site)
    page.locator("summary", has_text="Facets").click()
    page.get_by_role("checkbox", name="0.01 2").check()
    expect(page.locator("[data-filter-note]")).to_have_text("2 of 6 runs")
    assert page.evaluate("location.hash") == "#f.config.lr=0.01"
    page.keyboard.press("Escape")
    expect(page.locator(".menu-panel:visible")).to_have_count(0)
    page.reload()
    expect(page.locator("[data-filter-note]")).to_have_text("2 of 6 runs")
    page.get_by_role("button", name="Without config.lr: 0.01").click()
    expect(page.locator("[data-filter-note]")).to_have_text("6 runs")


def test_columns_are_chosen_ordered_and_loaded_when_asked_for(site: Path, one: Visit) -> None:
    page = opened(one, site)
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("Find a column").fill("author")
    page.get_by_role("checkbox", name="tags.author").check()
    head = page.get_by_role("columnheader", name="author")
    expect(head).to_have_count(1)
    expect(page.locator(".slick-cell", has_text="=bo()")).to_have_count(3)
    page.get_by_role("button", name="tags.author earlier").click()
    assert page.evaluate("location.hash").endswith(",tags.author,created")
    page.get_by_role("button", name="As at first").click()
    expect(head).to_have_count(0)
    assert page.evaluate("location.hash") == ""


def test_seeds_together_with_mean_and_deviation(site: Path, one: Visit) -> None:
    page = opened(one, site)
    page.get_by_label("Seeds together").check()
    expect(page.locator("[data-filter-note]")).to_have_text("6 runs in 3 settings")
    assert names(page) == ["mlp_lr0.1", "mlp_lr0.01", "diverged"]
    expect(page.locator(".slick-pane-right .slick-row").first).to_contain_text("±")
    expect(page.locator(".slick-row").first).to_contain_text("3 seeds")
    page.get_by_role("button", name="Show the runs of mlp_lr0.1", exact=True).click()
    assert len(names(page)) == 6
    values = page.evaluate(
        "() => reportgen.tablePage.items[0].members.map("
        "row => reportgen.tablePage.table.value('metrics.val/accuracy', row))"
    )
    mean = sum(values) / 3
    sd = (sum((value - mean) ** 2 for value in values) / 2) ** 0.5
    spread = page.evaluate(
        "() => reportgen.tablePage.spread(reportgen.tablePage.items[0],"
        " {key: 'metrics.val/accuracy'})"
    )
    assert spread == {"mean": pytest.approx(mean), "sd": pytest.approx(sd), "n": 3}


def test_a_baseline_tells_better_from_worse_in_words(site: Path, one: Visit) -> None:
    page = opened(one, site)
    button = page.locator("[data-baseline]")
    expect(button).to_be_disabled()
    second = names(page)[1]
    page.get_by_label(f"Select {second}").check()
    button.click()
    assert names(page)[0] == second

    right = page.locator(".slick-pane-right .slick-row")
    expect(right.nth(0)).to_contain_text("same")
    expect(page.locator(".delta.good-text").first).to_contain_text("better")
    expect(page.locator(".delta.poor-text").first).to_contain_text("worse")

    page.reload()
    page.locator(".slick-row").first.wait_for()
    assert names(page)[0] == second
    page.get_by_role("button", name="No baseline").click()
    expect(page.locator(".delta")).to_have_count(0)


def test_archived_runs_are_hidden_at_first(site: Path, one: Visit) -> None:
    page = opened(one, site)
    assert "old" not in names(page)
    page.get_by_label("Archived, too").check()
    assert "old" in names(page)
    assert page.evaluate("location.hash") == "#archived=1"


@pytest.mark.parametrize(
    ("title", "ending"), [("CSV", "csv"), ("Markdown", "md"), ("LaTeX", "tex")]
)
def test_files_hold_the_filtered_rows(title: str, ending: str, site: Path, one: Visit) -> None:
    page = opened(one, site, "#q=lr%20%3C%201&cols=name,metrics.val/accuracy,tags.author,tags.odd")
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=title, exact=True).click()
    assert waiting.value.suggested_filename == f"runs.{ending}"
    text = Path(waiting.value.path()).read_text("utf-8")
    if ending == "csv":
        found = list(csv.DictReader(io.StringIO(text)))
        assert [row["name"] for row in found] == names(page)
        assert {row["tags.author"] for row in found} == {"ada", "'=bo()"}
        assert found[0]["tags.odd"] == "<b>x</b>|&"
        exact = page.evaluate("() => reportgen.tablePage.table.value('metrics.val/accuracy', 0)")
        assert float(found[0]["metrics.val/accuracy"]) == exact
    elif ending == "md":
        lines = text.splitlines()
        assert len(lines) == 7
        assert all(line.count(" | ") == 3 for line in lines)
        assert "\\<b\\>x\\</b\\>\\|\\&" in text
    else:
        assert text.count("\\\\\n") == 6
        assert "\\textless{}b\\textgreater{}x" in text
        assert "mlp\\_lr0.1" in text


def test_the_keyboard_opens_selects_and_unfolds(site: Path, one: Visit) -> None:
    page = opened(one, site, "#by=setting")
    page.evaluate("() => reportgen.tablePage.grid.setActiveCell(0, 0)")
    page.evaluate("() => reportgen.tablePage.grid.focus()")
    page.keyboard.press(" ")
    expect(page.get_by_role("link", name="Compare 3")).to_be_visible()
    page.keyboard.press("Enter")
    assert len(names(page)) == 6
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/mlp-lr0.1-s*/index.html")


@pytest.mark.parametrize(
    "fragment",
    [
        "#q=<img src=x onerror=window.PWN=1>&sort=__proto__&cols=constructor,toString&base=zzz",
        "#f.__proto__=1&f.constructor=a..b&q=" + "(" * 5_000,
        "#cols=" + "a," * 30_000 + "&sort=-&by=<b>",
        "#%E0%A4%A&q=%E0%A4%A",
    ],
)
def test_an_address_made_by_others_is_only_text(fragment: str, site: Path, one: Visit) -> None:
    page = one.go(f"{site.as_uri()}/runs/index.html{fragment}")
    page.locator(".runs-grid").wait_for()
    expect(page.locator("[data-filter-note]")).not_to_be_empty()
    assert page.evaluate("window.PWN") is None
    assert page.locator("main img").count() == 0


def test_a_missing_file_of_rows_leaves_the_plain_table(
    site: Path, one: Visit, tmp_path: Path
) -> None:
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    victim = next((copy / "data").glob("table.*.js"))
    kept = victim.read_bytes()
    victim.unlink()
    page = one.go(f"{copy.as_uri()}/runs/index.html")
    fault = page.locator(".chart-fault")
    expect(fault).to_contain_text(f"{victim.name} could not be loaded")
    expect(page.locator("[data-runs-static] tbody tr")).to_have_count(6)
    victim.write_bytes(kept)
    fault.get_by_role("button", name="Try again").click()
    expect(rows(page)).to_have_count(6)
    one.faults.clear()  # of the file that was missing


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_with_everything_open(site: Path, one: Visit, scheme: str) -> None:
    with served(site.parents[1]) as address:
        one.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page = one.go(f"{address}/a/b/runs/index.html#by=setting&base=none")
        page.locator(".slick-row").first.wait_for()
        page.locator(".fold").first.click()
        for menu in ("Facets", "Columns", "Export"):
            page.locator("summary", has_text=menu).click()
            page.locator(".menu-panel:visible").wait_for()
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()


def test_at_360_pixels_the_first_column_stays(browser: Browser, site: Path) -> None:
    visit = Visit(browser, viewport={"width": 360, "height": 740}, has_touch=True)
    page = opened(visit, site)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    first = rows(page).first
    before = first.bounding_box()
    page.locator(".slick-viewport-right").last.evaluate("node => node.scrollLeft = 200")
    assert first.bounding_box() == before
    for menu in ("Facets", "Columns", "Export"):
        page.locator("summary", has_text=menu).click()
        assert page.evaluate("document.documentElement.scrollWidth") == 360, menu
    assert visit.faults == []
    visit.close()
