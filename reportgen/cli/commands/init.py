"""``reportgen init``: settings, workflows, and whether runs live in git, shown before written."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from reportgen import __version__
from reportgen.cli.options import note
from reportgen.config import find_settings_file, load_settings
from reportgen.errors import ReportgenError, UsageError
from reportgen.fs.atomic import write_bytes
from reportgen.runs import layout
from reportgen.terminal import one_line, printable

_STARTER = Path(__file__).resolve().parents[1] / "starter"
_WORKFLOWS = {
    ".github/workflows/reportgen-audit.yml": "audit.yml",
    ".github/workflows/reportgen-pages.yml": "pages.yml",
}
_CHOICES = {
    "commit": "commit runs, without checkpoints and artifacts",
    "ignore": "keep runs out of git",
}
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._-]*(?:/[A-Za-z0-9._][A-Za-z0-9._-]*)*")
_OUTSIDE = """\
Runs that git does not keep are not in a clone, so no workflow can look at them. Where they are:
  $ reportgen audit ROOT --format json=base.json       # once, when they are as they should be
  $ reportgen audit ROOT --base-report base.json       # after a change: nothing gets worse
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path(),
        help="the top of the repository (default: the working directory)",
    )
    parser.add_argument(
        "--runs-in-git",
        choices=[*_CHOICES],
        help="commit: runs are kept in git without checkpoints and artifacts; "
        "ignore: they are kept out of it. Asked for on a terminal",
    )
    parser.add_argument(
        "--root", default=None, metavar="DIR", help="folder of the runs (default: runs)"
    )
    parser.add_argument("--yes", action="store_true", help="write without asking")


def run(args: argparse.Namespace) -> int:
    """Show the files, ask, and write them.

    Raises:
        UsageError: A file is there with other content, nobody said yes, or the disk refuses.
    """
    folder: Path = args.folder
    if not folder.is_dir():
        raise UsageError("is no folder", where=str(folder), fix="Name the top of the repository.")
    asks = sys.stdin is not None and sys.stdin.isatty() and not args.yes
    choice = args.runs_in_git or (_asked() if asks else "commit")
    plan = planned(folder, choice, args.root)
    _refuse_to_overwrite(folder, plan)
    missing = {path: text for path, text in plan.items() if not (folder / path).exists()}
    if not missing:
        print("Everything is there already, nothing was written.")
        return 0
    for path, text in missing.items():
        print(_shown(path, text))
    if not args.yes and not (asks and _agreed(len(missing))):
        raise UsageError(
            f"nothing was written: {len(missing)} files are shown above",
            fix="Say --yes to write them.",
        )
    _write(folder, missing)
    note(args, f"Wrote {', '.join(missing)}")
    root = _root_of(folder, args.root)
    if choice == "ignore":
        print(_OUTSIDE.replace("ROOT", root), end="")
    else:
        obstacle = _obstacle(folder, root)
        if obstacle is not None:
            note(args, obstacle)
    return 0


def planned(folder: Path, choice: str, root: str | None = None) -> dict[str, str]:
    """Return the files by path from the folder: their text.

    Args:
        folder: Top of the repository.
        choice: ``commit`` or ``ignore``.
        root: Folder of the runs; that of the settings, else ``runs``, when None.

    Raises:
        UsageError: The root is no plain path inside the folder.
    """
    place = _root_of(folder, root)
    plan: dict[str, str] = {}
    if find_settings_file(folder) is None:
        plan["reportgen.toml"] = _settings(folder, place)
    plan[f"{place}/.gitignore"] = _starter(f"{choice}.gitignore")
    if choice == "commit":
        plan |= {path: _starter(name) for path, name in _WORKFLOWS.items()}
    return plan


def _root_of(folder: Path, root: str | None) -> str:
    if root is None:
        found = load_settings(folder, environ={}).roots if find_settings_file(folder) else ()
        first = found[0] if found else folder.absolute() / "runs"
        inside = first.is_relative_to(folder.absolute())
        root = first.relative_to(folder.absolute()).as_posix() if inside else str(first)
    plain = PurePosixPath(root).as_posix()
    if not _PLAIN_PATH.fullmatch(plain) or ".." in plain.split("/") or plain == ".":
        raise UsageError(
            f"is {root!r}",
            where="--root",
            expected="a folder inside the repository, of letters, digits and . _ -",
        )
    return plain


def _settings(folder: Path, root: str) -> str:
    title = json.dumps(one_line(folder.resolve().name) or "Runs", ensure_ascii=False)
    return (
        "# Settings of reportgen. The command line and REPORTGEN_* variables beat this file.\n"
        f'roots = ["{root}"]\n\n[site]\ntitle = {title}\n'
    )


def _starter(name: str) -> str:
    text = (_STARTER / name).read_text(encoding="utf-8")
    return text.replace("@VERSION@", __version__)


def _refuse_to_overwrite(folder: Path, plan: Mapping[str, str]) -> None:
    for path, text in plan.items():
        file = folder / path
        if not os.path.lexists(file):
            continue
        if file.is_symlink() or not file.is_file() or file.read_bytes() != text.encode():
            raise UsageError(
                "is there already with other content; nothing was written",
                where=path,
                fix="Move it away, or keep it and leave `reportgen init` out.",
            )


def _obstacle(folder: Path, root: str) -> str | None:
    """Return what still keeps runs from being committed, None when nothing does."""
    from reportgen.capture.shadow import find_top, open_shadow

    top = find_top(folder.absolute())
    if top is None:
        return "There is no git repository here yet: `git init` makes one."
    run = (folder.resolve() / root / "project" / "group" / "name" / layout.RUN).relative_to(top)
    try:
        with open_shadow(top, trusted=True) as shadow:
            ignored = shadow.ignored([run.as_posix()])
    except ReportgenError:
        return None
    if not ignored:
        return None
    return f"git still ignores {root}/: take the line that says so out of .gitignore."


def _shown(path: str, text: str) -> str:
    lines = [f"  | {line}" for line in printable(text).splitlines()]
    return "\n".join([f"{path} (new)", *lines, ""])


def _asked() -> str:
    print("Do runs live in git?")
    for number, (choice, words) in enumerate(_CHOICES.items(), 1):
        print(f"  {number}  {words} ({choice})")
    answers = {"1": "commit", "2": "ignore", "": "commit", **{one: one for one in _CHOICES}}
    answer = _answer("1 or 2 [1]: ")
    if answer not in answers:
        raise UsageError(f"{answer!r} is no answer; nothing was written", expected="1 or 2")
    return answers[answer]


def _agreed(files: int) -> bool:
    return _answer(f"Write {files} files? [y/N]: ") in ("y", "yes")


def _answer(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower()


def _write(folder: Path, files: Mapping[str, str]) -> None:
    try:
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            write_bytes(folder / path, text.encode())
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror}",
            where=str(error.filename or folder),
            fix="Name a folder that you may write to.",
        ) from None
