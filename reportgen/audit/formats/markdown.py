"""The report as Markdown for a comment on a pull request and for the summary of a job.

GitHub's flavour (github.github.com/gfm). Whatever a run says stands in a code span whose fence is
longer than any run of backticks in it, so that nothing in it is a link, an image, a mention, a
heading or a column. The whole stays under the size of a comment, and what does not stop a gate
that fails is folded up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reportgen.audit.change import CONFIG_CHANGED
from reportgen.audit.evidence import counted, listed
from reportgen.audit.formats.change import changes
from reportgen.audit.formats.findings import Finding, Gravity, findings_of, plain
from reportgen.audit.formats.text import score_text
from reportgen.audit.report import LEVEL_WORDS, LEVELS, AuditReport, NextStep, Outcome, RunAudit

LIMIT = 60_000
"""Bytes; a comment takes 65,536 characters, a job's summary a mebibyte."""

_RESERVE = 500
_RUNS = 100
_WORDS: dict[Gravity, str] = {
    "error": "Stops the gate",
    "warning": "Fails",
    "note": "In part, or exempt",
    "none": "Could not be judged",
}
_FENCE = 20
"""Backticks that a fence can be long; parsers stop looking at some length of their own."""
# Markup anywhere; and what would begin a list, were it the first thing in a paragraph.
_MARKUP = re.compile(r"[\\`*_{}\[\]()#!<>&|~@$:]|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)]")
# Mentions, issues and addresses, as they look after _MARKUP.
_CALLS = re.compile(r"&#64;|&#35;|&#58;(?=//)|\b[wW]{3}(?=\.)|\b[gG][hH]-(?=\d)")
_PROBLEMS = 20
_FOLD = "\n<details><summary>What else was found, which does not stop the gate</summary>\n"
_UNFOLD = "\n</details>\n"


def render(report: AuditReport) -> str:
    """Return the report as Markdown."""
    text, folded = "", False
    for block in _blocks(report):
        if len((text + block).encode()) > LIMIT - _RESERVE:
            end = _UNFOLD if folded else ""
            return f"{text}{end}\nThe rest is left out here: the other outputs have it.\n"
        text += block
        folded = block == _FOLD or (folded and block != _UNFOLD)
    return text


def code(text: str, limit: int = 300) -> str:
    """Return text as a code span that ends where it should, whatever the text holds."""
    shown = plain(text, limit)
    if not shown.strip():
        return "`(blank)`" if shown else "`(empty)`"
    longest = max(map(len, re.findall("`+", shown)), default=0)
    if longest > _FENCE:
        return f"<code>{words(shown)}</code>"
    fence = "`" * (longest + 1)
    # A blank on each side goes away again; it keeps a backtick at an end from joining the fence.
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def cell(text: str, limit: int = 120) -> str:
    """Return text for a cell of a table: code, and never a further column.

    A bar ends a cell even inside a code span, and escaping it depends on the backslashes before
    it, so text with a bar is an element of HTML with its punctuation as references.
    """
    shown = plain(text, limit)
    return f"<code>{words(shown)}</code>" if "|" in shown else code(text, limit)


def words(text: str) -> str:
    """Return text whose punctuation is Markdown for nothing, and that calls on nobody.

    A mention or a link is found in what a page shows, so these are broken up as well.
    """
    shown = _MARKUP.sub(lambda match: f"&#{ord(match[0])};", plain(text))
    return _CALLS.sub("\\g<0>\u200b", shown)


def block(text: str) -> str:
    """Return one line as a fenced block."""
    shown = plain(text)
    return code(shown, len(shown)) if "```" in shown else f"```\n{shown}\n```"


def _blocks(report: AuditReport) -> Iterator[str]:
    verdict = "passes" if report.gate.passed else "fails"
    bad = sum(not run.passed for run in report.runs)
    share = f"{bad} of {counted(len(report.runs), 'run')} fail it" if bad else _all(report)
    about = f"policy {code(report.policy, 60)}, rules {code(report.rules, 20)}"
    yield f"## Audit of runs: the gate {verdict}\n\n{share}{_base(report)} ({about}).\n"
    yield from _rules(report)
    if report.next_step is not None:
        yield _next_step(report.next_step)
    yield from _runs(report)
    yield from _findings(report)
    yield from _deleted(report)
    yield from _problems(report)


def _rules(report: AuditReport) -> Iterator[str]:
    """Say at the top that a change would judge itself by other rules: it matters to reviewers."""
    files = [one.file for one in report.problems if one.id == CONFIG_CHANGED]
    if files and report.base is not None:
        named = ", ".join(code(file, 120) for file in files[:3])
        more = f" and {len(files) - 3} more" if len(files) > 3 else ""
        base = code(report.base.label, 80)
        yield f"\n**Rules** changed in {named}{more}: this audit goes by those of {base}.\n"


def _all(report: AuditReport) -> str:
    if report.base is not None and not report.runs:
        return "No run"
    warned = report.gate.warnings
    rest = f"{counted(warned, 'finding')} to look at" if warned else "nothing fails"
    return f"{counted(len(report.runs), 'run')}, {rest}"


