"""Which code ran, as comparable facts, and unified diffs between what was recorded. Pure.

Patches have the format of ``git diff`` (git-scm.com/docs/diff-format, "Generating patch text
with -p").
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Literal

from msgspec import Struct

from reportgen.compare.differences import Difference, Section, compare_sections
from reportgen.runs.captured import Modules
from reportgen.runs.schema import GitInfo

_HEADER = b"diff --git "
_OF_GIT = ("commit", "tree", "dirty", "patch", "package", "left_out")


class FileChange(Struct, frozen=True, kw_only=True):
    """One file of a patch.

    Attributes:
        path: As the patch spells it, undecodable bytes replaced.
        added, removed: Lines; 0 for a binary file.
        text: The part of the patch, header and hunks.
    """

    path: str
    added: int
    removed: int
    text: str


class CodeComparison(Struct, frozen=True, kw_only=True):
    """The code of several runs.

    Attributes:
        same: Whether the same code ran; None when that was not recorded.
        how: What that was told by, in a few words.
        differences: Commit, tree and patch, and the loaded files of the project by their hashes.
        loaded_differ: Whether any loaded file differs; None when they were not recorded.
        changes: The unified diff from the first run to the second, by file.
        changes_from: ``trees`` or ``patches``, what the diff is between; None without one.
        unavailable: Why there is no diff; empty when there is one, or none is needed.
    """

    same: bool | None
    how: str
    differences: tuple[Difference, ...]
    loaded_differ: bool | None
    changes: tuple[FileChange, ...] = ()
    changes_from: Literal["trees", "patches"] | None = None
    unavailable: str = ""


def code_section(git: GitInfo | None, patch: bytes | None, modules: Modules | None) -> Section:
    """Return commit, tree, patch and loaded files of a run.

    Args:
        git: git_info.yaml.
        patch: git_diff.patch; None when there is none.
        modules: captured/modules.json.
    """
    facts: dict[str, Any] = {}
    unrecorded: dict[str, str] = {}
    if git is None:
        unrecorded.update(dict.fromkeys(_OF_GIT, "no code is recorded"))
    else:
        unrecorded.update(git.not_available)
        for key in ("commit", "tree", "dirty"):
            value = getattr(git, key)
            if value is None:
                unrecorded.setdefault(key, "not in git_info.yaml")
            else:
                facts[key] = value
        facts["patch"] = sha256(patch).hexdigest() if patch else None
        if git.packaged is not None:
            facts["package"] = f"{git.packaged.distribution} {git.packaged.version or ''}".strip()
            facts["package.record_sha256"] = git.packaged.record_sha256
        facts.update({f"left_out.{one.path}": one.sha256 for one in git.left_out})
    if modules is None or not modules.local:
        unrecorded["loaded"] = "the loaded files were not recorded"
    else:
        facts.update({f"loaded.{path}": digest for path, digest in modules.local.items()})
    return Section(facts=facts, unrecorded=unrecorded)


def compare_code(sections: Sequence[Section]) -> CodeComparison:
    """Return whether the same code ran, told by the recorded trees where there are some."""
    differences = compare_sections(sections)
    loaded = [one for one in differences if one.key.startswith("loaded.")]
    known = loaded and not any("loaded" in section.unrecorded for section in sections)
    same, how = _same(sections, {one.key: one for one in differences})
    return CodeComparison(
        same=same,
        how=how,
        differences=tuple(differences),
        loaded_differ=any(one.state == "differs" for one in loaded) if known else None,
    )


def _same(
    sections: Sequence[Section], differences: Mapping[str, Difference]
) -> tuple[bool | None, str]:
    states = {key: difference.state for key, difference in differences.items()}
    left_out = any(s != "same" for k, s in states.items() if k.startswith("left_out."))
    if states.get("tree") in ("same", "differs"):
        if states["tree"] == "same" and left_out:
            return None, "the same tree, but files that were left out of it differ"
        same = states["tree"] == "same"
        return same, "the same tree" if same else "other trees"
    if states.get("package.record_sha256") in ("same", "differs"):
        same = states["package.record_sha256"] == "same"
        return same, "the same installed package" if same else "other installed packages"
    if states.get("commit") == "differs":
        return False, "other commits"
    if states.get("patch") == "differs":
        return False, "other uncommitted changes"
    dirty = [section.facts.get("dirty") for section in sections]
    if states.get("commit") == "same" and (dirty == [False] * len(dirty)):
        return True, "the same commit, nothing uncommitted"
    patches = [section.facts.get("patch") for section in sections]
    if states.get("commit") == "same" and all(patches) and states.get("patch") == "same":
        return True, "the same commit and uncommitted changes"
    return None, "not recorded by each run"


def split_patch(patch: bytes) -> list[FileChange]:
    """Return a patch file by file."""
    parts: list[list[bytes]] = []
    for line in patch.split(b"\n"):
        if line.startswith(_HEADER):
            parts.append([])
        if parts:
            parts[-1].append(line)
    return [_change(part) for part in parts]


def _change(lines: list[bytes]) -> FileChange:
    hunk = next((at for at, line in enumerate(lines) if line.startswith(b"@@ ")), len(lines))
    body = lines[hunk:]
    return FileChange(
        path=_path_of(lines[0]),
        added=sum(line.startswith(b"+") for line in body),
        removed=sum(line.startswith(b"-") for line in body),
        text=b"\n".join(lines).decode("utf-8", "replace").rstrip("\n") + "\n",
    )


def _path_of(header: bytes) -> str:
    """Return the path of a header whose two names are one, as git writes without renames."""
    rest = header.removeprefix(_HEADER).rstrip(b"\r").decode("utf-8", "replace")
    second = rest[len(rest) // 2 + 1 :]
    quoted = second.startswith('"') and second.endswith('"')
    return (second[1:-1] if quoted else second).removeprefix("b/")


def patch_changes(first: bytes, second: bytes) -> list[FileChange]:
    """Return what differs between two patches of one commit, as a diff of the patches.

    For runs whose repository is not at hand: lines that both patches have say nothing.

    Args:
        first, second: git_diff.patch of two runs; empty for a clean tree.
    """
    left = {change.path: change for change in split_patch(first)}
    right = {change.path: change for change in split_patch(second)}
    found = []
    for path in dict.fromkeys((*left, *right)):
        old, new = (side[path].text.splitlines() if path in side else [] for side in (left, right))
        if old != new:
            found.append(_between(path, old, new))
    return found


def _between(path: str, old: list[str], new: list[str]) -> FileChange:
    names = (f"first run's changes of {path}", f"second run's changes of {path}")
    lines = list(difflib.unified_diff(old, new, *names, lineterm=""))
    return FileChange(
        path=path,
        added=sum(line.startswith("+") for line in lines[2:]),
        removed=sum(line.startswith("-") for line in lines[2:]),
        text="\n".join(lines) + "\n",
    )
