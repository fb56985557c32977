"""Alerts mailed through a real SMTP server on loopback."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from reportgen.errors import UnavailableError, UsageError
from reportgen.logger import alert_delivery
from reportgen.logger.alert_mail import alert_by_mail
from reportgen.logger.alert_sinks import Alert

ALERT = Alert(
    1.7e9, "error", "val/loss\nabove 1", "Größer als gedacht", "a-run", 3, "val/loss", 2.5
)
PASSWORD = "a password that stands nowhere"


class Post:
    """The handler of a mail server: keeps what it gets, and answers as it is told to."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.mails: list[tuple[str, list[str], EmailMessage]] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.refused: set[str] = set()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address in self.refused:
            return f"550 5.1.1 {address} is unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        found = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        self.mails.append((envelope.mail_from or "", envelope.rcpt_tos, found))
        return self.answers.pop(0) if self.answers else "250 kept"

    def authenticate(self, server: Any, session: Any, envelope: Any, how: str, data: Any) -> Any:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    monkeypatch.setattr(alert_delivery, "_PAUSES", (0.0, 0.0))
    return Post()


@pytest.fixture
def serve(post: Post) -> Iterator[Callable[..., int]]:
    running: list[Controller] = []

    def start(**options: Any) -> int:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port: int = free.getsockname()[1]
        controller = Controller(post, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return port

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 with its key, signed by itself."""
    path = tmp_path_factory.mktemp("certificate") / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    places = ["-keyout", str(path), "-out", str(path.with_suffix(".crt"))]
    subprocess.run([*command, *subject, *places], check=True, capture_output=True)
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


def test_a_mail_arrives(post: Post, serve: Callable[..., int]) -> None:
    to = ["me@example.org", "you@example.org"]
    alert_by_mail(to, host="127.0.0.1", port=serve()).send(ALERT)
    ((sender, recipients, mail),) = post.mails
    assert (sender, recipients) == ("me@example.org", to)
    assert mail["Subject"] == "[error] val/loss above 1 (run a-run, step 3)"
    assert mail["To"] == "me@example.org, you@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "Größer als gedacht" in mail.get_content()
    assert "val/loss = 2.5" in mail.get_content()
    assert mail["Date"].datetime.timestamp() == 1.7e9


def test_only_what_is_serious_enough_is_mailed(post: Post, serve: Callable[..., int]) -> None:
    sink = alert_by_mail("me@example.org", sender="it@example.org", host="127.0.0.1", port=serve())
    sink.send(Alert(0.0, "info", "fine", "", "a"))
    sink.send(Alert(0.0, "warning", "odd", "", "a"))
    assert [(sender, mail["Subject"]) for sender, _, mail in post.mails] == [
        ("it@example.org", "[warning] odd (run a)")
    ]


def test_a_server_out_of_order_is_asked_again(post: Post, serve: Callable[..., int]) -> None:
    sink = alert_by_mail("me@example.org", host="127.0.0.1", port=serve())
    post.answers = ["451 try again later", "250 kept"]
    sink.send(ALERT)
    assert len(post.mails) == 2
    post.answers = ["451 later"] * 3
    with pytest.raises(ConnectionError, match="the server answered 451"):
        sink.send(ALERT)
    assert len(post.mails) == 5


def test_a_refusal_is_final_and_names_nobody(post: Post, serve: Callable[..., int]) -> None:
    port = serve()
    post.answers = ["554 <me@example.org> is a spammer"]
    with pytest.raises(UnavailableError) as first:
        alert_by_mail("me@example.org", host="127.0.0.1", port=port).send(ALERT)
    post.refused = {"nobody@example.org"}
    with pytest.raises(UnavailableError) as second:
        alert_by_mail("nobody@example.org", host="127.0.0.1", port=port).send(ALERT)
    assert len(post.mails) == 1
    assert first.value.what == "the server answered 554"
    assert second.value.what == "the server refused every recipient (550)"


def test_a_login_is_encrypted(
    post: Post,
    serve: Callable[..., int],
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    secure.load_cert_chain(certificate)
    port = serve(tls_context=secure, authenticator=post.authenticate, auth_required=True)
    options: dict[str, Any] = {"host": "127.0.0.1", "port": port, "encryption": "starttls"}
    sink = alert_by_mail("me@example.org", login=("me", PASSWORD), **options)
    with pytest.raises(UnavailableError, match="encrypted connection"):
        sink.send(ALERT)  # nobody vouches for the certificate
    assert post.logins == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".crt")))
    sink.send(ALERT)
    assert len(post.mails) == 1
    with pytest.raises(UnavailableError, match="the server answered 535") as refused:
        alert_by_mail("me@example.org", login=("me", "wrong"), **options).send(ALERT)
    assert {password for _, password in post.logins} == {PASSWORD.encode(), b"wrong"}
    assert "wrong" not in str(refused.value)
    assert PASSWORD not in repr(sink)


def test_tls_from_the_first_byte(
    post: Post,
    serve: Callable[..., int],
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    secure.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".crt")))
    port = serve(ssl_context=secure)
    alert_by_mail("me@example.org", host="127.0.0.1", port=port, encryption="tls").send(ALERT)
    assert len(post.mails) == 1


def test_a_server_without_encryption_gets_no_password(
    post: Post, serve: Callable[..., int]
) -> None:
    sink = alert_by_mail(
        "me@example.org",
        host="127.0.0.1",
        port=serve(),
        login=("me", PASSWORD),
        encryption="starttls",
    )
    with pytest.raises(UnavailableError, match="no such login or encryption"):
        sink.send(ALERT)
    assert (post.logins, post.mails) == ([], [])


def test_a_server_that_is_not_there(serve: Callable[..., int]) -> None:
    with pytest.raises(OSError, match="refused"):
        alert_by_mail("me@example.org", host="127.0.0.1", port=1).send(ALERT)


@pytest.mark.parametrize(
    ("to", "options"),
    [
        ("", {}),
        ([], {}),
        ("me", {}),
        ("me@example.org\nBcc: you@example.org", {}),
        ("a@example.org,b@example.org", {}),
        (None, {}),
        ("me@example.org", {"sender": "x"}),
        ("me@example.org", {"encryption": "ssl"}),
        ("me@example.org", {"login": "me"}),
        ("me@example.org", {"login": ("me", "p"), "host": "mail.example.org"}),
        ("me@example.org", {"level": "loud"}),
    ],
)
def test_misuse_is_refused(to: Any, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        alert_by_mail(to, **options)


@pytest.mark.parametrize(("encryption", "port"), [(None, 25), ("starttls", 587), ("tls", 465)])
def test_the_usual_ports(encryption: Any, port: int) -> None:
    assert alert_by_mail("me@example.org", encryption=encryption)._server[1] == port
