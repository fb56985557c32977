"""Which code ran: commit, patch and tree of the repository, or the package it was installed from.

The user's repository is left as it was: everything goes through a private git directory. GitPython
reads what is plain reading (branch, submodules) from there.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from reportgen.capture.git_process import git_path
from reportgen.capture.shadow import SECONDS, ShadowRepository, find_top, open_shadow
from reportgen.capture.work_tree import WorkTree, read_work_tree
from reportgen.errors import ReportgenError
from reportgen.fs.hashing import sha256_bytes
from reportgen.runs.redact import redact_url
from reportgen.runs.schema import GitInfo, LeftOut, Packaged, Submodule


@dataclass(slots=True)
class CodeCapture:
    """What was found out about the code.

    Attributes:
        git: git_info.yaml.
        patch: Bytes of git_diff.patch, empty for a clean tree.
        top: Top of the work tree, None outside of a repository.
        left_out: Secrets taken out of the remote's URL, for run.yaml.
    """

    git: GitInfo
    patch: bytes = b""
    top: Path | None = None
    left_out: list[LeftOut] = field(default_factory=list)


def capture_code(
    start: Path, *, run_root: Path | None = None, seconds: float = SECONDS
) -> CodeCapture:
    """Return the state of the repository that ``start`` is in; never raises.

    Args:
        start: A folder, usually that of the script.
        run_root: Where runs are written; run folders never count as code, wherever they are.
        seconds: Time limit; over it everything is "not available: took too long".
    """
    del run_root  # run folders are known by their content, so the root need not be
    top = find_top(start)
    if top is None:
        return _without_repository()
    capture = CodeCapture(GitInfo(), top=top)
    try:
        with open_shadow(top, seconds=seconds) as shadow:
            _fill(capture, shadow)
    except (ReportgenError, OSError) as error:
        reason = error.what if isinstance(error, ReportgenError) else str(error.strerror)
        for key in ("commit", "dirty", "tree"):
            if getattr(capture.git, key) is None:
                capture.git.not_available[key] = reason
    return capture


def _fill(capture: CodeCapture, shadow: ShadowRepository) -> None:
    git = capture.git
    git.commit = shadow.head()
    if git.commit is None:
        git.not_available["commit"] = "the repository has no commit yet"
    url = shadow.remote_url()
    if url:
        git.remote, redacted = redact_url(url)
        if redacted:
            capture.left_out.append(LeftOut(what="remote", where="git_info", rule="url-userinfo"))
    _read_references(git, shadow)
    tree = read_work_tree(shadow, git.commit)
    capture.patch = tree.patch
    _take(git, tree)


def _take(git: GitInfo, tree: WorkTree) -> None:
    git.tree, git.dirty = tree.tree, tree.dirty
    git.untracked, git.left_out = tree.untracked, tree.left_out


def _read_references(git: GitInfo, shadow: ShadowRepository) -> None:
    repository = _gitpython(shadow)
    git.branch = None if repository.head.is_detached else str(repository.head.reference.name)
    if git.commit is None:
        return
    tags = shadow.git("tag", "--points-at", git.commit).decode("utf-8", "replace")
    git.tags = tags.split("\n")[:20] if tags else []
    git.tags = [tag for tag in git.tags if tag]
    described = shadow.git("describe", "--tags", "--always", "--long", git.commit)
    git.describe = described.decode("utf-8", "replace").strip() or None
    git.submodules = _submodules(shadow, git.commit)


def _gitpython(shadow: ShadowRepository) -> Any:
    """Return GitPython's reader of the private directory; it refuses to load without git."""
    git_path()
    import git

    return git.Repo(str(shadow.path))


def _submodules(shadow: ShadowRepository, commit: str) -> list[Submodule]:
    links = {path: entry[1] for path, entry in shadow.paths(commit).items() if entry[0] == "160000"}
    if not links:
        return []
    urls = _submodule_urls(shadow.blob(commit, ".gitmodules") or b"")
    return [
        Submodule(path=path, commit=object_id, url=urls.get(path))
        for path, object_id in sorted(links.items())
    ]


def _submodule_urls(text: bytes) -> dict[str, str]:
    """Return ``path -> URL`` of a .gitmodules file, read as text."""
    urls: dict[str, str] = {}
    path = url = None
    for line in [*text.decode("utf-8", "replace").splitlines(), "["]:
        key, _, value = line.strip().partition("=")
        if key.startswith("["):
            if path and url:
                urls[path] = redact_url(url)[0]
            path = url = None
        elif key.strip() == "path":
            path = value.strip()
        elif key.strip() == "url":
            url = value.strip()
    return urls


def dirty_now(top: Path, *, run_root: Path | None = None, seconds: float = SECONDS) -> bool | None:
    """Return whether a repository's work tree differs from its commit now; None: cannot be told."""
    del run_root
    try:
        with open_shadow(top, seconds=seconds) as shadow:
            return read_work_tree(shadow, shadow.head()).dirty
    except (ReportgenError, OSError):
        return None


def _without_repository() -> CodeCapture:
    packaged = _packaged()
    reason = "not in a git repository"
    git = GitInfo(packaged=packaged, not_available={"commit": reason, "dirty": reason})
    try:
        git_path()
    except ReportgenError as error:
        git.not_available = {"commit": error.what, "dirty": error.what}
    return CodeCapture(git)


def _packaged() -> Packaged | None:
    """The installed distribution that the program came from, when it came from one."""
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    module = getattr(getattr(main, "__spec__", None), "name", None)
    if not file or not module:
        return None
    owners = metadata.packages_distributions().get(str(module).partition(".")[0], [])
    for name in owners:
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        record = distribution.read_text("RECORD")
        return Packaged(
            distribution=name,
            version=distribution.version,
            record_sha256=sha256_bytes(record.encode()) if record else None,
        )
    return None
