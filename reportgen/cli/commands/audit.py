"""``reportgen audit``: judge runs, and say what to do next."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reportgen.cli.options import add_settings, note, settings_of
from reportgen.cli.progress import progress
from reportgen.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from reportgen.audit.formats import Format
    from reportgen.audit.policy import Policy
    from reportgen.audit.report import AuditReport
    from reportgen.audit.runner import Compared, Judged

_MARGIN = 12
OK, GATE_FAILS, PARTLY, FAULT = 0, 1, 3, 4
_STYLES = {
    "good": "bold green",
    "bad": "bold red",
    "warn": "yellow",
    "faint": "dim",
    "strong": "bold",
    "command": "cyan",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "path",
        nargs="*",
        type=Path,
        help="a run, or a folder that holds runs; the roots of the settings by default",
    )
    parser.add_argument(
        "--format",
        default="text",
        metavar="NAME[=FILE],...",
        help="text, json, markdown, github, sarif, junit or badge; several at once, "
        "all but one into a file by =FILE",
    )
    parser.add_argument(
        "--policy",
        metavar="FILE",
        help="what the gate does, and tolerances: a file, or default, strict, debug, publication",
    )
    parser.add_argument(
        "--fail-on",
        default="error",
        metavar="WHAT",
        help="error (the default), warn, none, or ids of checks that fail the gate as well",
    )
    parser.add_argument(
        "--min-score", type=int, metavar="N", help="a run whose score is lower fails the gate"
    )
    parser.add_argument(
        "--repository",
        type=Path,
        metavar="DIR",
        help="the repository of the code, in place of the one around each run",
    )
    parser.add_argument(
        "--online",
        action="store_true",
        help="ask remotes, package indexes and addresses of files whether they have what is "
        "recorded; nothing is fetched",
    )
    against = parser.add_mutually_exclusive_group()
    against.add_argument(
        "--base",
        metavar="REV",
        help="audit only what was added or changed since this branch or commit, by its rules, and "
        "let nothing get worse",
    )
    against.add_argument(
        "--base-report",
        type=Path,
        metavar="FILE",
        help="the JSON of an earlier audit, for runs that git does not keep: nothing gets worse",
    )
    parser.add_argument("--explain", metavar="CHECK", help="print what a check is about, and end")
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    """Audit, print and return the exit status.

    Raises:
        ReportgenError: Nothing was audited.
    """
    if args.explain is not None:
        print(_explanation(args.explain))
        return OK
    outputs = _outputs(args.format)
    report = _audited(args) if args.base is None else _audited_since(args)
    for output, file in outputs:
        if file is None:
            _print(output, report)
        else:
            _save(output, report, file)
            note(args, f"Wrote {file}")
    return status_of(report)


def _audited(args: argparse.Namespace) -> AuditReport:
    from reportgen.audit.policy import load_policy
    from reportgen.audit.runner import audit_runs

    settings = settings_of(args, policy=args.policy)
    policy = _asked(args, load_policy(settings.policy))
    paths = args.path or [root for root in settings.roots if root.is_dir()]
    if not paths:
        raise UsageError("no path given, and no root exists", fix="Name a folder that holds runs")
    compare = None if args.base_report is None else _comparison(args.base_report, paths)
    with progress(args, "auditing") as advance:
        return audit_runs(
            paths,
            policy=policy,
            repository=args.repository,
            online=args.online,
            compare=compare,
            advance=advance,
        )


def _comparison(file: Path, paths: Sequence[Path]) -> Callable[[Sequence[Judged]], Compared]:
    from reportgen.audit.base_report import compared_with, read_report

    before = read_report(file, paths)
    return lambda judged: compared_with(judged, before, file.name)


def _audited_since(args: argparse.Namespace) -> AuditReport:
    from reportgen.audit.base_revision import open_base
    from reportgen.audit.base_rules import rules_of
    from reportgen.audit.since import audit_since

    if args.repository is not None:
        raise UsageError("not together with --base", where="--repository", fix="Leave one out.")
    start = args.path[0] if args.path else Path.cwd()
    overrides = {"roots": args.root, "policy": args.policy}
    with open_base(start, args.base) as base, progress(args, "auditing") as advance:
        rules = rules_of(base, settings_file=args.settings, overrides=overrides)
        return audit_since(
            base,
            args.path or rules.roots,
            policy=_asked(args, rules.policy),
            problems=rules.problems,
            online=args.online,
            advance=advance,
        )


def status_of(report: AuditReport) -> int:
    """Return the exit status of a report: a fault before a failed gate before unread input."""
    from reportgen.audit.report import Outcome

    results = [result for audit in report.runs for result in audit.checks]
    problems = [*report.problems, *(one for audit in report.runs for one in audit.problems)]
    if any(result.outcome is Outcome.ERROR for result in results):
        return FAULT
    if not report.gate.passed:
        return GATE_FAILS
    return PARTLY if any(problem.severity == "error" for problem in problems) else OK


def _asked(args: argparse.Namespace, policy: Policy) -> Policy:
    """Return the policy with what the command line says over it."""
    import msgspec

    policy = policy.failing_on(args.fail_on.split(","))
    if args.min_score is None:
        return policy
    if not 0 <= args.min_score <= 100:
        raise UsageError(f"is {args.min_score}", where="--min-score", expected="0 to 100")
    return msgspec.structs.replace(policy, minimum_score=args.min_score)


def _outputs(text: str) -> list[tuple[Format, Path | None]]:
    from reportgen.audit.formats import by_name

    outputs = []
    for part in text.split(","):
        name, _, file = part.strip().partition("=")
        outputs.append((by_name(name), Path(file) if file else None))
    if sum(file is None for _, file in outputs) > 1:
        raise UsageError(
            "two formats would go to standard output",
            where="--format",
            fix="Send all but one to a file, for example --format text,json=audit.json",
        )
    return outputs


def _print(output: Format, report: AuditReport) -> None:
    from reportgen.terminal import use_color

    color, terminal = use_color(sys.stdout), sys.stdout.isatty()
    if output.name != "text" or not (color or terminal):
        sys.stdout.write(output.render(report))
        return
    from rich.console import Console
    from rich.text import Text

    from reportgen.audit.formats.text import lines

    system: Literal["auto"] | None = "auto" if color else None
    console = Console(color_system=system, highlight=False, markup=False, emoji=False)
    for line in lines(report):
        text = Text.assemble(*((span.text, _STYLES.get(span.style, "")) for span in line))
        # A command stays one line, so that it can be copied.
        wraps = terminal and all(span.style != "command" for span in line)
        margin = len(line[0].text) if line else 0
        for part in _hung(console, text, margin) if wraps else [text]:
            console.print(part, soft_wrap=True)


def _hung(console: Console, text: Text, margin: int) -> Iterator[Text]:
    """Yield a line in parts that fit the terminal, all but the first below its words."""
    from rich.text import Text

    margin = margin if margin <= _MARGIN else 2
    if text.cell_len <= console.width or console.width <= 2 * margin:
        yield text
        return
    head, body = text.divide([margin])
    for number, part in enumerate(body.wrap(console, console.width - margin)):
        part.rstrip()
        yield (head if number == 0 else Text(" " * margin)) + part


def _save(output: Format, report: AuditReport, file: Path) -> None:
    from reportgen.fs.atomic import write_bytes

    try:
        write_bytes(file, output.render(report).encode())
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror}",
            where=str(file),
            fix="Name a file in a folder that exists and that you may write to.",
        ) from None


def _explanation(name: str) -> str:
    from reportgen.audit.registry import by_id

    check = by_id(name)
    facts = [
        ("severity", f"{check.severity.words}, weight {check.severity.weight}"),
        ("reads", ", ".join(check.needs)),
        ("evidence", f"up to {check.evidence.value}, {check.evidence.words}"),
        ("passes", check.title),
        ("else", check.failure),
        ("why", check.why),
        ("fix", check.fix),
        ("line", check.command),
        ("after", ", ".join(check.requires) or None),
    ]
    return "\n".join([check.id, *_aligned(facts)])


def _aligned(facts: Sequence[tuple[str, str | None]]) -> list[str]:
    return [f"  {name:9} {text}" for name, text in facts if text]
