"""Waiting for the first curve, in a cold browser: a site of ours from files, and TensorBoard.

Usage: bench_first_curve.py [RUNS [STEPS]]: RUNS synthetic runs of ten metrics of STEPS points; the
same values are exported as TensorBoard's files. TensorBoard counts from the start of its server,
the site, which has none, from opening its page; both in a browser that has seen neither. Of the
site it is the comparison of all runs, with every line; of TensorBoard the first chart of its page,
whatever of it is drawn. Then all lines of the comparison are drawn again.
"""

from __future__ import annotations

import math
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from bench_audit_build import write_runs
from measure import Row, machine, median, print_rows
from playwright.sync_api import Browser, Error, Page, sync_playwright

FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
ROUNDS = 3
PATIENCE = 180
REDRAW = """
async () => {
  const figure = document.querySelector("[data-chart][data-drawn]");
  const began = performance.now();
  delete figure.dataset.drawn;
  reportgen.redraw();
  await new Promise(resolve => {
    const look = () => figure.dataset.drawn ? resolve() : setTimeout(look, 2);
    look();
  });
  return performance.now() - began;
}
"""
CURVES = """
() => {
  const roots = [document];
  while (roots.length) {
    const root = roots.pop();
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) { roots.push(element.shadowRoot); }
      if (element.tagName === "path" && (element.getAttribute("d") || "").length > 200) {
        return true;
      }
      if (element.tagName === "LINE-CHART" && element.querySelector("canvas")) {
        if (element.querySelector("canvas").getBoundingClientRect().width > 100) { return true; }
      }
    }
  }
  return false;
}
"""


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chrome")
    if chromium is None:
        print("no chromium: name one with CHROMIUM=/path", file=sys.stderr)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        measure_in(Path(folder), runs, steps, chromium)
    return 0


def measure_in(folder: Path, runs: int, steps: int, chromium: str) -> None:
    root, site, logs = folder / "runs", folder / "site", folder / "logs"
    write_runs(root, runs, steps)
    command = [sys.executable, "-m", "reportgen"]
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    subprocess.run([*command, "build", str(root), "-o", str(site)], **quiet)  # type: ignore[call-overload]
    export = [*command, "export", str(root), "--to", "tensorboard", "-o", str(logs)]
    subprocess.run(export, **quiet)  # type: ignore[call-overload]
    ours: list[float] = []
    theirs: list[float] = []
    whole: list[float] = []
    again: list[float] = []
    with sync_playwright() as playwright:

        def browsed(work: Callable[[Browser], float]) -> float:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
            try:
                return work(browser)
            finally:
                browser.close()

        for _ in range(ROUNDS):
            ours.append(browsed(lambda browser: of_site(browser, site, whole, again)))
            theirs.append(browsed(lambda browser: of_tensorboard(browser, logs)))
    ratio = median(ours) / median(theirs)
    print_rows(
        f"first curve, {runs} runs x 10 metrics x {steps} points ({machine()})",
        [
            Row("TensorBoard, server and page", f"{median(theirs):.2f} s"),
            Row("site, from files", f"{median(ours):.2f} s", f"{ratio:.3f} x TensorBoard", "1/8"),
            Row("the same with axes and names", f"{median(whole):.2f} s"),
            Row(f"{runs} lines drawn again", f"{median(again):.0f} ms", "", "<= 1500 ms"),
        ],
    )


def of_site(browser: Browser, site: Path, whole: list[float], again: list[float]) -> float:
    """Return seconds from opening the comparison of all runs to the lines of its first chart."""
    slugs = sorted(path.parent.name for path in (site / "runs").glob("*/index.html"))
    page = browser.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    began = time.monotonic()
    page.goto(f"{(site / 'compare' / 'index.html').as_uri()}#runs={','.join(slugs[:200])}")
    page.wait_for_selector("[data-chart][data-drawn]")
    whole.append(time.monotonic() - began)
    # The page's own note of when the lines were there, in milliseconds from its opening.
    noted = "performance.getEntriesByName('reportgen lines')[0].startTime"
    spent = float(page.evaluate(noted)) / 1e3
    again.append(float(page.evaluate(REDRAW)))
    return spent


def of_tensorboard(browser: Browser, logs: Path) -> float:
    """Return seconds from starting TensorBoard to the first curve on its page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logs)]
    began = time.monotonic()
    server = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}/"
        wait_for(address, server)
        page = browser.new_page()
        page.goto(address)
        while not drawn(page):
            if time.monotonic() - began > PATIENCE:
                return math.inf
            page.wait_for_timeout(50)
        return time.monotonic() - began
    finally:
        server.terminate()
        server.wait()


def drawn(page: Page) -> bool:
    try:
        return bool(page.evaluate(CURVES))
    except Error:
        return False  # it is loading itself


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise SystemExit("TensorBoard did not start")


if __name__ == "__main__":
    sys.exit(main())
