"""The site in Chromium: from files and under a base path, with nothing to complain of."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from site_browser import Visit, launch, served
from site_runs import START, make_project, seeded_run

from reportgen.config import Settings, SiteSettings
from reportgen.site.build import build_site

pytestmark = pytest.mark.slow

TITLED = Settings(site=SiteSettings(title="Digits"))
Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        instance = launch(playwright, chromium)
        yield instance
        instance.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's site, at ``a/b`` below a folder that is served."""
    base = tmp_path_factory.mktemp("served")
    root = make_project(tmp_path_factory.mktemp("browsed") / "runs")
    build_site([root], base / "a" / "b", settings=TITLED)
    return base / "a" / "b"


@pytest.fixture(scope="module")
def server(site: Path) -> Iterator[str]:
    with served(site.parents[1]) as address:
        yield f"{address}/a/b"


@pytest.fixture
def visit(browser: Browser) -> Iterator[Open]:
    visits: list[Visit] = []

    def open_(address: str | None = None, **options: object) -> Visit:
        visits.append(Visit(browser, **options))
        if address is not None:
            visits[-1].go(address)
        return visits[-1]

    yield open_
    for one in visits:
        one.close()


def slug(site: Path, word: str) -> str:
    found = [path.name for path in (site / "runs").iterdir() if word in path.name]
    assert len(found) == 1
    return found[0]


def pages(site: Path) -> dict[str, str]:
    """Every kind of page, by its path below the site, with the fragment it needs."""
    first, second = slug(site, "lr0.1-s1"), slug(site, "diverged")
    return {
        "overview": "index.html",
        "runs": "runs/index.html",
        "run": f"runs/{first}/index.html",
        "diverged": f"runs/{second}/index.html",
        "dirty": f"runs/{slug(site, 'dirty')}/index.html",
        "compare": f"compare/index.html#runs={first},{second},{slug(site, 'lr0.01-s1')}",
        "audit": "audit/index.html",
    }


NAMES = ("overview", "runs", "run", "diverged", "dirty", "compare", "audit")
CHARTS = {"overview": 1, "run": 3, "diverged": 3, "dirty": 3, "compare": 4}


