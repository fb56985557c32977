"""Can others have the commit: a remote that they can reach, and that holds it?"""

from __future__ import annotations

import re

from reportgen.audit.evidence import at, shown, unavailable
from reportgen.audit.hosts import host_of, is_public_name
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity
from reportgen.audit.kinds import packaged
from reportgen.audit.remotes import address_fault, remote_state
from reportgen.capture.git_objects import is_full_id
from reportgen.errors import UnavailableError
from reportgen.runs import layout
from reportgen.runs.schema import GitInfo
from reportgen.runs.view import RunView

_RECORDED = ("code.commit-recorded",)
_USABLE = "code.remote-usable"
_TAG_DISTANCE = re.compile(r".+-\d+-g[0-9a-f]{4,64}")
_HEX = re.compile(r"[0-9a-f]{4,64}")
_NO_NAMES = ("HEAD", "(detached)", "unknown", "none", "null")


class RemoteUsable(Check):
    """An https or ssh address without credentials, on a host that others can reach."""

    id = _USABLE
    severity = Severity.M
    title = "The remote can be used by others"
    failure = "The remote cannot be used by others"
    why = "A commit that lies on one disk is gone with it, and nobody else ever has it."
    fix = (
        "Add a remote that others can read; keep tokens in a credential helper, not in its address"
    )
    command = "git remote add origin https://HOST/OWNER/NAME.git"
    requires = _RECORDED

    def inapplicable(self, context: AuditContext) -> str | None:
        return packaged(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        git = view.git or GitInfo()
        where = [at(view, layout.GIT, "remote")]
        url = (git.remote or "").strip()
        if not url:
            reason = git.not_available.get("remote")
            message = f"no remote: {reason}" if reason else "there is no remote"
            return self.failed(message, inspected=0, where=where)
        fault = address_fault(url)
        if fault is None and _was_redacted(view):
            fault = "held credentials, which were taken out"
        if fault is not None:
            return self.failed(f"the remote {fault}", where=where)
        host = host_of(url)
        if not is_public_name(host):
            message = f"{shown(host)} is no public name: only who is inside can reach it"
            return self.partial(message, where=where)
        return self.passed(shown(url, limit=120))


def _was_redacted(view: RunView) -> bool:
    return any(
        entry.rule == "url-userinfo" and entry.where.startswith(layout.GIT)
        for entry in view.run.left_out
    )


class CommitOnRemote(Check):
    """A reference that the remote advertises contains the commit.

    The remote is asked for its references and for nothing else; whether one of them contains the
    commit follows from the history that is here. Nothing is fetched.
    """

    id = "code.commit-on-remote"
    severity = Severity.H
    title = "The remote holds the commit"
    failure = "The remote does not hold the commit"
    why = "A commit that was never pushed, or was overwritten by a forced push, cannot be fetched."
    fix = "Push the branch or the tag that holds it"
    command = "git push origin HEAD"
    needs = ("network",)
    evidence = Evidence.E4
    requires = (*_RECORDED, _USABLE)

    def inapplicable(self, context: AuditContext) -> str | None:
        return packaged(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        git = context.run.git or GitInfo()
        commit = (git.commit or "").strip().lower()
        if context.network is None:
            return self.inconclusive(
                "the remote was not asked",
                remedy="Audit with --online to ask it for its references",
                command="reportgen audit --online",
            )
        if not is_full_id(commit):
            return self.inconclusive("the commit is not known in full", blocked_by=_RECORDED[0])
        try:
            state = remote_state(context, git.remote or "", commit)
        except UnavailableError as error:
            return self.inconclusive(f"not answered: {error.what}")
        where = [at(context.run, layout.GIT, "commit")]
        if state == "held":
            return self.passed(
                f"{commit[:12]}… is held by a reference of {host_of(git.remote or '')}"
            )
        if state == "unknown":
            return self.inconclusive(
                f"no reference names {commit[:12]}…, and the history behind some is not here",
                remedy="Fetch the remote's history, then audit again",
                command="git fetch --all",
            )
        if state == "tracked":
            message = f"only a local copy of the remote's references holds {commit[:12]}…"
            return self.partial(message, where=where)
        return self.failed(f"no reference of the remote holds {commit[:12]}…", where=where)


class BranchRecorded(Check):
    """The branch, or a tag, that the commit was reached by."""

    id = "code.branch-recorded"
    severity = Severity.L
    title = "The branch is recorded"
    failure = "The branch is not recorded"
    why = "A name says at once whether a run came from the main line or from a trial."
    fix = "Check out a branch or a tag before the run"
    command = "git switch BRANCH"
    evidence = Evidence.E2
    requires = _RECORDED

    def inapplicable(self, context: AuditContext) -> str | None:
        return packaged(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        git = view.git or GitInfo()
        where = [at(view, layout.GIT, "branch")]
        branch = (git.branch or "").strip()
        if branch and branch not in _NO_NAMES and not is_full_id(branch):
            return self.passed(f"branch {shown(branch)}")
        tags = [tag for tag in git.tags if tag.strip()]
        if tags:
            return self.passed(f"tag {shown(tags[0])}")
        described = (git.describe or "").strip()
        if _TAG_DISTANCE.fullmatch(described):
            return self.partial(f"no branch, {shown(described)} from the nearest tag", where=where)
        reason = unavailable(git.not_available, "branch")
        if reason:
            return self.inconclusive(reason)
        known = f" ({shown(described)} repeats the commit)" if _HEX.fullmatch(described) else ""
        message = f"neither a branch nor a tag{known}"
        return self.failed(message, inspected=0, where=where)


CHECKS: tuple[Check, ...] = (RemoteUsable(), CommitOnRemote(), BranchRecorded())
