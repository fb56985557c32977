"""Defects of the record of the code: commits, patches, remotes, modules, the script."""

from __future__ import annotations

import re
from hashlib import sha256

from planted_defects.defect import Defect, Plant, drop, lay, put, several, swap
from planted_defects.lab import Lab
from reportgen.testing import git

GIT = "git_info.yaml"
PATCH = "git_diff.patch"
MODULES = "captured/modules.json"
OPENS = "captured/opens.json"
SCRIPT = "reproduce.sh"
FORGED = sha256(b"a commit that nobody made").hexdigest()[:40]
FORGED_TREE = sha256(b"a tree that nobody made").hexdigest()[:40]
TOOLS = {"remote": "https://example.org/lab/tools.git", "dirty": False}


def _remote(url: str | None) -> Plant:
    return lay(GIT, {"remote": url})


def without_file(name: str) -> Plant:
    """Return a plant that takes one file out of the patch."""

    def plant(lab: Lab) -> None:
        text = (lab.run / PATCH).read_text(encoding="utf-8")
        parts = re.split(r"(?m)^(?=diff --git )", text)
        kept = [part for part in parts if f" b/{name}\n" not in part]
        if len(kept) == len(parts):
            raise ValueError(f"the patch has no {name}")
        lab.put(PATCH, "".join(kept))

    return plant


def _editable(**changes: object) -> Plant:
    """A plant that records a package which was used from a folder elsewhere."""
    return lay("environment.yaml", {"editable": {"tools": {**TOOLS, **changes}}})


def _of_older_commit(lab: Lab) -> None:
    """The code was changed and committed, and the run stands for the commit before."""
    script = lab.repository / "train.py"
    changed = script.read_text(encoding="utf-8") + "print('changed')\n"
    script.write_text(changed, encoding="utf-8")
    lab.lay(MODULES, {"local": {"train.py": sha256(changed.encode()).hexdigest()}})
    git(lab.repository, "commit", "--quiet", "--all", "--message", "Change the training")


def _tree_of_another(lab: Lab) -> None:
    """A clean run with the tree of another commit."""
    (lab.repository / "train.py").write_text("print('other')\n", encoding="utf-8")
    git(lab.repository, "commit", "--quiet", "--all", "--message", "Another script")
    lab.lay(GIT, {"tree": git(lab.repository, "rev-parse", "HEAD^{tree}")})


def _submodule_forgotten(lab: Lab) -> None:
    """The tree has a submodule, and the record does not say of which commit."""
    url = TOOLS["remote"]
    modules = f'[submodule "tools"]\n\tpath = tools\n\turl = {url}\n'
    (lab.repository / ".gitmodules").write_text(modules, encoding="utf-8")
    git(lab.repository, "add", ".gitmodules")
    git(lab.repository, "update-index", "--add", "--cacheinfo", f"160000,{FORGED},tools")
    (lab.repository / "tools").mkdir()
    lab.commit()
    lab.lay(GIT, {"submodules": []})


def _pointer_read(lab: Lab) -> None:
    """The run trained on the pointer that stands for the data, not on the data."""
    oid = sha256(b"the data that LFS keeps").hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 70000\n"
    (lab.repository / ".gitattributes").write_text("*.csv -text\n", encoding="utf-8")
    (lab.repository / "data/digits.csv").write_text(pointer, encoding="utf-8")
    git(lab.repository, "add", ".gitattributes", "data/digits.csv")
    lab.commit()
    (lab.repository / ".gitattributes").write_text("*.csv filter=lfs -text\n", encoding="utf-8")
    git(lab.repository, "add", ".gitattributes")
    lab.commit()
    entry = lab.document("data.yaml")["inputs"][0]
    digest = sha256(pointer.encode()).hexdigest()
    lab.lay("data.yaml", {"inputs": [{**entry, "sha256": digest, "bytes": len(pointer)}]})


COMMITS = (
    Defect("no commit is recorded", "code.commit-recorded", lay(GIT, {"commit": None})),
    Defect(
        "the recorded commit is the name of a branch",
        "code.commit-recorded",
        lay(GIT, {"commit": "HEAD"}),
    ),
    Defect(
        "the recorded commit is forty zeros",
        "code.commit-recorded",
        lay(GIT, {"commit": "0" * 40}),
    ),
    Defect(
        "the commit is forged, and so is its tree",
        "code.commit-exists",
        lay(GIT, {"commit": FORGED, "tree": FORGED_TREE}),
    ),
    Defect(
        "the commit is forged and the tree a true one",
        "code.commit-exists",
        lay(GIT, {"commit": FORGED}),
        least="partial",
    ),
    Defect("there is no remote", "code.remote-usable", _remote(None)),
    Defect("the remote is a folder", "code.remote-usable", _remote("file:///srv/git/digits")),
    Defect(
        "the remote holds a token",
        "code.remote-usable",
        _remote("https://me:t0ken@example.org/lab/digits.git"),
    ),
    Defect(
        "the remote runs a program",
        "code.remote-usable",
        _remote("ext::sh -c true"),
    ),
    Defect(
        "neither a branch nor a tag is recorded",
        "code.branch-recorded",
        lay(GIT, {"branch": None, "describe": None}),
    ),
    Defect(
        "the recorded branch is a detached HEAD",
        "code.branch-recorded",
        lay(GIT, {"branch": "HEAD"}),
    ),
)

