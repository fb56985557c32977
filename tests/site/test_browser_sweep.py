"""The pages of groups in Chromium: seeds as one line, one brush for all charts, odd rows."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from site_browser import Visit, launch
from site_runs import START, make_project, seeded_run

from reportgen.config import Settings
from reportgen.site.build import build_site

pytestmark = pytest.mark.slow
Open = Callable[..., Visit]
ENDS = {0.1: 40, 1.0: 20}


def lines_of(lr: float, seed: int) -> list[dict[str, Any]]:
    """Seed 2 of the higher rate ends at half the way."""
    total = ENDS[lr] if seed == 2 else 40
    return [
        {"step": s, "time": START + s, "metrics": {"val/loss": lr + seed + 1 / (s + 1)}}
        for s in range(total)
    ]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_project(tmp_path_factory.mktemp("groups") / "runs")
    for number, (lr, seed) in enumerate([(r, s) for r in ENDS for s in (1, 2, 3)]):
        name = f"uneven_lr{lr}_s{seed}"
        metrics = lines_of(lr, seed)
        seeded_run(root, 20 + number, name, lr=lr, seed=seed, group="uneven", metrics=metrics)
    folder = root.parent / "site"
    build_site([root], folder, settings=Settings())
    return folder


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        instance = launch(playwright, chromium)
        yield instance
        instance.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Open]:
    visits: list[Visit] = []

    def open_(address: str, **options: object) -> Visit:
        visits.append(Visit(browser, **options))
        visits[-1].go(address)
        return visits[-1]

    yield open_
    for one in visits:
        assert one.faults == []
        one.close()


def group(site: Path, word: str, state: str = "") -> str:
    found = next(path for path in (site / "groups").iterdir() if word in path.name)
    return f"{found.as_uri()}/index.html{state}"


def curves(page: Page) -> Any:
    return page.locator("[data-chart=lines]")


def test_seeds_are_one_line_that_ends_with_the_shortest_run(site: Path, visit: Open) -> None:
    page = visit(group(site, "uneven")).page
    chart = curves(page)
    expect(chart).to_have_attribute("data-drawn", "2")
    note = chart.locator("[data-chart-note]")
    expect(note).to_contain_text("mean, 95 % interval (t), n = 3")
    expect(note).to_contain_text("1 line ends with the shortest run of the group")
    chart.locator(".plot").hover(position={"x": 300, "y": 100})
    expect(chart.locator(".tooltip")).to_contain_text("(n = 3)")
    page.get_by_label("Past the shortest run").check()
    expect(note).to_contain_text("fewer runs from step 19 on")
    page.get_by_label("Band").select_option("sd")
    expect(note).to_contain_text("± 1 sd")
    assert "seeds=mean,sd,past" in page.evaluate("location.hash")
    page.get_by_label("Seeds together").uncheck()
    expect(chart).to_have_attribute("data-drawn", "6")
    page.reload()
    expect(curves(page)).to_have_attribute("data-drawn", "6")


def test_the_interval_is_that_of_student(site: Path, visit: Open, tmp_path: Path) -> None:
    page = visit(group(site, "uneven")).page
    expect(curves(page)).to_have_attribute("data-drawn", "2")
    widths = page.evaluate(
        """async () => {
          const table = (await reportgen.kit()).specs.lines.usermeta.t975;
          const line = (ys, group) => ({series: {group: group, key: group}, points: {
            x: Float64Array.from(ys, (_, i) => i), y: Float64Array.from(ys)}});
          const lines = [line([1, 1], "a"), line([2, 2], "a"), line([3, 3, 9], "a")];
          const how = {centre: "mean", spread: "interval", past: false};
          const found = reportgen.grouped(lines, how, table)[0].points;
          return [Array.from(found.x), found.hi[0] - found.y[0], Array.from(found.n)];
        }"""
    )
    assert widths == [[0, 1], pytest.approx(4.302653 / 3**0.5, rel=1e-5), [3, 3]]


def test_lines_set_the_axis_and_bands_only_widen_it(site: Path, visit: Open) -> None:
    page = visit(group(site, "uneven")).page
    expect(curves(page)).to_have_attribute("data-drawn", "2")
    found = page.evaluate(
        """() => {
          const column = (...values) => Float64Array.from(values);
          const line = (ys, wide) => ({earlier: [], points: {
            sorted: true, x: column(0, 1), y: column(...ys), raw: column(...ys),
            lo: column(...ys).map((y) => y - wide), hi: column(...ys).map((y) => y + wide)}});
          const ends = (line, yScale) =>
            reportgen.extents([line], {zoom: null, xScale: "linear", yScale: yScale}).y;
          return [
            ends(line([0.05, 1.05], 3), "linear"), ends(line([-1, 1], 3), "linear"),
            ends(line([1, 2], 0.05), "linear"), ends(line([1, 1], 3), "linear"),
            ends(line([1, 100], 0.5), "log"),
          ];
        }"""
    )
    assert found[0] == pytest.approx([0, 1.15])
    assert found[1] == pytest.approx([-1.2, 1.2])
    assert found[2] == pytest.approx([0.95, 2.05])
    assert found[3] == pytest.approx([-2, 4])
    assert found[4] == pytest.approx([10**-0.2, 100.5])


def test_one_filter_holds_for_every_chart(site: Path, visit: Open, tmp_path: Path) -> None:
    page = visit(group(site, "uneven")).page
    expect(curves(page)).to_have_attribute("data-drawn", "2")
    page.get_by_text("Filter by value").click()
    page.get_by_label("lr to").select_option(label="0.1")
    expect(page.locator("[data-sweep-note]")).to_have_text("3 of 6 runs are within the filters.")
    expect(curves(page)).to_have_attribute("data-drawn", "1")
    expect(page.locator("tr.left-out")).to_have_count(1)
    assert "f=lr:-0.12..0" in page.evaluate("location.hash")
    page.reload()
    expect(page.locator("[data-sweep-note]")).to_have_text("3 of 6 runs are within the filters.")
    page.get_by_role("button", name="Show all runs").click()
    expect(curves(page)).to_have_attribute("data-drawn", "2")
    page.go_back()
    expect(curves(page)).to_have_attribute("data-drawn", "1")


def drag(page: Page, kind: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag over a plot between two places, as shares of its width and height."""
    plot = page.locator(f"[data-chart={kind}] .plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    ends = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*ends[0])
    page.mouse.down()
    page.mouse.move(*ends[1], steps=5)
    page.mouse.up()


@pytest.mark.parametrize(
    ("kind", "start", "end"),
    [("parallel", (0.1, 0.9), (0.3, 0.5)), ("scatter", (0.02, 0.02), (0.5, 0.98))],
)
def test_a_drag_chooses_runs(
    kind: str, start: tuple[float, float], end: tuple[float, float], site: Path, visit: Open
) -> None:
    page = visit(group(site, "uneven")).page
    page.locator(f"[data-chart={kind}][data-drawn]").wait_for()
    drag(page, kind, start, end)
    expect(page.locator("[data-sweep-note]")).to_have_text("3 of 6 runs are within the filters.")
    page.locator(f"[data-chart={kind}] .plot").dblclick(position={"x": 200, "y": 60})
    expect(page.locator("[data-sweep-note]")).to_contain_text("Drag over an axis")


def test_a_diverged_run_stays_in_the_pictures(site: Path, visit: Open, tmp_path: Path) -> None:
    page = visit(group(site, "bad")).page
    figure = page.locator("[data-chart=scatter]")
    page.locator("[data-chart=scatter][data-drawn]").wait_for()
    figure.scroll_into_view_if_needed()
    assert figure.get_attribute("data-drawn") == "3"
    parallel = page.locator("[data-chart=parallel]")
    parallel.locator("summary").click()
    with page.expect_download() as event:
        parallel.get_by_role("button", name="CSV").click()
    path = tmp_path / "paths.csv"
    event.value.save_as(path)
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert any("diverged" in row["run"] and row["at"] == "-0.12" for row in rows)


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}])
def test_the_page_has_nothing_that_axe_finds(
    options: dict[str, str], site: Path, visit: Open
) -> None:
    one = visit(group(site, "lr-search"), **options)
    page = one.page
    page.locator("[data-chart=importance][data-drawn]").wait_for()
    assert one.faults == []
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    found = Axe().run(page)
    one.faults.clear()  # axe itself asks for style sheets, which files refuse
    assert found.violations_count == 0, found.generate_report()


