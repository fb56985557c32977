"""Fingerprints of a run's inputs: files, folders, packaged data sets and generators."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from reportgen.capture.environment import normal
from reportgen.errors import ReportgenError, UsageError
from reportgen.fs.hashing import sha256_file, sha256_folder
from reportgen.runs.schema import Input

_SPEC_KEYS = ("name", "path", "package", "generator", "url", "version", "rows")
_LINE_FORMATS = (".csv", ".tsv", ".jsonl", ".ndjson", ".txt")


def input_name(spec: str | os.PathLike[str] | Mapping[str, Any]) -> str:
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


def capture_input(
    spec: str | os.PathLike[str] | Mapping[str, Any], *, top: Path | None
) -> tuple[Input, str | None]:
    """Return what identifies an input, and why it could not be fingerprinted (else None).

    Args:
        spec: A path, or a mapping: ``name`` with ``path``, ``package`` (a data set inside an
            installed package), ``generator`` (call and seed) or ``url``, and an optional
            ``version`` such as ``{"kind": "hf", "commit": ...}``.
        top: Top of the repository; paths below it are recorded relative to it.

    Raises:
        UsageError: As :func:`input_name`.
    """
    described: dict[str, Any] = dict(spec) if isinstance(spec, Mapping) else {"path": spec}
    name = input_name(spec)
    version = described.get("version") or _version_without_file(described)
    recorded = Input(name=name, rows=described.get("rows"), version=version)
    if "path" not in described:
        return recorded, None if version else "neither a path nor a version was given"
    path = Path(described["path"]).expanduser()
    recorded.path = _shown(path, top)
    try:
        _fingerprint(path, recorded)
    except (OSError, ReportgenError) as error:
        return recorded, f"could not be read: {getattr(error, 'strerror', None) or error}"
    return recorded, None


def _version_without_file(described: Mapping[str, Any]) -> dict[str, Any] | None:
    if "package" in described:
        package = str(described["package"])
        try:
            version: str | None = metadata.version(package)
        except metadata.PackageNotFoundError:
            version = None
        return {"kind": "package", "name": normal(package), "version": version}
    if "generator" in described:
        generator = described["generator"]
        call = dict(generator) if isinstance(generator, Mapping) else {"call": str(generator)}
        return {"kind": "generator", **call}
    return {"kind": "url", "url": str(described["url"])} if "url" in described else None


def _shown(path: Path, top: Path | None) -> str:
    absolute = Path(os.path.abspath(path))
    if top is not None:
        for base in (Path(os.path.abspath(top)), top.resolve()):
            if absolute.is_relative_to(base):
                return absolute.relative_to(base).as_posix()
    home = Path.home()
    if absolute.is_relative_to(home) and home != Path(home.anchor):
        return "~/" + absolute.relative_to(home).as_posix()
    return absolute.as_posix()


def _fingerprint(path: Path, recorded: Input) -> None:
    real = path.resolve(strict=True)
    if real.is_dir():
        recorded.sha256, recorded.files, recorded.bytes = sha256_folder(real)
        recorded.rows = None
        return
    recorded.sha256, recorded.bytes = sha256_file(real.parent, real.name)
    if recorded.rows is None:
        recorded.rows = _rows(real)


def _rows(path: Path) -> int | None:
    """Count the records of a file where that needs no guess: lines, less the header of a table.

    A quoted newline inside a CSV cell makes one record of two lines, so quotes are parsed there.
    """
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv"):
        import csv

        with open(path, newline="", encoding="utf-8", errors="replace") as file:
            try:
                rows = sum(
                    1
                    for row in csv.reader(file, "excel-tab" if suffix == ".tsv" else "excel")
                    if row
                )
            except csv.Error:
                return None
        return max(rows - 1, 0)
    if suffix in _LINE_FORMATS:
        with open(path, "rb") as lines:
            return sum(1 for line in lines if line.strip())
    return _parquet_rows(path) if suffix == ".parquet" else None


def _parquet_rows(path: Path) -> int | None:
    try:
        from pyarrow import parquet  # type: ignore[import-not-found, unused-ignore]

        return int(parquet.read_metadata(path).num_rows)
    except Exception:
        return None
