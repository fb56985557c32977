"""Does reproduce.sh do what the record says?"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from reportgen import __version__
from reportgen.audit.evidence import listed
from reportgen.audit.interface import AuditContext, Check, CheckResult, Severity, Where
from reportgen.errors import UnreadableError
from reportgen.runs import layout
from reportgen.runs.view import RunView
from reportgen.script.facts import ScriptFacts, facts_of
from reportgen.script.text import parse_script, render_script

_TOLD = tuple(field.name for field in fields(ScriptFacts) if field.name != "notes")
_WORDS = {
    "patch_sha256": "patch",
    "python_program": "program",
    "remote_refused": "remote",
    "left_out": "files left out",
}


class ReproduceConsistent(Check):
    """reproduce.sh restores, installs and runs what the record of the run says, and nothing else.

    Where the version of reportgen that wrote the run is the one that audits it, the script is made
    again and its bytes are compared; else the facts that it states are.
    """

    id = "code.reproduce-consistent"
    severity = Severity.H
    title = "reproduce.sh says what the record says"
    failure = "reproduce.sh says something else than the record"
    why = "Whoever runs it trusts that it repeats this run, and it runs with their rights."
    fix = "Make it again from the record, or restore the file that the run wrote"
    command = "reportgen reproduce --script RUN"
    at_end = True

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        where = [Where(file=layout.REPRODUCE)]
        data = view.bytes(layout.REPRODUCE)
        if not data:
            what = "reproduce.sh is empty" if data is not None else "there is no reproduce.sh"
            return self.failed(what, inspected=0, where=where)
        recorded = facts_of(view)
        expected = render_script(recorded).encode("utf-8", "replace")
        if data == expected:
            return self.passed("made again from the record, the same bytes", inspected=len(_TOLD))
        text = data.decode("utf-8", "replace")
        try:
            told = parse_script(text)
        except UnreadableError as error:
            return self.failed(f"reproduce.sh: {error.what}", where=where)
        conflicts = _conflicts(told, recorded)
        if conflicts:
            return self.failed(listed(conflicts, limit=2), inspected=len(_TOLD), where=where)
        if _own_version(view):
            message = "states the facts of the record, and does something else with them"
            line = _first_difference(text, expected.decode("utf-8", "replace"))
            place = [Where(file=layout.REPRODUCE, line=line)]
            return self.failed(message, inspected=len(_TOLD), where=place)
        missing = _steps_missing(text)
        if missing:
            message = f"states the facts of the record, without {listed(missing)}"
            return self.partial(message, inspected=len(_TOLD), where=where)
        version = view.run.writer.version if view.run.writer else "another tool"
        message = f"states the facts of the record; written by {version}, so not made again"
        return self.passed(message, inspected=len(_TOLD))


def _own_version(view: RunView) -> bool:
    writer = view.run.writer
    return writer is not None and (writer.name, writer.version) == ("reportgen", __version__)


def _conflicts(told: ScriptFacts, recorded: ScriptFacts) -> list[str]:
    """Return where the script and the record state different facts."""
    found = []
    for name in _TOLD:
        said, known = getattr(told, name), getattr(recorded, name)
        if said != known:
            word = _WORDS.get(name, name.replace("_", " "))
            found.append(_difference(word, said, known))
    return found


def _difference(name: str, said: Any, known: Any) -> str:
    """Return what differs, in words: of a mapping its first entry that does."""
    while isinstance(said, dict) and isinstance(known, dict):
        keys = dict.fromkeys([*said, *known])
        key = next((one for one in keys if said.get(one) != known.get(one)), None)
        if key is None:
            break
        name, said, known = f"{name}.{key}", said.get(key), known.get(key)
    return f"{name[:80]} is {_short(said)} in the script, {_short(known)} in the record"


def _short(value: Any) -> str:
    text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return repr(text) if len(text) <= 60 else f"{text[:60]!r}…"


def _first_difference(text: str, expected: str) -> int:
    pairs = zip(text.split("\n"), expected.split("\n"), strict=False)
    return next((number for number, (one, other) in enumerate(pairs, 1) if one != other), 1)


def _steps_missing(text: str) -> list[str]:
    """Return the steps of a replay that the body of a script does not name."""
    steps = {
        "restoring the tree": r"\bgit\b",
        "comparing its id": r"\$\{?TREE\b",
        "running the command": r"\brun\b",
        "comparing the metrics": r"\$\{?COMPARISON\b",
    }
    body = text.partition("# ---- what is done with it")[2]
    return [name for name, pattern in steps.items() if not re.search(pattern, body)]


CHECKS: tuple[Check, ...] = (ReproduceConsistent(),)
