"""Every theme builds every example; the worked example of the docs is one that works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from site_browser import Visit, launch
from site_tree import tree_of

from reportgen.config import Settings
from reportgen.site.build import build_site
from reportgen.site.gather import Gathered, read_runs
from reportgen.site.theme import builtin_names, load_theme
from reportgen.site.tokens import contrast

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = re.compile(r"`(lab/[\w./]+)`:\n\n```\w+\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def examples() -> Gathered:
    """The example runs, without an audit."""
    views, problems = read_runs([ROOT / "example_runs" / "runs"])
    return Gathered(views, None, problems)


@pytest.mark.parametrize("name", builtin_names())
def test_a_theme_builds_every_example(
    name: str, examples: Gathered, gathered: Gathered, tmp_path: Path
) -> None:
    for number, runs in enumerate((examples, gathered)):
        folder = tmp_path / str(number)
        result = build_site([], folder, theme=name, settings=Settings(), gathered=runs)
        pages = sorted(folder.rglob("*.html"))
        assert result.pages == len(pages) > 10
        for page in pages:
            assert len(tree_of(page).find("h1")) == 1, page


@pytest.mark.parametrize("name", builtin_names())
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_and_lines_can_be_told_from_their_ground(name: str, mode: str) -> None:
    theme = load_theme(name)
    colours = theme.colours[mode]  # type: ignore[index]
    for token in ("ink", "soft", "accent", "good", "warn", "poor"):
        for ground in ("background", "panel"):
            assert contrast(colours[token], colours[ground]) >= 4.5, (token, ground)
    for tone in ("good", "warn", "poor"):
        assert contrast(colours[tone], colours[f"{tone}-ground"]) >= 4.5, tone
    for colour in (*theme.series[mode], colours["edge"]):  # type: ignore[index]
        assert contrast(colour, colours["background"]) >= 3, colour


def test_the_worked_example_is_a_theme(gathered: Gathered, tmp_path: Path) -> None:
    files = EXAMPLE.findall((ROOT / "docs" / "themes.md").read_text())
    assert [name for name, _ in files] == [
        "lab/theme.yaml",
        "lab/templates/base.html",
        "lab/static/lab.css",
    ]
    for name, text in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    site = tmp_path / "site"
    theme = str(tmp_path / "lab")
    build_site([], site, theme=theme, settings=Settings(), gathered=gathered)
    page = tree_of(site / "index.html")
    assert "Laboratory of Small Networks" in page.find("footer")[0].all_text
    sheets = [node.attributes["href"] for node in page.find("link", rel="stylesheet")]
    assert any(re.fullmatch(r"assets/lab\.\w+\.css", sheet) for sheet in sheets[2:])
    assert "--accent:#7a1f5c" in next((site / "assets").glob("tokens.*.css")).read_text()


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        instance = launch(playwright, chromium)
        yield instance
        instance.close()


@pytest.mark.slow
def test_paper_prints_on_a4_and_letter(
    browser: Browser, gathered: Gathered, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    build_site([], site, theme="paper", settings=Settings(), gathered=gathered)
    run = next((site / "runs").glob("*/index.html"))
    one = Visit(browser, color_scheme="dark")
    for path in (site / "index.html", run):
        page = one.go(path.as_uri())
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)"
        )
        one.drawn()
        page.emulate_media(media="print")
        for width in (669, 680):  # A4 and Letter less margins of 18 mm, in CSS pixels
            page.set_viewport_size({"width": width, "height": 1000})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.emulate_media(media="screen")
        for paper in ("A4", "Letter"):
            assert page.pdf(format=paper).startswith(b"%PDF")
    captions = one.page.evaluate(
        "Array.from(document.querySelectorAll('.chart figcaption'), caption => "
        "getComputedStyle(caption, '::before').content)"
    )
    assert captions[0].startswith('"Figure "')
    assert one.faults == []
    one.close()
