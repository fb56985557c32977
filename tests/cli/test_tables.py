from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.cli.tables import duration, print_table, size, tab_separated

ANY_TEXT = st.text(st.characters(min_codepoint=0, max_codepoint=0x10FFFF, exclude_categories=()))
UNFIT = set(map(chr, [*range(32), 127, *range(128, 160), 0x2028, 0x202E, 0x2066])) - {"\t"}


@given(st.lists(ANY_TEXT, max_size=5))
def test_a_row_is_one_line_that_commands_nothing(cells: list[str]) -> None:
    line = tab_separated(cells)
    assert line.count("\t") == max(len(cells) - 1, 0)
    assert not UNFIT & set(line)
    assert not line.lstrip().startswith(("::", "##["))


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("::error::x", "\\x3a:error::x"),
        ("  ##[command]", "  \\x23#[command]"),
        ("a::b", "a::b"),
        ("a\n::set-env name=PATH::x", "a\\x0a::set-env name=PATH::x"),
        ("\x1b]0;t\x07", "\\x1b]0;t\\x07"),
        (0.1 + 0.2, "0.30000000000000004"),
        (True, "true"),
        (None, ""),
        (math.nan, "nan"),
        ((64, (1.5, None), "a"), "[64, [1.5, ], a]"),
        (2**70, str(2**70)),
    ],
)
def test_cells_are_exact(cell: Any, line: str) -> None:
    assert tab_separated([cell]) == line


def test_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["state", "metrics.loss"], [["finished", 0.123456789], ["failed", None]])
    assert capsys.readouterr().out == "state\tmetrics.loss\nfinished\t0.123456789\nfailed\t\n"


def test_on_a_terminal(on_terminal: Any) -> None:
    rows = [["finished", 0.123456789, "[red]x[/]\x1b[2J\u202e"], ["failed", None, ":smile:"]]
    headers = ["state", "metrics.loss", "config.name"]
    _, out = on_terminal(lambda: print_table(headers, rows))
    head, _, first, second = [line.split() for line in out.splitlines() if line.strip()]
    assert head == ["state", "loss", "name"]
    assert first == ["finished", "0.12346", "[red]x[/]\\x1b[2J\\u202e"]
    assert second == ["failed", "–", ":smile:"]
    assert "\x1b" not in out


def test_colours_on_a_terminal_that_knows_them(
    on_terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw() -> None:
        print_table(["state", "metrics.loss"], [["failed", math.inf]])

    assert "\x1b[31mfailed" in on_terminal(draw, raw=True)[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[31m" not in on_terminal(draw, raw=True)[1]


def test_a_narrow_terminal_goes_without_what_can_be_spared(on_terminal: Any) -> None:
    headers = ["state", "name", "created", "config.lr"]
    rows = [["finished", "n" * 30, "2026-11-23 10:15", 0.1]]

    def draw() -> list[str]:
        return print_table(headers, rows, spare=["created", "gone"])

    assert on_terminal(draw, columns=80)[0] == []
    left_out, out = on_terminal(draw, columns=60)
    assert left_out == ["created"]
    assert out.split() == ["state", "name", "lr", "─" * 47, "finished", "n" * 30, "0.1"]


def test_what_cannot_be_spared_is_printed_whole(on_terminal: Any) -> None:
    headers = ["state", "name", "config.lr"]
    rows = [["finished", "n" * 50, 0.1], ["failed", "m" * 70, 0.2]]
    _, out = on_terminal(lambda: print_table(headers, rows), columns=40)
    assert "n" * 50 in out
    assert f"{'m' * 59}…" in out
    assert "0.1" in out


def test_an_empty_table_is_its_headers(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["a", "b"], [])
    assert capsys.readouterr().out == "a\tb\n"


def test_an_empty_table_on_a_terminal(on_terminal: Any) -> None:
    _, out = on_terminal(lambda: print_table(["a", "b"], []))
    assert out.split()[:2] == ["a", "b"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0.04, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (270.9, "4 min 31 s")),
        *((7_500, "2 h 05 min"), (360_000, "100 h 00 min"), (None, None), (math.nan, None)),
        (-1, None),
    ],
)
def test_durations(seconds: float | None, text: str | None) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (3_400_000, "3.4 MB"), (10**12, "1.0 TB"), (10**16, "10000.0 TB")],
)
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text
