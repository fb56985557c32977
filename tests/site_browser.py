"""A browser that reports everything it is unhappy about, and a server under a base path."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

INK = """
figure => {
  const colours = new Set();
  let count = 0;
  for (const canvas of figure.querySelectorAll("canvas")) {
    const copy = new OffscreenCanvas(canvas.width, canvas.height);
    const pen = copy.getContext("2d", { willReadFrequently: true });
    pen.drawImage(canvas, 0, 0);
    const pixels = pen.getImageData(0, 0, copy.width, copy.height).data;
    for (let i = 0; i < pixels.length; i += 4) {
      if (pixels[i + 3] > 128) {
        count += 1;
        colours.add((pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2]);
      }
    }
  }
  return [count, Array.from(colours)];
}
"""


def launch(playwright: Playwright, chromium: Path) -> Browser:
    return playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))


class Visit:
    """One page in a context of its own, with everything that went wrong on it."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.faults: list[str] = []
        self.context: BrowserContext = browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, **options}
        )
        self.context.route("**/*", self._only_here)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("console", lambda m: self._note(m.type, m.text))
        self.page.on("pageerror", lambda error: self._note("error", str(error)))
        self.page.on("requestfailed", lambda request: self._note("error", request.url))
        self.page.on("response", lambda r: r.status >= 400 and self._note("error", r.url))

    def _only_here(self, route: Route) -> None:
        if route.request.url.startswith(("file://", "http://127.0.0.1:", "data:", "blob:")):
            route.continue_()
        else:
            self.faults.append(f"asked for {route.request.url}")
            route.abort()

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.faults.append(f"{kind}: {text[:300]}")

    def go(self, address: str) -> Page:
        """Open an address; scroll through it so that everything lazy has been asked for."""
        self.page.goto(address)
        return self.page

    def drawn(self, count: int | None = None) -> int:
        """Scroll through the page until every chart is drawn; return how many there are."""
        page = self.page
        charts = page.locator("[data-chart]")
        total = charts.count() if count is None else count
        for index in range(total):
            charts.nth(index).scroll_into_view_if_needed()
            charts.nth(index).locator("canvas.lines").wait_for()
        page.wait_for_function(
            "n => document.querySelectorAll('[data-chart][data-drawn]').length === n", arg=total
        )
        return total

    def ink(self, index: int = 0) -> tuple[int, set[int]]:
        """Painted pixels of a chart, and their colours."""
        count, colours = self.page.locator("[data-chart]").nth(index).evaluate(INK)
        return count, set(colours)

    def close(self) -> None:
        self.context.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; the address without a final slash."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
