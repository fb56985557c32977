"""Which code ran: commit, patch and tree of the repository, or the package it was installed from.

The user's repository is left as it was: everything goes through a private git directory. GitPython
reads what is plain reading there (the branch, the submodules' addresses), and only where it would
start the git that we start.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reportgen.capture.git_objects import LINK_TO_COMMIT
from reportgen.capture.git_process import git_path
from reportgen.capture.packaged import packaged_program
from reportgen.capture.shadow import SECONDS, ShadowRepository, find_top, open_shadow
from reportgen.capture.work_tree import WorkTree, read_work_tree
from reportgen.errors import ReportgenError, UnreadableError
from reportgen.runs.redact import redact_url
from reportgen.runs.schema import GitInfo, LeftOut, Submodule

MAX_LISTED = 1_000
_LISTED_SUBMODULES = 200


@dataclass(slots=True)
class CodeCapture:
    """What was found out about the code.

    Attributes:
        git: git_info.yaml.
        patch: Bytes of git_diff.patch, empty for a clean tree.
        top: Top of the work tree, None outside of a repository.
        left_out: Secrets taken out of the remote's URL and of the patch, for run.yaml.
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
        run_root: Where runs are written. Run folders never count as code, wherever they are;
            sweep.yaml and models.yaml do not below the root and above run folders.
        seconds: Time limit; what took longer is "not available: took too long".
    """
    top = find_top(start)
    capture = CodeCapture(GitInfo(), top=top)
    try:
        capture.git.packaged = packaged_program()
        git_path()
        if top is None:
            _not_available(capture.git, "not a git repository")
            return capture
        with open_shadow(top, seconds=seconds, trusted=True) as shadow:
            _read_commit(capture, shadow)
            _read_work_tree(capture, shadow, run_root)
    except Exception as error:
        # The rest of the run does not depend on this, and a training must not end for it.
        _not_available(capture.git, _reason(error))
    return capture


def dirty_now(top: Path, *, run_root: Path | None = None, seconds: float = SECONDS) -> bool | None:
    """Return whether a repository's work tree differs from its commit now; None: cannot be told.

    Args:
        top: As ``CodeCapture.top``.
        run_root: As :func:`capture_code`.
        seconds: Time limit.
    """
    try:
        with open_shadow(top, seconds=seconds, trusted=True) as shadow:
            return read_work_tree(shadow, shadow.head(), run_root=run_root, with_patch=False).dirty
    except Exception:
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, ReportgenError):
        return error.what
    said = error.strerror if isinstance(error, OSError) else None
    return said or f"{type(error).__name__} while the repository was read"


def _not_available(git: GitInfo, reason: str) -> None:
    for key in ("commit", "dirty", "tree"):
        if getattr(git, key) is None:
            git.not_available.setdefault(key, reason)


def _read_commit(capture: CodeCapture, shadow: ShadowRepository) -> None:
    git = capture.git
    git.commit = shadow.head()
    git.branch = _branch(shadow)
    _read_remote(capture, shadow)
    if git.commit is None:
        git.not_available["commit"] = "the repository has no commit yet"
        return
    names = shadow.git(
        "for-each-ref", f"--points-at={git.commit}", "--format=%(refname)", "refs/tags"
    )
    tags = names.decode("utf-8", "replace").splitlines()
    git.tags = [tag.removeprefix("refs/tags/") for tag in tags][:MAX_LISTED]
    try:
        described = shadow.git("describe", "--tags", "--always", git.commit)
        git.describe = described.decode("utf-8", "replace").strip() or None
    except UnreadableError:
        git.not_available["describe"] = "git could not describe the commit"


def _read_remote(capture: CodeCapture, shadow: ShadowRepository) -> None:
    url = shadow.remote_url()
    if url is None:
        return
    if _is_local(url):
        capture.git.not_available["remote"] = "a local path, which would name this machine"
        return
    capture.git.remote, redacted = redact_url(url)
    if redacted:
        entry = LeftOut(
            what="credentials of the remote", where="git_info.yaml", rule="url-userinfo"
        )
        capture.left_out.append(entry)


def _is_local(url: str) -> bool:
    """Tell a path from ``scheme://...`` and from ``user@host:path``."""
    if url.lower().startswith("file:") or os.path.isabs(url) or url.startswith((".", "~")):
        return True
    return "://" not in url and ":" not in url.partition("/")[0]


