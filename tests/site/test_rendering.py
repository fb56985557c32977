"""A broken theme names the template and the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import BuildError
from reportgen.site.rendering import Renderer
from reportgen.site.theme import load_theme


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    folder = tmp_path / "lab"
    (folder / "templates" / "pages").mkdir(parents=True)
    (folder / "theme.yaml").write_text("name: lab\nextends: default\n")
    return folder


def render(lab: Path, source: str, **values: object) -> str:
    (lab / "templates" / "pages" / "x.html").write_text(source)
    renderer = Renderer(load_theme(f"{lab}/"), {"shared": "<shared>"})
    return renderer.render("pages/x.html", values).decode()


def test_everything_is_escaped_and_visible(lab: Path) -> None:
    page = render(lab, '<p title="{{ a }}">{{ a }} {{ shared }} {{ n }}</p>', a="<\"'&\x00", n=3)
    assert page == (
        '<p title="&lt;&#34;&#39;&amp;\u2400">&lt;&#34;&#39;&amp;\u2400 &lt;shared&gt; 3</p>'
    )


def test_what_a_macro_made_is_not_escaped_again(lab: Path) -> None:
    source = "{% macro b(x) %}<b>{{ x }}</b>{% endmacro %}{{ b(a) }}"
    assert render(lab, source, a="<") == "<b>&lt;</b>"


def test_a_child_extends_the_template_that_it_replaces(lab: Path) -> None:
    (lab / "templates" / "base.html").write_text(
        '{% extends "default/base.html" %}{% block footer %}lab{% endblock %}'
    )
    source = '{% extends "base.html" %}'
    shared = ("csp", "site_title", "site_id", "vega", "charts", "page_title", "root", "section")
    values = {
        **dict.fromkeys(shared, "x"),
        **{"sections": [], "styles": [], "early": [], "scripts": [], "site_links": []},
        **{"as_of": "", "version": "", "live": "", "page_path": ""},
    }
    assert "<p>lab</p>" in render(lab, source, **values)


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("a\n{% if %}", 2, "Expected"),
        ("a\nb\n{{ nothing_of_the_kind }}", 3, "nothing_of_the_kind"),
        ("a\n{{ a.missing }}", 2, "missing"),
        ("{% block x %}", 1, "Unexpected end"),
        ("a\n{{ a + 3 }}", 2, ""),
    ],
)
def test_a_fault_names_template_and_line(lab: Path, source: str, line: int, words: str) -> None:
    with pytest.raises(BuildError) as caught:
        render(lab, source, a="x")
    assert f"x.html:{line}" in str(caught.value)
    assert words in str(caught.value)


def test_a_missing_template_is_named(lab: Path) -> None:
    with pytest.raises(BuildError, match=r"parts/none\.html"):
        render(lab, '{% include "parts/none.html" %}')
