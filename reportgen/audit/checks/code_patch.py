"""Can the code that ran be had again: commit plus patch, down to the id of the tree?"""

from __future__ import annotations

from reportgen.audit.checks.code import left_out_of
from reportgen.audit.evidence import at, counted, listed, unavailable
from reportgen.audit.interface import AuditContext, Check, CheckResult, Severity
from reportgen.audit.kinds import packaged
from reportgen.audit.patch import created_files
from reportgen.errors import UnavailableError, UnreadableError
from reportgen.runs import layout
from reportgen.runs.schema import GitInfo
from reportgen.runs.view import RunView

_STATE = "code.worktree-state-known"
_EXISTS = "code.commit-exists"
_NO_PATCH = "the work tree was changed, and there is no patch"


def is_clean(view: RunView) -> bool:
    """Tell whether the record says that the commit alone is the code."""
    git = view.git
    return (
        git is not None
        and git.dirty is False
        and not git.untracked
        and not view.file_sizes.get(layout.PATCH)
    )


def patch_of(view: RunView) -> bytes:
    """Return the bytes of the patch, empty when there is none."""
    return view.bytes(layout.PATCH) or b""


class PatchApplies(Check):
    """The patch applies to a clean checkout of the commit."""

    id = "code.patch-applies"
    severity = Severity.H
    title = "The patch applies to the commit"
    failure = "The patch does not apply to the commit"
    why = "A patch that does not apply leaves the code that ran unknown."
    fix = (
        "Run again with the logger, which keeps binary and new files in the patch, or commit first"
    )
    command = "git add --all && git commit -m 'State of the run'"
    needs = ("repository",)
    requires = (_EXISTS,)

    def inapplicable(self, context: AuditContext) -> str | None:
        if is_clean(context.run):
            return "the work tree was clean: there is nothing to apply"
        return packaged(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        git = view.git or GitInfo()
        patch = patch_of(view)
        if not patch:
            if git.dirty is None:
                return self.inconclusive("whether there should be a patch", blocked_by=_STATE)
            if git.left_out:
                return self.not_applicable("only files left out by size differ from the commit")
            return self.failed(_NO_PATCH, inspected=0, where=[at(view, layout.PATCH)], cause=_STATE)
        try:
            if not context.repository.commit_exists(_commit(git)):
                return self.inconclusive("the commit is not here", blocked_by=_EXISTS)
            context.repository.patched_tree(_commit(git), patch, left_out_of(git))
        except UnreadableError as error:
            return self.failed(error.what, where=[at(view, layout.PATCH)])
        except UnavailableError as error:
            return self.inconclusive(error.what)
        return self.passed(f"{counted(len(patch), 'byte')} apply to {_commit(git)[:12]}…")


class PatchRestoresTree(Check):
    """Commit plus patch is, byte by byte, the tree that ran."""

    id = "code.patch-restores-tree"
    severity = Severity.H
    title = "Commit and patch restore the tree that ran"
    failure = "Commit and patch restore another tree than the one that ran"
    why = "A patch may apply and still lack a file: only the tree's id says that all is there."
    fix = "Commit the work, and run again; what was lost from the patch cannot be recomputed"
    command = "git add --all && git commit -m 'State of the run'"
    needs = ("repository",)
    requires = (_EXISTS,)

    def inapplicable(self, context: AuditContext) -> str | None:
        return packaged(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        git = view.git or GitInfo()
        where = [at(view, layout.GIT, "tree")]
        if not git.tree:
            reason = unavailable(git.not_available, "tree")
            if reason:
                return self.inconclusive(reason)
            return self.failed("the id of the tree is not recorded", inspected=0, where=where)
        try:
            return self._compare(context, git, git.tree)
        except UnavailableError as error:
            return self.inconclusive(error.what)

    def _compare(self, context: AuditContext, git: GitInfo, tree: str) -> CheckResult:
        view, commit, gone = context.run, _commit(git), left_out_of(git)
        where = [at(view, layout.GIT, "tree"), at(view, layout.PATCH)]
        if not context.repository.commit_exists(commit):
            limit = context.policy.tolerances.history_commits
            same = context.repository.commit_with_tree(tree, gone, limit=limit)
            if same and is_clean(view):
                message = f"the work tree was clean: its tree is that of {same[:12]}…"
                return self.not_applicable(message)
            return self.inconclusive("the commit is not here", blocked_by=_EXISTS)
        if is_clean(view):
            found = context.repository.code_tree(commit, gone)
            if found == tree:
                return self.not_applicable("the work tree was clean: the tree is the commit's")
            message = f"recorded as clean with tree {tree[:12]}…, the commit has {found[:12]}…"
            return self.failed(message, where=where[:1], cause=_STATE)
        patch = patch_of(view)
        try:
            found = context.repository.patched_tree(commit, patch, gone)
        except UnreadableError:
            found = ""
        if found == tree:
            return self.passed(f"tree {tree[:12]}… restored from {commit[:12]}… and the patch")
        if b"\r\n" in patch and _with_plain_ends(context, commit, patch, gone) == tree:
            return self.partial(
                "restored only once the patch has its line ends back (CRLF to LF)",
                where=where,
                remedy="Keep git from changing line ends: add `*.patch -text` to .gitattributes",
            )
        if not found:
            return self.inconclusive("the patch does not apply", blocked_by=PatchApplies.id)
        message = f"restored tree {found[:12]}…, recorded {tree[:12]}…"
        return self.failed(message, where=where)


def _with_plain_ends(
    context: AuditContext, commit: str, patch: bytes, gone: tuple[str, ...]
) -> str | None:
    try:
        return context.repository.patched_tree(commit, patch.replace(b"\r\n", b"\n"), gone)
    except UnreadableError:
        return None


def _commit(git: GitInfo) -> str:
    return (git.commit or "").strip().lower()


class UntrackedCaptured(Check):
    """Every file that git did not know is in the patch, or at least listed with its hash."""

    id = "code.untracked-captured"
    severity = Severity.H
    title = "Untracked files are kept"
    failure = "Untracked files are lost"
    why = "A module that was never added runs all the same, and is in no commit."
    fix = "Add the files to git, or have git ignore what is no code"
    command = "git add --all && git commit -m 'State of the run'"

    def inapplicable(self, context: AuditContext) -> str | None:
        if is_clean(context.run):
            return "the work tree was clean: no untracked files"
        return packaged(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        git = view.git
        if git is None:
            return self.failed(
                "there is no git_info.yaml", inspected=0, where=[at(view, layout.GIT)]
            )
        raw = view.raw(layout.GIT)
        if git.dirty is None or (isinstance(raw, dict) and raw.get("untracked") is None):
            return self._not_listed(view, git)
        if not git.untracked:
            return self.not_applicable("no untracked files")
        kept = created_files(patch_of(view))
        hashed = {left.path for left in git.left_out if left.sha256}
        lost = [path for path in git.untracked if path not in kept and path not in hashed]
        files = counted(len(git.untracked), "untracked file")
        count = len(git.untracked)
        if lost:
            message = f"{len(lost)} of {files} neither in the patch nor hashed: {listed(lost)}"
            where = [at(view, layout.GIT, "untracked"), at(view, layout.PATCH)]
            return self.failed(message, inspected=count, where=where)
        only_hashed = [path for path in git.untracked if path not in kept]
        if only_hashed:
            message = f"{len(only_hashed)} of {files} only hashed: {listed(only_hashed)}"
            where = [at(view, layout.GIT, "left_out")]
            return self.partial(message, inspected=count, where=where)
        return self.passed(f"{files}, all in the patch: {listed(git.untracked)}", inspected=count)

    def _not_listed(self, view: RunView, git: GitInfo) -> CheckResult:
        if not git.commit:
            message = "without a commit nothing is tracked"
            return self.inconclusive(message, blocked_by="code.commit-recorded")
        reason = unavailable(git.not_available, "untracked", "dirty")
        if reason:
            return self.inconclusive(reason)
        if git.dirty is None:
            message = "whether there are untracked files is not recorded"
            return self.inconclusive(message, blocked_by=_STATE)
        where = [at(view, layout.GIT)]
        return self.failed("untracked files are not recorded", inspected=0, where=where)


CHECKS: tuple[Check, ...] = (PatchApplies(), PatchRestoresTree(), UntrackedCaptured())
