"""The table of runs in the browser: the first rows, and how long a filter and a sort take.

Usage: bench_table.py [RUNS]: runs that exist as facts alone (nothing of the table reads more), the
page built from them by the site's own code, opened from a file by the Chromium that is installed.
"""

from __future__ import annotations

import gzip
import random
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from measure import Row, machine, median, print_rows

from reportgen.config import Settings
from reportgen.runs.replicates import Experiment, setting_of
from reportgen.runs.schema import RUN_SCHEMA, Labels, MetricSummary, Run, Summary
from reportgen.runs.times import to_iso
from reportgen.site.build import build_page, project_of
from reportgen.site.gather import Gathered
from reportgen.site.model import Derived, Metric
from reportgen.site.pages.runs import Runs
from reportgen.site.project import Project
from reportgen.site.recalled import Facts, RecalledView
from reportgen.site.theme import load_theme

METRICS = (("val/accuracy", "maximize"), ("val/loss", "minimize"), ("train/loss", "minimize"))
TIMED = """async (step) => {
  const page = reportgen.tablePage;
  const before = performance.now();
  await page.change(step);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  return performance.now() - before;
}"""
READY = "() => document.querySelectorAll('.slick-row .slick-cell').length > 20"


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        page = write_page(Path(folder), runs)
        print_rows(f"Table of {runs:,} runs", [*weights(page), *in_browser(page)])
    print(f"  {machine()}")


def write_page(folder: Path, runs: int) -> Path:
    """Write the page of the table and all that it loads; return its file."""
    return build_page(project_with(runs), Runs(), folder)


def project_with(runs: int) -> Project:
    """Return a project of runs that exist as facts alone."""
    drawn = random.Random(7)
    views, derived = [], []
    for number in range(runs):
        facts, one = facts_and_derived(number, drawn)
        views.append(RecalledView(Path("runs") / facts.run.name, facts))
        derived.append(one)
    gathered = Gathered(tuple(views), None, (), None, tuple(derived))
    project = project_of(gathered, load_theme("default"), Settings())
    for record in project.records:
        points = " ".join(f"L{25 * i} {drawn.randint(0, 999)}" for i in range(40))
        project.curves.note(record.slug, {}, (project.curve_metric or "", f"M{points[1:]}"))
    return project


def facts_and_derived(number: int, drawn: random.Random) -> tuple[Facts, Derived]:
    """Return what is known of one run: three seeds a setting, ten keys that vary."""
    config: dict[str, Any] = {
        "optimizer": {"lr": round(10 ** drawn.uniform(-4, 0), 5), "name": drawn.choice("ab")},
        "model": {"width": drawn.choice([16, 32, 64]), "depth": number % 7, "name": "mlp"},
        "seed": number % 3,
        **{f"key{k}": drawn.randint(0, 20) for k in range(5)},
    }
    flat = {
        f"{key}.{inner}" if isinstance(value, dict) else key: part
        for key, value in config.items()
        for inner, part in (value.items() if isinstance(value, dict) else [("", value)])
    }
    values = {name: drawn.random() for name, _ in METRICS}
    began = 1.76e9 + 61 * number
    run = Run(
        schema=RUN_SCHEMA,
        id=f"01K{number:013d}",
        name=f"mlp_digits_{number:05d}_lr{flat['optimizer.lr']}",
        status="finished",
        created=to_iso(began),
        ended=to_iso(began + drawn.uniform(10, 9_000)),
        project="digits",
        group=f"sweep{number % 12}",
        tags={"author": drawn.choice(["ada", "bo", "cy"])},
    )
    metrics = {
        name: Metric(name, goal, None, values[name], 999, values[name], drawn.randint(1, 999), 1000)  # type: ignore[arg-type]
        for name, goal in METRICS
    }
    summary = Summary(metrics={name: MetricSummary(best=values[name]) for name, _ in METRICS})
    facts = Facts(
        format="standard",
        run=run,
        labels=Labels(),
        state="finished",
        flat_config=flat,
        setting=setting_of(flat),
        experiment=Experiment("", None, ()),
        git=None,
        definitions={},
        summary=summary,
        headline="val/accuracy",
        inputs=[],
    )
    names = tuple(name for name, _ in METRICS)
    return facts, Derived(names, drawn.uniform(10, 9_000), metrics, None, 0)


def weights(page: Path) -> list[Row]:
    """Return what is loaded before the first rows, compressed."""
    site = page.parents[1]
    text = page.read_text(encoding="utf-8")
    paths = re.findall(r'(?:src|href)="\.\./((?:assets|data)/[^"]+)"', text)
    paths = [path for path in paths if not path.endswith((".csv", ".json"))]
    paths += re.findall(r'data-table="([^"]+)"', text)
    each = {path: len(gzip.compress((site / path).read_bytes(), 6)) for path in paths}
    each["the page"] = len(gzip.compress(page.read_bytes(), 6))
    total = sum(each.values())
    data = next(size for path, size in each.items() if path.startswith("data/table"))
    return [
        Row("before the first rows, compressed", f"{total / 1e6:.2f} MB", "", "<= 1 MB"),
        Row("of that the rows themselves", f"{data / 1e6:.2f} MB"),
        Row("of that the page, first rows as HTML", f"{each['the page'] / 1e6:.2f} MB"),
    ]


def in_browser(page: Path) -> list[Row]:
    """Open the page and return how long its parts take."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        first, ready = [], []
        for _ in range(3):
            tab = browser.new_page()
            tab.goto(page.as_uri(), wait_until="commit")
            tab.wait_for_function(READY)
            ready.append(tab.evaluate("performance.now()"))
            first.append(
                tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            )
        steps: dict[str, list[dict[str, Any]]] = {
            "filter by a condition": [
                {"q": "val/accuracy > 0.5 and optimizer.lr < 0.1"},
                {"q": ""},
            ],
            "filter by words": [{"q": "mlp 0012"}, {"q": ""}],
            "sort by a number": [{"sort": "-metrics.val/loss"}, {"sort": "metrics.val/loss"}],
            "sort by a name": [{"sort": "name"}, {"sort": "-name"}],
            "seeds together": [{"bySetting": True}, {"bySetting": False}],
        }
        spent = {
            name: [tab.evaluate(TIMED, step) for _ in range(3) for step in pair]
            for name, pair in steps.items()
        }
        browser.close()
    return [
        Row("first rows on screen (plain HTML)", f"{median(first):.0f} ms", "", "<= 1,000 ms"),
        Row("the table ready for use", f"{median(ready):.0f} ms"),
        *(
            Row(name, f"{median(figures):.0f} ms", "", "<= 100 ms")
            for name, figures in spent.items()
        ),
    ]


if __name__ == "__main__":
    main()
