r"""Claims: numbers in Markdown and TeX files that are linked to runs. Pure.

A link stands on one line, in prose, in a table cell or in a comment::

    link   = "{{" kind ":" NAME METRIC statistic "}}"
    kind   = "run" | "group"
    run:     {{run:NAME METRIC best|last}}
    group:   {{group:NAME METRIC [best|last] mean|sd|n [by FACTOR]}}

NAME is the name or id of a run, or the name of a group; METRIC is a metric as it is logged; FACTOR
is the key of the configuration that differs among the runs of the group. Each is a word without
spaces and braces, or a text in double quotes; in TeX ``\_`` and the like stand for the character.
``best`` and ``last`` are the values of a run's summary, by default the best; ``sd`` is the
standard deviation of a sample (n - 1).

The number of a link is the one directly before it, else the one directly after it: nothing but
spaces, emphasis, brackets and the marks of a comment may stand between them. ``93.4 %`` is 0.934.
A link without a number is one that whoever renders the file fills in. Links in code (fences,
inline code, ``verbatim``) are text about links and claim nothing. Lines of over 20,000 characters
are not read.

In a Markdown table, a number with a decimal point or a per-cent sign, in a column where another
row has a linked one, is a claim without a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["run", "group"]
Statistic = Literal["value", "mean", "sd", "n"]
Of = Literal["best", "last"]

_REACH = 200
_LONGEST_LINE = 20_000
_LINK = re.compile(r"\{\{\s*(?P<kind>run|group)\s*:(?P<body>[^{}\n]{0,500})\}\}")
_WORD = re.compile(r'"([^"]*)"|([^\s"]+)')
_NUMBER = (
    r"(?<![\w.,])(?P<number>[-+\u2212]?"
    r"(?:[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|0,\d+|\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)"
)
_BETWEEN = r"(?:[\s*_`()\[\]}$~]|\\[,;:! \\]|<!--|-->)*"
_PERCENT = {False: r"(?P<percent>(?:\s|\\,|~)?\\?%)?", True: r"(?P<percent>(?:\s|\\,|~)?\\%)?"}
_BEFORE = {
    False: re.compile(f"{_NUMBER}{_PERCENT[False]}{_BETWEEN}$"),
    True: re.compile(f"{_NUMBER}{_PERCENT[True]}{_BETWEEN}(?:%{_BETWEEN})?$"),
}
_AFTER = {
    tex: re.compile(f"{_BETWEEN}(?:[:=]{_BETWEEN})?{_NUMBER}{_PERCENT[tex]}")
    for tex in (False, True)
}
_LOOSE = re.compile(rf"{_NUMBER}{_PERCENT[False]}(?![\w])")
_FENCE = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,})")
_TICKS = re.compile(r"`+")
_VERBATIM = re.compile(r"\\(?P<which>begin|end)\{(?:verbatim|lstlisting|minted)\*?\}")
_RULE = re.compile(r"\s*\|?[\s:|-]*-[\s:|-]*")
_ESCAPE = re.compile(r"\\([_%#&$])")


@dataclass(frozen=True, slots=True)
class Claim:
    """One link with its number.

    Attributes:
        line: From 1.
        text: The link as it stands.
        kind: Whether of a run or of a group.
        name: Of the run or group.
        metric: As it is logged.
        statistic: ``value`` of a run; ``mean``, ``sd`` or ``n`` of a group.
        of: Which value of each run counts.
        factor: What differs among the runs of the group, as far as it is said.
        printed: The number as it is typed, ready for ``float``; None without one.
        percent: Whether it is in per cent.
        table: Number of the table it stands in, from 1; 0 outside of tables.
    """

    line: int
    text: str
    kind: Kind
    name: str
    metric: str
    statistic: Statistic
    of: Of
    factor: str | None
    printed: str | None
    percent: bool
    table: int = 0


@dataclass(frozen=True, slots=True)
class Loose:
    """A number without a link, or a link that says nothing that can be looked up."""

    line: int
    text: str
    table: int = 0


@dataclass(slots=True)
class Claims:
    """What a file claims.

    Attributes:
        claims: In the order of the file.
        unlinked: Numbers of tables that stand under linked ones and have no link.
        malformed: Links that do not follow the grammar.
    """

    claims: list[Claim] = field(default_factory=list)
    unlinked: list[Loose] = field(default_factory=list)
    malformed: list[Loose] = field(default_factory=list)


def read_claims(text: str, *, tex: bool = False) -> Claims:
    """Return the claims of a file.

    Args:
        text: The whole file.
        tex: Whether it is TeX, where ``%`` begins a comment and ``\\%`` is per cent.
    """
    found = Claims()
    table = 0
    rows: list[tuple[int, str]] = []
    for number, line in _lines(text, tex=tex):
        if len(line) > _LONGEST_LINE:
            if _LINK.search(line):
                found.malformed.append(Loose(number, f"a line of {len(line):,} characters"))
            continue
        if not tex and line.lstrip().startswith("|"):
            table += not rows
            rows.append((number, line))
        elif rows:
            _take_table(found, table, rows)
            rows = []
        _take_links(found, number, line, tex=tex, table=table if rows else 0)
    _take_table(found, table, rows)
    return found


def _lines(text: str, *, tex: bool) -> Iterator[tuple[int, str]]:
    """Yield the lines that are no code, with the brackets of links in inline code taken away."""
    fence = ""
    for number, line in enumerate(text.split("\n"), 1):
        if tex:
            marks = _VERBATIM.findall(line)
            if marks:
                fence = "verbatim" if marks[-1] == "begin" else ""
            elif not fence:
                yield number, line
            continue
        mark = _FENCE.match(line)
        if mark is not None and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else mark["mark"]
        elif not fence:
            yield number, _without_code(line) if "`" in line and "{{" in line else line


def _without_code(line: str) -> str:
    """Return a line with the brackets in inline code taken away: what follows as many backticks
    as end it (spec.commonmark.org, "Code spans").
    """
    ticks = list(_TICKS.finditer(line))
    closing: dict[int, int] = {}
    later: dict[int, int] = {}
    for place in range(len(ticks) - 1, -1, -1):
        length = len(ticks[place][0])
        if length in later:
            closing[place] = later[length]
        later[length] = place
    parts, at, place = [], 0, 0
    while place < len(ticks):
        end = closing.get(place)
        if end is not None:
            code = line[ticks[place].start() : ticks[end].end()]
            parts += [line[at : ticks[place].start()], code.replace("{{", "  ")]
            at, place = ticks[end].end(), end
        place += 1
    return "".join([*parts, line[at:]])


def _take_links(found: Claims, number: int, line: str, *, tex: bool, table: int) -> None:
    if "{{" not in line:
        return
    taken = 0
    links = list(_LINK.finditer(line))
    for place, link in enumerate(links):
        said = _said(link, tex=tex)
        if said is None:
            found.malformed.append(Loose(number, link[0], table))
            continue
        start = max(taken, links[place - 1].end() if place else 0, link.start() - _REACH)
        before = _BEFORE[tex].search(line, start, link.start())
        end = links[place + 1].start() if place + 1 < len(links) else len(line)
        after = (
            None if before else _AFTER[tex].match(line, link.end(), min(end, link.end() + _REACH))
        )
        beside = before or after
        if after is not None:
            taken = after.end()
        printed = _plain_number(beside["number"]) if beside else None
        percent = bool(beside and beside["percent"])
        found.claims.append(
            Claim(number, link[0], *said, printed=printed, percent=percent, table=table)
        )


def _said(
    link: re.Match[str], *, tex: bool
) -> tuple[Kind, str, str, Statistic, Of, str | None] | None:
    """Return what a link says, None when it does not follow the grammar."""
    body = _ESCAPE.sub(r"\1", link["body"]) if tex else link["body"]
    words = [quoted or bare for quoted, bare in _WORD.findall(body)]
    if len(words) < 3:
        return None
    name, metric, *rest = words
    if link["kind"] == "run":
        if rest == ["best"] or rest == ["last"]:
            return "run", name, metric, "value", "best" if rest == ["best"] else "last", None
        return None
    of: Of = "best"
    if rest[0] in ("best", "last"):
        of = "best" if rest.pop(0) == "best" else "last"
    if not rest:
        return None
    known: dict[str, Statistic] = {"mean": "mean", "sd": "sd", "n": "n"}
    statistic, tail = known.get(rest[0]), rest[1:]
    if statistic is None or (tail and (len(tail) != 2 or tail[0] != "by")):
        return None
    return "group", name, metric, statistic, of, tail[1] if tail else None


def _plain_number(text: str) -> str:
    """Return a number as ``float`` reads it: no marks of thousands, a point, a plain minus."""
    text = text.replace("\u2212", "-")
    return text.replace(",", ".") if re.match(r"[-+]?0,", text) else text.replace(",", "")


def _take_table(found: Claims, table: int, rows: list[tuple[int, str]]) -> None:
    """Add the numbers of a table that stand in a column with a linked number and have no link."""
    cells = [(number, _cells(line)) for number, line in rows]
    linked = {
        column for _, parts in cells for column, part in enumerate(parts) if _LINK.search(part)
    }
    head = 2 if len(rows) > 1 and _RULE.fullmatch(rows[1][1]) else 0
    for number, parts in cells[head:]:
        for column, part in enumerate(parts):
            if column not in linked or _LINK.search(part):
                continue
            loose = _LOOSE.search(part)
            if loose and ("." in loose["number"] or "," in loose["number"] or loose["percent"]):
                found.unlinked.append(Loose(number, loose[0].strip(), table))


def _cells(line: str) -> list[str]:
    return re.split(r"(?<!\\)\|", line.strip().strip("|"))
