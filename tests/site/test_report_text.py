"""Reports: nothing in them is active, their numbers are filled in or checked."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.runs.claims import Claim
from reportgen.site.report_text import Filled, ReportText, allowed_link, read_report

PAYLOADS = (
    "<script>PWN()</script>",
    "<img src=x onerror=PWN()>",
    "[x](javascript:PWN())",
    "[x](JaVa\tScRiPt:PWN())",
    "[x](&#106;avascript:PWN())",
    "[x](data:text/html,<script>PWN()</script>)",
    "[x](vbscript:PWN())",
    "[x](//evil.example/a)",
    "[x](\\\\evil.example\\a)",
    "[x](http://user:pass@evil.example/)",
    "<javascript:PWN()>",
    '[x](http://a.example/"onmouseover="PWN())',
    "[x](http://a.example 'x\" onmouseover=\"PWN()')",
    "![x](http://tracker.example/pixel.gif)",
    "![x](data:image/svg+xml,<svg onload=PWN()>)",
    '![x" onerror="PWN()](a.png)',
    "`<script>PWN()</script>`",
    "```html\n<script>PWN()</script>\n```",
    "<!-- --><svg onload=PWN()>",
    "[a]: javascript:PWN()\n\n[a]",
    "| a |\n|---|\n| <script>PWN()</script> |",
    "\u202egnp.exe {{7*7}} {% raw %}",
)
ELEMENTS = frozenset(
    {"p", "em", "strong", "code", "pre", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "a", "img"}
    | {"table", "thead", "tbody", "tr", "th", "td", "blockquote", "hr", "br", "span", "s"}
)
ATTRIBUTES = frozenset({"href", "src", "alt", "title", "class", "style", "start", "loading"})


class Strict(HTMLParser):
    """Fails at any element, attribute or address that a report must not hold."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS, tag
        for name, value in attrs:
            assert name in ATTRIBUTES, name
            if name in ("href", "src"):
                assert allowed_link(value or ""), value
            if name == "style":
                assert value in ("text-align:left", "text-align:right", "text-align:center")
        if tag == "img":
            assert dict(attrs)["src"] == "picture.png"


def report(text: str) -> ReportText:
    def value(claim: Claim) -> Filled:
        if claim.printed is None:
            return Filled("0.5", "runs/a/index.html", "filled")
        return Filled("as logged", "", "same" if claim.printed == "0.5" else "differs")

    found = read_report(
        text,
        name="note",
        root="../../",
        value=value,
        picture=lambda place: "picture.png" if place == "picture.png" else None,
    )
    for block in found.blocks:
        Strict().feed(str(block.markup or ""))
    return found


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_becomes_active(payload: str) -> None:
    for text in (payload, f"# {payload}", f"a {payload} b", f"> {payload}", f"- {payload}"):
        report(text)


@given(st.text(max_size=200))
def test_any_text_is_harmless(text: str) -> None:
    report(text)


@given(st.text(alphabet="[](){}<>!`*_#|-:/\\\"'&;ax \n", max_size=120))
def test_any_markup_is_harmless(text: str) -> None:
    report(text)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://a.example/b?c#d", True),
        ("mailto:a@b.example", True),
        ("other.md", True),
        ("../runs/index.html#a", True),
        ("#part", True),
        ("javascript:x", False),
        (" javascript:x", False),
        ("java\nscript:x", False),
        ("//a.example", False),
        ("\\\\a", False),
        ("data:text/html,x", False),
        ("https://u:p@a.example", False),
        ("&#106;avascript:x", False),
        ("http://[::1", False),
        ("file:///etc/passwd", False),
    ],
)
def test_addresses(address: str, allowed: bool) -> None:
    assert allowed_link(address) is allowed


def test_the_first_heading_is_the_title_and_others_step_down() -> None:
    found = report("# A *title*\n\nwords\n\n# More\n")
    assert found.title == "A title"
    marked = report("# The `val_loss` of [a_b](https://example.org/x) &amp; 2 \\* *three*\n")
    assert marked.title == "The val_loss of a_b & 2 * three"
    assert str(found.blocks[0].markup) == "<p>words</p>\n<h2>More</h2>\n"
    assert report("words").title == "note"


def test_numbers_are_filled_in_and_checked() -> None:
    text = (
        "It is {{run:a_b val/acc best}}, and 0.5 {{run:a val/acc best}}, not "
        "0.7 {{run:a val/acc last}}.\n\n`{{run:x y best}}` {{run:only-two best}}\n"
    )
    found = report(text)
    html = str(found.blocks[0].markup)
    assert '<span class="number-of-run"><a href="../../runs/a/index.html">0.5</a></span>' in html
    assert '0.5 <span class="badge good">as logged</span>' in html
    assert '0.7 <span class="badge poor">as logged</span>' in html
    assert "<code>{{run:x y best}}</code>" in html
    assert found.checked == 3
    assert [fault.partition(":")[0] for fault in found.faults] == ["line 1", "line 3"]


def test_directives_stand_where_they_are_in_the_text() -> None:
    found = report("a\n\n```chart\nmetric: m\n```\n\nb\n\n```python\nx\n```\n")
    assert [(b.directive, b.content, b.line) for b in found.blocks] == [
        ("", "", 0),
        ("chart", "metric: m\n", 3),
        ("", "", 0),
    ]
    assert 'class="language-python"' in str(found.blocks[2].markup)


def test_only_pictures_beside_the_report_are_shown() -> None:
    found = report("![a curve](picture.png) ![pixel](https://a.example/x.gif)")
    html = str(found.blocks[0].markup)
    assert '<img src="picture.png" alt="a curve" loading="lazy">' in html
    assert "[picture: pixel]" in html
    assert found.pictures == ("picture.png",)
