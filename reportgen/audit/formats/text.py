"""The report for a person: the verdict, the one next step, a line a run, findings by cause.

When the gate fails, what stops it is told in full and the rest in a line each.

Every line begins with words of ours, so that no name of a run starts a line of a log in which a
service looks for commands; whatever a terminal might obey is made visible.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from reportgen.audit.change import CONFIG_CHANGED
from reportgen.audit.evidence import counted, listed
from reportgen.audit.formats.change import changes, in_all, since
from reportgen.audit.report import (
    LEVEL_WORDS,
    LEVELS,
    SEVERITY_WORDS,
    Advice,
    AuditReport,
    CheckResult,
    NextStep,
    Outcome,
    RunAudit,
    Where,
)
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
_GROUPS = 40
_RUNS = 100
_MESSAGES = 3
_PROBLEMS = 20
_TOPICS = ("name", "project", "group", "tags", "notes")


class Span(NamedTuple):
    """A piece of a line with what it is: ``good``, ``bad``, ``warn``, ``faint``, ``strong``..."""

    text: str
    style: str = ""


class Finding(NamedTuple):
    """A finding with the run that it was made in."""

    run: RunAudit
    result: CheckResult


class Group(NamedTuple):
    """The findings of one check and outcome; ``stops`` when they stop the gate."""

    found: list[Finding]
    stops: bool


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
    yield from _rules(report)
    if report.next_step is not None:
        yield ()
        yield from _next_step(report.next_step, many=len(report.runs) > 1)
    if report.runs:
        yield ()
    yield from _runs(report.runs)
    yield from _other_reasons(report)
    if len(report.runs) == 1:
        yield ()
        yield from _categories(report.runs[0])
    yield from _findings(report)
    yield from _deleted(report)
    yield from _advice(report.runs)
    yield from _problems(report)


def _verdict(report: AuditReport) -> Iterator[Line]:
    total = len(report.runs)
    bad = [run for run in report.runs if not run.passed]
    about = Span(f"   policy {report.policy}, rules {report.rules}", "faint")
    if report.gate.passed:
        yield Span("The gate passes", "good"), Span(f": {in_all(report)}"), about
        return
    share = bad[0].name if len(bad) == total == 1 else f"{len(bad)} of {counted(total, 'run')}"
    if not bad:
        share = listed(dict.fromkeys(reason.run for reason in report.gate.reasons))
    yield Span("The gate fails", "bad"), Span(f": {share}{since(report)}"), about


def _rules(report: AuditReport) -> Iterator[Line]:
    """Say at the top that a change would judge itself by other rules: it matters to reviewers."""
    files = [one.file for one in report.problems if one.id == CONFIG_CHANGED]
    if files and report.base is not None:
        words = f"changed in {listed(files)}; this audit goes by those of {report.base.label}"
        yield Span("rules   ", "warn"), Span(words)


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
    """Give a line to each run, to those that fail first when there are too many."""
    if runs:
        yield (Span("gate    score    level           run", "faint"),)
    listing = runs if len(runs) <= _RUNS else sorted(runs, key=lambda run: run.passed)[:_RUNS]
    for run in listing:
        gate = Span(f"{'passes' if run.passed else 'fails':8}", "good" if run.passed else "bad")
        words = f"{run.level} {LEVEL_WORDS[LEVELS.index(run.level)]}"
        score = Span(f"{score_text(run):8} {words:15} ")
        yield gate, score, Span(run.name), Span(_in_short(run), "faint")
    if len(runs) > len(listing):
        failing = sum(not run.passed for run in runs) - sum(not run.passed for run in listing)
        rest = f"and {counted(len(runs) - len(listing), 'more run')}"
        yield (Span(rest + (f", {failing:,} of which fail" if failing else ""), "faint"),)


def _other_reasons(report: AuditReport) -> Iterator[Line]:
    """Name the reasons of the gate that no check gave: a score, a run that cannot be read."""
    others = [reason for reason in report.gate.reasons if reason.check is None]
    if others:
        yield ()
    for reason in others[:_GROUPS]:
        yield Span("stops   ", "bad"), Span(f"{reason.run}: {reason.message}")
    if len(others) > _GROUPS:
        yield (Span(f"and {counted(len(others) - _GROUPS, 'more run')}", "faint"),)


def _in_short(run: RunAudit) -> str:
    """Return the run's state, what is special and what fails first, for the end of its line."""
    parts = [] if run.state == "finished" else [run.state]
    parts += changes(run)
    parts += run.facts
    failing = [one for one in run.findings if one.outcome is Outcome.FAIL and one.cause is None]
    if failing:
        worst = max(failing, key=lambda one: one.severity.weight)
        parts.append(f"fails {worst.id.partition('.')[2]}")
    return f"   ({'; '.join(parts)})" if parts else ""


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


