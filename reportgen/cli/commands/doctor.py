"""``reportgen doctor``: what is installed, what a run would record here, and what is missing."""

from __future__ import annotations

import argparse
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reportgen import __version__
from reportgen.capture.git_process import git_path
from reportgen.cli.optional_packages import (
    OPTIONAL,
    OWN,
    STRANGER,
    OptionalPackage,
    missing_requirements,
    version_of,
)
from reportgen.cli.options import add_json, add_settings, print_json, settings_of
from reportgen.cli.preview import Fact, Lack, preview
from reportgen.errors import UnavailableError
from reportgen.terminal import one_line

OK, MISSING = 0, 1
_GIT_SECONDS = 5
_HELP = """Nothing is written. The exit status is 1 when something is missing without which a run
that is started here could not be repeated, or not be written; everything else is advice.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = _HELP
    add_json(parser)
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    """Print what was found and return the exit status.

    Raises:
        SettingsError: The settings are wrong.
    """
    found = list(preview(Path.cwd(), settings_of(args)))
    facts = [one for one in found if isinstance(one, Fact)]
    lacks = [*_installation_lacks(), *(one for one in found if isinstance(one, Lack))]
    lacks.sort(key=lambda lack: not lack.matters)
    installed = _installed()
    if args.json:
        print_json(_plain(installed, facts, lacks))
    else:
        _print(installed, facts, lacks)
    return MISSING if any(lack.matters for lack in lacks) else OK


def _installed() -> dict[str, str | None]:
    how = f"the distribution {OWN}" if version_of(OWN) else "used from a folder, not installed"
    return {
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "reportgen": f"{__version__} ({how})",
        "git": _git_version(),
    }


def _git_version() -> str | None:
    try:
        said = subprocess.run(
            [git_path(), "--version"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_GIT_SECONDS,
            check=True,
        ).stdout
    except (UnavailableError, OSError, subprocess.SubprocessError):
        return None
    return said.decode("utf-8", "replace").strip().removeprefix("git version ")


def _installation_lacks() -> list[Lack]:
    found = [
        Lack(f"{name} is not installed, and reportgen needs it", f"pip install {name}", None, True)
        for name in missing_requirements()
    ]
    if version_of(STRANGER) is not None:
        found.append(
            Lack(
                f"The distribution {STRANGER!r} is another project's, with a module of this name",
                f"pip uninstall {STRANGER}, then install {OWN} again",
                matters=True,
            )
        )
    return found


# -- output -------------------------------------------------------------------------------


def _print(installed: dict[str, str | None], facts: Sequence[Fact], lacks: Sequence[Lack]) -> None:
    _section(
        "Installed", [(name, version or "not installed") for name, version in installed.items()]
    )
    _section("Optional packages", [(one.distribution, _optional(one)) for one in OPTIONAL])
    _section("A run started here would record", [(fact.name, fact.text) for fact in facts])
    print("Missing" if lacks else "Nothing is missing")
    for lack in lacks:
        mark = "!" if lack.matters else "-"
        check = f" [{lack.check}]" if lack.check else ""
        print(one_line(f"  {mark} {lack.what}{check}"))
        print(one_line(f"    {lack.fix}"))


def _section(title: str, rows: Sequence[tuple[str, str]]) -> None:
    print(title)
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        print(one_line(f"  {name:{width}}  {text}"))
    print()


def _optional(package: OptionalPackage) -> str:
    if package.version is None:
        return f"not installed; for {package.enables}: {package.install}"
    return f"{package.version}: {package.enables}"


def _plain(
    installed: dict[str, str | None], facts: Sequence[Fact], lacks: Sequence[Lack]
) -> dict[str, Any]:
    return {
        "schema": "reportgen.doctor/1",
        "installed": installed,
        "optional": [
            {
                "package": one.distribution,
                "version": one.version,
                "enables": one.enables,
                "install": one.install,
            }
            for one in OPTIONAL
        ],
        "captured": {fact.name.lower().replace(" ", "_"): fact.value for fact in facts},
        "missing": [
            {"what": one.what, "fix": one.fix, "check": one.check, "matters": one.matters}
            for one in lacks
        ],
    }
