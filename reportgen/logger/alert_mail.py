"""Alerts by e-mail, through an SMTP server that the person who trains may use."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any, Final, Literal

from reportgen.errors import UnavailableError, UsageError
from reportgen.logger.alert_delivery import (
    TIMEOUT,
    at_least,
    checked_level,
    deliver,
    headline,
)
from reportgen.logger.alert_rules import Level
from reportgen.logger.alert_sinks import Alert

Encryption = Literal["starttls", "tls"]
_WHERE: Final = "alert_by_mail"
_SUBJECT_LIMIT = 200


class Mail:
    """Mails alerts; made by :func:`alert_by_mail`."""

    name = "mail"

    def __init__(
        self,
        recipients: Sequence[str],
        sender: str,
        server: tuple[str, int],
        login: tuple[str, str] | None,
        encryption: Encryption | None,
        level: Level,
    ) -> None:
        self._recipients = tuple(recipients)
        self._sender = sender
        self._server = server
        self._login = login
        self._encryption = encryption
        self._level = level

    def __repr__(self) -> str:
        return f"<mail for alerts through {self._server[0]}>"

    def send(self, alert: Alert) -> None:
        """Mail an alert, three times at most.

        Raises:
            UnavailableError: The server refused the login, the sender or every recipient.
            OSError: The server cannot be reached, or is out of order.
        """
        if at_least(alert, self._level):
            message = self._message(alert)
            deliver(lambda: self._post(message))

    def _message(self, alert: Alert) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = headline(alert)[:_SUBJECT_LIMIT]
        message["From"] = self._sender
        message["To"] = ", ".join(self._recipients)
        message["Date"] = formatdate(alert.time)
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes in return
        about = f"{alert.metric} = {alert.value:.6g}\n" if alert.value is not None else ""
        message.set_content(f"{alert.title}\n\n{alert.text}\n\nrun {alert.run}\n{about}")
        return message

    def _post(self, message: EmailMessage) -> None:
        # The server's own words may name people: only its numbers are told.
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPResponseException as error:
            raise _answer(f"answered {error.smtp_code}", error.smtp_code) from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = sorted({code for code, _ in error.recipients.values()})
            shown = ", ".join(map(str, codes))
            raise _answer(f"refused every recipient ({shown})", min(codes)) from None
        except smtplib.SMTPNotSupportedError:
            raise UnavailableError("the server has no such login or encryption") from None
        except ssl.SSLError as error:
            raise UnavailableError(f"no encrypted connection: {error.reason}") from None
        except smtplib.SMTPException as error:
            raise ConnectionError(f"the server broke off: {type(error).__name__}") from None

    def _connected(self) -> smtplib.SMTP:
        host, port = self._server
        if self._encryption == "tls":
            secure = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=secure)
        else:
            server = smtplib.SMTP(host, port, timeout=TIMEOUT)
        try:
            if self._encryption == "starttls":
                server.starttls(context=ssl.create_default_context())
            if self._login is not None:
                server.login(*self._login)
        except BaseException:
            server.close()
            raise
        return server


def alert_by_mail(
    to: str | Sequence[str],
    *,
    sender: str | None = None,
    host: str = "localhost",
    port: int | None = None,
    login: Sequence[str] | None = None,
    encryption: Encryption | None = None,
    level: Level = "warning",
) -> Mail:
    """Return a sink for ``start_run(alerts=[...])`` that mails alerts.

    Args:
        to: Address of who is told, or several.
        sender: Address that the mail comes from; the first of ``to`` by default.
        host: The SMTP server.
        port: Its port; by default 25, with ``starttls`` 587, with ``tls`` 465.
        login: User and password, such as ``("me", os.environ["SMTP_PASSWORD"])``; not recorded.
        encryption: ``starttls``, ``tls`` from the first byte, or None. A login needs one unless
            the server is this machine.
        level: The least serious level that is sent.

    Raises:
        UsageError: No address, or a value that is none of these.
    """
    recipients: list[Any] = list(to) if isinstance(to, list | tuple) else [to]
    for address in [*recipients, *([sender] if sender is not None else [])]:
        _check_address(address)
    if not recipients:
        raise _fault("there is no recipient", "an address such as me@example.org")
    if encryption not in (None, "starttls", "tls"):
        raise _fault(f"encryption is {encryption!r:.40}", "starttls, tls or None")
    if login is not None and (not isinstance(login, tuple | list) or len(login) != 2):
        raise _fault("login is no pair", "(user, password)")
    if login is not None and encryption is None and host not in ("localhost", "127.0.0.1", "::1"):
        raise _fault("a password would go to another machine in the clear", "encryption='starttls'")
    usual = {"starttls": 587, "tls": 465}.get(encryption or "", 25)
    return Mail(
        recipients,
        sender or recipients[0],
        (host, usual if port is None else port),
        (login[0], login[1]) if login is not None else None,
        encryption,
        checked_level(level, _WHERE),
    )


def _answer(what: str, code: int) -> Exception:
    """Return an error for good (5xx, RFC 5321 section 4.2.1) or one that may pass."""
    kind = UnavailableError if code >= 500 else ConnectionError
    return kind(f"the server {what}")


def _check_address(address: Any) -> None:
    if (
        not isinstance(address, str)
        or address.count("@") != 1
        or not address.isprintable()
        or " " in address
        or "," in address
    ):
        raise _fault(f"{address!r:.60} is no address", "an address such as me@example.org")


def _fault(what: str, expected: str) -> UsageError:
    return UsageError(what, where=_WHERE, expected=expected)
