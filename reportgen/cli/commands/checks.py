"""``reportgen checks``: the catalogue of checks, from the checks themselves."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from reportgen.audit.evidence import counted
from reportgen.audit.interface import CATEGORIES, RULES, Check
from reportgen.audit.registry import CHECKS, by_id
from reportgen.cli.options import add_json, print_json

_HEAD = """\
# The checks

{count}, rules {rules}. Generated from the checks themselves by `reportgen checks --markdown`.
What outcomes, evidence and scores mean is in [audit.md](audit.md); `reportgen audit --explain
CHECK` prints one entry.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("check", nargs="*", help="ids of checks; all by default")
    parser.add_argument("--markdown", action="store_true", help="print them as a document")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the catalogue.

    Raises:
        NotFoundError: There is no such check.
    """
    checks = [by_id(name) for name in args.check] or list(CHECKS)
    if args.json:
        print_json({"rules": RULES, "checks": [entry(check) for check in checks]})
    elif args.markdown:
        print(markdown(checks), end="")
    else:
        print(catalogue(checks))
    return 0


def entry(check: Check) -> dict[str, object]:
    """Return one check as plain values."""
    return {
        "id": check.id,
        "category": check.category,
        "severity": check.severity.value,
        "weight": check.severity.weight,
        "title": check.title,
        "failure": check.failure,
        "why": check.why,
        "fix": check.fix,
        "command": check.command,
        "needs": list(check.needs),
        "evidence": check.evidence.value,
        "requires": list(check.requires),
    }


def catalogue(checks: Sequence[Check]) -> str:
    """Return the checks as text, category by category."""
    width = max(len(check.id) for check in checks)
    parts = [f"{counted(len(checks), 'check')}, rules {RULES}"]
    for category in CATEGORIES:
        own = [check for check in checks if check.category == category]
        if own:
            parts += ["", category]
            parts += [
                f"  {check.severity.value}  {check.id:{width}}  {check.title}" for check in own
            ]
    parts += ["", "B blocker, H high, M medium, L low; `reportgen audit --explain CHECK` says more"]
    return "\n".join(parts)


def markdown(checks: Sequence[Check]) -> str:
    """Return the checks as a document: a section a category, an entry a check."""
    parts = [_HEAD.format(count=counted(len(checks), "check"), rules=RULES)]
    for category in CATEGORIES:
        own = [check for check in checks if check.category == category]
        if own:
            parts.append(f"## {category.capitalize()} ({len(own)})\n")
            parts += map(_entry, own)
    return "\n".join(parts)


def _entry(check: Check) -> str:
    best = f"{check.evidence.value}, {check.evidence.words}"
    if check.online_evidence is not None:
        best += f"; {check.online_evidence.value} with the network"
    facts = [
        f"**{check.severity.words.capitalize()}**, weight {check.severity.weight}. "
        f"Reads: {', '.join(check.needs)}. Evidence: up to {best}.",
        "",
        f"- passes: {check.title}",
        f"- else: {check.failure}",
        f"- why: {check.why}",
        f"- what to do: {check.fix}",
    ]
    if check.command:
        facts.append(f"- in a line: `{check.command}`")
    if check.requires:
        facts.append(f"- judged after: {', '.join(f'`{name}`' for name in check.requires)}")
    return "\n".join([f"### {check.id}", "", *facts, ""])