def _findings(report: AuditReport) -> Iterator[Line]:
    """Tell what stops the gate in full, and then the rest in short; all in full if nothing does."""
    alone = len(report.runs) == 1
    stopping = {(reason.path, reason.check) for reason in report.gate.reasons}
    groups = _grouped(report.runs, stopping)
    in_full = [group for group in groups if group.stops] or groups
    for group in in_full[:_GROUPS]:
        yield ()
        yield from _group(group, alone=alone)
    in_short = groups[len(in_full) :]
    if in_short:
        yield ()
        rest = ", the rest of what was found; --fail-on none tells it in full"
        yield Span("Does not stop the gate", "strong"), Span(rest, "faint")
    for group in in_short[:_GROUPS]:
        yield _head(group, alone=alone)
    left = len(groups) - len(in_full[:_GROUPS]) - len(in_short[:_GROUPS])
    if left:
        rest = counted(left, "more kind")
        yield ()
        yield (Span(f"and {rest} of finding: --format json has them all", "faint"),)


def _grouped(runs: Sequence[RunAudit], stopping: Collection[tuple[str, str | None]]) -> list[Group]:
    """Return the findings, those of one check and outcome over all runs together, worst first.

    What has the same cause as another finding of its run is shown under that one.
    """
    groups: dict[tuple[str, Outcome, bool], list[Finding]] = {}
    for run in runs:
        shown = {result.id for result in run.findings}
        for result in run.findings:
            if result.cause is None or result.cause not in shown:
                key = (result.id, result.outcome, (run.path, result.id) in stopping)
                groups.setdefault(key, []).append(Finding(run, result))
    found = (Group(findings, stops) for (*_, stops), findings in groups.items())
    return sorted(found, key=_badness)


def _badness(group: Group) -> tuple[bool, int, int, int]:
    result = group.found[0].result
    order = _ORDER.index(result.outcome), -result.severity.weight, -len(group.found)
    return not group.stops, *order


def _head(group: Group, *, alone: bool) -> Line:
    result = group.found[0].result
    word = "stops" if group.stops else OUTCOME_WORDS[result.outcome]
    grave = group.stops or result.outcome in (Outcome.FAIL, Outcome.ERROR)
    many = "" if alone else f", {counted(len(group.found), 'run')}"
    about = f"   {SEVERITY_WORDS[result.severity]}, {result.id}, {result.evidence.value}{many}"
    title = Span(result.title, "strong")
    return Span(f"{word:7} ", "bad" if grave else "warn"), title, Span(about, "faint")


def _group(group: Group, *, alone: bool) -> Iterator[Line]:
    yield _head(group, alone=alone)
    yield from _explained(group.found, alone=alone)


def _explained(group: Sequence[Finding], *, alone: bool) -> Iterator[Line]:
    result = group[0].result
    yield from _values(group, alone=alone)
    under = [one for found in group for one in _under(found)]
    yield from _same_cause([one for one in under if one.blocked_by is None])
    held = dict.fromkeys(one.id for one in under if one.blocked_by)
    if held:
        yield Span("  holds up ", "faint"), Span(listed(held, limit=6), "faint")
    if result.exemption is not None:
        why = result.exemption
        text = f"{why.reason}, by {why.by} until {why.until} {why.note}".rstrip()
        yield Span("  exempt ", "faint"), Span(text)
    elif result.remedy:
        yield Span("  do     ", "faint"), Span(result.remedy)
        if result.command:
            yield _command("  ", result.command)


