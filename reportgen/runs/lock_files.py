"""Lock files as lists of packages: which versions, and by which hashes.

Read are ``uv.lock`` (docs.astral.sh/uv, "Locking"), ``pylock*.toml`` (PEP 751), ``poetry.lock``,
``pdm.lock``, ``Pipfile.lock``, ``conda-lock.yml`` and requirements with ``--hash``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.errors import ReportgenError, UnreadableError
from reportgen.fs.documents import load_json, load_yaml
from reportgen.fs.limits import DEFAULT_LIMITS

_SHA = re.compile(r"(?:sha256|sha384|sha512|md5)[:=][0-9a-fA-F]{32,128}")
_SHA256 = re.compile(r"sha256[:=](?P<hex>[0-9a-fA-F]{64})")
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]{0,200})(?:\[[^\]]{0,200}\])?\s*==\s*(?P<version>[\w.!+-]{1,200})"
)
_LOCAL_SOURCES = frozenset({"virtual", "editable", "directory", "path"})
_MAX_PACKAGES = 20_000
_TOML_BYTES = 4 * 2**20
# tomllib takes a time that grows with the square of a key's dots.
_LONG_KEY = re.compile(r"(?<![\w\"'.-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){33}")


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One package of a lock.

    Attributes:
        name: As comparisons spell it (PEP 503).
        version: None for one that a folder or a repository gives.
        sha256: The hashes of its files.
        hashed: Whether a hash, or a commit, holds every file of it.
        index: Address of the index it came from, where the lock says so.
        local: Whether it comes from a folder beside the lock.
    """

    name: str
    version: str | None
    sha256: tuple[str, ...] = ()
    hashed: bool = False
    index: str | None = None
    local: bool = False


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file.

    Attributes:
        name: Of the file.
        packages: In its order.
    """

    name: str
    packages: tuple[LockedPackage, ...]

    @property
    def foreign(self) -> list[LockedPackage]:
        """The packages that come from elsewhere than the project itself."""
        return [one for one in self.packages if not one.local]

    def versions(self) -> dict[str, set[str]]:
        """Return the versions of each package: a lock may hold several, by platform."""
        found: dict[str, set[str]] = {}
        for package in self.foreign:
            if package.version:
                found.setdefault(package.name, set()).add(package.version)
        return found


def normal(name: str) -> str:
    """Return a distribution's name in the one spelling that indexes compare by (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_lock(name: str, data: bytes) -> Lock:
    """Return the packages of a lock file.

    Args:
        name: Name of the file, which says its format.
        data: Its bytes.

    Raises:
        UnreadableError: Not of its format, or of one that is not read.
    """
    if len(data) > DEFAULT_LIMITS.document_bytes:
        raise UnreadableError(f"has {len(data):,} bytes, too many to read", where=name)
    try:
        packages = tuple(_packages(name, data))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        said = f"{type(error).__name__}: {str(error)[:80]}"
        raise UnreadableError(f"is not of its format ({said})", where=name) from None
    except ReportgenError as error:
        raise UnreadableError(f"is not of its format: {error.what}", where=name) from None
    if len(packages) > _MAX_PACKAGES:
        raise UnreadableError(f"names more than {_MAX_PACKAGES:,} packages", where=name)
    return Lock(name, packages)


def _packages(name: str, data: bytes) -> Iterator[LockedPackage]:
    if name in ("uv.lock", "poetry.lock", "pdm.lock"):
        return _of_tables(_toml(data), "package")
    if re.fullmatch(r"pylock(?:\.[^.]{1,100})?\.toml", name):
        return _of_tables(_toml(data), "packages")
    if name == "Pipfile.lock":
        return _of_pipfile(load_json(data, name=name))
    if re.fullmatch(r"(?:[\w.-]{1,100}\.)?conda-lock\.ya?ml", name):
        return _of_conda(load_yaml(data, name=name))
    if name.endswith((".txt", ".lock")):
        return _of_requirements(data.decode("utf-8"))
    raise UnreadableError("is a lock file of a kind that is not read", where=name)


# -- TOML ---------------------------------------------------------------------------------


