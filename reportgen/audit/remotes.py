"""Remotes of a repository: whether an address can be used by others, and what is behind it."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from reportgen.audit.evidence import shown
from reportgen.audit.interface import AuditContext
from reportgen.capture.git_objects import is_full_id
from reportgen.capture.shadow import ShadowRepository
from reportgen.errors import UnavailableError, UnreadableError
from reportgen.runs.redact import is_redacted

_HOST = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}")
_PATH = re.compile(r"/[A-Za-z0-9._~/%+=@-]{1,900}")
_SCP = re.compile(r"[A-Za-z0-9_.-]{1,60}@[A-Za-z0-9.-]{1,253}:(?!/*$)[A-Za-z0-9._~/%+=@-]{1,900}")


def address_fault(url: str) -> str | None:
    """Return what is wrong with a remote's address, in words that follow it, or None."""
    if is_redacted(url):
        return "held credentials, which were taken out"
    if _SCP.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return f"is no address: {shown(url)}"
    if parts.scheme not in ("https", "ssh"):
        return f"is reached by {parts.scheme or 'a path'}, not by https or ssh"
    if parts.password is not None or (parts.scheme == "https" and parts.username is not None):
        return "holds a user or a token"
    whole = host and _HOST.fullmatch(host) and _PATH.fullmatch(parts.path)
    if not whole or parts.query or parts.fragment:
        return f"is no address of a repository: {shown(url)}"
    return None


RemoteState = Literal["held", "unknown", "tracked", "absent"]


def remote_state(context: AuditContext, remote: str, commit: str) -> RemoteState:
    """Return whether a remote's references hold a commit.

    ``held``: one of them contains it. ``tracked``: none does, but a remote-tracking reference of
    the repository here still says so. ``unknown``: some lead to history that is not here.

    Raises:
        UnavailableError: The network may not be asked, or did not answer.
    """
    if context.network is None:
        raise UnavailableError("the network may not be asked")
    tips = set(context.network.refs(remote).values())
    if commit in tips:
        return "held"
    repository = context.repository
    try:
        if not repository.commit_exists(commit):
            return "unknown" if tips else "absent"
        known, held = repository.asked(
            ("held", commit, frozenset(tips)), lambda shadow: _held_by(shadow, commit, tips)
        )
        if held:
            return "held"
        if not known:
            return "unknown"
        tracked = repository.asked(("tracked", commit), lambda shadow: _is_tracked(shadow, commit))
    except (UnavailableError, UnreadableError):
        return "unknown"
    return "tracked" if tracked else "absent"


def _held_by(shadow: ShadowRepository, commit: str, tips: set[str]) -> tuple[bool, bool]:
    """Return whether every tip is here, and whether one of those here contains the commit."""
    here = [tip for tip in sorted(tips) if is_full_id(tip) and shadow.objects.read(tip) is not None]
    if not here:
        return not tips, False
    asked = "".join(f"{line}\n" for line in (commit, *(f"^{tip}" for tip in here)))
    left = shadow.git("rev-list", "--max-count=1", "--stdin", stdin=asked.encode("ascii"))
    return len(here) == len(tips), not left.strip()


def _is_tracked(shadow: ShadowRepository, commit: str) -> bool:
    found = shadow.git("for-each-ref", "--count=1", f"--contains={commit}", "refs/remotes")
    return bool(found.strip())
