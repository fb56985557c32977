"""The feed and the list of pages: well-formed, with addresses that lead somewhere."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from site_runs import records, seeded_run

from reportgen.site.build import build_site
from reportgen.site.output import MARKER

ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    for number, name in enumerate(["first", "<b>&amp;\x01", "old"]):
        files = {"labels.yaml": "archived: true\n"} if name == "old" else {}
        lines = records(seed=number, steps=12)
        seeded_run(root, number, name, lr=0.1, seed=number, metrics=lines, files=files)
    return root


def test_the_newest_run_comes_first_and_archived_ones_not_at_all(
    runs: Path, tmp_path: Path
) -> None:
    build_site([runs], tmp_path / "site")
    feed = ElementTree.parse(tmp_path / "site" / "feed.xml").getroot()
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == ["<b>&amp;␁", "first"]
    assert feed.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated")
    assert (entries[0].findtext(f"{ATOM}updated") or "").endswith("Z")
    for entry in entries:
        link = entry.find(f"{ATOM}link")
        assert link is not None
        assert (tmp_path / "site" / link.attrib["href"]).is_file()
        assert "val/accuracy" in (entry.findtext(f"{ATOM}summary") or "")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(ids)) == 2
    assert not (tmp_path / "site" / "sitemap.xml").exists()


def test_a_known_address_makes_links_whole_and_lists_the_pages(runs: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    build_site([runs], site, base_url="https://example.org/digits")
    text = (site / "feed.xml").read_text()
    assert 'href="https://example.org/digits/runs/' in text
    assert "tag:example.org,2026:" in text
    listed = ElementTree.parse(site / "sitemap.xml").getroot().findall(f"{MAP}url/{MAP}loc")
    paths = {(one.text or "").removeprefix("https://example.org/digits/") for one in listed}
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert paths == pages - {"404.html"}
    assert (site / MARKER).is_file()
