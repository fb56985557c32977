"""One run as one HTML file: its page with everything that it loads put into it.

The same page, scripts and loader as in a site; data and libraries stand in the file beforehand, so
that the loader finds them there. The policy of the page names each script by its SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import re
import tempfile
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from pathlib import Path

from reportgen.config import Settings
from reportgen.errors import UsageError
from reportgen.fs.atomic import write_bytes
from reportgen.site.build import BuildResult, build_site
from reportgen.site.text import script_json

_ATTACHED_BYTES = 8 * 2**20
_VOID = frozenset({"meta", "link", "input", "br", "img", "hr", "col", "source", "path", "line"})


def build_single(
    run: Path, output: Path, *, settings: Settings, theme: str = "default", repository: Path | None
) -> BuildResult:
    """Write the page of one run as one file.

    Args:
        run: The run's folder.
        output: The file, replaced when it exists.
        settings, theme, repository: As for :func:`reportgen.site.build.build_site`.

    Raises:
        UsageError: The folder holds several runs, or the output is a folder.
        ReportgenError: As :func:`reportgen.site.build.build_site`.
    """
    if output.is_dir():
        raise UsageError("is a folder", where=str(output), expected="a file such as run.html")
    with tempfile.TemporaryDirectory(prefix="reportgen-single-") as scratch:
        site = Path(scratch) / "site"
        result = build_site(
            [run], site, theme=theme, settings=settings, repository=repository, incremental=False
        )
        pages = list((site / "runs").glob("*/index.html"))
        if len(pages) != 1:
            raise UsageError(f"holds {len(pages)} runs", where=str(run), expected="one run")
        page = _Page(site, pages[0])
        page.feed(pages[0].read_text(encoding="utf-8"))
        data = page.text().encode("utf-8")
    write_bytes(output, data)
    return BuildResult(1, 1, len(data), 0, result.seconds, output, result.problems)


class _Page(HTMLParser):
    """Copies a page, and puts into it what it refers to."""

    def __init__(self, site: Path, page: Path) -> None:
        super().__init__(convert_charrefs=False)
        self._site = site
        self._page = page
        self._parts: list[str] = []
        self._late: list[str] = []
        self._hashes: list[str] = []
        self._vega = ""
        self._charts = ""
        self._skipping = False
        self._pages_from: int | None = None

    def text(self) -> str:
        """Return the page with its policy."""
        scripts = " ".join(f"'sha256-{one}'" for one in self._hashes)
        whole = "".join(self._parts)
        return whole.replace(escape("script-src 'self'"), escape(f"script-src {scripts}"), 1)

    # -- what is copied -------------------------------------------------------------------

    def handle_decl(self, decl: str) -> None:
        self._parts.append(f"<!{decl}>")

    def handle_data(self, data: str) -> None:
        self._parts.append(data)

    def handle_entityref(self, name: str) -> None:
        self._parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._parts.append(f"&#{name};")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._parts.append(self._start(tag, dict(attrs), " /" if tag not in _VOID else "/"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._skipping:
            self._skipping = False
            return
        if tag == "body":
            self._parts += self._late
        self._parts.append(f"</{tag}>")
        if tag == "nav" and self._pages_from is not None:
            del self._parts[self._pages_from :]  # the other pages of a site are not here
            self._pages_from = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self._vega, self._charts = given.get("data-vega") or "", given.get("data-charts") or ""
        if tag == "nav" and given.get("aria-label") == "Pages":
            self._pages_from = len(self._parts)
        if tag == "link":
            self._parts.append(self._link(given))
        elif tag == "script":
            self._skipping = True
            self._script(given)
        else:
            self._parts.append(self._start(tag, given, ""))

    # -- what is put in -------------------------------------------------------------------

    def _start(self, tag: str, given: dict[str, str | None], end: str) -> str:
        if tag == "a" and given.get("href"):
            given = self._anchor(given)
        if tag == "img" and given.get("src"):
            given = {**given, "src": self._address(given["src"] or "") or ""}
        words = "".join(
            f" {name}" if value is None else f' {name}="{escape(value)}"'
            for name, value in given.items()
        )
        return f"<{tag}{words}{end}>"

    def _anchor(self, given: dict[str, str | None]) -> dict[str, str | None]:
        """Return a link within the page, to the web or to a file beside it; others lead nowhere."""
        href = given["href"] or ""
        if href.startswith("#") or "://" in href or href.startswith("mailto:"):
            return given
        address = self._address(href)
        kept = {name: value for name, value in given.items() if name != "href"}
        if address is None:
            return kept
        name = href.rpartition("/")[2]
        return {**kept, "href": address, "download": given.get("download") or name}

    def _address(self, path: str) -> str | None:
        """Return a file beside the page as an address that holds it."""
        place = (self._page.parent / path.partition("#")[0]).resolve()
        inside = place.is_relative_to(self._page.parent.resolve())
        if not inside or not place.is_file() or place.suffix == ".html":
            return None
        data = place.read_bytes()
        if len(data) > _ATTACHED_BYTES:
            return None
        kind = mimetypes.guess_type(place.name)[0] or "application/octet-stream"
        return f"data:{kind};base64,{base64.b64encode(data).decode()}"

    def _link(self, given: dict[str, str | None]) -> str:
        href = given.get("href") or ""
        if given.get("rel") == "stylesheet":
            text = (self._page.parent / href).read_text(encoding="utf-8")
            return f"<style>{text}</style>"  # of the theme, which is no run's
        return self._start("link", given, "") if href.startswith("data:") else ""

    def _script(self, given: dict[str, str | None]) -> None:
        path = self._page.parent / (given.get("src") or "")
        text = path.read_text(encoding="utf-8")
        into = self._late if "defer" in given else self._parts
        into.append(self._inline(text))
        if path.name.startswith("loader."):
            into += self._beforehand()

    def _beforehand(self) -> Iterator[str]:
        """Yield the libraries and the data that the page loads, as scripts that hand them over."""
        slug = self._page.parent.name
        for name in self._vega.split():
            text = (self._site / name).read_text(encoding="utf-8")
            yield self._inline(re.sub(r"\n//# sourceMappingURL=.*", "", text))
            yield self._inline(f"reportgen.hold({script_json(name)});")
        folder = self._site / "data"
        files = [self._site / self._charts, *sorted((folder / "curves" / slug).glob("*.js"))]
        for file in [*files, *sorted((folder / "runs").glob(f"{slug}.*.js"))]:
            yield self._inline(file.read_text(encoding="utf-8"))

    def _inline(self, text: str) -> str:
        text = text.replace("</script", "<\\/script").replace("<!--", "<\\!--")
        digest = hashlib.sha256(text.encode("utf-8")).digest()
        self._hashes.append(base64.b64encode(digest).decode())
        return f"<script>{text}</script>\n"