def _base(report: AuditReport) -> str:
    base = report.base
    if base is None:
        return ""
    what = ", beside" if base.revision is None else ", added or changed since"
    if not report.runs:
        what = " was added or changed since"
    same = f"; {counted(base.same, 'run')} as before" if base.same else ""
    return f"{what} {code(base.label, 80)}{same}"


def _next_step(step: NextStep) -> str:
    runs = ", ".join(code(name, 80) for name in step.runs[:3])
    more = f" and {len(step.runs) - 3} more" if len(step.runs) > 3 else ""
    settles = counted(step.settles, "finding")
    text = (
        f"\n**Next step**, settles {settles}: {code(step.check)} in {runs}{more}\n\n"
        f"{words(step.remedy)}. Found: {code(step.message)}\n"
    )
    return f"{text}\n{block(step.command)}\n" if step.command else text


def _runs(report: AuditReport) -> Iterator[str]:
    if not report.runs:
        return
    yield "\n| gate | score | level | run | |\n|---|---|---|---|---|\n"
    ordered = sorted(report.runs, key=lambda run: run.passed)
    for run in ordered[:_RUNS]:
        level = f"{run.level} {LEVEL_WORDS[LEVELS.index(run.level)]}"
        gate = "passes" if run.passed else "**fails**"
        yield f"| {gate} | {score_text(run)} | {level} | {cell(run.name)} | {_special(run)} |\n"
    if len(ordered) > _RUNS:
        yield f"\nand {counted(len(ordered) - _RUNS, 'more run')}\n"


def _special(run: RunAudit) -> str:
    parts = [] if run.state == "finished" else [run.state]
    parts += [*changes(run), *run.facts]
    return ", ".join(cell(part, 160) for part in parts)


def _findings(report: AuditReport) -> Iterator[str]:
    found = findings_of(report)
    groups: dict[tuple[Gravity, str, Outcome], list[Finding]] = {}
    for one in found:
        groups.setdefault((one.gravity, one.result.id, one.result.outcome), []).append(one)
    heading = ""
    others = [reason for reason in report.gate.reasons if reason.check is None]
    if others:
        heading = _WORDS["error"]
        yield f"\n### {heading}\n\n"
    for reason in others:
        yield f"- {code(reason.run, 80)}: {code(reason.message)}\n"
    stopped = any(one.gravity == "error" for one in found)
    folded = False
    for (gravity, _, _), group in groups.items():
        if stopped and gravity != "error" and not folded:
            folded = True
            yield _FOLD
        if _WORDS[gravity] != heading:
            heading = _WORDS[gravity]
            yield f"\n### {heading}\n\n"
        yield _group(group)
    if folded:
        yield _UNFOLD


def _group(group: list[Finding]) -> str:
    result = group[0].result
    many = "" if len(group) == 1 else f", {counted(len(group), 'run')}"
    about = f"{result.severity.words}, {code(result.id)}, {result.evidence.value}{many}"
    lines = [f"- **{words(result.title)}** ({about})"]
    for one in group[:3]:
        lines.append(f"  - {code(one.run.name, 80)}: {code(one.result.message)}{_where(one)}")
    if len(group) > 3:
        lines.append(f"  - and {counted(len(group) - 3, 'more run')}")
    if result.exemption is not None:
        why = result.exemption
        text = f"{why.reason}, by {why.by} until {why.until} {why.note}".rstrip()
        lines.append(f"  - exempt: {code(text)}")
    elif result.remedy:
        command = f": {code(result.command)}" if result.command else ""
        lines.append(f"  - {words(result.remedy)}{command}")
    held = list(dict.fromkeys(check for one in group for check in one.under))
    if held:
        lines.append(f"  - holds up, or explains: {code(listed(held, limit=6))}")
    return "\n".join(lines) + "\n"


def _where(finding: Finding) -> str:
    places = finding.result.where[:3]
    shown = [
        f"{place.file}:{place.line}"
        if place.line
        else place.file + (f", step {place.step}" if place.step is not None else "")
        for place in places
    ]
    return f" ({', '.join(code(one, 120) for one in shown)})" if shown else ""


def _deleted(report: AuditReport) -> Iterator[str]:
    gone = report.base.deleted if report.base else ()
    if gone:
        yield "\n### Deleted runs\n\n"
    for run in gone[:_RUNS]:
        failed = f"failed: {code(listed(run.failing) or 'the score')}"
        yield f"- {code(run.name, 80)}, which {'passed' if run.passed else failed}\n"
    if len(gone) > _RUNS:
        yield f"- and {counted(len(gone) - _RUNS, 'more run')}\n"


def _problems(report: AuditReport) -> Iterator[str]:
    noticed = list(report.problems)
    noticed += [problem for run in report.runs for problem in run.problems]
    if not noticed:
        return
    yield "\n### Noticed\n\n"
    for problem in noticed[:_PROBLEMS]:
        line = f":{problem.line}" if problem.line else ""
        place = code(f"{problem.file}{line}", 200)
        yield f"- {problem.severity}, {problem.id}: {place}: {code(problem.message)}\n"
    if len(noticed) > _PROBLEMS:
        yield f"- and {counted(len(noticed) - _PROBLEMS, 'more notice')}\n"
