"""Curves in Chromium: axes, legend, zoom by keyboard, what is saved, and the address of it all."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from site_browser import Visit, launch
from site_runs import START, seeded_run

from reportgen.config import Settings
from reportgen.site.build import build_site

pytestmark = pytest.mark.slow
Open = Callable[..., Visit]
MILLION = 1_000_000
SPIKE = 654_321


def resumed_lines() -> list[dict[str, Any]]:
    """Ten steps, a pause of 100 s, and steps 8 to 19 of a second attempt."""

    def line(step: int, time: float, extra: float = 0.0) -> dict[str, Any]:
        values = {"val/loss": 1.0 / (step + 1) + extra, "lr": 0.1 * 0.5**step, "epoch": step // 4}
        return {"step": step, "time": START + time, "metrics": values}

    lines = [line(step, float(step), 0.5) for step in range(10)]
    lines.append({"event": "resume", "step": 8, "time": START + 109, "attempt": 2})
    return lines + [line(step, 101.0 + step) for step in range(8, 20)]


def other_lines(offset: float) -> list[dict[str, Any]]:
    values = [offset + step / 10 for step in range(20)]
    values[12] = -1.0
    return [
        {"step": s, "time": START + s, "metrics": {"val/loss": "NaN" if s == 15 else v}}
        for s, v in enumerate(values)
    ]


def write_million(folder: Path) -> None:
    """A metric of a million points that stands out at one of them."""
    text = '{{"step":{0},"time":{1}.5,"metrics":{{"loss":{2}}}}}\n'
    with open(folder / "metrics.jsonl", "w") as file:
        for step in range(MILLION):
            file.write(text.format(step, int(START) + step, 9.25 if step == SPIKE else 0.5))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("curves") / "runs"
    seeded_run(root, 0, "resumed", lr=0.1, seed=1, metrics=resumed_lines())
    for number in range(1, 9):
        seeded_run(root, number, f"plain{number}", lr=0.1, seed=1, metrics=other_lines(number))
    lines = [{"step": 0, "time": START, "metrics": {"loss": 0.5}}]
    write_million(seeded_run(root, 10, "million", lr=0.1, seed=1, metrics=lines, sealed=False))
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


def slug(site: Path, word: str) -> str:
    return next(path.name for path in (site / "runs").iterdir() if path.name.startswith(word))


def run_page(site: Path, word: str, state: str = "") -> str:
    return f"{site.as_uri()}/runs/{slug(site, word)}/index.html{state}"


def comparison(site: Path, state: str = "", count: int = 8) -> str:
    runs = ",".join(slug(site, f"plain{number}") for number in range(1, count + 1))
    return f"{site.as_uri()}/compare/index.html#runs={runs}{state}"


def saved(page: Page, kind: str, folder: Path, figure: int = 0) -> Path:
    """Choose a format in a chart's menu; return the file that was downloaded."""
    chart = page.locator("[data-chart]").nth(figure)
    chart.locator(".save summary").click()
    with page.expect_download() as event:
        chart.get_by_role("button", name=kind).click()
    path = folder / event.value.suggested_filename
    event.value.save_as(path)
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def places(page: Page, folder: Path, column: str) -> dict[int, float]:
    """Where each step of the last attempt stands on the axis, by the table that is saved."""
    rows = rows_of(saved(page, "CSV", folder))
    return {int(row["step"]): float(row[column]) for row in rows if row["attempt"] == "2"}


@pytest.mark.parametrize(
    ("axis", "column", "want"),
    [
        ("time", "time since start (s)", {8: 109.0, 19: 120.0}),
        ("active", "time since start, pauses left out (s)", {8: 9.0, 19: 20.0}),
        ("wall", "wall clock (UTC)", {8: START + 109, 19: START + 120}),
        ("epoch", "epoch", {8: 2.0, 19: 4.0}),
        ("metric:lr", "lr", {8: 0.1 * 0.5**8, 19: 0.1 * 0.5**19}),
    ],
)
def test_curves_over_other_axes(
    axis: str, column: str, want: dict[int, float], site: Path, visit: Open, tmp_path: Path
) -> None:
    one = visit(run_page(site, "resumed", f"#x={axis}&m=val/loss"))
    page = one.page
    chart = page.locator("[data-chart]").first
    expect(chart).to_have_attribute("data-drawn", "1")
    assert page.get_by_label("Over").input_value() == axis
    found = places(page, tmp_path, column)
    for step, place in want.items():
        assert found[step] == pytest.approx(place)
    assert one.ink(0)[0] > 300


def test_attempts_and_what_they_replaced_are_in_the_table(
    site: Path, visit: Open, tmp_path: Path
) -> None:
    page = visit(run_page(site, "resumed")).page
    page.locator("[data-chart]").first.wait_for()
    rows = rows_of(saved(page, "CSV", tmp_path))
    assert [row["step"] for row in rows if row["attempt"] == "1"] == ["8", "9"]
    assert len(rows) == 22
    spec = json.loads(saved(page, "Vega-Lite", tmp_path).read_text())
    dashes = {tuple(row["dash"]) for row in spec["datasets"]["points"]}
    assert (1, 3) in dashes


@pytest.mark.parametrize("scale", ["log", "symlog"])
def test_scales_are_of_the_axis_and_change_no_value(
    scale: str, site: Path, visit: Open, tmp_path: Path
) -> None:
    page = visit(comparison(site, f"&y={scale}", 2)).page
    chart = page.locator("[data-chart]").first
    expect(chart).to_have_attribute("data-drawn", "2")
    note = chart.locator("[data-chart-note]")
    if scale == "log":
        expect(note).to_contain_text("2 points at or below 0 not on a log axis")
    else:
        expect(note).not_to_contain_text("not on a log axis")
    expect(note).to_contain_text("NaN at step 15 and in 1 more")
    rows = rows_of(saved(page, "CSV", tmp_path))
    assert [row["value"] for row in rows if row["step"] == "12"] == ["-1", "-1"]
    spec = json.loads(saved(page, "Vega-Lite", tmp_path).read_text())
    kinds = {layer["encoding"]["y"].get("scale", {}).get("type") for layer in spec["layer"]}
    assert scale in kinds


def test_pictures_are_saved_with_title_method_and_legend(
    site: Path, visit: Open, tmp_path: Path
) -> None:
    page = visit(comparison(site, "&s=0.6", 3), color_scheme="dark").page
    expect(page.locator("[data-chart]").first).to_have_attribute("data-drawn", "3")
    svg = ElementTree.parse(saved(page, "SVG", tmp_path)).getroot()
    words = " ".join("".join(node.itertext()) for node in svg.iter() if node.tag.endswith("text"))
    assert "val/loss" in words
    assert "weight 0.6" in words
    for number in (1, 2, 3):
        assert f"plain{number}" in words
    assert svg.find(".//{*}rect[@fill='#ffffff']") is not None
    png = saved(page, "PNG", tmp_path).read_bytes()
    assert png.startswith(b"\x89PNG")
    assert len(png) > 10_000


def test_a_line_is_isolated_hidden_and_pinned_and_the_history_knows(
    site: Path, visit: Open
) -> None:
    page = visit(comparison(site)).page
    figure = page.locator("[data-chart]").first
    expect(figure).to_have_attribute("data-drawn", "8")
    lines = figure.locator(".legend button:not(.pin)")
    lines.nth(2).click()
    expect(figure).to_have_attribute("data-drawn", "1")
    key = slug(site, "plain3")
    assert f"only={key}" in page.evaluate("location.hash")
    lines.nth(2).click()
    expect(figure).to_have_attribute("data-drawn", "8")
    lines.nth(0).click(modifiers=["Shift"])
    expect(figure).to_have_attribute("data-drawn", "7")
    expect(lines.nth(0)).to_have_class("out")
    lines.nth(1).focus()
    page.keyboard.press("p")
    assert f"pin={slug(site, 'plain2')}" in page.evaluate("location.hash")
    page.go_back()
    assert "pin=" not in page.evaluate("location.hash")
    expect(figure.locator(".pin[aria-pressed=true]")).to_have_count(0)
    page.go_back()
    expect(figure).to_have_attribute("data-drawn", "8")
    page.go_forward()
    expect(figure).to_have_attribute("data-drawn", "7")
    page.get_by_role("button", name="Show every line").click()
    expect(figure).to_have_attribute("data-drawn", "8")


