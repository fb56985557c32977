"""What the audit asks of the network, and only with ``--online``: a few bounded questions.

Every address comes from the audited folder, so it is taken as hostile: https alone, no user or
password, public names and addresses only, no body sent, no credentials of the user (git starts
without configuration, helper and prompt), little read, little time. Nothing is fetched into the
repository, and nothing that comes back is executed.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlsplit

import orjson

from reportgen import __version__
from reportgen.audit.hosts import host_of, is_public_name
from reportgen.capture.git_process import Deadline, base_environment, run_git
from reportgen.errors import ReportgenError, UnavailableError

SECONDS: Final = 120.0
_ONE_QUESTION: Final = 15.0
_JSON_BYTES = 32 * 2**20
_REFS_BYTES = 32 * 2**20
_PASSED_ON = (
    *("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("GIT_SSL_CAINFO", "HOME", "SSH_AUTH_SOCK"),
)
_REF = re.compile(r"(?P<id>[0-9a-f]{40}(?:[0-9a-f]{24})?)\t(?P<name>refs/[^\n]{1,1000})")

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Head:
    """What a server says of a file.

    Attributes:
        status: Of HTTP.
        bytes: Its length, None when not told.
        etag: Its entity tag without quotes, None when not told.
    """

    status: int
    bytes: int | None = None
    etag: str | None = None


class Network:
    """Asks, remembers what was answered, and stops when its time is over.

    Args:
        seconds: For all questions of one audit together.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._end = time.monotonic() + seconds
        self._answers: dict[tuple[str, ...], object] = {}

    def head(self, url: str) -> Head:
        """Return what the server says of a file, its body left where it is.

        Raises:
            UnavailableError: Refused, out of reach, or out of time.
        """
        return self._remembered(("head", url), lambda: self._head(url))

    def json(self, url: str, accept: str = "application/json") -> Any:
        """Return a JSON document, or None when the server has none there.

        Raises:
            UnavailableError: Refused, out of reach, out of time, or no JSON.
        """
        return self._remembered(("json", url), lambda: self._json(url, accept))

    def refs(self, remote: str) -> dict[str, str]:
        """Return the id of every reference that a git server advertises, by its name.

        Raises:
            UnavailableError: Refused, out of reach, or out of time.
        """
        return self._remembered(("refs", remote), lambda: self._refs(remote))

    def _remembered(self, key: tuple[str, ...], ask: Callable[[], Answer]) -> Answer:
        if key not in self._answers:
            try:
                self._answers[key] = ask()
            except UnavailableError as error:
                self._answers[key] = error
        answer = self._answers[key]
        if isinstance(answer, UnavailableError):
            raise answer
        return cast("Answer", answer)

    def _left(self) -> float:
        left = min(self._end - time.monotonic(), _ONE_QUESTION)
        if left <= 0:
            raise UnavailableError("the time for questions to the network is over")
        return left

    # -- https ----------------------------------------------------------------------------

    def _head(self, url: str) -> Head:
        status, headers, _ = self._request(url, "HEAD", "*/*", 0)
        length = headers.get("Content-Length") or ""
        etag = (headers.get("ETag") or "").removeprefix("W/").strip('"')
        return Head(
            status, int(length) if re.fullmatch(r"\d{1,18}", length) else None, etag or None
        )

    def _json(self, url: str, accept: str) -> Any:
        status, _, body = self._request(url, "GET", accept, _JSON_BYTES)
        if status in (404, 410):
            return None
        if status != 200:
            raise UnavailableError(f"{urlsplit(url).hostname} answered {status}")
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            raise UnavailableError(f"{urlsplit(url).hostname} answered with no JSON") from None

    def _request(self, url: str, method: str, accept: str, limit: int) -> tuple[int, Any, bytes]:
        from urllib.error import HTTPError, URLError
        from urllib.request import Request

        check_address(url)
        headers = {"User-Agent": f"reportgen/{__version__}", "Accept": accept}
        request = Request(url, method=method, headers=headers)  # noqa: S310 - https, see above
        try:
            with _opener().open(request, timeout=self._left()) as response:
                body = response.read(limit + 1) if limit else b""
                if len(body) > limit:
                    raise UnavailableError(f"{urlsplit(url).hostname} answered with too much")
                return response.status, response.headers, body
        except HTTPError as error:
            with error:
                return error.code, error.headers, b""
        except (URLError, OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise UnavailableError(f"{urlsplit(url).hostname}: {str(reason)[:120]}") from None

    # -- git ------------------------------------------------------------------------------

    def _refs(self, remote: str) -> dict[str, str]:
        host = host_of(remote)
        if not is_public_name(host):
            raise UnavailableError(f"{host or 'the remote'} is no public name")
        if remote.startswith("https://"):
            check_address(remote)
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment = {
            **base_environment(),
            **passed_on,
            "GIT_ALLOW_PROTOCOL": "https:ssh",
            "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oStrictHostKeyChecking=yes",
            "GIT_ASKPASS": "true",
        }
        words = ["-c", "http.followRedirects=false", "ls-remote", "--quiet", "--", remote]
        with tempfile.TemporaryDirectory(prefix="reportgen-remote-") as folder:
            # Outside of every repository, so that none has a say in what happens.
            environment["GIT_CEILING_DIRECTORIES"] = str(Path(folder).parent)
            try:
                status, output, errors = run_git(
                    words,
                    folder=Path(folder),
                    environment=environment,
                    deadline=Deadline(self._left()),
                    limit=_REFS_BYTES,
                )
            except ReportgenError as error:
                raise UnavailableError(f"{host}: {error.what}") from None
        if status:
            said = errors.splitlines()[-1][:160] if errors else f"exit status {status}"
            raise UnavailableError(f"{host}: {said}")
        found = (_REF.fullmatch(line) for line in output.decode("utf-8", "replace").split("\n"))
        return {match["name"]: match["id"] for match in found if match}


def check_address(url: str) -> None:
    """Refuse what is no public https address.

    Raises:
        UnavailableError: It is none, or its name leads to an address that is not public.
    """
    try:
        parts = urlsplit(url)
        host, port, with_user = parts.hostname, parts.port, "@" in parts.netloc
    except ValueError:
        raise UnavailableError("is no address") from None
    if parts.scheme != "https" or with_user or not url.isascii() or not url.isprintable():
        raise UnavailableError("is no https address without a user")
    if host is None or not is_public_name(host):
        raise UnavailableError(f"{str(host)[:80]} is no public name")
    if any(os.environ.get(name) for name in ("https_proxy", "HTTPS_PROXY")):
        return  # names are then looked up by the proxy
    try:
        found = socket.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnavailableError(f"{host}: {error.strerror or 'is not known'}") from None
    if not all(ipaddress.ip_address(str(one[4][0]).split("%")[0]).is_global for one in found):
        raise UnavailableError(f"{host} leads to an address that is not public")


def _opener() -> Any:
    """Return an opener for https alone, which follows a redirect only to what it would ask."""
    from urllib import request

    class Redirects(request.HTTPRedirectHandler):
        max_redirections = 4

        def redirect_request(self, *arguments: Any) -> Any:
            check_address(str(arguments[-1]))
            return super().redirect_request(*arguments)

    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        request.HTTPSHandler(),
        Redirects(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener
