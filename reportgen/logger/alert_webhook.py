"""Alerts to a webhook in Slack's format: a POST of ``{"text": ...}``.

The format is that of Slack's incoming webhooks (docs.slack.dev/messaging/sending-messages-using-
incoming-webhooks), which Mattermost, Rocket.Chat and Google Chat take as well. The address is a
secret: it stands in no message and no file.
"""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

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

_WHERE: Final = "alert_by_webhook"
_TEXT_LIMIT = 3_000
_AGAIN = (408, 425, 429)
"""Answers that ask to come back; so do all from 500 on."""
_ESCAPED = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
"""Slack reads these three as the begin of a link or a mention."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Sends the message nowhere but to the address that was given."""

    def redirect_request(self, *arguments: Any, **named: Any) -> None:
        return None


class Webhook:
    """Posts alerts; made by :func:`alert_by_webhook`."""

    name = "webhook"

    def __init__(self, url: str, level: Level, headers: Mapping[str, str]) -> None:
        self._url = url
        self._level = level
        self._headers = {**headers, "Content-Type": "application/json"}
        self._opener = urllib.request.build_opener(_NoRedirects)

    def __repr__(self) -> str:
        return "<webhook for alerts>"

    def send(self, alert: Alert) -> None:
        """Post an alert, three times at most.

        Raises:
            UnavailableError: The server refused it.
            OSError: The server cannot be reached, or is out of order.
        """
        if at_least(alert, self._level):
            body = orjson.dumps({"text": message_of(alert)})
            deliver(lambda: self._post(body))

    def _post(self, body: bytes) -> None:
        # A faulty address would stand in the errors of urllib, hence new ones without a cause.
        try:
            request = urllib.request.Request(self._url, body, self._headers)  # noqa: S310
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                answer.read(1_000)
        except urllib.error.HTTPError as error:
            error.close()
            answer_text = f"the server answered {error.code}"
            if error.code in _AGAIN or error.code >= 500:
                raise ConnectionError(answer_text) from None
            raise UnavailableError(answer_text) from None
        except urllib.error.URLError as error:
            raise ConnectionError(_without_address(error.reason)) from None
        except TimeoutError:
            raise ConnectionError("the server does not answer in time") from None
        except Exception as error:
            raise ConnectionError(f"no answer of HTTP: {type(error).__name__}") from None


def alert_by_webhook(
    url: str, *, level: Level = "warning", headers: Mapping[str, str] | None = None
) -> Webhook:
    """Return a sink for ``start_run(alerts=[...])`` that posts alerts to a chat.

    Args:
        url: Address of an incoming webhook, such as ``os.environ["SLACK_WEBHOOK"]``; nothing of
            it is recorded.
        level: The least serious level that is sent.
        headers: Further headers, such as one with an authorisation.

    Raises:
        UsageError: The address is none of HTTP, or the level is unknown.
    """
    if not _is_address(url):
        raise UsageError(
            "the address is none of http or https, or holds a login or a space",
            where=_WHERE,
            expected="the address of an incoming webhook; it may be a secret, so it is not shown",
            fix="Give a login as headers={'Authorization': ...}.",
        )
    return Webhook(url, checked_level(level, _WHERE), dict(headers or {}))


def message_of(alert: Alert) -> str:
    """Return an alert as the text of a message."""
    text = "" if alert.text in ("", alert.title) else f"\n{alert.text}"
    return f"{headline(alert)}{text}"[:_TEXT_LIMIT].translate(_ESCAPED)


def _is_address(url: Any) -> bool:
    if not isinstance(url, str) or not re.fullmatch(r"[\x21-\x7e]+", url):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and "@" not in parts.netloc


def _without_address(reason: Any) -> str:
    if isinstance(reason, TimeoutError):
        return "the server does not answer in time"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return f"no connection: {type(reason).__name__}"
