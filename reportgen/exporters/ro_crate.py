"""A run as a Research Object Crate: its folder, and one JSON-LD document that says what is what.

The document is RO-Crate 1.2 (w3id.org/ro/crate/1.2) after the profile Process Run Crate 0.5, the
one of the Workflow Run collection for a program that was started by a command
(w3id.org/ro/wfrun/process/0.5). It is made of the record alone, so the same run gives the same
bytes, and needs no package.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import join
from typing import Any, NamedTuple
from urllib.parse import quote

from reportgen.fs.atomic import write_bytes
from reportgen.fs.documents import dump_json
from reportgen.fs.hashing import sha256_file
from reportgen.fs.paths import portable_component
from reportgen.fs.regular import read_pieces
from reportgen.fs.text import storable
from reportgen.runs import layout
from reportgen.runs.schema import GitInfo
from reportgen.runs.view import RunView

METADATA = "ro-crate-metadata.json"
CRATE = "https://w3id.org/ro/crate/1.2"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_CONTEXT = [f"{CRATE}/context", "https://w3id.org/ro/terms/workflow-run/context"]
_SPDX = "https://spdx.org/licenses/"
_STATUS = {"finished": "Completed", "failed": "Failed", "interrupted": "Failed"}
_LICENSE = "LICENSE"
_PYTHON = "https://www.python.org/"
_FORMATS = {
    "cff": "application/yaml",
    "csv": "text/csv",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "log": "text/plain",
    "md": "text/markdown",
    "parquet": "application/vnd.apache.parquet",
    "patch": "text/x-diff",
    "png": "image/png",
    "sh": "text/x-shellscript",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "whl": "application/zip",
    "yaml": "application/yaml",
    "yml": "application/yaml",
}
_MOST_VALUES = 500
_RESULTS = (
    *(f"{layout.METRICS} {layout.SUMMARY} {layout.TRAINING_LOG} {layout.STDOUT}".split()),
    *(f"{layout.STDERR} {layout.SYSTEM} {layout.ALERTS} {layout.HISTOGRAMS}".split()),
)
_RESULT_FOLDERS = (
    *(layout.CHECKPOINTS, layout.FIGURES, layout.PREDICTIONS, layout.ARTIFACTS),
    *(layout.TABLES, layout.TENSORBOARD),
)

Entity = dict[str, Any]


class CrateFile(NamedTuple):
    """A file of a crate: its path, its size in bytes and its SHA-256."""

    path: str
    size: int
    sha256: str


def crate_metadata(
    view: RunView,
    files: Sequence[CrateFile],
    *,
    folder: str,
    code: str | None = None,
    license_id: str | None = None,
) -> bytes:
    """Return ro-crate-metadata.json of a crate that holds one run.

    Args:
        view: The run.
        files: Everything that the crate holds, the document itself left out.
        folder: Where the run folder lies in the crate.
        code: The file that holds the code, where the crate has one.
        license_id: SPDX identifier of the license, where it is known.
    """
    graph = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "about": _to("./"),
            "conformsTo": _to(CRATE),
        },
        *_root(view, files, license_id),
        *_action(view, files, folder, code),
        *(_file(one, view, code) for one in files),
    ]
    return dump_json({"@context": _CONTEXT, "@graph": graph})


def _root(view: RunView, files: Sequence[CrateFile], license_id: str | None) -> Iterator[Entity]:
    has_text = any(one.path == _LICENSE for one in files)
    other = _LICENSE if has_text else "#license"
    license_ = f"{_SPDX}{quote(license_id)}" if license_id else other
    yield {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Run {view.name}",
        "description": view.notes or f"A recorded run, {view.state}.",
        "datePublished": (view.run.ended or view.run.created)[:10],
        "license": _to(license_),
        "conformsTo": _to(PROFILE),
        "hasPart": [_to(_uri(one.path)) for one in files],
        "mentions": _to("#run"),
    }
    if license_id:
        yield {"@id": license_, "@type": "CreativeWork", "name": license_id}
    elif not has_text:
        stated = "Not stated: ask whoever handed this on."
        yield {"@id": license_, "@type": "CreativeWork", "name": "none", "description": stated}
    profile = {"name": "Process Run Crate", "version": "0.5"}
    yield {"@id": PROFILE, "@type": ["CreativeWork", "Profile"], **profile}


def _action(
    view: RunView, files: Sequence[CrateFile], folder: str, code: str | None
) -> Iterator[Entity]:
    command = view.run.command
    argv = join(command.argv) if command and command.argv else None
    instrument = _uri(code) if code else "#code"
    settings = list(_settings(view))
    values = list(_values(view))
    inputs = list(_inputs(view))
    variables = list(_variables(view))
    results = [one.path for one in files if _is_result(one.path, folder)]
    status = _STATUS.get(view.run.status)
    action = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": view.name,
        "identifier": view.id,
        "description": argv,
        "startTime": _second(view.run.created),
        "endTime": _second(view.run.ended),
        "actionStatus": f"http://schema.org/{status}ActionStatus" if status else None,
        "error": view.run.stopped_early if view.run.status != "finished" else None,
        "instrument": _to(instrument),
        "object": [_to(one["@id"]) for one in (*inputs, *settings)],
        "result": [*(_to(_uri(path)) for path in results), *(_to(one["@id"]) for one in values)],
        "environment": [_to(one["@id"]) for one in variables],
    }
    yield {key: value for key, value in action.items() if value not in (None, [])}
    if code is None:
        yield {"@id": "#code", "@type": "SoftwareSourceCode", **_code(view)}
    python = _python(view)
    if python is not None:
        language = {"name": "Python", "version": python, "url": _PYTHON}
        yield {"@id": _PYTHON, "@type": "ComputerLanguage", **language}
    yield from (*inputs, *settings, *values, *variables)


def _code(view: RunView) -> Entity:
    git = view.git or GitInfo()
    python = _python(view)
    command = view.run.command
    entity = {
        "name": join(command.argv) if command and command.argv else "the program of the run",
        "programmingLanguage": _to(_PYTHON) if python else None,
        "codeRepository": git.remote,
        "url": git.remote,
        "version": git.commit,
        "identifier": git.tree,
        "runtimePlatform": f"Python {python}" if python else None,
    }
    return {key: value for key, value in entity.items() if value is not None}


def _python(view: RunView) -> str | None:
    python = view.environment.python if view.environment else None
    return python.version if python else None


def _file(one: CrateFile, view: RunView, code: str | None) -> Entity:
    # Not the table of the system, which differs between machines.
    kind = _FORMATS.get(one.path.rpartition(".")[2], "application/octet-stream")
    entity: Entity = {
        "@id": _uri(one.path),
        "@type": "File",
        "name": storable(one.path),
        "contentSize": str(one.size),
        "sha256": one.sha256,
        "encodingFormat": kind,
    }
    if one.path == code:
        return {**entity, **_code(view), "@type": ["File", "SoftwareSourceCode"]}
    if one.path == _LICENSE:
        stated = "What others may do with this."
        more = {"@type": ["File", "CreativeWork"], "description": stated}
        return {**entity, **more, "encodingFormat": "text/plain"}
    return entity


def _second(time: str | None) -> str | None:
    """A time of the standard without its milliseconds, which some readers do not take."""
    return f"{time[:19]}Z" if time and time.endswith("Z") else time


def _settings(view: RunView) -> Iterator[Entity]:
    for number, (key, value) in enumerate(sorted(view.flat_config.items())[:_MOST_VALUES], 1):
        text = view.config_sources.get(key, value)
        plain = text if isinstance(text, str | int | float | bool) else str(text)
        yield _property(f"#setting-{number}", key, plain)


def _values(view: RunView) -> Iterator[Entity]:
    last = sorted(view.summary.metrics.items())[:_MOST_VALUES]
    for number, (name, summary) in enumerate(last, 1):
        if summary.last is not None:
            yield _property(f"#metric-{number}", name, summary.last)


def _variables(view: RunView) -> Iterator[Entity]:
    recorded = (view.environment.variables if view.environment else None) or {}
    known = sorted((name, value) for name, value in recorded.items() if value is not None)
    for number, (name, value) in enumerate(known, 1):
        yield _property(f"#variable-{number}", name, str(value))


def _inputs(view: RunView) -> Iterator[Entity]:
    for number, one in enumerate(view.data.inputs if view.data else [], 1):
        described = {
            "name": one.name,
            "alternateName": one.path,
            "sha256": one.sha256,
            "contentSize": None if one.bytes is None else str(one.bytes),
        }
        known = {key: value for key, value in described.items() if value is not None}
        yield {"@id": f"#input-{number}", "@type": "CreativeWork", **known}


def _property(id_: str, name: str, value: Any) -> Entity:
    return {"@id": id_, "@type": "PropertyValue", "name": name, "value": value}


def _is_result(path: str, folder: str) -> bool:
    below = path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else ""
    return below in _RESULTS or below.split("/", 1)[0] in _RESULT_FOLDERS


def _to(id_: str) -> Entity:
    return {"@id": id_}


def _uri(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"))


class RoCrate:
    """One crate a run: ``<target>/<run name>/`` with the run folder and its description.

    Further runs of a name get theirs with the id behind it.
    """

    name = "ro-crate"
    title = "Research Object Crates, one a run, described as Process Run Crates"

    def export(self, runs: Sequence[RunView], target: Path) -> list[Path]:
        """Write a crate for each run and return every file written."""
        written: list[Path] = []
        taken: set[str] = set()
        for view in runs:
            crate = target / _component(view, taken)
            crate.mkdir(parents=True)
            files = list(_copied(view, crate / "run"))
            document = crate / METADATA
            write_bytes(document, crate_metadata(view, files, folder="run"))
            written += [*(crate / one.path for one in files), document]
        return written


def _component(view: RunView, taken: set[str]) -> str:
    """Return the folder of a crate, unlike those taken also where case does not count."""
    base = component = portable_component(view.name)
    number = 1
    while component.casefold() in taken:
        suffix = view.id if number == 1 else f"{view.id}-{number}"
        component = portable_component(f"{base[:100]}-{suffix}")
        number += 1
    taken.add(component.casefold())
    return component


def _copied(view: RunView, folder: Path) -> Iterator[CrateFile]:
    for path, size in view.file_sizes.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as file:
            file.writelines(read_pieces(view.folder, path, limit=max(size, 1)))
        digest, copied = sha256_file(folder, path)
        yield CrateFile(f"{folder.name}/{path}", copied, digest)
