"""What was recorded of code, environment and data, as labelled facts.

A fact that could not be found out says so with its recorded reason; one that was not recorded at
all is left out.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.runs.schema import Hardware, Input
from reportgen.runs.view import RunView
from reportgen.site.figures import duration, moment, plural, size
from reportgen.site.groups import shown
from reportgen.site.model import Record
from reportgen.site.text import (
    NOTE_LIMIT,
    VALUE_LIMIT,
    clip,
    honest,
    joined,
    safe_url,
    web_address,
    without_credentials,
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact.

    Attributes:
        label: What it is.
        value: Its text.
        code: Set in the code font.
        url: Where it leads; only http and https.
        missing: The value is the reason why it is not known.
    """

    label: str
    value: str
    code: bool = False
    url: str | None = None
    missing: bool = False


def identity_facts(record: Record) -> list[Fact]:
    """Return when, how and by what command the run was made."""
    run = record.view.run
    facts = [Fact("Started", moment(record.created))]
    if record.seconds is not None:
        facts.append(Fact("Took", duration(record.seconds)))
    facts += _given(("Project", record.project), ("Group", record.group))
    if run.kind != "training":
        facts.append(Fact("Kind", run.kind))
    facts += [Fact(f"Tag {clip(str(k), 80)}", clip(shown(v))) for k, v in _tags(record.view)]
    if run.stopped_early:
        facts.append(Fact("Stopped early", clip(run.stopped_early)))
    if run.ranks > 1:
        facts.append(Fact("Ranks", _ranks(record.view)))
    if run.attempt > 1:
        facts.append(Fact("Attempts", str(run.attempt)))
    if run.resumed_from:
        facts.append(Fact("Resumed from", clip(run.resumed_from), code=True))
    if run.exit_code not in (None, 0):
        facts.append(Fact("Exit status", str(run.exit_code)))
    if run.dropped:
        lost = joined(f"{n:,} ({clip(str(why), 80)})" for why, n in run.dropped.items())
        facts.append(Fact("Records dropped", lost))
    facts.append(Fact("Id", clip(record.view.id), code=True))
    return facts


def _ranks(view: RunView) -> str:
    """Return how many processes there were, and what those beside rank 0 logged."""
    logs = list(view.rank_metrics.items())
    said = [f"rank {rank} logged {log.records:,} records" for rank, log in logs[:4]]
    more = [f"{len(logs) - 4} more ranks"] if len(logs) > 4 else []
    return "; ".join([str(view.run.ranks), *said, *more])


def _tags(view: RunView) -> list[tuple[str, Any]]:
    return list(view.tags.items())[:40]


def command_line(view: RunView) -> str | None:
    """Return the recorded command as one shell line, for reading."""
    command = view.run.command
    if command is None or not command.argv:
        return None
    interpreter = (command.interpreter or "python").rpartition("/")[2]
    words = command.argv if not command.argv[0].endswith(".py") else [interpreter, *command.argv]
    return honest(clip(" ".join(shlex.quote(word) for word in words), VALUE_LIMIT))


def code_facts(view: RunView) -> list[Fact]:
    """Return which code ran."""
    git = view.git
    if git is None:
        return []
    page = web_address(git.remote)
    facts: list[Fact] = []
    if git.commit:
        hexadecimal = git.commit.isalnum()
        url = safe_url(f"{page}/commit/{git.commit}") if page and hexadecimal else None
        facts.append(Fact("Commit", clip(git.commit), code=True, url=url))
    facts += _given(("Branch", git.branch), ("Description", git.describe))
    if git.remote:
        facts.append(Fact("Remote", clip(without_credentials(git.remote)), url=page))
    if git.dirty is not None:
        facts.append(Fact("Work tree", _work_tree(git.dirty, git.dirty_end)))
    if git.tree:
        facts.append(Fact("Tree", clip(git.tree), code=True))
    if git.untracked:
        names = joined(clip(name, 120) for name in git.untracked[:20])
        more = f" and {len(git.untracked) - 20} more" if len(git.untracked) > 20 else ""
        facts.append(Fact("Untracked files", f"{names}{more}", code=True))
    for left in git.left_out[:20]:
        facts.append(Fact("Left out", f"{clip(left.path)} ({size(left.bytes)})"))
    for module in git.submodules[:20]:
        facts.append(Fact("Submodule", f"{clip(module.path)} at {clip(module.commit or '–')}"))
    if git.packaged:
        packaged = f"{git.packaged.distribution} {git.packaged.version or ''}".strip()
        facts.append(Fact("Installed package", clip(packaged)))
    return facts + _missing(git.not_available)