@pytest.mark.parametrize(("way", "scheme"), [("file", "light"), ("server", "dark")])
@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_with_its_curves_and_without_a_complaint(
    name: str, way: str, scheme: str, site: Path, server: str, visit: Open
) -> None:
    base = site.as_uri() if way == "file" else server
    one = visit(f"{base}/{pages(site)[name]}", color_scheme=scheme)
    if name == "compare":
        one.page.locator("[data-filled]").wait_for()
    assert one.drawn() == CHARTS.get(name, 0)
    for index in range(CHARTS.get(name, 0)):
        count, colours = one.ink(index)
        assert count > 500
        assert len(colours) > 3
    assert one.faults == []
    one.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    found = Axe().run(one.page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_sticks_out_at_360_pixels(name: str, site: Path, visit: Open) -> None:
    one = visit(viewport={"width": 360, "height": 740}, has_touch=True)
    page = one.go(f"{site.as_uri()}/{pages(site)[name]}")
    one.drawn()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    if name == "overview":
        first = page.locator(".runs tbody th").first
        region = page.locator(".table-scroll")
        before = first.bounding_box()
        region.evaluate("node => node.scrollLeft = 200")
        assert region.evaluate("node => node.scrollLeft") > 50
        assert first.bounding_box() == before
    assert one.faults == []


def test_long_names_do_not_stick_out_either(visit: Open, tmp_path: Path) -> None:
    name = "resnet18_cifar10_20261123-101500_" + "lr0.1_width64_augmented_" * 4
    for number in range(2):
        lines = [
            {"step": s, "time": START + s, "metrics": {f"val/{name}loss": 1.0 / (s + number + 1)}}
            for s in range(9)
        ]
        seeded_run(tmp_path / "runs", number, f"{name}{number}", lr=0.1, seed=1, metrics=lines)
    build_site([tmp_path / "runs"], tmp_path / "site", settings=Settings())
    site = tmp_path / "site"
    slugs = sorted(path.parent.name for path in (site / "runs").glob("*/index.html"))
    one = visit(viewport={"width": 360, "height": 740}, has_touch=True)
    for path in (
        "index.html",
        "runs/index.html",
        f"runs/{slugs[0]}/index.html",
        f"compare/index.html#runs={','.join(slugs)}",
        "audit/index.html",
    ):
        page = one.go(f"{site.as_uri()}/{path}")
        if path.startswith("compare"):
            page.locator("[data-filled]").wait_for()
        one.drawn()
        assert page.evaluate("document.documentElement.scrollWidth") == 360, path
    assert one.faults == []


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_dark_by_the_system_and_by_choice_without_a_flash(site: Path, visit: Open) -> None:
    address = f"{site.as_uri()}/index.html"
    assert background(visit(address, color_scheme="dark").page) == "rgb(17, 20, 24)"
    one = visit(address, color_scheme="light")
    one.drawn()
    light = one.ink()[1]
    one.page.get_by_role("button", name="Switch to dark colours").click()
    assert background(one.page) == "rgb(17, 20, 24)"
    expect(one.page.locator("canvas.lines")).to_have_count(1)
    one.page.wait_for_timeout(300)
    assert one.ink()[1] != light
    stored = one.page.evaluate("Object.keys(localStorage)")
    assert len(stored) == 1
    assert stored[0].startswith("reportgen.")
    one.page.add_init_script(
        "new MutationObserver((_, me) => { if (document.body) { me.disconnect();"
        "window.firstColour = getComputedStyle(document.body).backgroundColor } })"
        ".observe(document, {childList: true, subtree: true})"
    )
    one.page.reload()
    assert one.page.evaluate("window.firstColour") == "rgb(17, 20, 24)"
    assert one.faults == []


def test_chosen_runs_are_compared(site: Path, visit: Open) -> None:
    one = visit(f"{site.as_uri()}/runs/index.html")
    page = one.page
    for name in ("mlp_digits_lr0.1_s1", "mlp_digits_lr0.01_s1"):
        page.get_by_label(f"Select {name}").check()
    page.get_by_role("link", name="Compare 2").click()
    expect(page.locator("[data-chosen] li")).to_have_count(2)
    differences = page.locator("[data-compare-differences]")
    expect(differences).to_contain_text("lr")
    expect(differences).not_to_contain_text("optimizer")
    page.get_by_label("Show what is equal, too").check()
    expect(differences).to_contain_text("optimizer")
    expect(page.locator("[data-compare-metrics]")).to_contain_text("higher is better")
    page.get_by_label("Remove mlp_digits_lr0.01_s1").click()
    expect(page.locator("[data-chosen] li")).to_have_count(1)
    page.go_back()
    expect(page.locator("[data-chosen] li")).to_have_count(2)
    page.get_by_label("Add a run").select_option(label="mlp_dirty")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("[data-chosen] li")).to_have_count(3)
    assert one.faults == []


def test_the_address_holds_the_state(site: Path, visit: Open) -> None:
    first, second = slug(site, "lr0.1-s1"), slug(site, "lr0.01-s1")
    base = f"{site.as_uri()}/compare/index.html"
    one = visit(f"{base}#runs={first},{second}&x=time&y=log&s=0.6&nonsense=1&zoom=5..20")
    page = one.page
    one.drawn(4)
    assert page.get_by_label("y axis").input_value() == "log"
    assert page.get_by_label("Over").input_value() == "time"
    assert page.get_by_label("Smoothing").input_value() == "0.6"
    expect(page.get_by_role("button", name="Reset zoom")).to_be_visible()
    page.get_by_label("y axis").select_option("linear")
    page.get_by_role("button", name="Reset zoom").click()
    page.wait_for_function("() => !location.hash.includes('zoom')")
    assert page.evaluate("location.hash") == f"#runs={first},{second}&x=time&s=0.6"
    assert one.faults == []


@pytest.mark.parametrize(
    "fragment",
    [
        "#runs=<img src=x onerror=window.PWN=1>,%3Csvg%20onload=window.PWN=1%3E",
        "#runs=__proto__,constructor,toString",
        "#runs=" + "a" * 100_000,
        "#runs=%E0%A4%A&s=NaN&zoom=9..1&x=<b>",
        "#",
    ],
)
def test_an_address_made_by_others_is_only_text(fragment: str, site: Path, visit: Open) -> None:
    one = visit(f"{site.as_uri()}/compare/index.html{fragment}")
    expect(one.page.locator("[data-empty]")).to_be_visible()
    if fragment != "#":
        expect(one.page.locator(".message").first).to_contain_text("No run")
    assert one.page.evaluate("window.PWN") is None
    assert one.page.locator("main img, main svg[onload]").count() == 0
    assert one.faults == []


CASES = json.loads((Path(__file__).parent / "curves.json").read_text())
NUMBERS = (
    "vs => vs.map(v => typeof v === 'string' ? "
    "{NaN: NaN, Infinity: Infinity, '-Infinity': -Infinity}[v] : v)"
)


