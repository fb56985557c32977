from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.runs.claims import Claim, read_claims

LINK = "{{run:mlp val/acc best}}"


def only(text: str, *, tex: bool = False) -> Claim:
    (claim,) = read_claims(text, tex=tex).claims
    return claim


@pytest.mark.parametrize(
    ("text", "printed", "percent"),
    [
        (f"accuracy 0.913 {LINK}", "0.913", False),
        (f"accuracy **0.913** {LINK}.", "0.913", False),
        (f"accuracy 0.913 <!-- {LINK} -->", "0.913", False),
        (f"accuracy 91.3 % ({LINK})", "91.3", True),
        (f"accuracy 91.3%{LINK}", "91.3", True),
        (f"accuracy {LINK}: 0.913", "0.913", False),
        (f"accuracy {LINK} = `-1.2e-3`", "-1.2e-3", False),
        (f"loss \u22120.5 {LINK}", "-0.5", False),
        (f"steps 12,000 {LINK}", "12000", False),
        (f"Genauigkeit 0,913 {LINK}", "0.913", False),
        (f"share .5 {LINK}", ".5", False),
        (f"0.1 or so {LINK}", None, False),
        (f"| 0.5 | {LINK} |", None, False),
        (f"v2.1 {LINK}", None, False),
        (f"{LINK}", None, False),
    ],
)
def test_the_number_beside_a_link(text: str, printed: str | None, percent: bool) -> None:
    claim = only(text)
    assert (claim.printed, claim.percent) == (printed, percent)
    assert (claim.kind, claim.name, claim.metric, claim.statistic, claim.of) == (
        "run",
        "mlp",
        "val/acc",
        "value",
        "best",
    )


@pytest.mark.parametrize(
    ("text", "printed", "percent"),
    [
        (rf"accuracy 91.3\,\% % {LINK}", "91.3", True),
        (rf"accuracy $0.913$ % {LINK}", "0.913", False),
        (rf"\textbf{{0.913}} \\ % {LINK}", "0.913", False),
        (rf"\num{{0.913}}~% {LINK}", "0.913", False),
    ],
)
def test_tex_has_comments_and_marks_per_cent_with_a_backslash(
    text: str, printed: str, percent: bool
) -> None:
    claim = only(text, tex=True)
    assert (claim.printed, claim.percent) == (printed, percent)


def test_names_with_spaces_are_quoted_and_escapes_of_tex_are_read() -> None:
    assert only('0.5 {{run:"my run" "val acc" last}}').name == "my run"
    claim = only(r"0.5 % {{run:mlp\_lr0.1 val/top\_1 last}}", tex=True)
    assert (claim.name, claim.metric, claim.of) == ("mlp_lr0.1", "val/top_1", "last")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("group:g val/acc mean", ("mean", "best", None)),
        ("group:g val/acc sd by seed", ("sd", "best", "seed")),
        ("group:g val/acc last n by model.width", ("n", "last", "model.width")),
        (" group : g val/acc best mean by seed ", ("mean", "best", "seed")),
    ],
)
def test_what_is_said_of_a_group(body: str, found: tuple[object, ...]) -> None:
    claim = only(f"0.5 {{{{{body}}}}}")
    assert (claim.statistic, claim.of, claim.factor) == found
    assert (claim.kind, claim.name) == ("group", "g")


@pytest.mark.parametrize(
    "body",
    [
        "run:a",
        "run:a b",
        "run:a b worst",
        "run:a b best by seed",
        "group:g m median",
        "group:g m mean by",
        "group:g m mean of seed",
        "group:g m best",
        "run:",
    ],
)
def test_a_link_of_another_form_is_reported(body: str) -> None:
    found = read_claims(f"x\n0.5 {{{{{body}}}}}\n")
    assert found.claims == []
    assert [(one.line, one.text) for one in found.malformed] == [(2, f"{{{{{body}}}}}")]


def test_each_link_has_its_own_number() -> None:
    text = "0.91 {{group:g m mean by seed}} \u00b1 0.02 {{group:g m sd}} (n = 5 {{group:g m n}})"
    assert [one.printed for one in read_claims(text).claims] == ["0.91", "0.02", "5"]
    text = "{{run:a m best}} 0.1, {{run:b m best}} 0.2, 0.3 {{run:c m best}}{{run:d m best}}"
    assert [one.printed for one in read_claims(text).claims] == ["0.1", "0.2", "0.3", None]


def test_links_in_code_claim_nothing() -> None:
    text = f"Write `{LINK}` or ``0.5 {LINK}``:\n\n```md\n0.5 {LINK}\n~~~\n```\n0.6 {LINK}\n"
    assert [(one.line, one.printed) for one in read_claims(text).claims] == [(7, "0.6")]
    text = rf"\begin{{verbatim}}{LINK}" + f"\n{LINK}\n" + r"\end{verbatim}" + f"\n0.5 {LINK}\n"
    assert [one.line for one in read_claims(text, tex=True).claims] == [4]


TABLE = f"""\
| model | accuracy (top 5.0 %) | epochs |
|-------|---------------------:|-------:|
| mlp   | 0.913 {LINK} | 10.5 |
| cnn   | 0.955                |  12.5 |
| none  | -                    |  3 |

| 0.1 | 0.2 |
"""


def test_numbers_under_linked_ones_are_claims_without_a_link() -> None:
    found = read_claims(TABLE)
    assert [(one.line, one.text, one.table) for one in found.unlinked] == [(4, "0.955", 1)]
    assert [(one.line, one.table) for one in found.claims] == [(3, 1)]


def test_two_tables_are_told_apart() -> None:
    found = read_claims(f"{TABLE}\n{TABLE}| cnn | 94 % | 1 |")
    assert {one.table for one in found.claims} == {1, 3}
    assert [one.text for one in found.unlinked] == ["0.955", "0.955"]
    assert read_claims(f"{LINK} 0.5\n").claims[0].table == 0


def test_lines_end_as_they_may() -> None:
    found = read_claims(f"a\r\n0.5 {LINK}\r\n{{{{\nrun:x}}}}\r\n")
    assert [(one.line, one.printed) for one in found.claims] == [(2, "0.5")]


@given(
    st.text(alphabet=st.sampled_from('{}run:group |`~%\\0123.5,\n"ab best mean by*')), st.booleans()
)
def test_any_text_is_read(text: str, tex: bool) -> None:
    found = read_claims(text, tex=tex)
    for claim in found.claims:
        assert claim.printed is None or float(claim.printed) is not None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("{{" * 100_000, 0),
        ("{{run:" * 50_000, 0),
        (("1" + " " * 40) * 400 + LINK, 1),
        ("1.1.1.1," * 2_000 + LINK, 1),
        ("x" + "`" * 15_000 + LINK, 1),
        (("`a" * 8_000) + LINK, 1),
        ("".join("`" * length + "a" for length in range(190)) + LINK, 1),
        ("| " * 8_000 + LINK, 1),
        (f"0.5 {LINK}\n" * 500, 500),
    ],
)
def test_hostile_text_is_read_to_its_end(text: str, count: int) -> None:
    """Where an expression was not linear, this would not come to its end."""
    assert len(read_claims(f"{text}\n" * 20).claims) == 20 * count
    read_claims(text, tex=True)


def test_a_line_without_end_is_named_and_not_read() -> None:
    found = read_claims(f"0.5 {LINK}{' ' * 30_000}\n0.6 {LINK}\n")
    assert [one.printed for one in found.claims] == ["0.6"]
    assert found.malformed[0].text == "a line of 30,028 characters"
