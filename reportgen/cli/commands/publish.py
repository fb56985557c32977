"""``reportgen publish``: bring a site to the branch that GitHub Pages serves, after a look."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.cli.options import add_json, note, print_json
from reportgen.cli.progress import progress
from reportgen.errors import UsageError
from reportgen.terminal import one_line

if TYPE_CHECKING:
    from reportgen.site.publish import Inspection

_KINDS = {"mail": "address", "home": "home folder", "name": "name"}
_SHOWN = 12


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = (
        "Without --yes nothing leaves this machine: what would become public is listed, facts on "
        "persons first. A site with a secret of known shape, a file over 100 MB or more than 1 GB "
        "in all is refused. The branch gets one commit without history; its CNAME stays."
    )
    parser.add_argument(
        "site",
        type=Path,
        nargs="?",
        default=Path("site"),
        help="folder of the site (default: site)",
    )
    parser.add_argument(
        "--branch", default="gh-pages", help="branch that is served (default: gh-pages)"
    )
    parser.add_argument(
        "--remote",
        default="origin",
        help="name of a remote, an address, or a repository's path (default: origin)",
    )
    parser.add_argument("--yes", action="store_true", help="push; without it nothing is")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Show what would become public, and push it when asked to.

    Raises:
        UsageError: The site must not be published as it is, or there is no such remote.
        ReportgenError: git refused.
    """
    from reportgen.site.pages_branch import push_site, target_of
    from reportgen.site.publish import inspect_site

    with progress(args, "looking at the site") as advance:
        found = inspect_site(args.site, _names(), advance)
    commit, refused = None, found.refusals
    if not refused:
        target = target_of(Path.cwd(), args.remote, args.branch)
        commit = push_site(args.site.absolute(), target) if args.yes else None
    if args.json:
        print_json(_document(found, commit))
    else:
        _show(found)
    if refused:
        raise UsageError(
            f"must not be published as it is: {refused[0]}"
            + (f" (and {len(refused) - 1} more reasons)" if len(refused) > 1 else ""),
            where=str(args.site),
            fix="Take it out of the run or leave the run out, then build again",
        )
    if commit:
        note(args, f"Pushed {commit[:12]} to {target.branch} of {target.shown}.")
    else:
        note(args, f"Nothing was pushed. --yes pushes it to {target.branch} of {target.shown}.")
    return 0


def _names() -> dict[str, str]:
    """Return the names of this machine and its user, and what each is."""
    found = {}
    with contextlib.suppress(OSError, KeyError):
        found[getpass.getuser()] = "your login name"
    host = socket.gethostname().partition(".")[0]
    if host != "localhost":
        found.setdefault(host, "the name of this machine")
    for key in ("user.name", "user.email"):
        try:
            done = subprocess.run(
                ["git", "config", key], capture_output=True, text=True, timeout=10, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if name := done.stdout.strip():
            found.setdefault(name, f"your {key} in git")
    return {name: what for name, what in found.items() if name not in ("root", "user", "runner")}


def _show(found: Inspection) -> None:
    if found.personal:
        print("Facts on persons:")
        for one in found.personal[:_SHOWN]:
            files = f"{one.files} {'file' if one.files == 1 else 'files'}"
            print(one_line(f"  {_KINDS[one.kind]} {one.what}: {files}, such as {one.examples[0]}"))
        if len(found.personal) > _SHOWN:
            print(f"  and {len(found.personal) - _SHOWN} more (--json lists them)")
    else:
        print("Facts on persons: no mail address, home folder or name of yours was found.")
    print(f"Runs: {len(found.runs)}")
    for name in found.runs[:_SHOWN]:
        print(one_line(f"  {name}"))
    if len(found.runs) > _SHOWN:
        print(f"  and {len(found.runs) - _SHOWN} more")
    print(
        f"Files: {found.files}, {found.bytes / 1e6:.1f} MB "
        "(GitHub Pages: at most 1 GB, 100 MB a file)"
    )
    for part, (count, size) in found.folders.items():
        print(f"  {part}: {count}, {size / 1e6:.1f} MB")
    for reason in found.refusals:
        print(one_line(f"Refused: {reason}"))


def _document(found: Inspection, commit: str | None) -> dict[str, Any]:
    return {
        "files": found.files,
        "bytes": found.bytes,
        "runs": found.runs,
        "parts": {
            part: {"files": count, "bytes": size} for part, (count, size) in found.folders.items()
        },
        "personal": [
            {"kind": one.kind, "what": one.what, "files": one.files, "examples": list(one.examples)}
            for one in found.personal
        ],
        "refused": found.refusals,
        "commit": commit,
    }
