"""Is code from elsewhere pinned too: editable packages, submodules, files behind LFS pointers?"""

from __future__ import annotations

import os

from reportgen.audit.code_tree import CodeTree, code_tree
from reportgen.audit.evidence import at, counted, listed, unavailable
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity
from reportgen.audit.kinds import packaged
from reportgen.audit.remotes import address_fault
from reportgen.audit.repository import Repositories
from reportgen.capture.git_objects import LINK_TO_COMMIT, is_full_id
from reportgen.capture.lfs import pointer_sha256
from reportgen.capture.shadow import ShadowRepository
from reportgen.errors import ReportgenError, UnavailableError, UnsafePathError
from reportgen.fs.paths import safe_relpath
from reportgen.runs import layout
from reportgen.runs.schema import Editable, GitInfo

_EXISTS = "code.commit-exists"
_ATTRIBUTES_READ = 50
_POINTERS_READ = 5_000


class EditableDepsPinned(Check):
    """Each package that is used from a folder elsewhere has a commit, clean, with a remote."""

    id = "code.editable-deps-pinned"
    severity = Severity.H
    title = "Editable packages are pinned"
    failure = "Editable packages are not pinned"
    why = "A package in a folder beside the project changes without a version, as code does."
    fix = "Install it from a repository at a commit, or commit and push it before the run"
    command = "pip install 'NAME @ git+https://HOST/OWNER/NAME@COMMIT'"
    evidence = Evidence.E2
    online_evidence = Evidence.E4

    def inapplicable(self, context: AuditContext) -> str | None:
        environment = context.run.environment
        if environment is not None and environment.editable == {}:
            return "no package is used from a folder elsewhere"
        return None

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        environment = view.environment
        where = [at(view, layout.ENVIRONMENT, "editable")]
        if environment is None or environment.editable is None:
            reason = unavailable(environment.not_available, "editable") if environment else None
            if reason:
                return self.inconclusive(reason)
            message = "whether packages are used from folders elsewhere is not recorded"
            return self.failed(message, inspected=0, where=where)
        packages = environment.editable
        faults = {name: _looseness(package) for name, package in packages.items()}
        unpinned = [name for name, package in packages.items() if not _pinned(package)]
        loose = {name: fault for name, fault in faults.items() if fault}
        count = len(packages)
        if unpinned:
            message = f"without a commit: {listed(unpinned)}"
            return self.failed(message, inspected=count, where=where)
        if loose:
            message = listed(f"{name} {fault}" for name, fault in loose.items())
            return self.partial(message, inspected=count, where=where)
        message = f"{counted(count, 'package')} at a commit of a remote: {listed(packages)}"
        level = Evidence.E4 if all(_on_remote(context, p) for p in packages.values()) else None
        return self.passed(message, inspected=count, evidence=level)


def _pinned(package: Editable) -> bool:
    return is_full_id((package.commit or "").strip().lower())


def _looseness(package: Editable) -> str | None:
    if package.dirty is not False:
        return "had changes in no commit" if package.dirty else "may have had changes"
    if not package.remote:
        return "has no remote"
    fault = address_fault(package.remote)
    return f"has a remote that {fault}" if fault else None


def _on_remote(context: AuditContext, package: Editable) -> bool:
    """Tell whether the package's remote has a reference at the very commit."""
    if context.network is None:
        return False
    try:
        refs = context.network.refs(package.remote or "")
    except UnavailableError:
        return False
    return (package.commit or "").lower() in refs.values()