def test_it_fits_a_phone_and_reads_without_a_script(site: Path, visit: Open) -> None:
    page = visit(group(site, "lr-search"), viewport={"width": 360, "height": 740}).page
    page.locator("[data-chart=importance][data-drawn]").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    plain = visit(group(site, "lr-search"), java_script_enabled=False).page
    expect(plain.locator(".static .curve")).to_have_count(2)
    expect(plain.get_by_text("need JavaScript")).to_be_visible()


ODD = {
    "parallel": {"paths": {"run": "a", "axis": "lr", "at": 0.5, "colour": "#000000", "shown": 1}},
    "scatter": {"points": {"run": "a", "x": 1, "y": 1, "colour": "#000000", "shown": 1}},
    "importance": {"rows": {"key": "constructor", "size": 0.5, "text": "x"}},
    "heat_map": {
        "cells": {"x": "1", "y": "2", "value": 1, "fill": "#000000", "ink": "#ffffff", "text": "1"}
    },
    "best_so_far": {"best": {"order": 1, "best": 1}},
    "lines": {"bands": {"x": 0, "lo": 0, "hi": 1, "n": 2, "line": "a", "colour": "#000000"}},
}


@pytest.mark.parametrize("kind", ODD)
def test_a_chart_draws_nothing_one_point_null_and_huge(kind: str, site: Path, visit: Open) -> None:
    page = visit(group(site, "lr-search")).page
    found = page.evaluate(
        """async ([kind, odd]) => {
          const kit = await reportgen.kit();
          const names = kit.specs[kind].layer.map(
            layer => (layer.data || kit.specs[kind].data).name);
          const [name, row] = Object.entries(odd)[0];
          const twisted = value => Object.fromEntries(Object.entries(row).map(
            ([key, old]) => [key, typeof old === "number" && key !== "shown" ? value : old]));
          const values = ["scatter", "best_so_far", "lines"].includes(kind);
          const huge = values ? [[row, twisted(1e308)], [twisted(-1e308)]] : [];
          const cases = [[], [row], [row, twisted(null)], ...huge];
          for (const rows of cases) {
            const spec = structuredClone(kit.specs[kind]);
            spec.datasets = Object.fromEntries(names.map(other => [other, []]));
            spec.datasets[name] = rows;
            spec.width = 300;
            const place = document.createElement("div");
            const view = (await reportgen.embed(place, kit, "light", spec, "svg")).view;
            const svg = await view.toSVG();
            if (!svg.startsWith("<svg")) { return rows; }
          }
          return "drawn";
        }""",
        [kind, ODD[kind]],
    )
    assert found == "drawn"
