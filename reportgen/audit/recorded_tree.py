"""The tree that ran: the recorded commit with the recorded patch, as an id to read files from."""

from __future__ import annotations

from reportgen.audit.interface import AuditContext
from reportgen.errors import UnavailableError
from reportgen.runs import layout
from reportgen.runs.schema import GitInfo


def recorded_tree(context: AuditContext) -> str:
    """Return the id of the tree of commit plus patch, without run folders and what was left out.

    Where the commit is gone and the run was made in a clean work tree, another commit of the same
    tree stands for it, as after a squash merge.

    Raises:
        UnavailableError: No repository, or the commit is not in it.
        UnreadableError: The patch does not apply.
    """
    view, repository = context.run, context.repository
    git = view.git or GitInfo()
    commit = (git.commit or "").strip().lower()
    gone = tuple(left.path for left in git.left_out)
    patch = view.bytes(layout.PATCH) or b""
    if not repository.commit_exists(commit):
        limit = context.policy.tolerances.history_commits
        same = repository.commit_with_tree(git.tree, gone, limit=limit) if git.tree else None
        if same is None or patch:
            raise UnavailableError(f"the commit {commit[:12]}… is not in the repository")
        commit = same
    if patch:
        return repository.patched_tree(commit, patch, gone)
    return repository.code_tree(commit, gone)
