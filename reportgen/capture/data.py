"""Fingerprints of a run's inputs: files, folders, packaged data sets and generators."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reportgen.capture.distributions import installed_distributions, normal
from reportgen.capture.dvc import Tracked, find_tracked, folder_md5, version_of
from reportgen.capture.git_objects import FOLDER
from reportgen.capture.hub import hub_version
from reportgen.capture.lfs import pointer_sha256
from reportgen.capture.row_count import count_rows
from reportgen.capture.shadow import ShadowRepository, open_shadow
from reportgen.capture.shown_paths import recorded_path
from reportgen.errors import ReportgenError, UsageError
from reportgen.fs.hashing import folder_sha256, hashed_files, sha256_file
from reportgen.runs.redact import redact_url
from reportgen.runs.schema import Input

_SPEC_KEYS = ("name", "path", "package", "file", "generator", "seed", "url", "version", "rows")
InputSpec = str | os.PathLike[str] | Mapping[str, Any]


def input_name(spec: InputSpec) -> str:
    """Return the name of an input before anything of it is read.

    Raises:
        UsageError: The description is none of the accepted forms.
    """
    if isinstance(spec, str | os.PathLike):
        return Path(spec).name or str(spec)
    what = f"a {type(spec).__name__}"
    if hasattr(spec, "items"):
        unknown = [key for key in spec if key not in _SPEC_KEYS]
        if not unknown and ("name" in spec or "path" in spec):
            return str(spec.get("name") or Path(spec["path"]).name)
        what = f"unknown keys {unknown}" if unknown else "neither a name nor a path"
    raise UsageError(
        f"an input of data= has {what}",
        expected="a path, or a mapping with a name and one of path, package, generator, url",
        fix='For example data=["data/train.csv", {"name": "digits", "package": "scikit-learn"}]',
    )


def capture_input(spec: InputSpec, *, top: Path | None) -> tuple[Input, str | None]:
    """Return what identifies an input, and why it could not be fingerprinted (else None).

    Args:
        spec: A path, or a mapping: ``name`` with ``path``, ``package`` (a data set inside an
            installed package; ``file`` is its path there), ``generator`` (a call, or a mapping
            of call and arguments, with ``seed``) or ``url``, and an optional ``version`` such as
            ``{"kind": "hf", "commit": ...}`` and ``rows``.
        top: Top of the repository; paths below it are recorded relative to it. An input that DVC
            tracks has the version of :func:`reportgen.capture.dvc.version_of`, one from the
            hub's cache that of :func:`reportgen.capture.hub.hub_version`, and one that the commit
            holds as it is ``{"kind": "git", "object": <its id>}``.

    Raises:
        UsageError: As :func:`input_name`.
    """
    described: dict[str, Any] = dict(spec) if isinstance(spec, Mapping) else {"path": spec}
    name = input_name(spec)
    version = described.get("version") or _version_without_file(described)
    recorded = Input(name=name, rows=described.get("rows"), version=version)
    path = _place_of(described)
    if path is None:
        return recorded, None if version else "neither a path nor a version was given"
    packaged = "package" in described and "file" in described
    recorded.path = str(described["file"]) if packaged else recorded_path(path, top)
    tracked = find_tracked(path, top) if recorded.version is None else None
    try:
        md5 = _fingerprint(path, recorded, tracked)
    except (OSError, ReportgenError, ValueError) as error:
        return recorded, f"could not be read: {getattr(error, 'strerror', None) or error}"
    if tracked is not None:
        recorded.version = version_of(tracked, md5, shown=recorded_path(tracked.file, top))
    elif recorded.version is None:
        recorded.version = hub_version(path)
    if recorded.version is None and top is not None:
        recorded.version = _version_in_git(path, recorded.sha256, top)
    return recorded, None


def _place_of(described: Mapping[str, Any]) -> Path | None:
    if "package" in described and "file" in described:
        distribution = installed_distributions().get(normal(str(described["package"])))
        return distribution.locate(str(described["file"])) if distribution else None
    return Path(described["path"]).expanduser() if "path" in described else None


def _version_without_file(described: Mapping[str, Any]) -> dict[str, Any] | None:
    if "package" in described:
        name = normal(str(described["package"]))
        distribution = installed_distributions().get(name)
        version = distribution.version if distribution else None
        return {"kind": "package", "name": name, "version": version or None}
    if "generator" in described:
        given = described["generator"]
        call = dict(given) if isinstance(given, Mapping) else {"call": str(given)}
        return {"kind": "generator", "seed": described.get("seed"), **call}
    if "url" in described:
        return {"kind": "url", "url": redact_url(str(described["url"]))[0]}
    return None


def _fingerprint(path: Path, recorded: Input, tracked: Tracked | None) -> str | None:
    """Complete an input by what it holds; return DVC's hash of it, in the same pass, if wanted."""
    real = path.resolve(strict=True)
    if real.is_dir():
        files = list(hashed_files(real, _md5 if tracked is not None else None))
        recorded.sha256, recorded.files, recorded.bytes = folder_sha256(files)
        return folder_md5(files) if tracked is not None else None
    md5 = _md5() if tracked is not None else None
    recorded.sha256, recorded.bytes = sha256_file(real.parent, real.name, md5)
    if recorded.rows is None:
        recorded.rows = count_rows(real)
    return md5.hexdigest() if md5 is not None else None


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)


def _version_in_git(path: Path, sha256: str | None, top: Path) -> dict[str, Any] | None:
    """Return the object that HEAD holds of an input, when what was read is just that."""
    try:
        relative = path.resolve().relative_to(top.resolve()).as_posix()
    except ValueError:
        return None
    try:
        with open_shadow(top, trusted=True) as shadow:
            head = shadow.head()
            entry = shadow.entry(head, relative) if head and relative != "." else None
            if entry is None:
                return None
            same = _is_unchanged(shadow, relative) or _is_behind_pointer(shadow, entry, sha256)
            return {"kind": "git", "object": entry[1]} if same else None
    except (OSError, ReportgenError):
        return None


def _is_unchanged(shadow: ShadowRepository, path: str) -> bool:
    """Tell whether nothing at or below ``path`` is changed, new or ignored."""
    arguments = ("status", "--porcelain", "-z", "--untracked-files=all", "--ignored")
    return not shadow.git(*arguments, "--ignore-submodules=dirty", "--", path)


def _is_behind_pointer(
    shadow: ShadowRepository, entry: tuple[str, str], sha256: str | None
) -> bool:
    if entry[0] == FOLDER or sha256 is None:
        return False
    return pointer_sha256(shadow.objects.blob(entry[1])) == sha256


__all__ = ["InputSpec", "capture_input", "input_name"]
