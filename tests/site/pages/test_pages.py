"""Pages as a reader without style sheets and scripts reads them: golden outlines."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from site_tree import Node, outline

from reportgen import __version__

PAGES = {
    "overview": "index.html",
    "runs": "runs/index.html",
    "compare": "compare/index.html",
    "groups": "groups/index.html",
    "group": "groups/digits-lr-search-a95d491b/index.html",
    "not_found": "404.html",
    "run": "mlp-digits-lr0.1-s1",
    "run-diverged": "mlp-diverged",
    "run-killed": "mlp-killed",
    "run-dirty": "mlp-dirty",
}
Find = Callable[[str], Node]
Golden = Callable[[str, str], None]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_as_the_golden_one(name: str, page: Find, golden: Golden) -> None:
    text = "\n".join(outline(page(PAGES[name]))) + "\n"
    golden(f"site/{name}.txt", text.replace(__version__, "VERSION"))


def test_the_overview_answers_the_four_questions_first(page: Find) -> None:
    text = page("index.html").find("main")[0].all_text
    places = [
        text.index(words)
        for words in ("8 runs in 5 groups", "Best", "Audit", "Replayed", "Next step", "Started")
    ]
    assert places == sorted(places)


def test_nan_is_written(page: Find) -> None:
    assert "NaN at step 60" in page("index.html").all_text
    assert "is NaN from step 60 on" in page("mlp-diverged").all_text


def test_a_killed_run_says_so(page: Find) -> None:
    text = page("mlp-killed").all_text
    assert "Ended without closing" in text
    assert "Its last record is of step 69." in text


def test_the_audit_page_has_a_place_for_every_check(page: Find) -> None:
    from reportgen.audit.registry import CHECKS
    from reportgen.site.parts.findings import anchor_of

    ids = {node.attributes.get("id") for node in page("audit/index.html").walk()}
    assert {anchor_of(check.id) for check in CHECKS} <= ids
    assert "augment.py is in no commit." in page("audit/index.html").all_text
    assert "The gate stops 1 of 8 runs." in page("audit/index.html").all_text


def test_every_curve_stands_in_the_page_without_a_script(page: Find) -> None:
    figures = page("mlp-digits-lr0.1-s1").find("figure", data_chart="lines")
    assert len(figures) == 3
    for figure in figures:
        paths = [node for node in figure.with_class("curve") if node.attributes["d"]]
        assert paths
        assert figure.with_class("plot")[0].attributes["aria-label"].endswith(".")


def test_the_svg_figure_is_inert_and_the_raster_is_beside_the_page(page: Find) -> None:
    sources = [node.attributes["src"] for node in page("mlp-dirty").find("img")]
    assert any(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert any(re.fullmatch(r"figures/[\w.-]+\.png", source) for source in sources)


def test_each_page_has_one_heading_of_the_first_rank(golden_site: Path) -> None:
    from site_tree import tree_of

    for path in golden_site.rglob("*.html"):
        assert len(tree_of(path).find("h1")) == 1, path
