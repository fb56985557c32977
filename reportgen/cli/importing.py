"""Another tool's logs to run folders: what ``import`` and ``build`` share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from reportgen.errors import LimitError, UnreadableError, UsageError
from reportgen.runs.discovery import find_runs
from reportgen.runs.problems import Problem
from reportgen.terminal import one_line

if TYPE_CHECKING:  # NumPy comes with them, and `build` needs them for other tools' logs alone
    from reportgen.importers.interface import ImportedRun, Importer, ImportOptions
    from reportgen.importers.write import Written

IMPORT_SCHEMA = "reportgen.import/1"
_SHOWN = 20


@dataclass(slots=True)
class Imported:
    """What an import did.

    Attributes:
        kind: The importer.
        title: What people call its tool.
        runs: Each run with what became of it.
        unreadable: ``(path below the source, message)`` of what could not be read.
    """

    kind: str
    title: str
    runs: list[tuple[Written, dict[str, Any]]] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the result of ``reportgen import --json``."""
        return {
            "schema": IMPORT_SCHEMA,
            "kind": self.kind,
            "runs": [
                {
                    "id": written.id,
                    "path": str(written.folder),
                    "state": written.state,
                    **facts,
                }
                for written, facts in self.runs
            ],
            "unreadable": [{"path": path, "message": text} for path, text in self.unreadable],
        }


def import_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the result of ``reportgen import --json``."""
    text, count = {"type": "string"}, {"type": "integer", "minimum": 0}

    def all_of(properties: dict[str, Any]) -> dict[str, Any]:
        return {"type": "object", "properties": properties, "required": list(properties)}

    run = {
        **dict.fromkeys(("id", "path", "name", "source"), text),
        "state": {"enum": ["new", "unchanged", "updated"]},
        **dict.fromkeys(("series", "points", "config_keys"), count),
        **dict.fromkeys(("texts", "figures", "histograms"), count),
        "left_out": {
            "type": "array",
            "items": all_of(dict.fromkeys(("what", "where", "rule"), text)),
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **all_of(
            {
                "schema": {"const": IMPORT_SCHEMA},
                "kind": text,
                "runs": {"type": "array", "items": all_of(run)},
                "unreadable": {
                    "type": "array",
                    "items": all_of(dict.fromkeys(("path", "message"), text)),
                },
            }
        ),
    }


def complain_of_imports(unreadable: Sequence[tuple[str, str]]) -> None:
    """Print what could not be read of a source to standard error, one line each."""
    for path, message in unreadable[:_SHOWN]:
        print(f"reportgen: {one_line(f'{path}: {message}')}", file=sys.stderr)
    if len(unreadable) > _SHOWN:
        more = len(unreadable) - _SHOWN
        print(f"reportgen: {more} more could not be read", file=sys.stderr)


def importer_of(source: Path) -> Importer:
    """Return the importer that knows what is in ``source``.

    Raises:
        UnreadableError: None does.
        NotFoundError, LimitError: As :func:`reportgen.importers.detected`.
    """
    from reportgen.importers import IMPORTERS, detected

    found = detected(source)
    if found is None:
        raise UnreadableError(
            "holds no logs of a tool that is known",
            where=str(source),
            expected=", ".join(f"{one.kind} ({one.title})" for one in IMPORTERS),
            fix="Name its kind by --from",
        )
    return found


def others_in(source: Path, importer: Importer) -> list[Importer]:
    """Return the importers that know something in ``source`` as well."""
    from reportgen.importers import IMPORTERS

    return [one for one in IMPORTERS if one.kind != importer.kind and one.detect(source)]


def import_runs(
    importer: Importer,
    source: Path,
    root: Path,
    options: ImportOptions | None = None,
    *,
    advance: Callable[[int], None] = lambda done: None,
) -> Imported:
    """Read a source and write its runs below ``root``.

    Args:
        importer: Of the source's kind.
        source: File or folder.
        root: Where the run folders go, made if need be.
        options: How to read; by default as a person means it.
        advance: Told how many runs are done.

    Raises:
        UsageError: ``root`` lies in the source, or cannot be written.
        NotFoundError: There is no source.
    """
    from reportgen.importers.interface import ImportOptions, LeftAside, Unreadable

    _refuse_inside(source, root)
    result = Imported(importer.kind, importer.title)
    try:
        for found in importer.read(source, options or ImportOptions()):
            if isinstance(found, Unreadable):
                result.unreadable.append((found.path, found.message))
                continue
            if isinstance(found, LeftAside):
                result.problems.append(Problem("import.aside", "info", found.path, found.message))
                continue
            result.runs.append((_written(found, root, importer.title), facts_of(found)))
            for problem in found.problems:
                if problem.severity == "error":
                    result.unreadable.append((problem.file, problem.message))
                else:
                    result.problems.append(problem)
            advance(len(result.runs))
    except LimitError as error:
        result.unreadable.append((error.where or str(source), error.what))
    return result


@contextmanager
def as_runs(paths: Sequence[Path]) -> Iterator[tuple[list[Path], list[Imported]]]:
    """Yield paths to runs: those without a run that hold another tool's logs are imported to a
    temporary folder, which is gone afterwards, and stand for nothing else.

    Args:
        paths: Run folders, folders that hold some, or what another tool wrote.

    Raises:
        UsageError: The temporary folder cannot be written.
    """
    with ExitStack() as stack:
        found: list[Path] = []
        imported: list[Imported] = []
        for path in paths:
            importer = _importer_for(path)
            if importer is None:
                found.append(path)
                continue
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="reportgen-import-")))
            root = folder / (path.resolve().name or "logs")
            root.mkdir()
            imported.append(import_runs(importer, path, root))
            found.append(root)
        yield found, imported


def _importer_for(path: Path) -> Importer | None:
    """Return what imports a path that holds no run, None where that is nothing."""
    if path.is_dir() and find_runs([path]).runs:
        return None
    from reportgen.importers import detected

    return detected(path) if path.exists() else None


def _written(run: ImportedRun, root: Path, title: str) -> Written:
    from reportgen.importers.write import write_run

    try:
        return write_run(run, root, title)
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror or type(error).__name__}",
            where=str(error.filename or root),
            fix="Name a folder that you may write to.",
        ) from None


def _refuse_inside(source: Path, root: Path) -> None:
    """Refuse to write into what is read: the next import would read its own result."""
    inside = root.resolve() != source.resolve() and root.resolve().is_relative_to(source.resolve())
    if source.is_dir() and (inside or root.resolve() == source.resolve()):
        raise UsageError(
            "lies in the folder that is imported",
            where=str(root),
            expected="a folder outside of it",
            fix="Name another one by -o",
        )


def facts_of(run: ImportedRun) -> dict[str, Any]:
    """Return what was found of a run, in numbers."""
    return {
        "name": run.name,
        "source": run.source,
        "series": len(set(run.points.name_of.tolist())),
        "points": len(run.points),
        "config_keys": len(run.config or {}),
        "texts": len(run.texts),
        "figures": len(run.pictures),
        "histograms": len(run.distributions),
        "left_out": [
            {"what": one.what, "where": one.where, "rule": one.rule} for one in run.left_out
        ],
    }
