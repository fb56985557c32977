"""README.md of a bundle: what it is, how to check it and run it again, and what lies where."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Sequence

from reportgen.runs import layout
from reportgen.runs.checkpoint_choice import best_checkpoint
from reportgen.runs.view import RunView
from reportgen.script.facts import ScriptFacts
from reportgen.terminal import one_line

_MOST_METRICS = 30
_PLACES = (
    ("code.bundle", "code", "the code as it ran: `git clone code.bundle code`"),
    ("run/git_info.yaml", "commit", "commit, branch and remote; `tree` is the id of what ran"),
    ("run/git_diff.patch", "uncommitted changes", "what was not committed"),
    ("run/config.yaml", "configuration", "the resolved hyperparameters"),
    ("results.csv", "results", "last and best value of every metric"),
    ("run/metrics.jsonl", "metrics", "every value that was logged"),
    ("run/training.log", "log", "what the program logged"),
    ("run/requirements.txt", "environment", "the installed packages"),
    ("wheels/", "packages", "the packages themselves: no network is needed"),
    ("inputs/", "data", "recorded inputs that the code does not hold"),
    ("run/reproduce.sh", "the way back", "restores, runs and compares"),
    ("run/manifest.json", "the run's seal", "size and SHA-256 of each of its files"),
    ("bundle.json", "manifest", "size and SHA-256 of every file here"),
    ("ro-crate-metadata.json", "description", "RO-Crate 1.2, for archives and catalogues"),
    ("CITATION.cff", "citation", "how to cite it"),
    ("LICENSE", "license", "what others may do with it"),
    ("Dockerfile", "container", "`docker build -t run . && docker run --rm run`"),
    ("environment.yml", "conda", "`conda env create -f environment.yml`"),
)
_ALWAYS = ("bundle.json", "ro-crate-metadata.json")


def readme(
    view: RunView,
    facts: ScriptFacts,
    *,
    held: Collection[str],
    notes: Sequence[str],
    snapshot: bool,
) -> str:
    """Return the text; the same run and the same contents give the same.

    Args:
        view: The run.
        facts: What its script states.
        held: Paths in the bundle.
        notes: What it does not hold.
        snapshot: Whether it holds the code.
    """
    parts = [
        f"# Run {_plain(view.name)}\n",
        "One machine-learning run with what it takes to check it and to run it again.\n",
        _list(_said(view, facts)),
        "\n## Check it\n",
        _CHECK,
        "\n## Run it again\n",
        _again(snapshot=snapshot, wheels=any(path.startswith("wheels/") for path in held)),
        "\n## What is here\n",
        _table(("file", "is", "holds"), _places(view, held)),
    ]
    metrics = _metrics(view)
    if metrics:
        parts += ["\n## Results\n", _table(("metric", "last", "best"), metrics)]
    if notes:
        parts += ["\n## What is not here\n", _list((_plain(one), "") for one in notes)]
    return "\n".join(f"{part.strip()}\n" for part in parts)


_CHECK = """Every file is listed in `bundle.json` with its SHA-256.

```console
$ pip install reportgen-runs
$ reportgen verify .
```

That tells whether something was changed since, not who made it.
"""


def _again(*, snapshot: bool, wheels: bool) -> str:
    code = (
        "The code comes from `code.bundle`; no repository is needed."
        if snapshot
        else "The code is not in here: run this inside a clone of the repository, or name one by "
        "`REPORTGEN_REPO`; else the recorded remote is asked."
    )
    packages = (
        "The packages come from `wheels/` alone."
        if wheels
        else (
            "The recorded packages are installed into a new environment; `REPORTGEN_PYTHON` names "
            "an existing one instead."
        )
    )
    return f"""This runs the code of whoever made the run, with your rights. Read it first.

```console
$ bash run/reproduce.sh NEW_FOLDER
```

{code}
{packages}
It needs git and the recorded version of Python, restores everything in the new folder, and ends
with 0 when the metrics are equal or within 1e-5 relative, 1 when they differ, 2 when it refuses
and 3 when it cannot. On Windows `reportgen reproduce run` does the same.
"""


def _said(view: RunView, facts: ScriptFacts) -> Iterator[tuple[str, str]]:
    yield "run", f"`{_code(view.id)}`"
    yield "state", str(view.state)
    yield "started", f"{view.run.created}" + (f", ended {view.run.ended}" if view.run.ended else "")
    if facts.argv:
        yield "command", f"`{_code(shlex.join(facts.argv))}` in `{_code(facts.cwd)}`"
    if facts.commit:
        changed = ", with changes that were not committed" if facts.patch_sha256 else ""
        yield "commit", f"`{facts.commit}`{changed}"
    if facts.tree:
        yield "tree", f"`{facts.tree}`"
    if facts.remote:
        yield "repository", f"`{_code(facts.remote)}`"
    if facts.python:
        yield "Python", facts.python
    best = best_checkpoint(view)
    if best is not None:
        yield "best model", f"`run/{_code(best)}`"
    for obstacle in facts.obstacles:
        yield "cannot be run again from its record", _plain(obstacle)
    for note in facts.notes:
        yield "note", _plain(note)


def _places(view: RunView, held: Collection[str]) -> Iterator[tuple[str, ...]]:
    best = best_checkpoint(view)
    for place, name, holds in _PLACES:
        there = place in held or place in _ALWAYS
        if there or (place.endswith("/") and any(path.startswith(place) for path in held)):
            yield f"`{place}`", name, holds
        if place == "run/config.yaml" and best is not None:
            yield f"`run/{_code(best)}`", "best model", "the checkpoint that was best"
    others = sum(path.startswith(f"run/{layout.CHECKPOINTS}/") for path in held)
    if others:
        yield f"`run/{layout.CHECKPOINTS}/`", "checkpoints", "with a description each"


def _metrics(view: RunView) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, one in sorted(view.summary.metrics.items())[:_MOST_METRICS]:
        best = "" if one.best is None else f"{one.best} at step {one.best_step}"
        last = "" if one.last is None else f"{one.last} at step {one.last_step}"
        rows.append((_plain(name), last, best))
    return rows


def _list(pairs: Iterator[tuple[str, str]]) -> str:
    lines = [f"- {name}: {value}" if value else f"- {name}" for name, value in pairs]
    return "\n".join(lines) + "\n"


def _table(
    headers: Sequence[str], rows: Sequence[Sequence[str]] | Iterator[tuple[str, ...]]
) -> str:
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _plain(text: str) -> str:
    """Text of a run as text of Markdown: one line, and no mark-up of its own."""
    return re.sub(r"([\\`*_\[\]<>|#!&~$])", r"\\\1", one_line(text))


def _code(text: str) -> str:
    """Text of a run inside a code span of a table: it cannot end either."""
    return one_line(text).replace("`", "'").replace("|", "\\|")
