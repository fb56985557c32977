"""Write reproduce.sh and read it back.

The script is one block of recorded facts and a body that is always the same. The facts are
assignments quoted by :func:`shlex.quote`; what may hold anything at all (arguments, names of
metrics, paths) is JSON of ASCII characters inside one quoted word, so that no shell ever sees it
as more than that word. There is no heredoc, and comments hold no control characters.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from reportgen.errors import UnreadableError
from reportgen.runs import layout
from reportgen.runs.view import RunView
from reportgen.script.facts import ScriptFacts, facts_of
from reportgen.script.requirements import Requirements

_FIRST = "# ---- what was recorded"
_LAST = "# ---- what is done with it"
_COMMENT_CHARACTERS = 200
_IN_JSON = (
    *("run", "name", "writer", "argv", "cwd", "python_program", "wrapped", "seeds", "inputs"),
    *("left_out", "metrics", "obstacles", "notes"),
)


def reproduce_script(view: RunView) -> str:
    """Return reproduce.sh of a run: POSIX shell, also for bash.

    A run that cannot be replayed gets a script too: it says why and ends with status 3.
    """
    return render_script(facts_of(view))


def render_script(facts: ScriptFacts) -> str:
    """Return the script that says ``facts``."""
    head = [
        "#!/bin/sh",
        _comment(f"Runs {facts.name} ({facts.run}) again and compares its metrics."),
        "#",
        "#     bash reproduce.sh [NEW_FOLDER]",
        "#",
        "# Restores commit and uncommitted changes into a new folder, installs the recorded",
        "# packages there and runs the recorded command: that is the code of whoever made the run,",
        "# with your rights. Your repository stays as it is. It ends with 0 when the metrics are",
        "# equal or within 1e-5 relative, 1 when they differ, 2 when it refuses, 3 when it cannot.",
        "#",
        "# Code, packages and data come from code.bundle, wheels/ and inputs/ that lie beside this",
        "# file or, in a bundle of reportgen, around its folder; then nothing is downloaded.",
        "#",
        "# REPORTGEN_REPO=FOLDER    a repository that has the commit, instead of code.bundle, the",
        "#                          repository this file lies in or the recorded remote",
        "# REPORTGEN_PYTHON=PYTHON  the interpreter of an environment that has the packages",
        "# REPORTGEN_DATA=FOLDER    where recorded inputs are that git does not hold",
        "",
        "set -eu",
        "",
        _FIRST,
        _comment(f"command: {' '.join(map(shlex.quote, facts.argv))}"),
    ]
    steps, comparison = (shlex.quote(_part(name)) for name in ("steps.py", "comparison.py"))
    programs = [f"STEPS={steps}", "", f"COMPARISON={comparison}"]
    return "\n".join([*head, *_assignments(facts), "", _LAST, *programs, "", _part("body.sh")])


@cache
def _part(name: str) -> str:
    # importlib.resources costs milliseconds, which every audit and every start would pay.
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _comment(text: str) -> str:
    plain = "".join(char if char.isprintable() else "?" for char in text)
    cut = plain if len(plain) <= _COMMENT_CHARACTERS else f"{plain[: _COMMENT_CHARACTERS - 3]}..."
    return f"# {cut}"


def _assignments(facts: ScriptFacts) -> Iterator[str]:
    yield f"COMMIT={facts.commit or ''}"
    yield f"TREE={facts.tree or ''}"
    yield f"PATCH_SHA256={facts.patch_sha256 or ''}"
    yield f"REMOTE={shlex.quote(facts.remote or '')}"
    yield f"PYTHON_VERSION={facts.python or ''}"
    yield f"REMOTE_REFUSED={int(facts.remote_refused)}"
    yield f"REQUIREMENTS={_lines(facts.requirements.pins)}"
    yield f"REQUIREMENTS_LABELLED={_lines(facts.requirements.labelled)}"
    yield f"REQUIREMENTS_OWN={_lines(facts.requirements.own)}"
    yield f"REQUIREMENTS_REFUSED={_json(facts.requirements.refused)}"
    for name, setting in facts.variables.items():
        if setting is not None:
            yield f"export {name}={shlex.quote(setting)}"
    unset = [name for name, setting in facts.variables.items() if setting is None]
    if unset:
        yield f"unset {' '.join(unset)}"
    recorded = {key: getattr(facts, key) for key in _IN_JSON}
    recorded["redacted"] = {str(place): name for place, name in facts.redacted.items()}
    yield f"RECORDED={_json(recorded)}"


def _lines(words: tuple[str, ...]) -> str:
    return shlex.quote("\n".join(words))


def _json(value: Any) -> str:
    """Return ``value`` as JSON in one shell word, one line an entry, for people to read."""
    if isinstance(value, dict):
        entries = [f"{json.dumps(key)}: {json.dumps(item)}" for key, item in value.items()]
        text = "{\n" + ",\n".join(entries) + "\n}"
    else:
        text = json.dumps(value)
    return shlex.quote(text.replace("'", "\\u0027"))


def parse_script(text: str) -> ScriptFacts:
    """Return the facts of a script that :func:`render_script` made.

    Nothing is run. The body is not looked at: whoever wants to know that a script does what its
    facts say makes it again and compares.

    Raises:
        UnreadableError: It is no such script, or its facts were damaged.
    """
    try:
        return _facts(_Assignments(text))
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise UnreadableError(
            f"its facts cannot be read: {type(error).__name__}: {str(error)[:100]}",
            where=layout.REPRODUCE,
            expected="a script written by reportgen",
        ) from None


class _Assignments:
    """The assignments of the fact block, as the shell would read them."""

    def __init__(self, text: str) -> None:
        block = re.search(rf"^{_FIRST}$(.*?)^{_LAST}$", text, re.MULTILINE | re.DOTALL)
        if block is None:
            raise ValueError("there is no block of recorded facts")
        self.texts: dict[str, str] = {}
        self.variables: dict[str, str | None] = {}
        keyword = ""
        for word in shlex.split(block[1], comments=True):
            name, equals, value = word.partition("=")
            if word in ("export", "unset"):
                keyword = word
            elif keyword == "unset" and not equals:
                self.variables[name] = None
            elif equals and re.fullmatch("[A-Z][A-Z0-9_]*", name):
                target = self.variables if keyword == "export" else self.texts
                target[name] = value
                keyword = ""
            else:
                raise ValueError(f"{word[:40]!r} is no assignment")

    def lines(self, name: str) -> tuple[str, ...]:
        return tuple(self.texts[name].split("\n")) if self.texts[name] else ()


def _facts(said: _Assignments) -> ScriptFacts:
    recorded = json.loads(said.texts["RECORDED"])
    kept: dict[str, Any] = {key: _frozen(recorded[key]) for key in _IN_JSON}
    return ScriptFacts(
        **kept,
        commit=said.texts["COMMIT"] or None,
        tree=said.texts["TREE"] or None,
        patch_sha256=said.texts["PATCH_SHA256"] or None,
        remote=said.texts["REMOTE"] or None,
        remote_refused=said.texts["REMOTE_REFUSED"] == "1",
        python=said.texts["PYTHON_VERSION"] or None,
        requirements=Requirements(
            pins=said.lines("REQUIREMENTS"),
            labelled=said.lines("REQUIREMENTS_LABELLED"),
            own=said.lines("REQUIREMENTS_OWN"),
            refused=tuple(json.loads(said.texts["REQUIREMENTS_REFUSED"])),
        ),
        variables=said.variables,
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
