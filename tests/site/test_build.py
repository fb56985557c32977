"""The whole site: the same bytes each time, whole in itself, without traces."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from site_runs import make_project, seeded_run
from site_tree import tree_of

from reportgen.audit.registry import CHECKS
from reportgen.config import Settings, SiteSettings
from reportgen.errors import BuildError, UsageError
from reportgen.runs.discovery import find_runs
from reportgen.site.build import CONTENT_SECURITY_POLICY, build_site
from reportgen.site.gather import gather
from reportgen.site.output import MARKER


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_result_says_what_was_built(built) -> None:  # type: ignore[no-untyped-def]
    found = files(built.folder)
    assert built.result.runs == 8
    assert (
        built.result.pages
        == len([name for name in found if name.endswith(".html")])
        == 20 + len(CHECKS)
    )
    assert built.result.bytes == sum(map(len, found.values()))
    assert built.result.index == built.folder / "index.html"
    assert built.result.problems == ()


def test_another_process_makes_the_same_bytes(runs_root: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from reportgen.site.build import build_site;"
        "build_site([Path(sys.argv[1])], Path(sys.argv[2]))"
    )
    for number, (zone, seed, mask) in enumerate([("UTC", "1", "022"), ("Asia/Tokyo", "2", "077")]):
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", code, runs_root, tmp_path / str(number)]
        subprocess.run(command, check=True, env=environment, umask=int(mask, 8))
    assert files(tmp_path / "0") == files(tmp_path / "1")


def test_a_second_build_reuses_every_page(runs_root: Path, tmp_path: Path) -> None:
    gathered = gather([runs_root])
    build_site([], tmp_path / "site", gathered=gathered)
    before = files(tmp_path / "site")
    again = build_site([], tmp_path / "site", gathered=gathered)
    assert files(tmp_path / "site") == before
    copied = [name for name in before if re.search(r"/(files|logs|figures)/.*(?<!\.zip)$", name)]
    assert again.reused == len(before) - len(copied)


def test_a_removed_run_is_gone_everywhere(tmp_path: Path) -> None:
    root = make_project(tmp_path / "runs")
    build_site([root], tmp_path / "site")
    assert any("mlp_dirty" in data.decode("latin-1") for data in files(tmp_path / "site").values())
    shutil.rmtree(next(root.rglob("mlp_dirty")))
    build_site([root], tmp_path / "site")
    for name, data in files(tmp_path / "site").items():
        assert "mlp-dirty" not in name
        assert b"mlp_dirty" not in data, name
        assert b"01K0000000000007" not in data, name


def test_a_site_inside_the_root_is_not_taken_for_runs(tmp_path: Path) -> None:
    seeded_run(tmp_path, 1, "one", lr=0.1, seed=1)
    for _ in range(2):
        assert build_site([tmp_path], tmp_path / "site").runs == 1
    assert len(find_runs([tmp_path]).runs) == 1


def test_every_link_leads_somewhere(built) -> None:  # type: ignore[no-untyped-def]
    names = set(files(built.folder))
    for path in built.folder.rglob("*.html"):
        page = tree_of(path)
        for node in page.walk():
            for attribute in ("href", "src"):
                target = node.attributes.get(attribute, "")
                if not target or target.startswith(("data:", "https://example.org/")):
                    continue
                parts = urlsplit(target)
                assert not parts.scheme, target
                assert not target.startswith("/"), target
                if parts.path:
                    place = os.path.normpath(path.parent / unquote(parts.path))
                    found = Path(place).relative_to(built.folder).as_posix()
                    assert found in names, f"{path}: {target}"
                if parts.fragment and "=" not in parts.fragment:
                    other = tree_of(Path(place)) if parts.path else page
                    assert any(n.attributes.get("id") == parts.fragment for n in other.walk())


def test_each_page_begins_with_its_policy_and_runs_nothing_inline(built) -> None:  # type: ignore[no-untyped-def]
    for path in built.folder.rglob("*.html"):
        page = tree_of(path)
        head = page.find("head")[0]
        first = head.children[0].attributes
        assert first == {
            "http-equiv": "Content-Security-Policy",
            "content": CONTENT_SECURITY_POLICY,
        }
        assert b"charset" in path.read_bytes()[:1024]
        for script in page.find("script"):
            assert "src" in script.attributes
            assert not script.text.strip()
        ids = [n.attributes["id"] for n in page.walk() if "id" in n.attributes]
        assert len(ids) == len(set(ids)), path


def test_no_other_host_and_no_trace_of_this_machine(built, runs_root: Path) -> None:  # type: ignore[no-untyped-def]
    for name, data in files(built.folder).items():
        if name.startswith("assets/vega"):
            continue
        text = data.decode("latin-1")
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//(?!example\.org/)""", text), name
        assert "@import" not in text
        assert str(runs_root) not in text, name
        assert str(built.folder) not in text, name


