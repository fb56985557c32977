"""A build after another one: the same bytes as a cold one, from less work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from site_runs import records, seeded_run

from reportgen.config import Settings, SiteSettings
from reportgen.runs import reader
from reportgen.site import build, fingerprint, memory
from reportgen.site.build import BuildResult, build_site

Trace = Callable[[], list[str]]


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def make_project(root: Path) -> Path:
    """Two seeds of one setting, and a run of another one."""
    for number, (lr, seed) in enumerate([(0.1, 1), (0.1, 2), (0.01, 1)]):
        name = f"net_lr{lr}_s{seed}"
        seeded_run(root, number, name, lr=lr, seed=seed, metrics=records(lr=lr, steps=20))
    return root


@pytest.fixture(autouse=True)
def _at_rest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Files count as settled at once, and each test has a cache of its own."""
    monkeypatch.setattr(fingerprint, "TICK_SECONDS", 0.0)
    monkeypatch.setenv("REPORTGEN_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Trace:
    """Name the runs of which a document was read, since the last time it was asked.

    Metrics do not count: pages of groups and the overview draw curves of their runs again.
    """
    seen: list[str] = []
    for name in ("read_regular", "read_pieces"):
        original = getattr(reader, name)

        def traced(root: Path, relative: str, *, limit: int, original: Any = original) -> Any:
            if relative != "metrics.jsonl":
                seen.append(root.name)
            return original(root, relative, limit=limit)

        monkeypatch.setattr(reader, name, traced)

    def taken() -> list[str]:
        found = sorted(set(seen))
        seen.clear()
        return found

    return taken


def again(root: Path, site: Path, **options: Any) -> BuildResult:
    """Build over the former site, and hold the result to a cold build."""
    result = build_site([root], site, **options)
    cold = site.with_name("cold")
    build_site([root], cold, incremental=False, **options)
    assert files(site) == files(cold)
    shutil.rmtree(cold)
    return result


def test_an_unchanged_project_is_not_read_again(tmp_path: Path, read: Trace) -> None:
    root = make_project(tmp_path / "runs")
    build_site([root], tmp_path / "site")
    assert len(read()) == 3
    result = build_site([root], tmp_path / "site")
    assert read() == []
    again(root, tmp_path / "site")
    runs = [name for name in files(tmp_path / "site") if name.startswith("runs/")]
    assert result.reused >= len(runs) - 1


def test_one_touched_run_is_the_only_one_that_is_rendered(
    tmp_path: Path, read: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_project(tmp_path / "runs")
    build_site([root], tmp_path / "site")
    rendered: list[str] = []
    original = build.Renderer.render

    def render(self: Any, template: str, values: Any) -> bytes:
        rendered.append(template)
        return original(self, template, values)

    monkeypatch.setattr(build.Renderer, "render", render)
    with next(root.rglob("net_lr0.01_s1/metrics.jsonl")).open("ab") as file:
        file.write(b'{"step":20,"time":1767323090.0,"metrics":{"train/lr":0.01}}\n')
    read()
    build_site([root], tmp_path / "site")
    assert "net_lr0.01_s1" in read()
    assert rendered.count("pages/run.html") == 1
    again(root, tmp_path / "site")


def test_a_change_of_the_ranks_reaches_the_pages_that_show_it(tmp_path: Path) -> None:
    root = make_project(tmp_path / "runs")
    build_site([root], tmp_path / "site")
    before = files(tmp_path / "site")
    with next(root.rglob("net_lr0.01_s1/metrics.jsonl")).open("ab") as file:
        file.write(b'{"step":20,"time":1767323090.0,"metrics":{"val/accuracy":1.0}}\n')
    again(root, tmp_path / "site")
    other = next(name for name in before if "lr0.1-s1" in name and name.endswith("index.html"))
    assert before[other] != files(tmp_path / "site")[other]


def test_a_new_and_a_removed_run(tmp_path: Path) -> None:
    root = make_project(tmp_path / "runs")
    build_site([root], tmp_path / "site")
    seeded_run(root, 9, "net_later", lr=0.1, seed=9)
    again(root, tmp_path / "site")
    shutil.rmtree(next(root.rglob("net_lr0.1_s2")))
    kept = len(list((tmp_path / "cache").rglob("*.run")))
    again(root, tmp_path / "site")
    for name, data in files(tmp_path / "site").items():
        assert b"net_lr0.1_s2" not in data, name
        assert "lr0.1-s2" not in name
        assert b"01K0000000000001" not in data, name
    assert len(list((tmp_path / "cache").rglob("*.run"))) == kept - 1


@pytest.mark.parametrize("place", ["labels.yaml", "figures/new_step_3.png"])
def test_any_file_of_a_run_counts(place: str, tmp_path: Path) -> None:
    root = make_project(tmp_path / "runs")
    build_site([root], tmp_path / "site")
    path = next(root.rglob("net_lr0.1_s2")) / place
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"archived: true\n" if place.endswith("yaml") else b"\x89PNG\r\n\x1a\n")
    again(root, tmp_path / "site")


def test_an_edit_with_the_old_time_and_size_is_seen(tmp_path: Path) -> None:
    root = make_project(tmp_path / "runs")
    build_site([root], tmp_path / "site")
    path = next(root.rglob("net_lr0.1_s2/training.log"))
    info, text = path.stat(), path.read_bytes()
    path.write_bytes(bytes(reversed(text)))
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    again(root, tmp_path / "site")


def test_settings_and_addresses_count(tmp_path: Path) -> None:
    root = make_project(tmp_path / "runs")
    site = tmp_path / "site"
    build_site([root], site)
    again(root, site, settings=Settings(site=SiteSettings(title="Other")))
    again(root, site, settings=Settings(goals={"val/loss": "minimize"}))
    again(root, site, base_url="https://example.org/a/")


def test_a_page_that_was_edited_in_the_site_is_made_again(tmp_path: Path) -> None:
    root = make_project(tmp_path / "runs")
    build_site([root], tmp_path / "site")
    page = next((tmp_path / "site" / "runs").glob("*lr0.1-s2*/index.html"))
    page.write_text(page.read_text() + "<!-- mine -->")
    again(root, tmp_path / "site")


def test_a_changed_sibling_changes_the_audit_of_its_replicates(tmp_path: Path) -> None:
    root = make_project(tmp_path / "runs")
    build_site([root], tmp_path / "site")
    path = next(root.rglob("net_lr0.1_s2/environment.yaml"))
    path.write_text(path.read_text().replace("seeds:", "seedless:"))
    again(root, tmp_path / "site")
    path = next(root.rglob("net_lr0.01_s1/config.yaml"))
    path.write_text(path.read_text().replace("0.01", "0.1"))
    again(root, tmp_path / "site")


def test_a_run_that_may_have_changed_within_a_tick_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Trace
) -> None:
    monkeypatch.setattr(fingerprint, "TICK_SECONDS", 3600.0)
    root = make_project(tmp_path / "runs")
    for _ in range(2):
        build_site([root], tmp_path / "site")
        assert len(read()) == 3


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x93\x01\x02\x03"])
def test_a_damaged_cache_costs_only_time(data: bytes, tmp_path: Path) -> None:
    root = make_project(tmp_path / "runs")
    build_site([root], tmp_path / "site")
    kept = list((tmp_path / "cache").rglob("*.run"))
    assert len(kept) == 3
    for path in kept:
        path.write_bytes(data)
    again(root, tmp_path / "site")


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REPORTGEN_CACHE_DIR", str(tmp_path / "file" / "below"))
    root = make_project(tmp_path / "runs")
    build_site([root], tmp_path / "site")
    again(root, tmp_path / "site")


def test_nothing_of_the_cache_is_in_the_site(tmp_path: Path) -> None:
    root = make_project(tmp_path / "runs")
    build_site([root], tmp_path / "site")
    for name, data in files(tmp_path / "site").items():
        assert str(tmp_path).encode() not in data, name
    folder = memory.cache_folder(tmp_path / "site")
    assert folder is not None
    assert tmp_path / "cache" in folder.parents
    assert folder.stat().st_mode & 0o77 == 0
