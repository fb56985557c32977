"""Is it known which code ran: a commit that exists, and the state of the work tree?"""

from __future__ import annotations

import re

from reportgen.audit.evidence import at, counted, shown, unavailable
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.audit.kinds import packaged
from reportgen.errors import NotFoundError, UnavailableError
from reportgen.runs import layout
from reportgen.runs.redact import redact_url
from reportgen.runs.schema import GitInfo
from reportgen.runs.view import RunView

_FULL = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})")
_SHORT = re.compile(r"[0-9a-f]{7,63}")
_RECORDED = ("code.commit-recorded",)
_WITH_REPOSITORY = "Audit it inside its repository, or name it by --repository DIR"


class CommitRecorded(Check):
    """The full id of the commit that the code was at."""

    id = "code.commit-recorded"
    severity = Severity.B
    title = "The commit is recorded"
    failure = "The commit is not recorded"
    why = "Without it nobody can tell which code made the numbers."
    fix = "Keep the code in a git repository with a commit; the logger records it by itself"
    command = "git init && git add --all && git commit -m 'First version'"
    evidence = Evidence.E2

    def inapplicable(self, context: AuditContext) -> str | None:
        return packaged(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        git = view.git
        where = [at(view, layout.GIT, "commit" if git else None)]
        if git is None:
            there = view.exists(layout.GIT)
            message = "git_info.yaml cannot be read" if there else "there is no git_info.yaml"
            return self.failed(message, inspected=0, where=where)
        commit = (git.commit or "").strip().lower()
        if _FULL.fullmatch(commit) and set(commit) != {"0"}:
            return self.passed(f"{commit[:12]}… on {shown(git.branch)}" if git.branch else commit)
        if _SHORT.fullmatch(commit) and set(commit) != {"0"}:
            message = f"{commit} is only the beginning of an id"
            return self.partial(message, where=where, remedy="Record the full id of the commit")
        reason = git.not_available.get("commit")
        none = f"no commit: {reason}" if reason else "commit is null"
        message = f"{shown(git.commit)} is no commit id" if commit else none
        return self.failed(message, inspected=1 if commit else 0, where=where)


class CommitExists(Check):
    """The repository has the recorded commit, or one with the same tree."""

    id = "code.commit-exists"
    severity = Severity.H
    title = "The commit exists in the repository"
    failure = "The commit is not in the repository"
    why = "A commit that nobody has cannot be checked out again."
    fix = "Bring the commit back from the clone that it was made in"
    command = "git fetch --all"
    needs = ("repository",)
    requires = _RECORDED

    def inapplicable(self, context: AuditContext) -> str | None:
        return packaged(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        git = context.run.git or GitInfo()
        commit = (git.commit or "").strip().lower()
        repository = context.repository
        if not _FULL.fullmatch(commit):
            message = f"{shown(commit)} is not enough to look for"
            where = [_place(context.run)]
            return self.failed(message, where=where, cause=CommitRecorded.id)
        try:
            if repository.commit_exists(commit):
                return self.passed(f"{commit[:12]}… is a commit of the repository")
            limit = context.policy.tolerances.history_commits
            gone = left_out_of(git)
            same = repository.commit_with_tree(git.tree, gone, limit=limit) if git.tree else None
            if same:
                return self.partial(
                    f"{commit[:12]}… is gone, {same[:12]}… has the recorded tree "
                    "(as after a squash merge)",
                    where=[_place(context.run)],
                    remedy="Keep the commits of runs: merge without squashing, or tag them",
                )
            if repository.is_shallow():
                return self.inconclusive(
                    f"{commit[:12]}… is not in this shallow clone",
                    remedy="Fetch the full history",
                    command="git fetch --unshallow",
                )
            other = _other_repository(git, repository.remote_url())
        except UnavailableError as error:
            return self.inconclusive(error.what, remedy=error.fix or _WITH_REPOSITORY)
        if other:
            return self.inconclusive(
                f"{commit[:12]}… is not here: {other}", remedy=_WITH_REPOSITORY
            )
        message = f"{commit[:12]}… is unknown to the repository, and no commit has its tree"
        return self.failed(message, where=[_place(context.run)])


def left_out_of(git: GitInfo) -> tuple[str, ...]:
    """Return the paths that the recorded tree does not hold, for their size or content."""
    return tuple(left.path for left in git.left_out)


def _place(view: RunView) -> Where:
    return at(view, layout.GIT, "commit")


def _other_repository(git: GitInfo, remote: str | None) -> str | None:
    """Return that the run was made in another repository than this, by their remotes."""
    if not git.remote or not remote:
        return None
    recorded, here = _plain_url(git.remote), _plain_url(remote)
    return f"the run was made in {recorded}, this is {here}" if recorded != here else None


def _plain_url(url: str) -> str:
    """Return host and path of a URL, the same for https and ssh."""
    plain = redact_url(url)[0].strip().removesuffix("/").removesuffix(".git")
    plain = re.sub(r"^[a-z+]{1,12}://(?:[^/@]{1,200}@)?", "", plain)
    return re.sub(r"^(?:[\w.-]{1,100}@)?([\w.-]{1,200}):(?!\d)", r"\1/", plain).lower()


class WorktreeStateKnown(Check):
    """Whether the work tree had changes is known at the start and at the end, and fits."""

    id = "code.worktree-state-known"
    severity = Severity.H
    title = "The state of the work tree is known"
    failure = "The state of the work tree is not known"
    why = "A commit alone describes the code only when nothing was changed beside it."
    fix = "Run with git installed and within reach; the logger looks at the start and at the end"

    def inapplicable(self, context: AuditContext) -> str | None:
        return packaged(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        git = view.git
        if git is None:
            return self.failed(
                "there is no git_info.yaml", inspected=0, where=[at(view, layout.GIT)]
            )
        if git.dirty is None:
            return self._unknown(view, git)
        fault = _contradiction(view, git)
        if fault:
            return self.failed(fault, where=[at(view, layout.GIT, "dirty"), at(view, layout.PATCH)])
        words = {True: "changed", False: "clean", None: "not known"}
        state = f"{words[git.dirty]} at the start, {words[git.dirty_end]} at the end"
        if git.dirty_end is None:
            return self._without_end(view, git, state)
        patch = view.file_sizes.get(layout.PATCH, 0)
        if patch:
            state += f", a patch of {counted(patch, 'byte')}"
        try:
            fault = _tree_contradiction(context, git)
        except (UnavailableError, NotFoundError):
            return self.passed(state, evidence=Evidence.E2)
        if fault:
            return self.failed(f"{state}; {fault}", where=[at(view, layout.GIT, "tree")])
        return self.passed(state)

    def _unknown(self, view: RunView, git: GitInfo) -> CheckResult:
        if not git.commit:
            message = "without a commit there is no state"
            return self.inconclusive(message, blocked_by=CommitRecorded.id)
        reason = unavailable(git.not_available, "dirty")
        if reason:
            return self.inconclusive(reason)
        where = [at(view, layout.GIT, "dirty")]
        return self.failed("whether it had changes is not recorded", inspected=0, where=where)

    def _without_end(self, view: RunView, git: GitInfo, state: str) -> CheckResult:
        reason = unavailable(git.not_available, "dirty_end")
        unended = view.format == "standard" and view.run.ended is None
        return self.partial(
            f"{state} ({reason})" if reason else state,
            evidence=Evidence.E2,
            where=[at(view, layout.GIT, "dirty_end")],
            remedy="Let the run end by itself: it looks at the work tree once more then",
            cause="metrics.run-completed" if unended else None,
        )


def _contradiction(view: RunView, git: GitInfo) -> str | None:
    """Return where the recorded state and the patch beside it do not fit, or None."""
    patch = view.file_sizes.get(layout.PATCH, 0)
    if git.dirty is False and patch:
        return f"recorded as clean, with a patch of {counted(patch, 'byte')}"
    if git.dirty is False and git.untracked:
        return f"recorded as clean, with {counted(len(git.untracked), 'untracked file')}"
    if git.dirty and not patch and not git.left_out:
        return "recorded as changed, without a patch or a list of what was left out"
    return None


def _tree_contradiction(context: AuditContext, git: GitInfo) -> str | None:
    """Return where the recorded state and the recorded tree do not fit, or None.

    Raises:
        UnavailableError, NotFoundError: The commit's tree cannot be read here.
    """
    if not git.tree or not git.commit or not _FULL.fullmatch(git.commit.strip().lower()):
        return None
    commit = git.commit.strip().lower()
    if not context.repository.commit_exists(commit):
        raise NotFoundError("no such commit")
    same = context.repository.code_tree(commit, left_out_of(git)) == git.tree
    if git.dirty is False and not same:
        return "recorded as clean, but its tree is not that of the commit"
    if context.run.file_sizes.get(layout.PATCH) and same:
        return "recorded as changed, but its tree is that of the commit"
    return None


CHECKS: tuple[Check, ...] = (CommitRecorded(), CommitExists(), WorktreeStateKnown())
