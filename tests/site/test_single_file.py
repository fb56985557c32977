"""One run as one file: whole in itself, with a policy that names its scripts."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright
from site_browser import Visit, launch
from site_runs import records, seeded_run
from site_tree import tree_of

from reportgen.cli.main import main
from reportgen.config import Settings
from reportgen.errors import UsageError
from reportgen.site.single_file import build_single


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("single")
    files = {"figures/curve_step_9.png": b"\x89PNG\r\n\x1a\n"}
    run = {"notes": "</script><script>window.PWN=1</script><!--"}
    lines = [
        {**line, "metrics": {**line["metrics"], "</script><!--": 1.0}}
        for line in records(steps=700)
    ]
    path = seeded_run(
        folder / "runs", 1, "net_s1", lr=0.1, seed=1, metrics=lines, files=files, run=run
    )
    build_single(path, folder / "net.html", settings=Settings(), repository=None)
    return folder / "net.html"


def test_nothing_is_outside_and_each_script_is_named_by_its_hash(page: Path) -> None:
    text = page.read_text("utf-8")
    policy = unescape(re.findall(r'content="(default-src[^"]+)"', text)[0])
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) > 10
    digests = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in scripts]
    assert [f"'sha256-{one}'" for one in digests] == re.findall(r"'sha256-[^']+'", policy)
    assert "script-src 'self'" not in policy
    for node in tree_of(page).walk():
        for attribute in ("src", "href"):
            target = node.attributes.get(attribute, "#")
            assert re.match(r"#|data:|https?://", target), target
    assert str(page.parent) not in text


@pytest.mark.slow
def test_it_draws_its_curves_from_any_place(page: Path, chromium: Path, tmp_path: Path) -> None:
    (tmp_path / "moved.html").write_bytes(page.read_bytes())
    with sync_playwright() as playwright:
        browser = launch(playwright, chromium)
        visit = Visit(browser)
        opened = visit.go((tmp_path / "moved.html").as_uri())
        assert visit.drawn() >= 4
        expect(opened.locator("h1")).to_have_text("net_s1")
        expect(opened.locator("nav[aria-label=Pages]")).to_have_count(0)
        assert opened.evaluate("window.PWN") is None
        with opened.expect_download() as waiting:
            opened.get_by_role("link", name="config.yaml").first.click()
        assert b"optimizer" in Path(waiting.value.path()).read_bytes()
        assert visit.faults == []
        browser.close()


def test_several_runs_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in (1, 2):
        lines = records(steps=5)
        seeded_run(tmp_path / "runs", number, f"s{number}", lr=0.1, seed=1, metrics=lines)
    with pytest.raises(UsageError, match="holds 2 runs"):
        build_single(tmp_path / "runs", tmp_path / "x.html", settings=Settings(), repository=None)
    with pytest.raises(UsageError, match="is a folder"):
        build_single(tmp_path / "runs", tmp_path, settings=Settings(), repository=None)
    assert main(["build", str(tmp_path / "runs"), "--single-file"]) == 2
    assert "holds 2 runs" in capsys.readouterr().err