def test_smoothing_and_intervals_are_those_of_the_cases(site: Path, visit: Open) -> None:
    page = visit(f"{site.as_uri()}/index.html").page
    for case in CASES["smoothing"]:
        found = page.evaluate(
            f"([values, weight]) => Array.from(reportgen.smooth(({NUMBERS})(values), weight))"
            ".map(String)",
            [case["values"], case["weight"]],
        )
        want = [float(value) for value in case["want"]]
        assert [float(text) for text in found] == pytest.approx(want, nan_ok=True, rel=1e-12)
    for case in CASES["intervals"]:
        found = page.evaluate(
            "async values => reportgen.spreadOf("
            f"({NUMBERS})(values), (await reportgen.kit()).specs.lines.usermeta.t975)",
            case["values"],
        )
        for key in ("n", "mean", "median", "sd", "half"):
            want = case[key]
            assert found[key] == (want if want is None else pytest.approx(want, rel=1e-6)), key


def test_hover_shows_all_lines_and_marks_the_other_charts(site: Path, visit: Open) -> None:
    one = visit(f"{site.as_uri()}/runs/{slug(site, 'lr0.1-s1')}/index.html")
    page = one.page
    one.drawn()
    plot = page.locator("[data-chart]").nth(1).locator(".plot")
    plot.scroll_into_view_if_needed()
    plot.hover(position={"x": 200, "y": 100})
    tooltip = plot.locator(".tooltip")
    expect(tooltip).to_be_visible()
    expect(tooltip).to_contain_text("step")
    expect(tooltip.locator("tr")).to_have_count(2)
    expect(page.locator(".cursor:visible")).to_have_count(3)
    page.mouse.move(5, 5)
    expect(page.locator(".cursor:visible")).to_have_count(0)


