"""Recorded inputs that git does not hold, as parts of a bundle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reportgen.errors import NotFoundError, UsageError
from reportgen.fs.regular import walk
from reportgen.reproduce.archive_writer import Part, part_of_file
from reportgen.reproduce.code_bundle import RecordedCode
from reportgen.reproduce.inputs import find_inputs
from reportgen.reproduce.source import Source
from reportgen.runs.view import RunView

INPUTS = "inputs"


def data_parts(
    view: RunView, source: Source | None, code: RecordedCode | None, notes: list[str]
) -> Iterator[Part]:
    """Yield the files of the inputs, each verified, below ``inputs/`` at its recorded path.

    Args:
        view: The run.
        source: The repository that the inputs lie in.
        code: The recorded tree, whose files are not data.
        notes: Gets a line for each input that no repository holds by its nature.

    Raises:
        NotFoundError: A recorded input is not there.
        UsageError: Another file is there than was recorded.
    """
    top = source.top if source is not None else None
    files = code.files if code is not None else {}
    folders = {str(above) for path in files for above in Path(path).parents}
    recorded = view.data.inputs if view.data else []
    around = [top] if top is not None else []

    def held(path: str) -> bool:
        return path in files or path in folders

    for one in find_inputs(recorded, in_tree=held, around=around):
        path = one.recorded.path or ""
        if one.state == "code":
            continue
        if one.state == "place":
            notes.append(f"data outside the repository is not in the bundle: {path}")
        elif one.state == "copy" and one.kept is not None and top is not None:
            yield from _files(top, path, one.kept)
        elif one.state == "other":
            raise UsageError(one.line, where="data.yaml", expected="the recorded input")
        else:
            raise NotFoundError(one.line, where="data.yaml")


def _files(top: Path, path: str, kept: Path) -> Iterator[Part]:
    if not kept.is_dir():
        yield part_of_file(f"{INPUTS}/{path}", top, path)
        return
    for entry in walk(kept):
        if entry.refused is None:
            yield part_of_file(f"{INPUTS}/{path}/{entry.path}", kept, entry.path)
