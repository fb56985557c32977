"""What a site would make public, and what keeps it from being published."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from reportgen.errors import UsageError
from reportgen.site import publish
from reportgen.site.output import MARKER
from reportgen.site.publish import inspect_site


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for path, text in {
        MARKER: "{}",
        "index.html": "<p>by ada@lab.edu, see git@github.com:a/b and x@example.org</p>",
        "runs/one/index.html": "<p>/home/ada/data and C:\\Users\\bo</p>",
        "runs/one/files/config.yaml": "lr: 0.1\n",
        "data/curves/one/loss.0.js": "reportgen.put('x',{'steps':[1]});",
        "assets/x.js": "maintainer@library.dev /home/builder",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_facts_on_persons_are_found_where_they_are(site: Path) -> None:
    (site / "404.html").write_text("made by ada@lab.edu on deepthought.")
    found = inspect_site(site, {"deepthought": "the name of this machine", "ab": "too short"})
    told = {(one.kind, one.what): (one.files, one.examples) for one in found.personal}
    assert told == {
        ("mail", "ada@lab.edu"): (2, ("404.html", "index.html")),
        ("home", "/home/ada"): (1, ("runs/one/index.html",)),
        ("home", "C:\\Users\\bo"): (1, ("runs/one/index.html",)),
        ("name", "the name of this machine"): (1, ("404.html",)),
    }
    assert found.personal[0].what == "ada@lab.edu"
    assert found.refusals == []


def test_everything_is_counted(site: Path) -> None:
    found = inspect_site(site, {})
    assert found.runs == ["one"]
    assert found.files == sum(count for count, _ in found.folders.values()) == 6
    assert found.bytes == sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    assert set(found.folders) == {
        "data of charts and tables",
        "files and logs of runs",
        "libraries and styles",
        "pages",
    }


@pytest.mark.parametrize(
    "place", ["runs/one/files/a.log", "data/t.js", "notes", "data/curves/c.js"]
)
def test_a_secret_is_a_reason_and_is_not_repeated(site: Path, place: str) -> None:
    secret = "ghp_" + secrets.token_hex(18)
    (site / place).write_text(f"token {secret}\n")
    found = inspect_site(site, {})
    assert len(found.refusals) == 1
    assert place in found.refusals[0]
    assert secret not in repr(found)


def test_a_secret_across_two_pieces_is_found(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "_PIECE", 1_000)
    secret = "ghp_" + secrets.token_hex(18)
    (site / "big.txt").write_text("x " * 490 + secret + " x" * 900)
    assert len(inspect_site(site, {}).secrets) == 1


def test_too_large_is_a_reason(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "FILE_BYTES", 50)
    monkeypatch.setattr(publish, "SITE_BYTES", 100)
    reasons = inspect_site(site, {}).refusals
    assert any("index.html" in reason and "100 MB a file" in reason for reason in reasons)
    assert any("1 GB" in reason for reason in reasons)


def test_only_sites_are_published(site: Path, tmp_path: Path) -> None:
    (site / "link").symlink_to("/etc/passwd")
    with pytest.raises(UsageError, match="no regular file"):
        inspect_site(site, {})
    (tmp_path / "other").mkdir()
    with pytest.raises(UsageError, match="is no site"):
        inspect_site(tmp_path / "other", {})
