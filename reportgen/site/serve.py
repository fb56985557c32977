"""A site that follows its runs: built, served on this machine alone, built again as they grow.

A page asks every two seconds for ``data/manifest.js`` and loads itself again when its own file
changed. What a person chose there (zoom, filter, selection) is in the address and stays.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from reportgen.config import Settings
from reportgen.errors import ReportgenError, UsageError
from reportgen.fs.paths import safe_relpath
from reportgen.site.build import BuildResult, build_site
from reportgen.site.fingerprint import of_folder
from reportgen.site.memory import cache_root

PORT = 8420
LOOK_SECONDS = 1.0
"""How often the runs are looked at."""

_LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})


def served_folder(paths: Sequence[Path]) -> Path | None:
    """Return the folder in the user's cache that the site of some runs is built into."""
    root = cache_root()
    places = "\n".join(os.path.abspath(path) for path in paths)
    name = hashlib.sha256(places.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return None if root is None else root / "served" / name


class Follower:
    """Builds the site of some runs, and again whenever a file of theirs changed.

    Args:
        paths: Run folders, or folders that hold some.
        output: Folder of the site.
        settings: As for a build.
        theme: Name of a theme, or its folder.
        repository: As for a build.
        built: Called after each build.
        failed: Called with the fault of a build that failed; the old site stands.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        output: Path,
        *,
        settings: Settings,
        theme: str = "default",
        repository: Path | None = None,
        built: Callable[[BuildResult], None] = lambda result: None,
        failed: Callable[[ReportgenError], None] = lambda error: None,
    ) -> None:
        self._paths = paths
        self._build = partial(
            build_site,
            paths,
            output,
            theme=theme,
            settings=settings,
            repository=repository,
            live=True,
        )
        self._built = built
        self._failed = failed
        self._state: tuple[str, ...] = ()
        self._stop = threading.Event()

    def build(self) -> BuildResult:
        """Build the site.

        Raises:
            ReportgenError: As :func:`reportgen.site.build.build_site`.
        """
        self._state = self._look()
        return self._build()

    def follow(self) -> None:
        """Build again whenever the runs changed, until :meth:`stop`."""
        pause = LOOK_SECONDS
        while not self._stop.wait(pause):
            pause = LOOK_SECONDS
            if self._look() == self._state:
                continue
            began = time.monotonic()
            try:
                self._built(self.build())
            except ReportgenError as error:
                self._failed(error)
            # Of the machine's time, at most a third goes into building.
            pause = max(LOOK_SECONDS, 2 * (time.monotonic() - began))

    def stop(self) -> None:
        """End :meth:`follow`."""
        self._stop.set()

    def _look(self) -> tuple[str, ...]:
        prints = [of_folder(path) for path in self._paths]
        return tuple(one.digest if one else "" for one in prints)


class _Handler(SimpleHTTPRequestHandler):
    """Serves the files of one folder, to this machine alone, and lists nothing."""

    server_version = "reportgen"
    sys_version = ""

    def __init__(self, *args: object, folder: Path, **more: object) -> None:
        self._folder = folder
        super().__init__(*args, directory=os.fspath(folder), **more)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if self._is_ours():
            super().do_GET()

    def do_HEAD(self) -> None:
        if self._is_ours():
            super().do_HEAD()

    def _is_ours(self) -> bool:
        """Refuse what another site makes a browser ask of this machine under a name of its own."""
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        if host not in _LOCAL:
            self.send_error(HTTPStatus.FORBIDDEN, "Ask for it by 127.0.0.1")
            return False
        return True

    def translate_path(self, path: str) -> str:
        """Return the file of an address; one that cannot exist for an address out of bounds."""
        relative = unquote(urlsplit(path).path).strip("/") or "index.html"
        try:
            place = self._folder / safe_relpath(relative)
        except ReportgenError:
            return os.fspath(self._folder / "404")
        place = place / "index.html" if place.is_dir() else place
        top = os.path.realpath(self._folder)
        if os.path.realpath(place) != os.path.join(top, place.relative_to(self._folder)):
            return os.fspath(self._folder / "404")  # a link, which is not followed
        return os.fspath(place)

    def send_head(self):  # type: ignore[no-untyped-def]
        """As the base class, and a folder without its slash is sent to the one with it."""
        path = urlsplit(self.path).path
        inside = (self._folder / unquote(path).strip("/")).is_dir() if ".." not in path else False
        if inside and not path.endswith("/"):
            self.send_response(HTTPStatus.MOVED_PERMANENTLY)
            self.send_header("Location", "/" + path.strip("/") + "/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        return super().send_head()

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of each request."""


def open_server(folder: Path, port: int | None = None) -> ThreadingHTTPServer:
    """Return a server of a folder on the loopback interface, not yet serving.

    Args:
        folder: What is served; it may be replaced meanwhile.
        port: Its port; by default 8420, or any that is free when that is taken.

    Raises:
        UsageError: The port is taken or may not be used.
    """
    handler = partial(_Handler, folder=folder)
    for candidate in (PORT, 0) if port is None else (port,):
        try:
            return ThreadingHTTPServer(("127.0.0.1", candidate), handler)
        except (OSError, OverflowError) as error:
            fault = error
    raise UsageError(f"cannot be used: {fault}", where=f"--port {port}", fix="Name another port")