def test_an_address_brings_all_of_it_back(site: Path, visit: Open) -> None:
    hidden, pinned = slug(site, "plain1"), slug(site, "plain2")
    state = f"&m=val/loss&x=time&y=symlog&s=0.5&zoom=2..9&hide={hidden}&pin={pinned}&more=1"
    page = visit(comparison(site, state)).page
    figure = page.locator("[data-chart]").first
    expect(figure).to_have_attribute("data-drawn", "7")
    expect(figure.locator(".pin[aria-pressed=true]")).to_have_count(1)
    assert page.evaluate("reportgen.chartState.zoom") == [2, 9]
    page.get_by_role("button", name="Reset zoom").click()
    found = page.evaluate("location.hash")
    assert "zoom" not in found
    assert "more" not in found
    for part in ("x=time", "y=symlog", "s=0.5", f"hide={hidden}", f"pin={pinned}", "m=val/loss"):
        assert part in found


def test_the_keyboard_reads_zooms_and_resets(site: Path, visit: Open) -> None:
    page = visit(comparison(site, "", 3)).page
    figure = page.locator("[data-chart]").first
    expect(figure).to_have_attribute("data-drawn", "3")
    plot = figure.locator(".plot")
    plot.focus()
    page.keyboard.press("ArrowRight")
    expect(plot.locator(".tooltip")).to_contain_text("step 10")
    expect(plot.locator(".tooltip tr")).to_have_count(3)
    for _ in range(6):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    low, high = page.evaluate("reportgen.chartState.zoom")
    assert 9 < low < high < 13
    page.keyboard.press("Escape")
    assert page.evaluate("reportgen.chartState.zoom") is None


def test_a_tooltip_names_every_run_sorted_by_value(site: Path, visit: Open) -> None:
    page = visit(comparison(site, "&s=0.6")).page
    figure = page.locator("[data-chart]").first
    expect(figure).to_have_attribute("data-drawn", "8")
    figure.locator(".plot").hover(position={"x": 300, "y": 100})
    rows = figure.locator(".tooltip tr")
    expect(rows).to_have_count(8)
    names = [text.strip() for text in figure.locator(".tooltip td:first-child").all_inner_texts()]
    assert names == [f"plain{number}" for number in range(8, 0, -1)]
    expect(figure.locator(".tooltip")).to_contain_text("weight 0.6")


def test_a_spike_among_a_million_shows_and_every_row_is_saved(
    site: Path, visit: Open, tmp_path: Path
) -> None:
    page = visit(run_page(site, "million")).page
    expect(page.locator("[data-chart]").first).to_have_attribute("data-drawn", "1")
    full = "Array.from(document.scripts).filter(s => s.src.includes('-full')).length"
    assert page.evaluate(full) == 0
    spec = json.loads(saved(page, "Vega-Lite", tmp_path).read_text())
    assert max(row["y"] for row in spec["datasets"]["points"]) == 9.25
    assert page.evaluate(full) == 0
    path = saved(page, "CSV", tmp_path)
    with open(path, "rb") as file:
        lines = file.read().split(b"\n")
    assert lines[0] == b"run,metric,attempt,step,seconds,unix_time,value"
    assert len([line for line in lines[1:] if line]) == MILLION
    assert lines[1 + SPIKE].endswith(b",9.25")


def test_text_that_a_spreadsheet_would_run_is_only_text(site: Path, visit: Open) -> None:
    page = visit(run_page(site, "resumed")).page
    cells = ["=1+1", "+1", "-1", "@x", "＝1", "plain", 'a "b", c']
    found = page.evaluate("texts => texts.map(reportgen.csvText)", cells)
    assert found == ["'=1+1", "'+1", "'-1", "'@x", "'＝1", "plain", '"a ""b"", c"']
