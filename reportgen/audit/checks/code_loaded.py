"""Is the code that was loaded the code that is recorded?"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence

from reportgen.audit.code_tree import CodeTree, code_tree, root_in_repository
from reportgen.audit.evidence import at, counted, listed, shown, unavailable
from reportgen.audit.interface import AuditContext, Check, CheckResult, Evidence, Severity, Where
from reportgen.audit.kinds import packaged
from reportgen.capture.git_objects import LINK_TO_COMMIT
from reportgen.errors import UnavailableError
from reportgen.runs import layout
from reportgen.runs.schema import Command, Data, GitInfo, Modules, Opens
from reportgen.runs.view import RunView

_RECORDED = "code.commit-recorded"
_EXISTS = "code.commit-exists"
_RESTORES = "code.patch-restores-tree"
_FEW = 3
_CODE = (".py", ".pyx", ".so", ".pyd")
_CONFIG = (".yaml", ".yml", ".toml", ".ini", ".cfg", ".env", ".conf", ".properties")
_ABOUT_SETTINGS = re.compile(r"conf|param|setting|secret|local", re.IGNORECASE)
_CACHE = re.compile(
    r"(?:^|/)(?:\.?_{0,2}[a-z]{0,20}cache_{0,2}|\.pytest_cache)(?:/|$)", re.IGNORECASE
)
_GENERATED = re.compile(r"(?:^|/)_?version\.py$|_pb2(?:_grpc)?\.py$|(?:^|/)(?:build|_?generated)/")


class IgnoredNotLoaded(Check):
    """No module and no settings file that git ignores was loaded.

    Reads are those of Python code, as an audit hook sees them; opens inside C libraries such as
    SQLite are not seen.
    """

    id = "code.ignored-not-loaded"
    severity = Severity.M
    title = "Nothing that git ignores was loaded"
    failure = "Files that git ignores were loaded"
    why = "What git ignores is in no commit and in no patch, and yet it can decide a result."
    fix = "Track the file, or move its settings into one that is tracked"
    command = "git add --force FILE"
    needs = ("folder", "repository")
    requires = (_RECORDED,)
    at_end = True

    def inapplicable(self, context: AuditContext) -> str | None:
        return packaged(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        opens = view.captured(layout.OPENS, Opens)
        modules = view.captured(layout.MODULES, Modules)
        reason = unavailable(opens.not_available, "files", "hook") if opens else None
        raw = view.raw(layout.OPENS)
        listed_files = isinstance(raw, dict) and raw.get("files") is not None
        if opens is None or not opens.hook or not listed_files:
            return self.inconclusive(reason or "which files were read was not recorded")
        seen = [*opens.files, *(modules.local if modules else ())]
        inside = [path for path in seen if not path.startswith(("/", "~", "../", ".git/"))]
        if not inside:
            return self.inconclusive("no file of the repository was seen to be read")
        try:
            tree = code_tree(context)
        except UnavailableError as error:
            return self.inconclusive(error.what, blocked_by=_EXISTS)
        unknown = _outside_of_record(context, inside, tree)
        loaded = [path for path in unknown if _is_code_or_settings(path)]
        cached = [path for path in loaded if _CACHE.search(path)]
        hard = [path for path in loaded if path not in cached]
        count = len(inside)
        where = [at(view, layout.OPENS, "files")]
        if hard:
            message = f"ignored by git and loaded: {listed(hard)}"
            command = f"git add --force {hard[0]}" if _is_plain(hard[0]) else None
            return self.failed(message, inspected=count, where=where, command=command)
        if cached:
            message = f"only of caches: {listed(cached)}"
            return self.partial(message, inspected=count, where=where)
        more = f" (another {opens.lost:,} were not kept)" if opens.lost else ""
        message = f"{counted(count, 'file')} of the repository read or loaded, none ignored{more}"
        return self.passed(message, inspected=count)


def _outside_of_record(context: AuditContext, paths: Iterable[str], tree: CodeTree) -> list[str]:
    """Return the files that no part of the record holds: git ignored them."""
    view = context.run
    git, data = view.git or GitInfo(), view.data or Data()
    recorded = {*git.untracked, *(left.path for left in git.left_out)}
    folders = [left.path.rstrip("/") for left in git.left_out]
    folders += [entry.path.rstrip("/") for entry in data.inputs if entry.path]
    folders += [path for path, entry in tree.paths.items() if entry[0] == LINK_TO_COMMIT]
    folders += [folder for folder in [root_in_repository(context)] if folder]
    return [
        path
        for path in dict.fromkeys(paths)
        if path not in tree
        and path not in recorded
        and not any(path == folder or path.startswith(f"{folder}/") for folder in folders)
    ]


def _is_code_or_settings(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    if name.endswith((*_CODE, *_CONFIG)) or name.startswith(".env"):
        return True
    return name.endswith(".json") and bool(_ABOUT_SETTINGS.search(name))


def _is_plain(path: str) -> bool:
    return re.fullmatch(r"[\w./-]{1,200}", path) is not None and not path.startswith("-")


class ModulesMatchTree(Check):
    """Each module that was loaded has, at the end, the bytes of the recorded tree."""

    id = "code.modules-match-tree"
    severity = Severity.H
    title = "The modules that were loaded are those of the tree"
    failure = "Modules were loaded that are not those of the tree"
    why = "Code that is edited or pulled during a long run is not the code that was recorded."
    fix = "Run from a work tree of its own, which nobody edits meanwhile"
    command = "git worktree add ../run HEAD"
    needs = ("repository",)
    requires = (_RECORDED, _EXISTS, _RESTORES)
    at_end = True

    def inapplicable(self, context: AuditContext) -> str | None:
        return packaged(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        modules = view.captured(layout.MODULES, Modules)
        reason = unavailable(modules.not_available, "local") if modules else None
        if modules is None or reason or not modules.local:
            return self.inconclusive(reason or "which modules were loaded was not recorded")
        try:
            tree = code_tree(context)
            absent = [path for path in modules.local if path not in tree]
            known = {path: digest for path, digest in modules.local.items() if path in tree}
            differing = [path for path, digest in known.items() if _differs(tree, path, digest)]
        except UnavailableError as error:
            return self.inconclusive(error.what, blocked_by=_EXISTS)
        count = len(modules.local)
        where = [Where(file=layout.MODULES)]
        files = counted(count, "file")
        if differing:
            message = f"{len(differing)} of {files} not as in the tree: {listed(differing)}"
            return self.failed(message, inspected=count, where=where)
        left_out = {left.path: left.sha256 for left in (view.git or GitInfo()).left_out}
        absent = [
            path
            for path in absent
            if not _in_submodule(tree, path) and left_out.get(path, "") != modules.local[path]
        ]
        if absent:
            named = f"{len(absent)} of {files} not in the tree: {listed(absent)}"
            few = len(absent) <= _FEW and all(map(_GENERATED.search, absent))
            verdict = self.partial if few else self.failed
            return verdict(named, inspected=count, where=where)
        hashed = [path for path in modules.local if path in left_out]
        if hashed:
            message = f"{len(hashed)} of {files} kept nowhere, only hashed: {listed(hashed)}"
            where = [at(view, layout.GIT, "left_out"), *where]
            return self.partial(message, inspected=count, where=where)
        unread = [path for path, digest in known.items() if digest is None]
        if unread:
            message = f"{len(unread)} of {files} without a hash: {listed(unread)}"
            return self.partial(message, inspected=count, where=where)
        started = _started(view)
        if started is not None and started in tree and started not in modules.local:
            message = f"{files}, all as in the tree, but {started} is not among them"
            return self.partial(message, inspected=count, where=where)
        return self.passed(f"{files}, all as in the tree", inspected=count)


def _differs(tree: CodeTree, path: str, digest: str | None) -> bool:
    if digest is None or tree.sha256(path) == digest:
        return False
    return tree.sha256(path, windows_ends=True) != digest


def _in_submodule(tree: CodeTree, path: str) -> bool:
    parts = path.split("/")
    above = ("/".join(parts[:count]) for count in range(1, len(parts)))
    return any(tree.paths.get(folder, ("", ""))[0] == LINK_TO_COMMIT for folder in above)


def _started(view: RunView) -> str | None:
    """Return the Python script that the run was started with, None when it was none."""
    command = view.run.command
    if command is None or not command.argv or command.interpreter is None:
        return None
    return _placed(command.argv[0], command.cwd) if command.argv[0].endswith(".py") else None


class EntrypointInTree(Check):
    """The script, or the module, that was started is a file of the recorded tree."""

    id = "code.entrypoint-in-tree"
    severity = Severity.H
    title = "What was started is a file of the tree"
    failure = "What was started is no file of the tree"
    why = "A script outside of the repository is lost with the folder it lay in."
    fix = "Move the script into the repository and commit it"
    command = "git add SCRIPT && git commit -m 'Script of the run'"
    needs = ("folder", "repository")
    requires = (_RECORDED, _EXISTS)

    def inapplicable(self, context: AuditContext) -> str | None:
        return packaged(context.run)

    def judge(self, context: AuditContext) -> CheckResult:
        view = context.run
        command = view.run.command
        where = [at(view, layout.RUN, "command")]
        if command is None or not command.argv:
            return self.failed("no command is recorded", inspected=0, where=where)
        try:
            tree = code_tree(context)
        except UnavailableError as error:
            return self.inconclusive(error.what, blocked_by=_EXISTS)
        if command.notebook:
            return self._notebook(command.notebook, tree, where)
        found, sought = _entry_of(command, tree)
        if found is not None:
            return self.passed(f"{found} is a file of the tree")
        return self.failed(sought, where=where)

    def _notebook(self, notebook: str, tree: CodeTree, where: Sequence[Where]) -> CheckResult:
        stem = posixpath.splitext(posixpath.basename(notebook))[0]
        names = {f"{stem}.ipynb", f"{stem}.py"}
        kept = [path for path in tree.paths if posixpath.basename(path) in names]
        if kept and stem:
            message = f"cells of the notebook {shown(notebook)}, kept as {listed(kept)}"
            return self.partial(
                message,
                evidence=Evidence.E2,
                where=where,
                remedy="Run it as a script: a notebook does not say in which order its cells ran",
                command=f"jupyter nbconvert --to script {stem}.ipynb" if _is_plain(stem) else None,
            )
        message = f"the notebook {shown(notebook)} is not in the tree"
        return self.failed(message, where=where)


def _entry_of(command: Command, tree: CodeTree) -> tuple[str | None, str]:
    """Return the file that was started, or None and why there is none."""
    first, *rest = command.argv
    if command.interpreter is None:
        return _program_of(command, tree)
    if first in ("-c", "-", ""):
        return None, "the code was given on the command line, in no file"
    if first == "-m":
        name = rest[0] if rest else ""
        found = _module_file(name, command.cwd, tree)
        return found, f"the module {shown(name)} is no file of the tree"
    path = _placed(first, command.cwd)
    if path is None:
        return None, f"{shown(first)} lies outside of the repository"
    if path in tree or _in_submodule(tree, path):
        return path, ""
    return None, f"{path} is not in the tree"


def _program_of(command: Command, tree: CodeTree) -> tuple[str | None, str]:
    """A program of its own, or a launcher: one of its first words names the file."""
    words = [word for word in command.argv if not word.startswith("-")][:8]
    places = (_placed(word, command.cwd) for word in words)
    found = next((path for path in places if path is not None and path in tree), None)
    return found, f"none of {listed(map(shown, words))} is a file of the tree"


def _module_file(name: str, cwd: str | None, tree: CodeTree) -> str | None:
    if not re.fullmatch(r"[A-Za-z_][\w.]{0,300}", name):
        return None
    below = name.replace(".", "/")
    bases = dict.fromkeys((cwd or ".", posixpath.join(cwd or ".", "src"), ".", "src"))
    names = (f"{below}.py", f"{below}/__main__.py")
    places = (posixpath.normpath(posixpath.join(base, one)) for base in bases for one in names)
    return next((path for path in places if path in tree), None)


def _placed(word: str, cwd: str | None) -> str | None:
    """Return where a word of the command points to from the top, None when that is outside."""
    path = posixpath.normpath(posixpath.join(cwd or ".", word))
    return None if path.startswith(("../", "/", "~")) or path in ("..", ".") else path


CHECKS: tuple[Check, ...] = (IgnoredNotLoaded(), ModulesMatchTree(), EntrypointInTree())
