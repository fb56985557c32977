"""A site as the one commit of a branch without history, pushed by git.

The commit is made in a git folder of its own, so the repository and its work tree stay as they
are. What the branch holds besides the site is replaced; a ``CNAME`` there stays.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import UnavailableError, UsageError

_SECONDS = 600
_MESSAGE = "Publish the site"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a site goes.

    Attributes:
        address: Of the remote repository, as git takes it.
        branch: Name of the branch.
    """

    address: str
    branch: str

    @property
    def shown(self) -> str:
        """The address without a user's name and password."""
        scheme, found, rest = self.address.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}" if found else self.address


def target_of(repository: Path, remote: str, branch: str) -> Target:
    """Return where a repository's remote is.

    Args:
        repository: A folder of the repository.
        remote: Name of a remote, an address, or the path of a repository.
        branch: Name of the branch.

    Raises:
        UsageError: There is no such remote, or the names are none that git takes.
        UnavailableError: git is not installed.
    """
    if branch.startswith("-") or _git(["check-ref-format", f"refs/heads/{branch}"], repository)[0]:
        raise UsageError(f"{branch!r} is no name of a branch", where="--branch")
    if remote.startswith("-"):
        raise UsageError(f"{remote!r} is no remote", where="--remote")
    status, output, _ = _git(["config", "--get", f"remote.{remote}.url"], repository)
    if status == 0 and output.strip():
        return Target(_address(output.strip(), _top(repository)), branch)
    if "://" in remote or ":" in remote or (repository / remote).is_dir():
        return Target(_address(remote, repository), branch)
    raise UsageError(
        f"there is no remote {remote!r}",
        where=str(repository),
        expected="a remote of the repository around, an address, or a repository's path",
        fix="Name one with --remote",
    )


def _top(repository: Path) -> Path:
    status, output, _ = _git(["rev-parse", "--show-toplevel"], repository)
    return Path(output.strip()) if status == 0 and output.strip() else repository


def _address(address: str, base: Path) -> str:
    """Return an address; a path on this machine is made absolute."""
    if "://" in address or re.match(r"[^/]+:", address):
        return address
    return str((base / address).resolve())


def push_site(site: Path, target: Target) -> str:
    """Push a site as the one commit of a branch, and return the commit's id.

    Raises:
        UnavailableError: git is not installed, took too long, or refused; the branch is then as it
            was.
    """
    with tempfile.TemporaryDirectory(prefix="reportgen-publish-") as scratch:
        folder = Path(scratch) / "git"
        _must(["init", "-q", "--bare", str(folder)], site)
        flags = [
            f"--git-dir={folder}",
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "core.autocrlf=false",
        ]
        flags += ["-c", "core.bare=false", f"--work-tree={site}", "-c", "gc.auto=0"]
        _must([*flags, "add", "--all", "--force", "."], site)
        kept = _kept_domain(flags, site, target)
        if kept and not (site / "CNAME").exists():
            _must([*flags, "update-index", "--add", "--cacheinfo", f"100644,{kept},CNAME"], site)
        tree = _must([*flags, "write-tree"], site).strip()
        commit = _must([*flags, "commit-tree", tree, "-m", _MESSAGE], site, **_author(site)).strip()
        reference = f"+{commit}:refs/heads/{target.branch}"
        _must([*flags, "push", "--quiet", target.address, reference], site)
    return commit


def _kept_domain(flags: list[str], site: Path, target: Target) -> str | None:
    """Return the id of the CNAME that the branch holds, fetched; None without one."""
    reference = f"refs/heads/{target.branch}"
    fetch = [*flags, "fetch", "--quiet", "--depth=1", "--no-tags", target.address, reference]
    if _git(fetch, site)[0]:
        return None
    status, output, _ = _git([*flags, "rev-parse", "-q", "--verify", "FETCH_HEAD:CNAME"], site)
    return output.strip() if status == 0 else None


def _author(site: Path) -> dict[str, str]:
    """Return a name for the commit where git is told none, as on a fresh machine."""
    if _git(["config", "user.email"], site)[0] == 0:
        return {}
    return {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "reportgen"), ("EMAIL", "reportgen@example.invalid"))
    }


def _must(arguments: list[str], folder: Path, **environment: str) -> str:
    status, output, errors = _git(arguments, folder, **environment)
    if status:
        said = errors.strip().splitlines()[-1][:300] if errors.strip() else f"exit status {status}"
        word = next(a for a in arguments if not a.startswith("-") and "=" not in a)
        raise UnavailableError(
            f"git {word} refused: {said}",
            fix="Check that you may push there: `git push --dry-run`",
        )
    return output


def _git(arguments: list[str], folder: Path, **environment: str) -> tuple[int, str, str]:
    git = shutil.which("git")
    if git is None:
        raise UnavailableError("git is not installed", fix="Install git to publish a site")
    inherited = {
        k: v
        for k, v in os.environ.items()
        if k not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
    }
    try:
        done = subprocess.run(
            [git, *arguments],
            cwd=folder,
            env={**inherited, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"git took longer than {_SECONDS} s") from None
    return (
        done.returncode,
        done.stdout.decode("utf-8", "replace"),
        done.stderr.decode("utf-8", "replace"),
    )
