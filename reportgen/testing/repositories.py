"""A small git repository with a training script, for runs that were made in one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

SCRIPT: Final = '''"""Train a classifier on digits."""

import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--config")
parser.add_argument("--lr", type=float)
'''
CONFIG_FILE: Final = "model: mlp\ndataset: digits\nwidth: 32\nlr: 0.1\nepochs: 10\n"
DIGITS: Final = "id,pixel,label\n" + "".join(f"{row},{row % 17},{row % 10}\n" for row in range(180))
PACKAGES: Final = {"numpy": "2.4.6", "torch": "2.13.0"}


def lock_file(packages: Mapping[str, str]) -> str:
    """Return a uv.lock of some packages by version, each with one wheel."""
    head = 'version = 1\nrequires-python = ">=3.11"\n'
    own = '\n[[package]]\nname = "digits"\nversion = "0.1.0"\nsource = { virtual = "." }\n'
    return head + own + "".join(_locked(*package) for package in packages.items())


def _locked(name: str, version: str) -> str:
    wheel = f"{name}-{version}-py3-none-any.whl"
    digest = sha256(wheel.encode()).hexdigest()
    url = f"https://files.pythonhosted.org/packages/{digest[:2]}/{wheel}"
    return (
        f'\n[[package]]\nname = "{name}"\nversion = "{version}"\n'
        'source = { registry = "https://pypi.org/simple" }\n'
        f'wheels = [\n    {{ url = "{url}", hash = "sha256:{digest}", size = 1000 }},\n]\n'
    )


LOCK_FILE: Final = lock_file(PACKAGES)
FILES: Final[Mapping[str, str]] = {
    "train.py": SCRIPT,
    "configs/mlp.yaml": CONFIG_FILE,
    "data/digits.csv": DIGITS,
    "uv.lock": LOCK_FILE,
}
"""The files of the repository that the golden run is made in."""

_IDENTITY = {
    "GIT_AUTHOR_NAME": "A Tester",
    "GIT_AUTHOR_EMAIL": "tester@example.org",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "A Tester",
    "GIT_COMMITTER_EMAIL": "tester@example.org",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, with a fixed author and date, and return what it printed.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-c", "core.autocrlf=false", *arguments],
        cwd=folder,
        env={**os.environ, **_IDENTITY},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def make_repository(folder: Path, files: Mapping[str, str] = FILES) -> Path:
    """Make a git repository with one commit and a remote, and return its folder.

    The folder ``runs/`` is ignored by nobody: run folders are part of the work tree, as they are
    for people who keep their runs in git.

    Args:
        folder: Made if need be.
        files: Text by path.
    """
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    git(folder, "init", "--quiet")
    git(folder, "remote", "add", "origin", "https://example.org/lab/digits.git")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "First version")
    return folder
