"""The browser reads conditions as `reportgen list --where` does."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright
from site_browser import launch

from reportgen.errors import UsageError
from reportgen.runs.query import Query
from reportgen.site.assets import FOLDER

pytestmark = pytest.mark.slow

SHARED = json.loads(Path(__file__).parents[1].joinpath("queries.json").read_text("utf-8"))
COLUMNS = [*SHARED["row"], *SHARED["further_columns"]]
ASK = """([texts, row, columns, notFinite]) => {
  const known = new Set(columns);
  const values = new Map(Object.entries(row));
  notFinite.forEach((key) => values.set(key, Number(values.get(key))));
  return texts.map((text) => {
    try {
      return reportgen.query(text, known).matches((column) => values.get(column));
    } catch (error) {
      return error.message;
    }
  });
}"""
PIECES = [
    *("lr", "name", "val/accuracy", "`val/top-5`", "tags.author", "layers", "loss", "debug"),
    *("and", "or", "not", "in", "is", "==", "<", "<=", ">", ">=", "!=", "(", ")", "[", "]", ","),
    *("0.1", "64", "-1", "'a'", '"mlp"', "None", "True", "False", "/", "."),
]


@pytest.fixture(scope="module")
def page(chromium: Path) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = launch(playwright, chromium)
        page = browser.new_page()
        page.add_script_tag(path=FOLDER / "scripts" / "query.js")
        yield page
        browser.close()


def asked(page: Page, texts: list[str]) -> list[Any]:
    return page.evaluate(ASK, [texts, SHARED["row"], COLUMNS, SHARED["not_finite"]])


def test_the_shared_conditions_have_the_shared_answers(page: Page) -> None:
    for answer, texts in ((True, SHARED["met"]), (False, SHARED["unmet"])):
        found = dict(zip(texts, asked(page, texts), strict=True))
        assert {text: got for text, got in found.items() if got is not answer} == {}
    refused = dict(zip(SHARED["refused"], asked(page, SHARED["refused"]), strict=True))
    assert {text: got for text, got in refused.items() if not isinstance(got, str)} == {}


def test_what_python_answers_to_generated_conditions_the_browser_answers(page: Page) -> None:
    drawn = random.Random(7)
    texts = [" ".join(drawn.choices(PIECES, k=drawn.randint(1, 9))) for _ in range(6_000)]
    row = {
        key: float(value) if key in SHARED["not_finite"] else value
        for key, value in SHARED["row"].items()
    }
    row = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    differing = []
    met = 0
    for text, got in zip(texts, asked(page, texts), strict=True):
        try:
            want: bool | None = Query(text, COLUMNS).matches(row)
            met += 1
        except UsageError:
            want = None
        if want is not (None if isinstance(got, str) else got):
            differing.append((text, want, got))
    assert differing == [], "\n".join(map(str, differing))
    assert met > 50


def test_an_unknown_name_is_named(page: Page) -> None:
    assert asked(page, ["lrr > 1"]) == ["no run has 'lrr'"]


def test_long_and_deep_conditions_are_refused(page: Page) -> None:
    for text in ("a" * 20_000, "(" * 4_000, "not " * 200 + "lr", "-" * 9_000 + "1", "a." * 4_000):
        assert isinstance(asked(page, [text])[0], str)
