"""The report for a person: the verdict, the one next step, a line a run, findings by cause.

Every line begins with words of ours, so that no name of a run starts a line of a log in which a
service looks for commands; whatever a terminal might obey is made visible.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reportgen.audit.evidence import counted, listed
from reportgen.audit.report import (
    LEVEL_WORDS,
    LEVELS,
    SEVERITY_WORDS,
    AuditReport,
    CheckResult,
    NextStep,
    Outcome,
    RunAudit,
    Where,
)
from reportgen.audit.score import lost
from reportgen.runs.problems import Problem
from reportgen.terminal import one_line

OUTCOME_WORDS = {
    Outcome.FAIL: "fails",
    Outcome.PARTIAL: "partly",
    Outcome.INCONCLUSIVE: "open",
    Outcome.EXEMPT: "exempt",
    Outcome.ERROR: "fault",
}
_ORDER = tuple(OUTCOME_WORDS)
_SHELL = ("git ", "pip ", "reportgen ")
_GROUPS = 25
_PROBLEMS = 20


class Span(NamedTuple):
    """A piece of a line with what it is: ``good``, ``bad``, ``warn``, ``faint``, ``strong``..."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


def render(report: AuditReport) -> str:
    """Return the report as plain text."""
    return "".join("".join(span.text for span in line) + "\n" for line in lines(report))


def lines(report: AuditReport) -> Iterator[Line]:
    """Yield the lines of the report in styled pieces, fit for a terminal."""
    for line in _lines(report):
        yield tuple(Span(one_line(span.text), span.style) for span in line)


def _lines(report: AuditReport) -> Iterator[Line]:
    yield from _verdict(report)
    if report.next_step is not None:
        yield ()
        yield from _next_step(report.next_step, many=len(report.runs) > 1)
    yield ()
    yield from _runs(report.runs)
    if len(report.runs) == 1:
        yield ()
        yield from _categories(report.runs[0])
    groups = _grouped(report.runs)
    for runs in groups[:_GROUPS]:
        yield ()
        yield from _group(runs, alone=len(report.runs) == 1)
    if len(groups) > _GROUPS:
        rest = counted(len(groups) - _GROUPS, "more kind")
        yield ()
        yield (Span(f"and {rest} of findings: --format json has them all", "faint"),)
    yield from _problems(report)


def _verdict(report: AuditReport) -> Iterator[Line]:
    total = len(report.runs)
    bad = [run for run in report.runs if not run.passed]
    about = Span(f"   policy {report.policy}, rules {report.rules}", "faint")
    if report.gate.passed:
        words = counted(total, "run")
        warned = report.gate.warnings
        rest = f", {counted(warned, 'finding')} to look at" if warned else ", nothing fails"
        yield Span("The gate passes", "good"), Span(f": {words}{rest}"), about
        return
    share = f"{len(bad)} of {counted(total, 'run')}" if total > 1 else bad[0].name
    yield Span("The gate fails", "bad"), Span(f": {share}"), about


def _next_step(step: NextStep, *, many: bool) -> Iterator[Line]:
    settles = f", settles {counted(step.settles, 'finding')}"
    of = f" of {counted(len(step.runs), 'run')}" if many else ""
    yield Span("Next step", "strong"), Span(f"{settles}{of}: {step.check}", "faint")
    runs = f" ({listed(step.runs, limit=2)})" if many else ""
    yield Span("  found  ", "faint"), Span(f"{step.message}{runs}")
    yield Span("  do     ", "faint"), Span(step.remedy)
    if step.command:
        yield _command("  ", step.command)


def _command(indent: str, command: str) -> Line:
    prompt = "$" if command.startswith(_SHELL) else ">>>"
    return Span(f"{indent}{prompt:6} ", "faint"), Span(command, "command")


def _runs(runs: Sequence[RunAudit]) -> Iterator[Line]:
    yield (Span("gate    score    level           run", "faint"),)
    for run in runs:
        gate = Span(f"{'passes' if run.passed else 'fails':8}", "good" if run.passed else "bad")
        words = f"{run.level} {LEVEL_WORDS[LEVELS.index(run.level)]}"
        state = "" if run.state == "finished" else f"   {run.state}"
        yield gate, Span(f"{score_text(run):8} {words:15} "), Span(run.name), Span(state, "faint")


def score_text(run: RunAudit) -> str:
    """Return the headline: ``93``, ``86-100`` with what is open, ``?`` after a fault."""
    if any(category.faulty for category in run.categories.values()):
        return "?"
    if run.score.low is None:
        return "-"
    low, high = run.score.low, run.score.high
    return str(low) if low == high else f"{low}-{high}"


