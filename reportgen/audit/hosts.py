"""Hosts in recorded addresses: which they are, and which of them the public can know."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_NAME = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,20}[a-z]{2,63}")
_NOT_PUBLIC = (
    *(".local", ".localhost", ".internal", ".intranet", ".lan", ".home", ".corp"),
    *(".test", ".example", ".invalid", ".onion"),
)
_SCP = re.compile(r"(?:[\w.-]{1,60}@)(?P<host>[\w.-]{1,253}):(?!//)[\w~./-]{1,900}")


def host_of(url: str) -> str | None:
    """Return the host of an https, ssh or ``user@host:path`` address in lower case, or None."""
    match = _SCP.fullmatch(url)
    if match:
        return match["host"].lower()
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def is_public_name(host: str | None) -> bool:
    """Tell whether a host is a name that the public name system can know."""
    if not host or not _NAME.fullmatch(host):
        return False
    return not host.endswith(_NOT_PUBLIC)