def _read_work_tree(capture: CodeCapture, shadow: ShadowRepository, run_root: Path | None) -> None:
    git = capture.git
    found = read_work_tree(shadow, git.commit, run_root=run_root)
    capture.patch = found.patch
    git.tree, git.dirty = found.tree, found.dirty
    _list_files(git, found)
    capture.left_out += [
        LeftOut(what=file.path, where="git_diff.patch", rule="secret")
        for file in git.left_out
        if file.rule == "secret"
    ]
    _read_submodules(git, shadow, found.tree)


def _list_files(git: GitInfo, found: WorkTree) -> None:
    git.untracked = found.untracked[:MAX_LISTED]
    git.left_out = found.left_out[:MAX_LISTED]
    for key, files in (("untracked", found.untracked), ("left_out", found.left_out)):
        if len(files) > MAX_LISTED:
            git.not_available[key] = f"the first {MAX_LISTED} of {len(files)} files are listed"


# -- submodules ---------------------------------------------------------------------------


def _read_submodules(git: GitInfo, shadow: ShadowRepository, tree: str) -> None:
    modules = shadow.blob(tree, ".gitmodules")
    if modules is None:
        return
    entries = shadow.paths(tree).items()
    links = {path: entry[1] for path, entry in entries if entry[0] == LINK_TO_COMMIT}
    urls = _submodule_urls(shadow, modules)
    git.submodules = [
        Submodule(path=path, commit=commit, url=urls.get(path))
        for path, commit in sorted(links.items())[:_LISTED_SUBMODULES]
    ]
    changed = [path for path in links if _has_changes(shadow, path)]
    if changed:
        named = ", ".join(changed[:10])
        git.not_available["submodules"] = f"changes in {named} are in no commit and no patch"


def _submodule_urls(shadow: ShadowRepository, modules: bytes) -> dict[str, str]:
    """Return ``path -> URL`` of a .gitmodules file; includes are not followed."""
    output = shadow.git("config", "--file", "-", "--no-includes", "--list", "-z", stdin=modules)
    paths: dict[str, str] = {}
    urls: dict[str, str] = {}
    for pair in output.decode("utf-8", "replace").split("\0"):
        key, _, value = pair.partition("\n")
        name, _, field_name = key.removeprefix("submodule.").rpartition(".")
        if field_name == "path":
            paths[name] = value
        elif field_name == "url" and not _is_local(value):
            urls[name] = redact_url(value)[0]
    return {path: urls[name] for name, path in paths.items() if name in urls}


def _has_changes(shadow: ShadowRepository, path: str) -> bool:
    folder = shadow.top / path
    if find_top(folder, ceiling=folder) is None:
        return False
    return dirty_now(folder, seconds=shadow.deadline.left()) is True


# -- the branch ---------------------------------------------------------------------------


def _branch(shadow: ShadowRepository) -> str | None:
    """Return the branch, None when HEAD is detached.

    GitPython starts the git that PATH names, with the caller's environment: where that is not
    what we would start, git itself is asked through the private directory.
    """
    if _gitpython_starts_our_git():
        try:
            head = _gitpython(shadow).head
            return None if head.is_detached else str(head.reference.name)
        except (ImportError, OSError, TypeError, ValueError, AttributeError):
            pass
    return shadow.branch()


def _gitpython_starts_our_git() -> bool:
    named = os.environ.get("GIT_PYTHON_GIT_EXECUTABLE", "git")
    ours = shutil.which(named) == git_path()
    return ours and not any(name.startswith("GIT_T") for name in os.environ)


def _gitpython(shadow: ShadowRepository) -> Any:
    import git

    return git.Repo(shadow.path)