def _categories(run: RunAudit) -> Iterator[Line]:
    for name, category in run.categories.items():
        if not category.applicable:
            yield (Span(f"        -        {name}: nothing applies", "faint"),)
            continue
        span = str(category.low)
        if category.high != category.low:
            span += f"-{category.high}"
        span = "?" if category.faulty else span
        share = f"{category.passed} of {category.applicable} passed"
        yield Span(f"        {span:8} {name:15} "), Span(share, "faint")


def _grouped(runs: Sequence[RunAudit]) -> list[list[RunAudit]]:
    """Return the runs with findings, those with the same findings together, the worst first."""
    groups: dict[tuple[tuple[str, Outcome], ...], list[RunAudit]] = {}
    for run in runs:
        key = tuple((result.id, result.outcome) for result in run.findings)
        if key:
            groups.setdefault(key, []).append(run)
    return sorted(
        groups.values(),
        key=lambda group: (group[0].passed, -sum(map(lost, group[0].findings))),
    )


def _group(runs: Sequence[RunAudit], *, alone: bool) -> Iterator[Line]:
    findings = runs[0].findings
    if not alone:
        names = listed((run.name for run in runs), limit=3)
        gate = "passes" if runs[0].passed else "fails"
        head = f"{counted(len(runs), 'run')} {gate}" if runs[0].passed else f"{len(runs)} fail"
        if len(runs) == 1:
            head = f"1 run {gate}"
        yield Span(head, "good" if runs[0].passed else "bad"), Span(f": {names}", "strong")
    shown = {result.id for result in findings}
    roots = [one for one in findings if one.cause is None or one.cause not in shown]
    for result in sorted(roots, key=lambda one: (_ORDER.index(one.outcome), -one.severity.weight)):
        yield from _finding(result, findings, runs)


def _finding(
    result: CheckResult, findings: Sequence[CheckResult], runs: Sequence[RunAudit]
) -> Iterator[Line]:
    word = OUTCOME_WORDS[result.outcome]
    style = "bad" if result.outcome in (Outcome.FAIL, Outcome.ERROR) else "warn"
    about = f"   {SEVERITY_WORDS[result.severity]}, {result.id}, {result.evidence.value}"
    yield Span(f"  {word:6} ", style), Span(result.title, "strong"), Span(about, "faint")
    places = "; ".join(map(place_text, result.where))
    at = f"   ({places})" if places else ""
    others = len({run.result(result.id).message for run in runs}) - 1
    more = f"   and {counted(others, 'other value')} in the other runs" if others else ""
    yield Span("    found  ", "faint"), Span(result.message), Span(f"{at}{more}", "faint")
    under = [one for one in findings if one.cause == result.id]
    for one in (one for one in under if one.blocked_by is None):
        yield (
            Span("    also   ", "faint"),
            Span(f"{one.title}: {one.message} "),
            Span(one.id, "faint"),
        )
    held = [one.id for one in under if one.blocked_by]
    if held:
        yield Span("    holds up ", "faint"), Span(listed(held, limit=6), "faint")
    if result.exemption is not None:
        why = result.exemption
        text = f"{why.reason}, by {why.by} until {why.until} {why.note}".rstrip()
        yield Span("    exempt ", "faint"), Span(text)
    elif result.remedy:
        yield Span("    do     ", "faint"), Span(result.remedy)
        if result.command:
            yield _command("    ", result.command)


def place_text(where: Where) -> str:
    """Return a place in words: ``config.yaml:3``, ``metrics.jsonl, step 412``."""
    text = f"{where.file}:{where.line}" if where.line else where.file
    return f"{text}, step {where.step}" if where.step is not None else text


def _problems(report: AuditReport) -> Iterator[Line]:
    noticed = [("", problem) for problem in report.problems]
    noticed += [(f"{run.path}/", problem) for run in report.runs for problem in run.problems]
    if not noticed:
        return
    yield ()
    yield (Span("Noticed while reading", "strong"),)
    for prefix, problem in noticed[:_PROBLEMS]:
        yield _problem(prefix, problem)
    if len(noticed) > _PROBLEMS:
        yield (Span(f"  and {len(noticed) - _PROBLEMS} more: --format json", "faint"),)


def _problem(prefix: str, problem: Problem) -> Line:
    style = "bad" if problem.severity == "error" else "faint"
    place = f"{prefix}{problem.file}" + (f":{problem.line}" if problem.line else "")
    return Span(f"  {problem.severity:8} ", style), Span(f"{place}: {problem.message}")
