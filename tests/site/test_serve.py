"""A served site: on loopback alone, its own files alone, built again when a run grows."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright
from site_browser import Visit, launch
from site_runs import records, seeded_run

from reportgen.config import Settings
from reportgen.errors import UsageError
from reportgen.site import fingerprint, serve
from reportgen.site.serve import Follower, open_server, served_folder

Ask = Callable[..., tuple[int, bytes]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    (site / "runs").mkdir(parents=True)
    (site / "index.html").write_text("top")
    (site / "runs" / "index.html").write_text("below")
    (site / "data.js").write_text("x")
    (tmp_path / "secret").write_text("secret")
    (site / "way-out").symlink_to(tmp_path / "secret")
    return site


@pytest.fixture
def port(folder: Path) -> Iterator[int]:
    with open_server(folder, 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()


def ask(port: int, path: str, host: str = "127.0.0.1", method: str = "GET") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", f"{host}:{port}")
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_files_and_folders(port: int) -> None:
    assert ask(port, "/") == (200, b"top")
    assert ask(port, "/index.html?turn=1#x") == (200, b"top")
    assert ask(port, "/runs/") == (200, b"below")
    assert ask(port, "/runs")[0] == 301
    assert ask(port, "/data.js", method="HEAD") == (200, b"")
    assert ask(port, "/nothing")[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/../secret",
        "/%2e%2e/secret",
        "/runs/../../secret",
        "//etc/passwd",
        "/..%2fsecret",
        "/a%00b",
    ],
)
def test_nothing_outside_is_served(path: str, port: int) -> None:
    status, body = ask(port, path)
    assert status == 404
    assert b"secret" not in body.replace(path.encode(), b"")


def test_no_link_is_followed(port: int) -> None:
    assert ask(port, "/way-out")[0] == 404


def test_a_name_that_another_site_gave_this_machine_is_refused(port: int) -> None:
    assert ask(port, "/", host="evil.example")[0] == 403
    assert ask(port, "/", host="localhost") == (200, b"top")


def test_only_the_loopback_interface_listens(port: int) -> None:
    place = (_address_of_this_machine(), port)
    with socket.socket() as other:
        other.settimeout(2)
        with pytest.raises(OSError, match=r"refused|unreachable|timed out"):
            other.connect(place)


def _address_of_this_machine() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent
        except OSError:
            pytest.skip("no other interface")
        found = str(probe.getsockname()[0])
    if found.startswith("127."):
        pytest.skip("no other interface")
    return found


def test_a_port_that_is_taken_is_said(port: int, folder: Path) -> None:
    with pytest.raises(UsageError, match="cannot be used"):
        open_server(folder, port)


def test_the_folder_follows_from_the_paths(tmp_path: Path) -> None:
    one, other = served_folder([tmp_path / "a"]), served_folder([tmp_path / "b"])
    assert one is not None
    assert one != other
    assert one == served_folder([tmp_path / "x" / ".." / "a"])


@pytest.fixture
def followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Path, Path, list[Any]]]:
    """Runs, their site, and what was built of them since."""
    monkeypatch.setattr(serve, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(fingerprint, "TICK_SECONDS", 0.0)
    runs, site = tmp_path / "runs", tmp_path / "site"
    for number in (1, 2):
        lines = records(seed=number, steps=20)
        seeded_run(runs, number, f"net_s{number}", lr=0.1, seed=number, metrics=lines)
    told: list[Any] = []
    follower = Follower([runs], site, settings=Settings(), built=told.append, failed=told.append)
    follower.build()
    thread = threading.Thread(target=follower.follow, daemon=True)
    thread.start()
    yield runs, site, told
    follower.stop()
    thread.join(30)
    assert not thread.is_alive()


def grow(runs: Path) -> None:
    with next(runs.rglob("net_s2/metrics.jsonl")).open("ab") as file:
        file.write(b'{"step":20,"time":1767323090.0,"metrics":{"val/accuracy":0.99}}\n')


def wait_for(told: list[Any], count: int) -> None:
    clock = threading.Event()
    for _ in range(600):
        if len(told) >= count:
            return
        clock.wait(0.1)
    raise AssertionError(told)


def test_a_run_that_grows_is_built_again(followed: tuple[Path, Path, list[Any]]) -> None:
    runs, site, told = followed
    grow(runs)
    wait_for(told, 1)
    assert b"0.99" in (site / "data" / "runs.csv").read_bytes()
    assert told[0].reused > 0


def test_a_build_that_fails_leaves_the_site_and_is_told(
    followed: tuple[Path, Path, list[Any]], tmp_path: Path
) -> None:
    runs, site, told = followed
    before = (site / "index.html").read_bytes()
    runs.rename(tmp_path / "away")
    wait_for(told, 1)
    assert "no such folder" in str(told[0])
    assert (site / "index.html").read_bytes() == before
    (tmp_path / "away").rename(runs)
    wait_for(told, 2)
    assert told[1].runs == 2


@pytest.mark.slow
def test_an_open_page_follows_and_keeps_what_was_chosen(
    followed: tuple[Path, Path, list[Any]], chromium: Path
) -> None:
    runs, site, told = followed
    with open_server(site, 0) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = launch(playwright, chromium)
        visit = Visit(browser)
        page = visit.go(f"http://127.0.0.1:{server.server_address[1]}/runs/index.html")
        page.locator(".slick-row").first.wait_for()
        page.get_by_label("Select net_s2").check()
        page.get_by_role("columnheader", name="val/accuracy", exact=True).click()
        chosen = page.evaluate("location.hash")
        assert "selected=net-s2" in chosen
        page.evaluate("() => { window.former = true; }")
        page.wait_for_timeout(2_500)  # nothing changed: the page stays
        assert page.evaluate("window.former") is True
        grow(runs)
        value = page.locator(".slick-cell", has_text="0.9900")
        expect(value).to_have_count(1, timeout=30_000)
        assert page.evaluate("window.former") is None
        assert page.evaluate("location.hash") == chosen
        expect(page.get_by_label("Select net_s2")).to_be_checked()
        assert visit.faults == []
        server.shutdown()
        browser.close()
    assert told