def _values(group: Sequence[Finding], *, alone: bool) -> Iterator[Line]:
    """Say what was found and where; runs in which it is the same share a line."""
    by_message: dict[str, list[Finding]] = {}
    for found in group:
        by_message.setdefault(found.result.message + _on_base(found), []).append(found)
    for message, same in list(by_message.items())[:_MESSAGES]:
        places = "; ".join(map(place_text, same[0].result.where))
        names = "" if alone else f"   in {listed((found.run.name for found in same), limit=4)}"
        at = f"   ({places})" if places else ""
        yield Span("  found  ", "faint"), Span(message), Span(at, "faint"), Span(names, "faint")
    rest = sum(len(same) for same in list(by_message.values())[_MESSAGES:])
    if rest:
        yield (Span(f"         and other values in {counted(rest, 'more run')}", "faint"),)


def _on_base(found: Finding) -> str:
    worse = found.run.comparison.worse if found.run.comparison else ()
    was = next((one.was for one in worse if one.check == found.result.id), None)
    return "" if was is None else f" (on the base: {was})"


def _under(found: Finding) -> list[CheckResult]:
    return [one for one in found.run.findings if one.cause == found.result.id]


def _same_cause(results: Sequence[CheckResult]) -> Iterator[Line]:
    for result in {one.id: one for one in reversed(results)}.values():
        text = f"{result.title}: {result.message}"
        yield Span("  also   ", "faint"), Span(text), Span(f"   {result.id}", "faint")


def place_text(where: Where) -> str:
    """Return a place in words: ``config.yaml:3``, ``metrics.jsonl, step 412``."""
    text = f"{where.file}:{where.line}" if where.line else where.file
    return f"{text}, step {where.step}" if where.step is not None else text


def _deleted(report: AuditReport) -> Iterator[Line]:
    gone = report.base.deleted if report.base else ()
    if not gone:
        return
    yield ()
    yield (Span(f"Deleted since {report.base.label if report.base else ''}", "strong"),)
    for run in gone[:_GROUPS]:
        said = "passed there" if run.passed else f"failed there: {listed(run.failing) or 'score'}"
        style = "" if run.passed else "warn"
        yield Span("  gone     ", "faint"), Span(run.name), Span(f"   {said}   {run.place}", style)
    if len(gone) > _GROUPS:
        yield (Span(f"  and {counted(len(gone) - _GROUPS, 'more run')}", "faint"),)


def _advice(runs: Sequence[RunAudit]) -> Iterator[Line]:
    """Say what would be better organised; runs of which the same is said share a line."""
    same: dict[Advice, list[str]] = {}
    for run in runs:
        for advice in run.advice:
            same.setdefault(advice, []).append(run.name)
    if not same:
        return
    yield ()
    yield Span("Organisation", "strong"), Span(", advice without a score", "faint")
    remedy = ""
    for advice, names in sorted(same.items(), key=lambda pair: _TOPICS.index(pair[0].topic)):
        of = "" if len(runs) == 1 else f"   in {listed(names, limit=2)}"
        if remedy and advice.remedy != remedy:
            yield (Span(f"           {remedy}", "faint"),)
        remedy = advice.remedy
        yield Span(f"  {advice.topic:8} ", "faint"), Span(advice.message), Span(of, "faint")
    yield (Span(f"           {remedy}", "faint"),)


def _problems(report: AuditReport) -> Iterator[Line]:
    noticed = [("", problem) for problem in report.problems]
    noticed += [(f"{run.path}/", problem) for run in report.runs for problem in run.problems]
    if not noticed:
        return
    yield ()
    yield (Span("Noticed", "strong"),)
    for prefix, problem in noticed[:_PROBLEMS]:
        yield _problem(prefix, problem)
    if len(noticed) > _PROBLEMS:
        yield (Span(f"  and {len(noticed) - _PROBLEMS} more: --format json", "faint"),)


def _problem(prefix: str, problem: Problem) -> Line:
    style = {"error": "bad", "warning": "warn"}.get(problem.severity, "faint")
    place = f"{prefix}{problem.file}" + (f":{problem.line}" if problem.line else "")
    said = Span(f"{place}: {problem.message}")
    return Span(f"  {problem.severity:8} ", style), said, Span(f"   {problem.id}", "faint")
