"""Which inputs cannot change: files of the recorded tree, and versions that name content."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from reportgen.audit.code_tree import CodeTree, code_tree
from reportgen.audit.evidence import shown
from reportgen.audit.interface import AuditContext
from reportgen.audit.locks import locks_of
from reportgen.audit.remotes import remote_state
from reportgen.audit.report import Evidence
from reportgen.capture.lfs import pointer_sha256
from reportgen.errors import UnavailableError
from reportgen.fs.hashing import sha256_bytes
from reportgen.runs.schema import GitInfo, Input

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MD5 = re.compile(r"[0-9a-f]{32}(?:\.dir)?")
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)?(?P<doi>10\.\d{4,9}/[^\s?#]{1,300})", re.I)
_REPOSITORY = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")
_MOVING = frozenset({"main", "master", "head", "latest", "null", "none", "default", "current", ""})
_FOLDER_FILES = 2_000
_LOCK = "environment.lock-present"


@dataclass(frozen=True, slots=True)
class Immutability:
    """Whether an input's version can change.

    Attributes:
        fixed: None when that cannot be told from here.
        why: In words that follow the input's name.
        evidence: How far that is backed.
        confirm: Asks the source whether it has that version; None where nobody can be asked.
        cause: The check under whose finding a moving version is shown.
    """

    fixed: bool | None
    why: str
    evidence: Evidence = Evidence.E3
    confirm: Callable[[], bool] | None = None
    cause: str | None = None


def immutability_of(context: AuditContext, entry: Input) -> Immutability:
    """Return whether the version of an input can change, and why."""
    version = entry.version or {}
    kind = str(version.get("kind") or "")
    try:
        tree: CodeTree | None = code_tree(context)
    except UnavailableError as error:
        tree, reason = None, error.what
    else:
        reason = ""
    try:
        tracked = tree is not None and _is_tracked(tree, entry)
    except UnavailableError as error:
        return Immutability(None, f"may be a file of the tree: {error.what}")
    if tracked:
        return Immutability(
            True, "is a file of the recorded tree", confirm=lambda: _commit_is_held(context)
        )
    judged = _BY_KIND.get(kind)
    if judged is not None:
        return judged(context, version, tree)
    if kind == "git" or (not kind and entry.path):
        if tree is None and kind == "git" and _COMMIT.fullmatch(str(version.get("object"))):
            return Immutability(True, "was an object of the repository", Evidence.E2)
        if tree is None:
            return Immutability(None, f"may be a file of the tree: {reason}")
        held = entry.path in tree if entry.path else False
        what = "has other bytes than the recorded tree" if held else "is in no commit"
        return Immutability(False, f"{what}, and has no version that names content")
    address = shown(version.get("url") or version.get("version"))
    return Immutability(False, f"can change: {kind or 'no version'} {address}")


def _is_tracked(tree: CodeTree, entry: Input) -> bool:
    if not entry.path or not entry.sha256:
        return False
    if entry.files is not None:
        return _folder_sha256(tree, entry.path.rstrip("/")) == entry.sha256
    if tree.sha256(entry.path) == entry.sha256:
        return True
    try:
        return pointer_sha256(tree.blob(entry.path) or b"") == entry.sha256
    except UnavailableError:  # too large to be a pointer
        return False


def _folder_sha256(tree: CodeTree, folder: str) -> str | None:
    """Return the hash of a folder of the tree, as :func:`reportgen.fs.hashing.sha256_folder`."""
    prefix = f"{folder}/"
    paths = [path for path in tree.paths if path.startswith(prefix)]
    if not paths or len(paths) > _FOLDER_FILES:
        return None
    lines = [f"{tree.sha256(path)}  {path.removeprefix(prefix)}\n" for path in paths]
    ordered = sorted(lines, key=lambda line: line[66:])
    return sha256_bytes("".join(ordered).encode("utf-8", "surrogateescape"))


def _commit_is_held(context: AuditContext) -> bool:
    git = context.run.git or GitInfo()
    return remote_state(context, git.remote or "", (git.commit or "").lower()) == "held"


# -- versions by their kind ---------------------------------------------------------------

Version = Mapping[str, Any]


def _dvc(_: AuditContext, version: Version, tree: CodeTree | None) -> Immutability:
    md5 = str(version.get("md5"))
    if not _MD5.fullmatch(md5):
        return Immutability(False, f"has {shown(md5)} for DVC's hash")
    if "declared" in version:
        return Immutability(False, "is not what DVC has under its hash")
    file = version.get("file")
    if tree is None or not isinstance(file, str):
        return Immutability(True, f"is DVC's {md5[:12]}…", Evidence.E2)
    try:
        text = tree.blob(file)
    except UnavailableError:
        text = None
    if text is None:
        return Immutability(False, f"is known to DVC by {file}, which is not in the tree")
    if not version.get("inside") and md5.encode() not in text:
        return Immutability(False, f"has another hash than {file} names")
    return Immutability(True, f"is DVC's {md5[:12]}… by {file}")


def _hub(context: AuditContext, version: Version, _: CodeTree | None) -> Immutability:
    commit = str(version.get("commit") or version.get("revision") or "")
    if not _COMMIT.fullmatch(commit):
        return Immutability(False, f"is of the revision {shown(commit)}, which moves")
    repository = str(version.get("repository") or version.get("dataset") or "")
    kind = version.get("type")
    folder = "models" if kind == "model" else "spaces" if kind == "space" else "datasets"
    confirm = None
    if _REPOSITORY.fullmatch(repository):
        url = f"https://huggingface.co/api/{folder}/{repository}/revision/{commit}"
        confirm = _asks(context, url)
    return Immutability(True, f"is of the hub's commit {commit[:12]}…", Evidence.E3, confirm)


def _doi(context: AuditContext, version: Version, _: CodeTree | None) -> Immutability:
    said = str(version.get("doi") or version.get("version") or "").strip()
    match = _DOI.fullmatch(said)
    if match is None:
        return Immutability(False, f"has {shown(said)} for a DOI")
    url = f"https://doi.org/api/handles/{quote(match['doi'], safe='/')}"
    return Immutability(True, f"is the DOI {match['doi'][:80]}", Evidence.E3, _asks(context, url))


def _object(_: AuditContext, version: Version, __: CodeTree | None) -> Immutability:
    named = (version.get(key) for key in ("version_id", "generation", "version"))
    said = next((str(one).strip() for one in named if one), "")
    if said.lower() in _MOVING:
        return Immutability(False, "is an object without a version")
    return Immutability(True, f"is version {shown(said, limit=24)} of its object")


def _package(context: AuditContext, version: Version, _: CodeTree | None) -> Immutability:
    from reportgen.runs.lock_files import normal

    name, number = normal(str(version.get("name"))), str(version.get("version"))
    locks, _faults = locks_of(context)
    for lock in locks:
        if number in lock.versions().get(name, ()):
            return Immutability(True, f"is of {name} {number}, which {lock.name} locks")
    return Immutability(False, f"is of {name} {number}, which nothing locks", cause=_LOCK)


def _asks(context: AuditContext, url: str) -> Callable[[], bool]:
    def ask() -> bool:
        return context.network is not None and context.network.json(url) is not None

    return ask


_BY_KIND: Mapping[str, Callable[[AuditContext, Version, CodeTree | None], Immutability]] = {
    "dvc": _dvc,
    "hf": _hub,
    "doi": _doi,
    "object": _object,
    "package": _package,
}
