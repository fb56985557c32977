"""Take the pictures of README.md and docs/site.md from the site of the example runs.

    python scripts/screenshots.py                   docs/images/, made again
    python scripts/screenshots.py --all -o FOLDER   each page in light, in dark and as on a phone

Needs Chromium, and the packages of the extra `dev`. Fonts are those of this machine, so two
machines give pictures that differ in letters; the same machine gives the same bytes.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

TOP = Path(__file__).resolve().parents[1]
IMAGES = TOP / "docs" / "images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars")
DESKTOP, PHONE = (1280, 900), (390, 800)
LARGEST = 150_000  # bytes a picture
ALL_TOGETHER = 1_000_000
COLOURS = 224  # the most frequent are kept exactly: backgrounds, hairlines, lines and text


@dataclass(frozen=True)
class Shot:
    """A picture: its name, the page, and how it is looked at.

    Attributes:
        name: Of the file, without ending.
        page: Below the site, with the fragment.
        below: A CSS selector of what the picture begins with, else the top of the page.
        phone: As narrow as a phone.
    """

    name: str
    page: str
    below: str = ""
    dark: bool = False
    phone: bool = False


def pages_of(site: Path) -> dict[str, tuple[str, str]]:
    """Return the address and the first element shown of each page that has a picture."""
    best, other, slow = (
        only(site / "runs", f"*{word}-seed1-*")
        for word in ("lr0.1-width64", "lr0.3-width64", "lr0.03-width64")
    )
    return {
        "overview": ("index.html", ""),
        "runs": ("runs/index.html", ""),
        "run": (f"runs/{best}/index.html", ""),
        "compare": (f"compare/index.html#runs={best},{other},{slow}", ""),
        "sweep": (f"groups/{only(site / 'groups', '*lr-width*')}/index.html", ""),
        "audit": ("audit/index.html", ""),
        "report": (f"reports/{only(site / 'reports', '*learning-rate*')}/index.html", ""),
    }


def only(folder: Path, pattern: str) -> str:
    found = [path.name for path in folder.glob(pattern)]
    if len(found) != 1:
        sys.exit(f"{folder}: {len(found)} pages match {pattern}, one is expected")
    return found[0]


def shots(site: Path, *, everything: bool) -> Iterator[Shot]:
    """Yield the pictures of the documents, or each page in three ways."""
    for name, (page, below) in pages_of(site).items():
        yield Shot(name, page, below)
        if everything or name in ("overview", "sweep"):
            yield Shot(f"{name}-dark", page, below, dark=True)
        if everything or name in ("overview", "run"):
            yield Shot(f"{name}-phone", page, below, phone=True)


def build(folder: Path) -> Path:
    """Build the site of the example runs."""
    site = folder / "site"
    command = [sys.executable, "-m", "reportgen", "build", "example_runs", "-o", str(site)]
    code = subprocess.run(command, cwd=TOP).returncode
    if code not in (0, 3):  # 3: the example that is cut short could be read in part only
        sys.exit(f"the site could not be built (exit status {code})")
    return site


def take(browser: Browser, site: Path, shot: Shot) -> bytes:
    """Return what a reader sees first, as a PNG of few colours."""
    width, height = PHONE if shot.phone else DESKTOP
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=1,
        color_scheme="dark" if shot.dark else "light",
        reduced_motion="reduce",
        has_touch=shot.phone,
        timezone_id="UTC",
        locale="en-GB",
    )
    page = context.new_page()
    page.goto(f"{site.as_uri()}/{shot.page}", wait_until="load")
    settle(page)
    if shot.below:
        page.locator(shot.below).first.evaluate("node => node.scrollIntoView()")
        settle(page)
    data = page.screenshot(animations="disabled", caret="hide")
    context.close()
    return in_few_colours(data)


def settle(page: Page) -> None:
    """Wait until every chart on the screen is drawn, and two looks at it are the same."""
    page.wait_for_function(
        """() => Array.from(document.querySelectorAll("[data-chart]")).every(chart => {
          const box = chart.getBoundingClientRect();
          const seen = box.height > 0 && box.top < innerHeight && box.bottom > 0;
          return !seen || chart.hasAttribute("data-drawn");
        })"""
    )
    page.wait_for_load_state("networkidle")
    before = b""
    for _ in range(20):
        page.wait_for_timeout(250)
        now = page.screenshot(animations="disabled", caret="hide")
        if now == before:
            return
        before = now
    sys.exit(f"{page.url} does not come to rest")


def in_few_colours(data: bytes) -> bytes:
    """Return the picture with its most frequent colours; what is between takes the nearest."""
    with Image.open(io.BytesIO(data)) as picture:
        whole = picture.convert("RGB")
    counted = whole.getcolors(whole.width * whole.height) or []
    frequent = [colour for _, colour in sorted(counted, reverse=True)[:COLOURS]]
    places = {colour: place for place, colour in enumerate(frequent)}
    for _, colour in counted:
        if colour not in places:
            places[colour] = min(range(len(frequent)), key=lambda at: apart(colour, frequent[at]))
    pixels = whole.tobytes()
    reduced = Image.new("P", whole.size)
    reduced.putpalette([channel for colour in frequent for channel in colour])
    reduced.putdata(
        [places[pixel] for pixel in zip(pixels[::3], pixels[1::3], pixels[2::3], strict=True)]
    )
    out = io.BytesIO()
    reduced.save(out, "PNG", optimize=True)
    return out.getvalue()


def apart(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def chromium() -> str:
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    sys.exit(f"none of {', '.join(BROWSERS)} is installed")


def main() -> None:
    parser = argparse.ArgumentParser(description="Take pictures of the example site.")
    parser.add_argument("--all", action="store_true", help="each page in three ways, of any size")
    parser.add_argument("-o", "--out", type=Path, default=IMAGES, help="the folder for them")
    options = parser.parse_args()
    if options.all and options.out.resolve() == IMAGES:
        sys.exit("--all needs a folder of its own: -o FOLDER")
    with ExitStack() as stack:
        site = build(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        stack.callback(browser.close)
        pictures = {s.name: take(browser, site, s) for s in shots(site, everything=options.all)}
    too_large = [name for name, data in pictures.items() if len(data) > LARGEST]
    total = sum(map(len, pictures.values()))
    if not options.all and (too_large or total > ALL_TOGETHER):
        sys.exit(f"too large for the repository: {', '.join(too_large)}; {total:,} bytes in all")
    options.out.mkdir(parents=True, exist_ok=True)
    for name, data in pictures.items():
        (options.out / f"{name}.png").write_bytes(data)
        print(f"{name}.png: {len(data):,} bytes")
    print(f"{len(pictures)} pictures, {total:,} bytes")


if __name__ == "__main__":
    main()