def test_dragging_zooms_every_chart_and_a_double_click_ends_it(site: Path, visit: Open) -> None:
    one = visit(f"{site.as_uri()}/runs/{slug(site, 'lr0.1-s1')}/index.html")
    page = one.page
    one.drawn()
    plot = page.locator("[data-chart]").first.locator(".plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    domain = "document.querySelector('[data-chart]') && reportgen.chartState.zoom"
    page.mouse.move(box["x"] + 150, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 80, steps=4)
    page.mouse.up()
    zoom = page.evaluate(domain)
    assert 0 < zoom[0] < zoom[1] < 119
    expect(page.get_by_role("button", name="Reset zoom")).to_be_visible()
    plot.dblclick(position={"x": 200, "y": 80})
    assert page.evaluate(domain) is None
    assert one.faults == []


def test_the_legend_isolates_and_hides_by_keyboard(site: Path, visit: Open) -> None:
    one = visit(viewport={"width": 500, "height": 800})
    page = one.go(f"{site.as_uri()}/index.html")
    one.drawn()
    figure = page.locator("[data-chart]")
    assert figure.get_attribute("data-drawn") == "5"
    first = figure.locator(".legend button").first
    first.focus()
    page.keyboard.press("Enter")
    expect(figure).to_have_attribute("data-drawn", "1")
    expect(first).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    expect(figure).to_have_attribute("data-drawn", "5")
    first.click(modifiers=["Shift"])
    expect(figure).to_have_attribute("data-drawn", "4")


def test_a_missing_file_names_itself_and_the_rest_lives(
    site: Path, visit: Open, tmp_path: Path
) -> None:
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    victim = next((copy / "data" / "curves" / slug(site, "lr0.1-s3")).glob("val-loss*.js"))
    kept = victim.read_bytes()
    victim.unlink()
    page = visit(f"{copy.as_uri()}/index.html").page
    fault = page.locator(".chart-fault")
    expect(fault).to_contain_text(f"{victim.name} could not be loaded")
    expect(page.locator("[data-chart]")).to_have_attribute("data-drawn", "4")
    victim.write_bytes(kept)
    fault.get_by_role("button", name="Try again").click()
    expect(page.locator("[data-chart]")).to_have_attribute("data-drawn", "5")
    expect(fault).to_have_count(0)


def test_a_damaged_file_is_told_from_a_missing_one(site: Path, visit: Open, tmp_path: Path) -> None:
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    victim = next((copy / "data" / "runs").glob(f"{slug(site, 'dirty')}*.js"))
    victim.write_text("reportgen.put('something else',{});\n")
    runs = f"{slug(site, 'dirty')},{slug(site, 'killed')}"
    page = visit(f"{copy.as_uri()}/compare/index.html#runs={runs}").page
    expect(page.locator(".chart-fault")).to_contain_text("holds other data than expected")
    expect(page.locator("[data-filled]")).to_be_visible()


def test_without_javascript_everything_can_be_read(site: Path, visit: Open) -> None:
    one = visit(java_script_enabled=False)
    page = one.go(f"{site.as_uri()}/{pages(site)['dirty']}")
    expect(page.locator(".static .curve").first).to_be_visible()
    expect(page.locator("#reproduce-text")).to_contain_text("echo again")
    expect(page.locator("pre.diff")).to_contain_text("+FLIP = True")
    expect(page.locator("#config-table")).to_contain_text("optimizer")
    expect(page.locator("button:visible")).to_have_count(0)
    page.goto(f"{site.as_uri()}/compare/index.html")
    expect(page.get_by_text("needs JavaScript")).to_be_visible()
    page.goto(f"{site.as_uri()}/runs/index.html")
    expect(page.locator("tbody tr")).to_have_count(8)
    assert one.faults == []


def test_commands_are_copied(site: Path, server: str, visit: Open) -> None:
    one = visit(permissions=["clipboard-read", "clipboard-write"])
    page = one.go(f"{server}/{pages(site)['dirty']}")
    button = page.locator("[data-copy-from=reproduce-text]")
    button.click()
    expect(button).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "#!/bin/sh\nset -eu\necho again\n"


def test_the_keyboard_reaches_the_content_first(site: Path, visit: Open) -> None:
    page = visit(f"{site.as_uri()}/index.html").page
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"


def test_odd_metric_names_are_drawn(visit: Open, tmp_path: Path) -> None:
    names = ["__proto__", "constructor", "toString", "hasOwnProperty", "length", "0", "-1", "<b>"]
    lines = [
        {"step": s, "time": START + s, "metrics": dict.fromkeys(names, s * 0.5)} for s in range(5)
    ]
    for number in range(2):
        config = dict.fromkeys(names, number)
        seeded_run(tmp_path / "runs", number, f"odd{number}", lr=0.1, seed=1, metrics=lines)
        path = next((tmp_path / "runs").rglob(f"odd{number}/config.yaml"))
        path.write_text(json.dumps({"lr": 0.1, **config}))
    build_site([tmp_path / "runs"], tmp_path / "site", settings=TITLED)
    site = tmp_path / "site"
    one = visit(f"{site.as_uri()}/runs/{slug(site, 'odd0')}/index.html")
    assert one.drawn() == len(names)
    page = one.go(
        f"{site.as_uri()}/compare/index.html#runs={slug(site, 'odd0')},{slug(site, 'odd1')}"
    )
    page.locator("[data-filled]").wait_for()
    assert one.drawn(len(names)) == len(names)
    expect(page.locator("[data-compare-metrics] tbody tr")).to_have_count(len(names))
    differing = page.locator("[data-compare-differences] tbody th[scope=row]").all_text_contents()
    assert set(names) <= set(differing)
    page.goto(f"{site.as_uri()}/runs/index.html")
    page.get_by_label("Filter").fill("config.__proto__ == 1")
    expect(page.locator("[data-filter-note]")).to_have_text("1 of 2 runs")
    assert one.faults == []


def test_a_spike_shows_and_zoom_brings_every_point(visit: Open, tmp_path: Path) -> None:
    values = [0.5 + (5.0 if s == 2_345 else 0.0) for s in range(5_000)]
    lines = [
        {"step": s, "time": START + s, "metrics": {"loss": value}} for s, value in enumerate(values)
    ]
    seeded_run(tmp_path / "runs", 1, "spike", lr=0.1, seed=1, metrics=lines)
    build_site([tmp_path / "runs"], tmp_path / "site", settings=TITLED)
    site = tmp_path / "site"
    one = visit(f"{site.as_uri()}/runs/{slug(site, 'spike')}/index.html")
    one.drawn()
    loaded = (
        "performance.getEntriesByType('resource').map(e => e.name).filter(n => n.includes('-full'))"
    )
    scripts = "Array.from(document.scripts).filter(s => s.src.includes('-full')).length"
    assert one.page.evaluate(scripts) == 0
    plot = one.page.locator(".plot")
    box = plot.bounding_box()
    assert box is not None
    one.page.mouse.move(box["x"] + 150, box["y"] + 80)
    one.page.mouse.down()
    one.page.mouse.move(box["x"] + 300, box["y"] + 80, steps=3)
    one.page.mouse.up()
    one.page.wait_for_function(f"() => {scripts} === 1")
    assert one.page.evaluate(loaded) is not None
    assert one.faults == []
