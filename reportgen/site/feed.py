"""The Atom feed of the runs that ended last (RFC 4287), and the list of all pages."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit
from xml.etree import ElementTree as Xml

from reportgen.runs.times import from_iso, to_iso
from reportgen.site.figures import number
from reportgen.site.model import Record, best_value
from reportgen.site.project import Project
from reportgen.site.text import clip, visible

_ATOM = "http://www.w3.org/2005/Atom"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_ENTRIES = 50
_FIRST = "1970-01-01T00:00:00.000Z"


def feed(project: Project, site: str, base_url: str | None) -> bytes:
    """Return the feed; its links are relative where the address of the site is not known.

    Args:
        project: The subject of the site.
        site: What tells it from other sites.
        base_url: Where it will stand, with a slash at the end.
    """
    base = base_url or ""
    recent = sorted(project.shown, key=lambda record: (_moment(record), record.slug))[-_ENTRIES:]
    host = urlsplit(base).hostname or "site.invalid"
    root = Xml.Element("feed", xmlns=_ATOM)
    _text(root, "title", project.title)
    _text(root, "id", f"tag:{host},2026:{site}")
    _text(root, "updated", _moment(recent[-1]) if recent else _FIRST)
    Xml.SubElement(root, "link", rel="alternate", href=f"{base}index.html")
    Xml.SubElement(root, "link", rel="self", href=f"{base}feed.xml")
    author = Xml.SubElement(root, "author")
    _text(author, "name", project.title)
    for record in reversed(recent):
        entry = Xml.SubElement(root, "entry")
        _text(entry, "title", record.name)
        _text(entry, "id", f"tag:{host},2026:{site}/{record.slug}")
        _text(entry, "updated", _moment(record))
        Xml.SubElement(entry, "link", rel="alternate", href=f"{base}{record.page}")
        _text(entry, "summary", _summary(project, record))
    return _bytes(root)


def sitemap(base_url: str, pages: Iterable[str]) -> bytes:
    """Return the sitemap (sitemaps.org, protocol 0.9) of pages below an address."""
    root = Xml.Element("urlset", xmlns=_SITEMAP)
    for page in sorted(pages):
        if page != "404.html":
            _text(Xml.SubElement(root, "url"), "loc", f"{base_url}{page}")
    return _bytes(root)


def _moment(record: Record) -> str:
    """Return when a run ended, else when it began."""
    run = record.view.run
    found = [from_iso(text) for text in (run.ended, run.created)]
    return next((to_iso(time) for time in found if time is not None), _FIRST)


def _summary(project: Project, record: Record) -> str:
    parts = [record.state]
    value = best_value(record, project.metric)
    if record.trouble:
        parts.append(f"{record.trouble.metric} is {record.trouble.text}")
    elif value is not None:
        parts.append(f"{clip(project.metric or '', 80)} {number(value)}")
    if record.audit:
        parts.append(f"audit {record.audit.low} {record.audit.level}, {record.audit.word}")
    return "; ".join(parts)


def _text(parent: Xml.Element, tag: str, text: str) -> None:
    Xml.SubElement(parent, tag).text = visible(text)


def _bytes(root: Xml.Element) -> bytes:
    Xml.indent(root)
    text: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"