def _toml(data: bytes) -> Mapping[str, Any]:
    text = data.decode("utf-8")
    if len(data) > _TOML_BYTES or _LONG_KEY.search(text):
        raise ValueError("too large or too deep")
    return tomllib.loads(text)


def _of_tables(document: Mapping[str, Any], key: str) -> Iterator[LockedPackage]:
    separate = document.get("metadata", {}).get("files", {})
    for table in document.get(key, []):
        files = _files_of(table) or list(separate.get(table["name"], []))
        source = table.get("source", {})
        commit = _commit_of(table, source)
        hashes = [_hash_of(one) for one in files]
        yield LockedPackage(
            name=normal(table["name"]),
            version=str(table["version"]) if "version" in table else None,
            sha256=_sha256_of(hashes),
            hashed=bool(commit) or (bool(hashes) and all(map(_SHA.fullmatch, hashes))),
            index=_index_of(table, source),
            local=bool(_LOCAL_SOURCES & source.keys())
            or source.get("type") == "directory"
            or "directory" in table,
        )


def _files_of(table: Mapping[str, Any]) -> list[Any]:
    single = [table[key] for key in ("sdist", "archive") if key in table]
    return [*table.get("wheels", []), *single, *table.get("files", [])]


def _hash_of(file: Mapping[str, Any]) -> str:
    """Return ``sha256:<hex>`` of a file's entry, however the format spells it; else ""."""
    if isinstance(file.get("hashes"), Mapping):
        digests = file["hashes"]
        kind = "sha256" if "sha256" in digests else next(iter(digests), "")
        return f"{kind}:{digests.get(kind, '')}"
    return str(file.get("hash", ""))


def _sha256_of(hashes: Iterable[str]) -> tuple[str, ...]:
    found = (_SHA256.fullmatch(one) for one in hashes)
    return tuple(match["hex"].lower() for match in found if match)


def _commit_of(table: Mapping[str, Any], source: Mapping[str, Any]) -> str | None:
    """Return the commit that a package is pinned at, where it comes from a repository."""
    named = (
        table.get("vcs", {}).get("commit-id"),
        source.get("resolved_reference"),
        str(source.get("git", "")).rpartition("#")[2],
        table.get("revision"),
    )
    return next((one for one in named if one and re.fullmatch(r"[0-9a-f]{40,64}", one)), None)


def _index_of(table: Mapping[str, Any], source: Mapping[str, Any]) -> str | None:
    if source.get("type") == "legacy":
        return str(source.get("url"))
    index = source.get("registry") or table.get("index")
    return str(index) if index else None


# -- others -------------------------------------------------------------------------------


def _of_pipfile(document: Mapping[str, Any]) -> Iterator[LockedPackage]:
    for group in ("default", "develop"):
        for name, entry in document.get(group, {}).items():
            hashes = [str(one) for one in entry.get("hashes", [])]
            commit = re.fullmatch(r"[0-9a-f]{40,64}", str(entry.get("ref", "")))
            yield LockedPackage(
                name=normal(name),
                version=entry["version"].removeprefix("==") if "version" in entry else None,
                sha256=_sha256_of(hashes),
                hashed=bool(commit) or (bool(hashes) and all(map(_SHA.fullmatch, hashes))),
                local="path" in entry,
            )


def _of_conda(document: Mapping[str, Any]) -> Iterator[LockedPackage]:
    for entry in document["package"]:
        hashes = [f"{kind}:{value}" for kind, value in (entry.get("hash") or {}).items()]
        yield LockedPackage(
            name=normal(entry["name"]),
            version=str(entry["version"]),
            sha256=_sha256_of(hashes),
            hashed=bool(hashes) and all(map(_SHA.fullmatch, hashes)),
        )


def _of_requirements(text: str) -> Iterator[LockedPackage]:
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        match = _REQUIREMENT.match(line.strip())
        if match:
            hashes = re.findall(r"--hash[= ](sha\d{3}:[0-9a-fA-F]{64,128})", line)
            yield LockedPackage(
                name=normal(match["name"]),
                version=match["version"],
                sha256=_sha256_of(hashes),
                hashed=bool(hashes),
            )
