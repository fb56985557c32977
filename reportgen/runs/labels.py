"""labels.yaml: what people say of a run later. It lies outside the seal and wins over run.yaml.

A tag that is null takes away the tag of run.yaml; an empty group or an empty note does so with
group and note. What is not named there stays as run.yaml has it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reportgen.errors import NotFoundError, SchemaError, UnavailableError
from reportgen.fs.documents import parse_yaml
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.fs.regular import read_regular
from reportgen.runs import layout, lock
from reportgen.runs.schema import Labels, Run
from reportgen.runs.validate import convert_tolerantly
from reportgen.runs.writer import write_plain


@dataclass(frozen=True, slots=True)
class LabelEdit:
    """What is to be said of a run; None leaves it as it is.

    Attributes:
        tags: Tags to set.
        untag: Names of tags to take away.
        notes: The note; an empty one takes it away.
        group: The group; an empty one takes it away.
        archived: Whether tables leave the run out.
    """

    tags: Mapping[str, Any] = field(default_factory=dict)
    untag: Collection[str] = ()
    notes: str | None = None
    group: str | None = None
    archived: bool | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that reads differently after an edit; None: there is none."""

    field: str
    before: Any
    after: Any


def tags_in_force(run: Run, labels: Labels) -> dict[str, Any]:
    """Return the tags of a run with its labels."""
    later = labels.tags or {}
    gone = {key for key, value in later.items() if value is None}
    return {key: value for key, value in {**run.tags, **later}.items() if key not in gone}


def group_in_force(run: Run, labels: Labels) -> str | None:
    """Return the group of a run with its labels."""
    return (run.group if labels.group is None else labels.group) or None


def notes_in_force(run: Run, labels: Labels) -> str | None:
    """Return the note of a run with its labels."""
    return (run.notes if labels.notes is None else labels.notes) or None


def edited(run: Run, labels: Labels, edit: LabelEdit) -> Labels:
    """Return the labels after an edit; what run.yaml says itself is not said again."""
    tags = dict(labels.tags or {})
    for key, value in {**edit.tags, **dict.fromkeys(edit.untag)}.items():
        tags[key] = value
        said = key in run.tags
        if (value is None and not said) or (said and _same(value, run.tags[key])):
            del tags[key]
    group, notes, archived = labels.group, labels.notes, labels.archived
    if edit.group is not None:
        group = None if edit.group == (run.group or "") else edit.group
    if edit.notes is not None:
        notes = None if edit.notes == (run.notes or "") else edit.notes
    if edit.archived is not None:
        archived = edit.archived
    return Labels(tags=tags or None, notes=notes, group=group, archived=archived)


def _same(value: Any, other: Any) -> bool:
    return value is not None and type(value) is type(other) and bool(value == other)


def changes(run: Run, before: Labels, after: Labels) -> list[Change]:
    """Return what reads differently, in the order tags, group, notes, archived."""
    old, new = _as_read(run, before), _as_read(run, after)
    names = dict.fromkeys([*old, *new])
    found = [Change(name, old.get(name), new.get(name)) for name in names]
    return [one for one in found if not _reads_alike(one.before, one.after)]


def _as_read(run: Run, labels: Labels) -> dict[str, Any]:
    tags = tags_in_force(run, labels)
    return {
        **{f"tags.{key}": value for key, value in tags.items()},
        "group": group_in_force(run, labels),
        "notes": notes_in_force(run, labels),
        "archived": labels.archived,
    }


def _reads_alike(one: Any, other: Any) -> bool:
    return (one is None and other is None) or _same(one, other)


def read_labels(folder: Path) -> tuple[dict[str, Any], Labels]:
    """Return labels.yaml as plain values, unknown keys kept, and as a document.

    Both are empty when there is no such file. Unlike a reader, who lives with a key that does
    not fit, this refuses it: to write the file again would lose it.

    Raises:
        SchemaError: It is no mapping, or a key does not fit.
        UnreadableError, LimitError: It is no YAML, a link, or too large.
        OSError: It may not be read.
    """
    place = f"{folder}/{layout.LABELS}"
    try:
        data = read_regular(folder, layout.LABELS, limit=DEFAULT_LIMITS.document_bytes)
    except NotFoundError:
        return {}, Labels()
    parsed = parse_yaml(data, name=place)
    raw = {} if parsed.value is None else parsed.value
    if not isinstance(raw, dict):
        raise SchemaError("is no mapping", where=place, expected="tags, notes, group, archived")
    labels, problems = convert_tolerantly(raw, Labels, name=layout.LABELS, sources=parsed.sources)
    if labels is None or problems:
        message = problems[0].message if problems else "is no document"
        raise SchemaError(message, where=place, fix="Mend that key by hand first")
    return raw, labels


def edit_labels(folder: Path, run: Run, edit: LabelEdit) -> list[Change]:
    """Change labels.yaml in one step and return what reads differently now.

    A file that has nothing to say any more is removed.

    Args:
        folder: The run folder.
        run: Its run.yaml.
        edit: What is to be said.

    Raises:
        ReportgenError: As :func:`read_labels`; UnavailableError while somebody else edits.
        OSError: The disk refused; the old file stands.
    """
    with _alone(folder):
        raw, before = read_labels(folder)
        after = edited(run, before, edit)
        found = changes(run, before, after)
        if after != before:
            _write(folder, raw, after)
    return found


def _write(folder: Path, raw: Mapping[str, Any], labels: Labels) -> None:
    own: dict[str, Any] = {"tags": labels.tags, "notes": labels.notes, "group": labels.group}
    said = {key: value for key, value in own.items() if value is not None}
    if labels.archived:
        said["archived"] = True
    kept = {key: value for key, value in raw.items() if key not in Labels.__struct_fields__}
    if said or kept:
        write_plain(folder, layout.LABELS, {**said, **kept})
    else:
        (folder / layout.LABELS).unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep two edits at once from losing one of them."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if not lock.hold(descriptor):
            raise UnavailableError(
                "somebody else edits the labels of this run",
                where=str(folder),
                fix="Run the command again",
            )
        yield
    finally:
        os.close(descriptor)
