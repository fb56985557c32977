"""What DVC says of an input: the ``.dvc`` file beside it, or an output in a ``dvc.lock``.

Read: ``<data>.dvc`` (doc.dvc.org/user-guide/project-structure/dvc-files) and the stages of
``dvc.lock`` with the ``wdir`` of ``dvc.yaml`` beside it, for the input itself and for the folders
that it lies in, up to the top of the repository. DVC's hash of a folder is the MD5 of the JSON
list of its files' MD5s and paths, sorted by path, with ``.dir`` behind it; DVC 2 and older took
that of text files with their line ends changed to those of Unix, which is not repeated here.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reportgen.errors import ReportgenError
from reportgen.fs.documents import load_yaml
from reportgen.fs.hashing import HashedFile
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.fs.regular import read_regular

_LOCK: Final = "dvc.lock"
_PIPELINE: Final = "dvc.yaml"
_FOLDER: Final = ".dir"
_LEVELS = 24


@dataclass(frozen=True, slots=True)
class Tracked:
    """An input that DVC tracks.

    Attributes:
        file: The ``.dvc`` or ``dvc.lock`` file that says so.
        md5: DVC's hash of what it tracks, ``.dir`` at its end for a folder.
        exact: Whether the hash is of the bytes as they are (DVC 3).
        inside: POSIX path of the input below the folder that is tracked; None when it is
            tracked itself.
    """

    file: Path
    md5: str
    exact: bool
    inside: str | None = None


def find_tracked(path: Path, top: Path | None) -> Tracked | None:
    """Return what DVC says of a file or folder, or None when it says nothing; never raises.

    Args:
        path: The input.
        top: Top of the repository, above which nothing is looked at; without one the nearest
            folder that holds ``.dvc/``, else the folder of the input.
    """
    path = Path(os.path.abspath(path))
    above = _folders_above(path, top)
    for place, output in _outputs(path, above):
        found = _tracked(path, place, output)
        if found is not None:
            return found
    return None


def version_of(tracked: Tracked, md5: str | None, *, shown: str) -> dict[str, Any]:
    """Return the version of an input as data.yaml holds it.

    Args:
        tracked: What DVC says.
        md5: The hash of the input by DVC's rule, as :func:`folder_md5` gives it for a folder;
            None when it was not taken.
        shown: The DVC file's path as it is recorded.

    Returns:
        ``kind``, ``md5`` and ``file``; ``inside`` for a part of a tracked folder;
        ``verified: false`` where DVC's hash cannot be held to the bytes; and where the bytes are
        not those that DVC knows, the ``md5`` of the bytes beside the one that was ``declared``.
    """
    version: dict[str, Any] = {"kind": "dvc", "md5": tracked.md5, "file": shown}
    if tracked.inside is not None:
        version["inside"] = tracked.inside
        listed = _listed_md5(tracked)
        if listed is None or md5 is None:
            version["verified"] = False
        elif listed != md5:
            version.update(md5=md5, declared=listed)
        return version
    if md5 == tracked.md5:
        return version
    may_differ = not tracked.exact or (tracked.md5.endswith(_FOLDER) and _ignores(tracked.file))
    if md5 is None or may_differ:
        version["verified"] = False
        return version
    return {**version, "md5": md5, "declared": tracked.md5}


def folder_md5(files: list[HashedFile]) -> str:
    """Return DVC's hash of a folder from the MD5s of its files."""
    listed = sorted(
        ({"md5": file.also, "relpath": file.path} for file in files),
        key=lambda entry: str(entry["relpath"]),
    )
    text = json.dumps(listed, sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + _FOLDER


# -- where DVC says it --------------------------------------------------------------------


def _folders_above(path: Path, top: Path | None) -> list[Path]:
    """Return the folders from that of the input up to the top."""
    above = list(path.parents)[:_LEVELS]
    if top is None:
        held = (folder for folder in above if (folder / ".dvc").is_dir())
        last = next(held, path.parent)
    else:
        last = Path(os.path.abspath(top))
    return above[: above.index(last) + 1] if last in above else above[:1]


def _outputs(path: Path, above: list[Path]) -> Iterator[tuple[Path, tuple[Path, dict[str, Any]]]]:
    """Yield each file of DVC that may speak of ``path`` with one of its outputs."""
    for tracked in [path, *above[:-1]]:
        file = tracked.with_name(f"{tracked.name}.dvc")
        document = _document(file)
        base = file.parent / _text(document.get("wdir"), ".")
        for output in _mappings(document.get("outs")):
            yield file, (base, output)
    for folder in above:
        for place in _pipeline_outputs(folder):
            yield folder / _LOCK, place


def _pipeline_outputs(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    stages = _document(folder / _LOCK).get("stages")
    if not isinstance(stages, Mapping) or not stages:
        return
    declared = _document(folder / _PIPELINE).get("stages")
    for name, stage in stages.items():
        own = declared.get(str(name).partition("@")[0]) if isinstance(declared, Mapping) else None
        base = folder / _text(own.get("wdir") if isinstance(own, Mapping) else None, ".")
        for output in _mappings(stage.get("outs") if isinstance(stage, Mapping) else None):
            yield base, output


def _tracked(path: Path, file: Path, output: tuple[Path, dict[str, Any]]) -> Tracked | None:
    base, entry = output
    place, md5 = entry.get("path"), entry.get("md5")
    if not isinstance(place, str) or not isinstance(md5, str) or "://" in place:
        return None
    target = Path(os.path.abspath(base / place))
    exact = entry.get("hash") == "md5"
    if target == path:
        return Tracked(file, md5, exact)
    if md5.endswith(_FOLDER) and path.is_relative_to(target):
        return Tracked(file, md5, exact, path.relative_to(target).as_posix())
    return None


def _listed_md5(tracked: Tracked) -> str | None:
    """Return the MD5 of a part of a folder as DVC's cache lists it, or None."""
    name = tracked.md5.removesuffix(_FOLDER)
    for folder in tracked.file.parents[:_LEVELS]:
        if (folder / ".dvc").is_dir():
            for cache in ("files/md5/", ""):
                place = f".dvc/cache/{cache}{name[:2]}/{name[2:]}{_FOLDER}"
                for entry in _mappings(_json(folder, place)):
                    if entry.get("relpath") == tracked.inside:
                        return _text(entry.get("md5"), "") or None
            return None
    return None


def _ignores(file: Path) -> bool:
    """Tell whether a ``.dvcignore`` may have kept files out of a folder's hash."""
    for folder in file.parents[:_LEVELS]:
        try:
            lines = (folder / ".dvcignore").read_text(encoding="utf-8", errors="replace")
        except OSError:
            lines = ""
        if any(line.strip() and not line.startswith("#") for line in lines.splitlines()):
            return True
        if (folder / ".dvc").is_dir():
            return False
    return False


# -- files of other people ----------------------------------------------------------------


def _document(file: Path) -> dict[str, Any]:
    try:
        data = read_regular(file.parent, file.name, limit=DEFAULT_LIMITS.document_bytes)
        found = load_yaml(data, name=file.name)
    except (OSError, ReportgenError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _json(folder: Path, place: str) -> Any:
    try:
        data = read_regular(folder, place, limit=DEFAULT_LIMITS.text_bytes)
        return json.loads(data)
    except (OSError, ReportgenError, ValueError, RecursionError):
        return None


def _mappings(found: Any) -> list[dict[str, Any]]:
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _text(found: Any, otherwise: str) -> str:
    return found if isinstance(found, str) else otherwise