class SubmodulesLfsResolved(Check):
    """The commit of each submodule and the content of each LFS pointer is known and here."""

    id = "code.submodules-lfs-resolved"
    severity = Severity.M
    title = "Submodules and LFS files can be had"
    failure = "Submodules or LFS files cannot be had"
    why = "The tree holds only their ids: without the objects behind them the code is not whole."
    fix = "Push the submodules and the LFS objects, and fetch both here"
    command = "git submodule update --init && git lfs pull"
    needs = ("repository",)
    requires = ("code.commit-recorded", _EXISTS)

    def inapplicable(self, context: AuditContext) -> str | None:
        return packaged(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        git = view.git or GitInfo()
        where = [at(view, layout.GIT, "submodules")]
        try:
            tree = code_tree(context)
            links = {p: entry[1] for p, entry in tree.paths.items() if entry[0] == LINK_TO_COMMIT}
            pointers = _pointers(context, tree)
        except UnavailableError as error:
            return self.inconclusive(error.what, blocked_by=_EXISTS)
        count = len(links) + len(pointers)
        if not count:
            return self.not_applicable("the tree holds no submodule and no LFS pointer")
        recorded = {one.path: (one.commit or "").lower() for one in git.submodules}
        unknown = [
            f"submodule {path}" for path, link in links.items() if recorded.get(path) != link
        ]
        unknown += _misread(context, tree, pointers)
        changed = git.not_available.get("submodules")
        if unknown or changed:
            message = listed([*unknown, *([changed] if changed else [])])
            return self.failed(message, inspected=count, where=where)
        away = [path for path, link in links.items() if not _has_commit(context, path, link)]
        away += [path for path, oid in pointers.items() if not _has_object(context, path, oid)]
        if away:
            message = f"{len(away)} of {count} recorded and not here: {listed(away)}"
            return self.partial(message, inspected=count, where=where)
        message = (
            f"{counted(len(links), 'submodule')} and {counted(len(pointers), 'LFS file')}, all here"
        )
        return self.passed(message, inspected=count)


def _has_commit(context: AuditContext, path: str, commit: str) -> bool:
    """Tell whether the submodule is checked out here and has the commit."""

    def ask() -> bool:
        top = context.repository.top
        if top is None:
            return False
        try:
            folder = top / safe_relpath(path)
            with Repositories() as repositories:
                repository = repositories.around(folder)
                own = os.path.realpath(folder) == os.path.join(os.path.realpath(top), path)
                return own and repository.top == folder and repository.commit_exists(commit)
        except (UnavailableError, UnsafePathError, OSError):
            return False

    return context.repository.remembered(("submodule", path, commit), ask)


def _pointers(context: AuditContext, tree: CodeTree) -> dict[str, str]:
    """Return the SHA-256 that each LFS pointer of the tree names, by its path.

    Raises:
        UnavailableError: The tree cannot be read here.
    """
    files = [path for path in tree.paths if path.rpartition("/")[2] == ".gitattributes"]
    texts = (tree.blob(path) or b"" for path in files[:_ATTRIBUTES_READ])
    if not any(b"filter=lfs" in text for text in texts):
        return {}

    def read(shadow: ShadowRepository) -> dict[str, str]:
        found = {}
        output = shadow.git("ls-tree", "-r", "-l", "-z", "--full-tree", tree.id)
        entries = [entry.partition(b"\t") for entry in output.split(b"\0") if entry]
        small = [(name, facts.split()) for facts, _, name in entries]
        for name, (_, kind, object_id, size) in small[:_POINTERS_READ]:
            if kind == b"blob" and size.isdigit() and 100 < int(size) < 1024:
                digest = pointer_sha256(shadow.objects.blob(object_id.decode("ascii")))
                if digest is not None:
                    found[name.decode("utf-8", "surrogateescape")] = digest
        return found

    try:
        return context.repository.asked(("pointers", tree.id), read)
    except UnavailableError:
        raise
    except ReportgenError as error:
        raise UnavailableError(error.what) from None


def _misread(context: AuditContext, tree: CodeTree, pointers: dict[str, str]) -> list[str]:
    """Return the inputs of which the run read something else than the pointer stands for."""
    data = context.run.data
    found = []
    for entry in data.inputs if data else []:
        digest = pointers.get(entry.path or "")
        if digest is None or not entry.sha256 or entry.sha256 == digest:
            continue
        itself = tree.sha256(entry.path or "") == entry.sha256
        what = "the pointer itself" if itself else "other bytes than its pointer names"
        found.append(f"{entry.path}: the run read {what}")
    return found


def _has_object(context: AuditContext, path: str, digest: str) -> bool:
    """Tell whether the bytes behind a pointer are here, or are those that the run read."""
    inputs = context.run.data.inputs if context.run.data else []
    if any(entry.path == path and entry.sha256 == digest for entry in inputs):
        return True

    def ask(shadow: ShadowRepository) -> bool:
        store = shadow.folder.common / "lfs" / "objects" / digest[:2] / digest[2:4]
        return os.path.isfile(store / digest)

    return context.repository.asked(("lfs", digest), ask)


CHECKS: tuple[Check, ...] = (EditableDepsPinned(), SubmodulesLfsResolved())