def _work_tree(start: bool, end: bool | None) -> str:
    first = "with uncommitted changes" if start else "clean"
    if end is None or end == start:
        return first
    return f"{first} at the start, {'with uncommitted changes' if end else 'clean'} at the end"


def environment_facts(view: RunView) -> list[Fact]:
    """Return where it ran."""
    environment = view.environment
    if environment is None:
        return []
    facts: list[Fact] = []
    if environment.python:
        words = (environment.python.implementation, environment.python.version)
        facts.append(Fact("Python", clip(" ".join(word for word in words if word))))
    if environment.os:
        facts.append(Fact("System", clip(_plain(environment.os))))
    if environment.hardware:
        facts += _hardware_facts(environment.hardware)
    if environment.accelerator:
        facts.append(Fact("Accelerator", clip(_plain(environment.accelerator))))
    if environment.container and environment.container.image:
        facts.append(Fact("Container", clip(environment.container.image), code=True))
    compute = environment.compute
    if compute and compute.peak_memory_bytes:
        facts.append(Fact("Peak memory", size(compute.peak_memory_bytes)))
    if environment.seeds:
        seeds = {
            k: v for k, v in environment.seeds.items() if k != "state_sha256" and v is not None
        }
        facts.append(Fact("Seeds", clip(_plain(seeds))))
    if environment.determinism:
        facts.append(Fact("Determinism", clip(_plain(environment.determinism))))
    if environment.variables:
        given = {k: v for k, v in environment.variables.items() if v is not None}
        facts.append(Fact("Variables", clip(_plain(given)) or "none set", code=True))
    return facts + _missing(environment.not_available)


def _hardware_facts(hardware: Hardware) -> list[Fact]:
    facts = _given(("Processor", hardware.cpu))
    if hardware.cores:
        facts.append(Fact("Cores", str(hardware.cores)))
    if hardware.memory_bytes:
        facts.append(Fact("Memory", size(hardware.memory_bytes)))
    if hardware.gpus is not None:
        names = [f"{clip(gpu.name, 80)} ({size(gpu.memory_bytes)})" for gpu in hardware.gpus]
        facts.append(Fact("GPU", joined(names[:32]) or "none"))
    return facts


def packages_of(view: RunView) -> list[tuple[str, str]]:
    """Return the imported packages with their versions."""
    packages = (view.environment.packages if view.environment else None) or {}
    return [(clip(str(k), 120), clip(str(v or "–"), 120)) for k, v in list(packages.items())[:500]]


def _plain(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {shown(value)}" for key, value in values.items())


@dataclass(frozen=True, slots=True)
class InputRow:
    """One input of the run."""

    name: str
    path: str
    size: str
    rows: str
    sha256: str
    version: str


def input_rows(view: RunView) -> list[InputRow]:
    """Return the recorded inputs."""
    inputs = view.data.inputs if view.data else []
    return [_input_row(given) for given in inputs[:200]]


def _input_row(given: Input) -> InputRow:
    count = plural(given.files, "file") if given.files is not None else "–"
    return InputRow(
        name=clip(given.name),
        path=clip(given.path or "–"),
        size=size(given.bytes),
        rows=f"{given.rows:,}" if given.rows is not None else count,
        sha256=clip(given.sha256 or "–", 80),
        version=clip(_plain(given.version)) if given.version else "–",
    )


def split_facts(view: RunView) -> list[Fact]:
    """Return how the data was split, and what of it could not be found out."""
    if view.data is None:
        return []
    facts = []
    for name, split in list(view.data.splits.items())[:40]:
        if isinstance(split, Mapping):
            count = split.get("count")
            text = plural(count, "example") if isinstance(count, int) else clip(_plain(split))
            facts.append(Fact(f"Split {clip(str(name), 80)}", text))
        else:
            facts.append(Fact(f"Split {clip(str(name), 80)}", clip(shown(split))))
    return facts + _missing(view.data.not_available)


def notes_of(view: RunView) -> str | None:
    """Return the notes, bounded."""
    return clip(view.notes, NOTE_LIMIT) if view.notes else None


def _given(*pairs: tuple[str, str | None]) -> list[Fact]:
    return [Fact(label, clip(value)) for label, value in pairs if value]


def _missing(reasons: Mapping[str, str]) -> list[Fact]:
    found: Iterable[tuple[str, str]] = list(reasons.items())[:40]
    return [Fact(_words(key), f"not available: {clip(why)}", missing=True) for key, why in found]


def _words(key: str) -> str:
    text = clip(str(key), 80).replace("_", " ")
    return text[:1].upper() + text[1:]
