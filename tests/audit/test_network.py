"""The network is asked little, of public https addresses alone, and its answers are bounded."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportgen.audit import network as module
from reportgen.audit.hosts import host_of, is_public_name
from reportgen.audit.network import Head, Network, check_address
from reportgen.errors import UnavailableError


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("example.org", True),
        ("a.b-c.example.co.uk", True),
        ("xn--bcher-kva.org", True),
        ("localhost", False),
        ("gitlab", False),
        ("git.internal", False),
        ("printer.local", False),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("::1", False),
        ("2130706433", False),
        ("0x7f.1", False),
        ("-oproxycommand.org", False),
        ("a..org", False),
        ("exa mple.org", False),
        ("", False),
        (None, False),
    ],
)
def test_public_names(host: str | None, public: bool) -> None:
    assert is_public_name(host) is public


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.org/x", "example.org"),
        ("ssh://git@example.org:22/x", "example.org"),
        ("git@example.org:lab/x.git", "example.org"),
        ("https://[::1", None),
        ("/srv/git", None),
    ],
)
def test_the_host_of_an_address(url: str, host: str | None) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x",
        "file:///etc/passwd",
        "ftp://example.org/x",
        "https://user:secret@example.org/x",
        "https://token@example.org/x",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1/x",
        "https://example.org/\r\nHost: x",
        "//example.org/x",
        "s3://bucket/x",
        "",
    ],
)
def test_addresses_that_are_never_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("was looked up"))
    with pytest.raises(UnavailableError):
        check_address(url)
    for ask in (Network().head, Network().json):
        with pytest.raises(UnavailableError):
            ask(url)


def leads_to(address: str):  # type: ignore[no-untyped-def]
    return lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1"])
def test_a_public_name_of_a_private_address_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", leads_to(address))
    with pytest.raises(UnavailableError, match="not public"):
        check_address("https://rebind.example.org/x")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.answer(b"")

    def do_GET(self) -> None:
        self.answer({"/json": b'{"a": 1}', "/text": b"<html>"}.get(self.path, b"x" * 100))

    def answer(self, body: bytes) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest")
            self.end_headers()
            return
        self.send_response(404 if self.path == "/gone" else 200)
        self.send_header("Content-Length", str(len(body) or 7))
        self.send_header("ETag", 'W/"abc"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An https server on this machine that passes for a public one, and is trusted."""
    import subprocess

    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    words += ["-subj", "/CN=files.example.org", "-addext", "subjectAltName=DNS:files.example.org"]
    made = subprocess.run([*words, "-keyout", key, "-out", certificate], capture_output=True)
    if made.returncode:
        pytest.skip("openssl cannot make a certificate here")
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        port = listening.server_address[1]
        monkeypatch.setattr(socket, "getaddrinfo", _only_here(port))
        monkeypatch.setattr(module.ipaddress, "ip_address", _always_public)
        yield f"https://files.example.org:{port}"
        listening.shutdown()


def _only_here(port: int):  # type: ignore[no-untyped-def]
    entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
    return lambda *_, **__: [entry]


def _always_public(_: str) -> object:
    return type("Address", (), {"is_global": True})()


def test_a_server_is_asked_for_heads_and_json(server: str) -> None:
    network = Network()
    assert network.head(f"{server}/model.pt") == Head(200, 7, "abc")
    assert network.head(f"{server}/gone").status == 404
    assert network.json(f"{server}/json") == {"a": 1}
    assert network.json(f"{server}/gone") is None
    with pytest.raises(UnavailableError, match="no JSON"):
        network.json(f"{server}/text")


def test_a_redirect_to_what_would_not_be_asked_is_not_followed(server: str) -> None:
    with pytest.raises(UnavailableError):
        Network().head(f"{server}/moved")


def test_an_answer_over_the_limit_is_left(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_JSON_BYTES", 50)
    with pytest.raises(UnavailableError, match="too much"):
        Network().json(f"{server}/long")


def test_nothing_is_asked_twice_and_nothing_when_time_is_over(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Network()
    first = network.head(f"{server}/a")
    monkeypatch.setattr(urllib.request.OpenerDirector, "open", lambda *_: pytest.fail("asked"))
    assert network.head(f"{server}/a") == first
    with pytest.raises(UnavailableError, match="is over"):
        Network(seconds=-1).head(f"{server}/b")


@pytest.mark.parametrize(
    "remote",
    [
        "ext::sh -c touch% PWNED",
        "file:///srv/x",
        "--upload-pack=touch PWNED",
        "ssh://-oProxyCommand=touch/x",
        "git@localhost:x",
        "https://127.0.0.1/x",
    ],
)
def test_remotes_that_are_never_asked(
    remote: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "run_git", lambda *_, **__: pytest.fail("git was started"))
    with pytest.raises(UnavailableError):
        Network().refs(remote)


def test_git_is_started_for_references_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def answer(
        words: list[str], *, environment: dict[str, str], **_: object
    ) -> tuple[int, bytes, str]:
        seen["words"], seen["environment"] = words, environment
        return 0, f"{'ab' * 20}\trefs/heads/main\n{'cd' * 20}\tHEAD\nnoise\n".encode(), ""

    monkeypatch.setenv("GIT_SSH_COMMAND", "touch PWNED")
    monkeypatch.setenv("GIT_EXEC_PATH", "/tmp/evil")
    monkeypatch.setattr(module, "run_git", answer)
    monkeypatch.setattr(module, "check_address", lambda _: None)
    assert Network().refs("https://example.org/l/d.git") == {"refs/heads/main": "ab" * 20}
    assert seen["words"][-4:] == ["ls-remote", "--quiet", "--", "https://example.org/l/d.git"]
    environment = seen["environment"]
    assert environment["GIT_ALLOW_PROTOCOL"] == "https:ssh"
    assert environment["GIT_TERMINAL_PROMPT"] == "0"
    assert "PWNED" not in environment["GIT_SSH_COMMAND"]
    assert "GIT_EXEC_PATH" not in environment
    assert environment["GIT_CONFIG_GLOBAL"] == "/dev/null"