CHANGES = (
    Defect(
        "uncommitted work is recorded as a clean work tree",
        "code.worktree-state-known",
        lay(GIT, {"dirty": False, "dirty_end": False}),
        base="full",
    ),
    Defect(
        "a changed work tree is recorded without a patch",
        "code.worktree-state-known",
        lay(GIT, {"dirty": True, "dirty_end": True}),
    ),
    Defect(
        "the run is recorded as clean, with the tree of another commit",
        "code.worktree-state-known",
        _tree_of_another,
    ),
    Defect(
        "whether the work tree had changes is not recorded",
        "code.worktree-state-known",
        lay(GIT, {"dirty": None, "dirty_end": None}),
    ),
    Defect(
        "the patch is damaged and applies no more",
        "code.patch-applies",
        swap(PATCH, "@@ -0,0 +1,3 @@", "@@ -7,2 +1,9 @@"),
        base="full",
    ),
    Defect(
        "the patch is for a file that the commit does not have",
        "code.patch-applies",
        lambda lab: lab.put(
            PATCH,
            (lab.run / PATCH).read_text(encoding="utf-8")
            + "diff --git a/gone.py b/gone.py\nindex 1234567..89abcde 100644\n"
            "--- a/gone.py\n+++ b/gone.py\n@@ -1 +1 @@\n-WIDTH = 1\n+WIDTH = 2\n",
        ),
        base="full",
    ),
    Defect(
        "the patch lacks a file, and the list of untracked files lacks it too",
        "code.patch-restores-tree",
        several(without_file("weights.py"), lay(GIT, {"untracked": ["decay.py"]})),
        base="full",
    ),
    Defect(
        "a value was edited in the patch",
        "code.patch-restores-tree",
        swap(PATCH, "+WEIGHTS = {3: 1.5", "+WEIGHTS = {3: 1.0"),
        base="full",
    ),
    Defect(
        "an untracked file is listed and not in the patch",
        "code.untracked-captured",
        without_file("weights.py"),
        base="full",
    ),
    Defect(
        "which files were untracked is not recorded",
        "code.untracked-captured",
        lay(GIT, {"untracked": None}),
        base="full",
    ),
)

LOADED = (
    Defect(
        "settings that git ignores were read",
        "code.ignored-not-loaded",
        lambda lab: lab.lay(OPENS, {"files": [*lab.document(OPENS)["files"], "local.yaml"]}),
    ),
    Defect(
        "a module was edited during the run",
        "code.modules-match-tree",
        lay(MODULES, {"local": {"train.py": sha256(b"edited").hexdigest()}}),
    ),
    Defect(
        "the run stands for another commit than its code",
        "code.modules-match-tree",
        _of_older_commit,
    ),
    Defect(
        "a module was loaded that no commit and no patch holds",
        "code.modules-match-tree",
        lay(MODULES, {"local": {"tricks.py": sha256(b"tricks").hexdigest()}}),
    ),
    Defect(
        "the script lies outside of the repository",
        "code.entrypoint-in-tree",
        lay("run.yaml", {"command": {"argv": ["../old/train.py", "--lr", "0.1"]}}),
    ),
    Defect(
        "the code was given on the command line",
        "code.entrypoint-in-tree",
        lay("run.yaml", {"command": {"argv": ["-c", "import train"]}}),
    ),
    Defect(
        "an editable package has no commit",
        "code.editable-deps-pinned",
        _editable(commit=None),
    ),
    Defect(
        "an editable package had changes in no commit",
        "code.editable-deps-pinned",
        lay(
            "environment.yaml", {"editable": {"tools": {**TOOLS, "commit": FORGED, "dirty": True}}}
        ),
        least="partial",
    ),
    Defect(
        "the commit of a submodule is not recorded",
        "code.submodules-lfs-resolved",
        _submodule_forgotten,
    ),
    Defect(
        "the run read an LFS pointer in the place of the data",
        "code.submodules-lfs-resolved",
        _pointer_read,
    ),
)

REPRODUCE = (
    Defect(
        "the learning rate was changed in reproduce.sh",
        "code.reproduce-consistent",
        swap(SCRIPT, '"--lr", "0.1"', '"--lr", "0.2"'),
        cover="seal",
    ),
    Defect(
        "the seed was changed in reproduce.sh",
        "code.reproduce-consistent",
        swap(SCRIPT, '"torch": 7', '"torch": 8'),
        cover="seal",
    ),
    Defect(
        "reproduce.sh does something more than the record says",
        "code.reproduce-consistent",
        lambda lab: lab.put(
            SCRIPT, (lab.run / SCRIPT).read_text(encoding="utf-8") + "\ntouch done\n"
        ),
        cover="seal",
    ),
    Defect(
        "there is no reproduce.sh",
        "code.reproduce-consistent",
        drop(SCRIPT),
        cover="seal",
    ),
    Defect(
        "reproduce.sh is a single line of somebody's own",
        "code.reproduce-consistent",
        put(SCRIPT, "#!/bin/sh\npython train.py --lr 0.1\n"),
        cover="seal",
    ),
)

DEFECTS = (*COMMITS, *CHANGES, *LOADED, *REPRODUCE)