def test_names_suit_a_web_server(built) -> None:  # type: ignore[no-untyped-def]
    found = files(built.folder)
    assert ".nojekyll" in found
    for name in found:
        assert not any(part.startswith("_") for part in name.split("/"))
        assert re.fullmatch(r"[A-Za-z0-9._/-]+", name), name
    assert len({name.casefold() for name in found}) == len(found)
    assert json.loads(found[MARKER])["schema"] == "reportgen.site/1"


def test_only_the_manifest_may_be_stale(built) -> None:  # type: ignore[no-untyped-def]
    data = [name for name in files(built.folder) if name.startswith(("data/", "assets/"))]
    assert sorted(n for n in data if not re.search(r"\.[0-9a-f]{12}\.[a-z.]+$", n)) == [
        "data/manifest.js",
        "data/runs.csv",
        "data/runs.json",
    ]
    assert len((built.folder / "data/manifest.js").read_bytes()) < 500


def test_pages_name_no_other_moment_than_the_newest_run(
    gathered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    build_site([], tmp_path / "a", gathered=gathered)
    assert b"Runs up to 2 Jan 2026, 03:11 UTC" in (tmp_path / "a/index.html").read_bytes()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795428900")
    build_site([], tmp_path / "b", gathered=gathered)
    assert b"Runs up to 23 Nov 2026, 10:15 UTC" in (tmp_path / "b/index.html").read_bytes()


def test_a_broken_theme_leaves_the_old_site(gathered, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    build_site([], tmp_path / "site", gathered=gathered)
    before = files(tmp_path / "site")
    lab = tmp_path / "lab"
    (lab / "templates" / "pages").mkdir(parents=True)
    (lab / "theme.yaml").write_text("name: lab\nextends: default\n")
    (lab / "templates" / "pages" / "run.html").write_text("a\n{% if %}\n")
    with pytest.raises(BuildError, match=r"run\.html:2"):
        build_site([], tmp_path / "site", theme=f"{lab}/", gathered=gathered)
    assert files(tmp_path / "site") == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["lab", "site"]


def test_runs_are_safe_from_the_output(tmp_path: Path) -> None:
    run = seeded_run(tmp_path / "runs", 1, "one", lr=0.1, seed=1)
    before = files(tmp_path)
    for place in (run, run / "site", tmp_path / "runs", tmp_path):
        with pytest.raises(UsageError):
            build_site([tmp_path / "runs"], place)
    assert files(tmp_path) == before


def test_the_base_address_serves_the_page_of_unknown_addresses(gathered, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    build_site([], tmp_path / "a", gathered=gathered, base_url="https://example.org/digits/")
    links = tree_of(tmp_path / "a/404.html").find("a")
    assert [node.attributes["href"] for node in links] == ["https://example.org/digits/"]
    build_site([], tmp_path / "b", gathered=gathered, base_url="javascript:x")
    assert tree_of(tmp_path / "b/404.html").find("a") == []


def test_links_of_the_settings_lead_from_every_depth(gathered, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    links = {"Paper": "paper.pdf", "Code": "https://example.org/code"}
    settings = Settings(site=SiteSettings(links=links))
    build_site([], tmp_path / "site", gathered=gathered, settings=settings)
    for depth, path in enumerate(["index.html", "runs/index.html"]):
        found = [n.attributes["href"] for n in tree_of(tmp_path / "site" / path).find("a")]
        assert "../" * depth + "paper.pdf" in found
        assert "https://example.org/code" in found


def test_the_one_project_gives_the_title(tmp_path: Path) -> None:
    seeded_run(tmp_path / "runs", 1, "one", lr=0.1, seed=1)
    build_site([tmp_path / "runs"], tmp_path / "site")
    assert tree_of(tmp_path / "site/index.html").find("h1")[0].all_text == "digits"
