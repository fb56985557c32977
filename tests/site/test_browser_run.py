"""The page of a run in Chromium: proof, figures by step, colours of logs, downloads."""

from __future__ import annotations

import io
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect, sync_playwright
from site_browser import Visit, launch
from site_runs import seeded_run

from reportgen.config import Settings
from reportgen.site.build import build_site

pytestmark = pytest.mark.slow
Open = Callable[..., Visit]


def png(grey: int) -> bytes:
    """A picture of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(bytes([0, grey]))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")


FILES: dict[str, str | bytes] = {
    "reproduce.sh": "#!/bin/sh\nset -eu\necho again\n",
    "alerts.jsonl": '{"step": 60, "level": "error", "title": "loss diverges"}\n',
    "stdout.log": "plain\n\x1b[31mred words\x1b[0m\n" + "more\n" * 30,
    "histograms.jsonl": '{"step": 0, "histograms": {"weights": '
    '{"low": 0.0, "high": 1.0, "counts": [1, 2, 3], "count": 6}}}\n',
    "tables/worst.csv": "id,loss\n7,0.9\n",
    "predictions/val.csv": "id,label,prediction,score_a,score_b\n1,a,a,0.9,0.1\n2,b,a,0.8,0.2\n",
    **{f"figures/grid_step_{step}.png": png(step) for step in (1, 5, 9)},
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("run") / "runs"
    seeded_run(root, 1, "whole", lr=0.1, seed=1, files=FILES)
    build_site([root], root.parent / "site", settings=Settings())
    return root.parent / "site"


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        instance = launch(playwright, chromium)
        yield instance
        instance.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Open]:
    visits: list[Visit] = []

    def open_(site: Path, **options: object) -> Visit:
        visits.append(Visit(browser, **options))
        visits[-1].go(next((site / "runs").glob("*/index.html")).as_uri())
        return visits[-1]

    yield open_
    for one in visits:
        one.close()


def test_the_page_agrees_with_the_seal(site: Path, visit: Open) -> None:
    one = visit(site)
    one.page.get_by_role("button", name="Check this page").click()
    verdict = one.page.locator("[data-verdict]")
    expect(verdict).to_contain_text("checks pass. Integrity, not authorship.")
    expect(one.page.locator("[data-checks]")).to_contain_text(
        "metrics.jsonl has the sealed SHA-256"
    )
    expect(one.page.locator("[data-checks]")).to_contain_text("the curve of val/loss ends as")
    assert one.faults == []


def test_a_changed_page_or_file_is_told(site: Path, visit: Open, tmp_path: Path) -> None:
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    page = next((copy / "runs").glob("*/index.html"))
    page.write_text(page.read_text().replace("echo again", "echo other"))
    curve = next((copy / "data" / "curves").rglob("val-loss*.js"))
    text = curve.read_text()
    last = text.rpartition("]")[0].rpartition('"values":[')[2].partition("]")[0].split(",")[-1]
    curve.write_text(text.replace(last, "0.125"))
    one = visit(copy)
    one.page.get_by_role("button", name="Check this page").click()
    expect(one.page.locator("[data-verdict]")).to_contain_text("2 of")
    checks = one.page.locator("[data-checks]")
    expect(checks).to_contain_text("reproduce.sh stands on this page otherwise")
    expect(checks).to_contain_text("the curve of val/loss ends otherwise")


def test_a_missing_proof_names_itself_and_can_be_tried_again(
    site: Path, visit: Open, tmp_path: Path
) -> None:
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    victim = next((copy / "data" / "proof").glob("*.js"))
    kept = victim.read_bytes()
    victim.unlink()
    one = visit(copy)
    one.page.get_by_role("button", name="Check this page").click()
    fault = one.page.locator("[data-proof] .chart-fault")
    expect(fault).to_contain_text(f"{victim.name} could not be loaded")
    victim.write_bytes(kept)
    fault.get_by_role("button", name="Try again").click()
    expect(one.page.locator("[data-verdict]")).to_contain_text("checks pass")


def test_figures_of_several_steps_have_a_slider(site: Path, visit: Open) -> None:
    one = visit(site)
    figure = one.page.locator("[data-steps]")
    expect(figure.locator("img:visible")).to_have_attribute("alt", "grid at step 9")
    figure.get_by_label("Step of grid").focus()
    one.page.keyboard.press("Home")
    expect(figure.locator("img:visible")).to_have_attribute("alt", "grid at step 1")
    expect(figure.locator("output")).to_have_text("step 1, 1 of 3")
    plain = visit(site, java_script_enabled=False)
    expect(plain.page.locator("[data-steps] img:visible")).to_have_count(3)
    assert one.faults == []


def test_logs_keep_their_colours_and_are_searched(site: Path, visit: Open) -> None:
    page = visit(site).page
    page.get_by_text("standard output").click()
    red = page.locator("pre .ansi-red")
    expect(red).to_have_text("red words")
    field = page.get_by_label("Find in stdout.log")
    field.fill("more")
    expect(page.locator("pre .match")).to_have_count(30)
    field.fill("")
    expect(red).to_have_text("red words")


def test_one_download_is_enough(site: Path, visit: Open, tmp_path: Path) -> None:
    page = visit(site).page
    with page.expect_download() as event:
        page.get_by_role("link", name="Download reproduce.zip").click()
    event.value.save_as(tmp_path / "reproduce.zip")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "reproduce.zip").read_bytes())) as archive:
        assert archive.read("reproduce.sh") == b"#!/bin/sh\nset -eu\necho again\n"
        assert "config.yaml" in archive.namelist()


def test_histograms_calibration_tables_and_alerts_are_there(site: Path, visit: Open) -> None:
    one = visit(site)
    page = one.page
    for kind in ("histogram", "calibration"):
        page.locator(f"[data-chart={kind}]").scroll_into_view_if_needed()
        page.locator(f"[data-chart={kind}][data-drawn]").wait_for()
    expect(page.get_by_text("expected error 0.450 over 2 predictions")).to_be_visible()
    expect(page.get_by_role("region", name="Table worst")).to_contain_text("0.9")
    expect(page.get_by_role("region", name="Alerts")).to_contain_text("loss diverges")
    assert page.evaluate("reportgen.alerts") == [[60, "poor", "loss diverges"]]
    assert one.faults == []
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_it_fits_a_phone(site: Path, visit: Open) -> None:
    page = visit(site, viewport={"width": 360, "height": 740}).page
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
