"""Reports in Markdown: a safe subset, with places for charts and tables, and checked numbers.

The parser is markdown-it-py (CommonMark with tables) with raw HTML off. Links lead to http, https
and mailto addresses or to relative ones; pictures that are not beside the report are left out.
A fenced block named ``chart`` or ``table`` is a directive, in YAML. A link ``{{run:NAME METRIC
best}}`` (grammar: :mod:`reportgen.runs.claims`) becomes the number, or says whether the number
typed beside it is the one of the run.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from reportgen.runs.claims import Claim, read_claims
from reportgen.site.text import visible

DIRECTIVES = ("chart", "table")
_OPEN, _CLOSE = "\ue000", "\ue001"
_PLACE = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_SCHEMES = ("http", "https", "mailto")
_UNFIT = re.compile(r"[\x00-\x20\x7f-\x9f\\]")


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in place of a link: a number, the run it is of, and whether it is as typed.

    Attributes:
        text: The value; what is wrong when there is none.
        page: Page of the run below the site; empty without one.
        verdict: ``filled`` in place of a missing number, ``same`` or ``differs`` beside one.
    """

    text: str
    page: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a report: markup of our own making, or a directive."""

    markup: Markup | None
    directive: str = ""
    content: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class ReportText:
    """A report.

    Attributes:
        title: Its first heading of the first rank, else its name.
        blocks: In order, without that heading.
        pictures: Relative places of pictures that it shows.
        faults: Numbers that are not as the runs have them, and links that lead nowhere.
        checked: Links of which the number was filled in or compared.
    """

    title: str
    blocks: tuple[Block, ...]
    pictures: tuple[str, ...]
    faults: tuple[str, ...]
    checked: int


def read_report(
    text: str,
    *,
    name: str,
    root: str,
    value: Callable[[Claim], Filled],
    picture: Callable[[str], str | None],
) -> ReportText:
    """Return a report as blocks.

    Args:
        text: The whole file.
        name: Its name, for a report without heading.
        root: Prefix from its page to the site's top.
        value: Looks up a link.
        picture: Returns the address of a picture beside the report, None for one that is not.
    """
    plain = visible(text.replace("\r\n", "\n").replace(_OPEN, "\ufffd").replace(_CLOSE, "\ufffd"))
    claims = read_claims(plain)
    marked, found = _marked(plain, claims.claims)
    filled = [value(claim) for claim in found]
    parser = _parser()
    pictures: list[str] = []
    parser.add_render_rule("image", _picture_rule(picture, pictures))
    tokens = parser.parse(marked)
    title = _take_title(tokens) or name
    blocks = [
        Block(_fill(block.markup, filled, root), block.directive, block.content, block.line)
        for block in _blocks(parser, tokens)
    ]
    faults = [
        f"line {claim.line}: {claim.text} {done.text}"
        for claim, done in zip(found, filled, strict=True)
        if done.verdict == "differs"
    ]
    faults += [
        f"line {one.line}: {one.text} is no link that can be read" for one in claims.malformed
    ]
    return ReportText(
        _PLACE.sub(lambda m: filled[int(m[1])].text, title),
        tuple(blocks),
        tuple(pictures),
        tuple(faults),
        len(found),
    )


class _Parser(MarkdownIt):
    """markdown-it-py with the links that a report may have."""

    def validateLink(self, url: str) -> bool:  # noqa: N802  (the name is the parser's)
        return allowed_link(url)


def _parser() -> MarkdownIt:
    return _Parser("js-default", {"html": False, "linkify": False, "typographer": False})


def allowed_link(address: str) -> bool:
    """Tell whether a report may link to an address: http, https, mailto, or relative."""
    if _UNFIT.search(address) or len(address) > 2_000:
        return False
    try:
        parts = urlsplit(html.unescape(address))
    except ValueError:
        return False
    if parts.scheme:
        return parts.scheme.lower() in _SCHEMES and "@" not in parts.netloc
    return not parts.netloc and ":" not in parts.path.partition("/")[0]


def _marked(text: str, claims: Sequence[Claim]) -> tuple[str, list[Claim]]:
    """Return the text with a mark in place of each link, and the links by their marks."""
    lines = text.split("\n")
    found: list[Claim] = []
    at: dict[int, int] = {}
    for claim in claims:
        line = lines[claim.line - 1]
        start = line.find(claim.text, at.get(claim.line, 0))
        if start >= 0:
            mark = f"{_OPEN}{len(found)}{_CLOSE}"
            lines[claim.line - 1] = line[:start] + mark + line[start + len(claim.text) :]
            at[claim.line] = start + len(mark)
            found.append(claim)
    return "\n".join(lines), found


def _take_title(tokens: list[Token]) -> str:
    """Take the first heading of the first rank out; further ones become of the second."""
    title = ""
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h1":
            title = _plain(tokens[place + 1].children or ())
            del tokens[place : place + 3]
            break
    for token in tokens:
        if token.type in ("heading_open", "heading_close") and token.tag == "h1":
            token.tag = "h2"
    return title


def _plain(tokens: Sequence[Token]) -> str:
    """Return the words of a heading as a reader sees them; of a picture, its description."""
    words = (" " if token.type in ("softbreak", "hardbreak") else token.content for token in tokens)
    return " ".join("".join(words).split())


def _blocks(parser: MarkdownIt, tokens: Sequence[Token]) -> list[Block]:
    blocks: list[Block] = []
    kept: list[Token] = []

    def close() -> None:
        if kept:
            rendered = parser.renderer.render(kept, parser.options, {})
            blocks.append(Block(Markup(rendered)))  # noqa: S704  (made by the parser, HTML is off)
            kept.clear()

    for token in tokens:
        directive = token.info.strip() if token.type == "fence" and token.level == 0 else ""
        if directive in DIRECTIVES:
            close()
            line = token.map[0] + 1 if token.map else 0
            blocks.append(Block(None, directive, token.content, line))
        else:
            kept.append(token)
    close()
    return blocks


def _picture_rule(picture: Callable[[str], str | None], pictures: list[str]) -> Callable[..., str]:
    def rule(_self: object, tokens: Sequence[Token], place: int, *_rest: object) -> str:
        token = tokens[place]
        source = str(token.attrs.get("src", ""))
        words = html.escape(token.content)
        address = picture(source)
        if address is None:
            return f'<span class="missing">[picture: {words or "without words"}]</span>'
        pictures.append(source)
        return f'<img src="{html.escape(address)}" alt="{words}" loading="lazy">'

    return rule


def _fill(markup: Markup | None, filled: Sequence[Filled], root: str) -> Markup | None:
    if markup is None:
        return None
    return Markup(_PLACE.sub(lambda match: _shown(filled[int(match[1])], root), str(markup)))  # noqa: S704


def _shown(done: Filled, root: str) -> str:
    words = html.escape(done.text)
    inner = f'<a href="{html.escape(root + done.page)}">{words}</a>' if done.page else words
    if done.verdict == "filled":
        return f'<span class="number-of-run">{inner}</span>'
    tone = "good" if done.verdict == "same" else "poor"
    return f'<span class="badge {tone}">{inner}</span>'
