"""What a replay needs to know of a run, taken from its documents and checked on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from reportgen.errors import UnsafePathError
from reportgen.fs.hashing import sha256_bytes
from reportgen.fs.paths import safe_relpath
from reportgen.runs import layout
from reportgen.runs.redact import MARK, UNSCANNED
from reportgen.runs.schema import Command, Environment, Exit, GitInfo, Input
from reportgen.runs.view import RunView
from reportgen.script.requirements import Requirements, read_requirements
from reportgen.script.variables import numeric_variables

_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PYTHON_VERSION = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}(?:\.[0-9]{1,3}[A-Za-z0-9.+]{0,20})?")
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?(?::[0-9]{1,5})?"
_USER = r"(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,60}@)"
_PATH = r"[A-Za-z0-9._~/%+=@-]{1,900}"
_REMOTE = re.compile(
    rf"https://{_HOST}/{_PATH}|ssh://{_USER}?{_HOST}/{_PATH}|{_USER}{_HOST}:[A-Za-z0-9._~]{_PATH}"
)
_REDACTED = re.compile(rf"{re.escape(MARK)}[^<>]{{0,60}}>|{re.escape(UNSCANNED)}")
_MAX_METRICS = 500


@dataclass(frozen=True, slots=True)
class ScriptFacts:
    """Everything that a reproduce.sh says of its run.

    Attributes:
        run: Id of the run.
        name: Its name, for people.
        writer: Version of reportgen that recorded it.
        commit: Object id of the commit, or None.
        tree: Object id of commit plus patch, less run folders and what was left out.
        patch_sha256: SHA-256 of git_diff.patch; None when there is nothing to apply.
        remote: An https or ssh address to fetch from, or None.
        remote_refused: Whether an address was recorded that nothing may be fetched from.
        left_out: Paths of the repository that the record does not hold.
        python: Version of the interpreter, such as 3.11.7.
        requirements: What was installed.
        argv: The command, one text an argument; bytes that are no UTF-8 as lone surrogates.
        cwd: Where it ran, relative to the top of the repository.
        python_program: Whether ``argv`` is given to the interpreter or is a program of its own.
        wrapped: Whether `reportgen run` started it and read its metrics from its files.
        seeds: Seed of each library, and ``state_sha256`` of the generators where recorded.
        variables: Environment variables that change numbers; None is "not set".
        inputs: Declared inputs inside the repository: path, sha256, bytes, files.
        metrics: Last value, its step and the number of points of each series.
        obstacles: Why this run cannot be replayed from its record; empty when it can.
        notes: What whoever replays it should know.
    """

    run: str = ""
    name: str = ""
    writer: str = ""
    commit: str | None = None
    tree: str | None = None
    patch_sha256: str | None = None
    remote: str | None = None
    remote_refused: bool = False
    left_out: tuple[str, ...] = ()
    python: str | None = None
    requirements: Requirements = field(default_factory=Requirements)
    argv: tuple[str, ...] = ()
    cwd: str = "."
    python_program: bool = True
    wrapped: bool = False
    seeds: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str | None] = field(default_factory=dict)
    inputs: tuple[dict[str, Any], ...] = ()
    metrics: dict[str, list[Any]] = field(default_factory=dict)
    obstacles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def redacted(self) -> dict[int, str]:
        """The variable that stands in for each argument that was not kept, by its place."""
        return redacted_arguments(self.argv)


def facts_of(view: RunView) -> ScriptFacts:
    """Return the facts of a run; what is missing or unusable becomes an obstacle or a note."""
    git = view.git or GitInfo()
    environment = view.environment or Environment()
    command = view.run.command or Command()
    patch = view.bytes(layout.PATCH) or b""
    python = environment.python.version if environment.python else ""
    remote = git.remote or ""
    obstacles = [*_code_obstacles(git, patch), *_command_obstacles(command)]
    return ScriptFacts(
        run=view.id,
        name=view.name,
        writer=view.run.writer.version if view.run.writer else "",
        commit=_matching(_OBJECT_ID, git.commit),
        tree=_matching(_OBJECT_ID, git.tree),
        patch_sha256=sha256_bytes(patch) if patch else None,
        remote=_matching(_REMOTE, remote),
        remote_refused=bool(remote) and not _REMOTE.fullmatch(remote),
        left_out=tuple(
            path for path in (file.path.rstrip("/") for file in git.left_out) if _inside(path)
        ),
        python=_matching(_PYTHON_VERSION, python),
        requirements=read_requirements(view.text(layout.REQUIREMENTS) or ""),
        argv=tuple(command.argv),
        cwd=command.cwd if command.cwd and _inside(command.cwd) else ".",
        python_program=command.interpreter is not None,
        wrapped=_is_wrapped(view),
        seeds=_seeds(environment.seeds),
        variables=numeric_variables(environment.variables),
        inputs=_inputs(view.data.inputs if view.data else []),
        metrics=_last_values(view),
        obstacles=tuple(obstacles),
        notes=tuple(_notes(view, git)),
    )


def redacted_arguments(argv: tuple[str, ...]) -> dict[int, str]:
    """Return the name of the variable for each argument that a secret was taken from.

    ``--api-key=SECRET`` and ``--api-key SECRET`` are ``REPORTGEN_ARG_API_KEY``, an
    argument without a name is ``REPORTGEN_ARG_<its place>``.
    """
    found: dict[int, str] = {}
    for place, argument in enumerate(argv):
        match = _REDACTED.search(argument)
        if match is None:
            continue
        before = argument[: match.start()]
        named = before.rstrip("=:") if before.endswith(("=", ":")) else ""
        if not before and place and argv[place - 1].startswith("-"):
            named = argv[place - 1]
        words = re.sub(r"[^A-Z0-9]+", "_", named.upper()).strip("_")[:60] or str(place)
        name = f"REPORTGEN_ARG_{words}"
        found[place] = f"{name}_{place}" if name in found.values() else name
    return found


def _matching(pattern: re.Pattern[str], text: str | None) -> str | None:
    return text if text and pattern.fullmatch(text) else None


def _inside(path: str) -> bool:
    if path == ".":
        return True
    try:
        safe_relpath(path)
    except UnsafePathError:
        return False
    return True


def _code_obstacles(git: GitInfo, patch: bytes) -> list[str]:
    if git.packaged:
        return ["the code ran from an installed package, not from a repository"]
    if not git.commit:
        reason = git.not_available.get("commit") or git.not_available.get("git")
        return ["git_info.yaml records no commit" + (f" ({reason})" if reason else "")]
    if not _OBJECT_ID.fullmatch(git.commit):
        return ["the commit in git_info.yaml is no full object id"]
    if git.dirty and not patch and git.tree is None:
        return ["the work tree was dirty and git_diff.patch was not recorded"]
    return []


def _command_obstacles(command: Command) -> list[str]:
    if command.notebook:
        return ["it ran in a notebook, whose cells a script cannot run in their order"]
    if not command.argv:
        return ["run.yaml records no command"]
    if any("\0" in argument for argument in command.argv):
        return ["an argument in run.yaml holds a NUL, which no process can be given"]
    outside = command.argv[0].startswith(("/", "~/", "../")) and command.interpreter
    if outside or (command.cwd and not _inside(command.cwd)):
        return ["the command ran outside its repository"]
    return []


def _is_wrapped(view: RunView) -> bool:
    """A program that never called start_run left its flags unseen."""
    exit_ = view.captured(layout.EXIT, Exit)
    return exit_ is not None and "determinism" in exit_.not_available


def _notes(view: RunView, git: GitInfo) -> list[str]:
    notes = []
    if view.run.attempt > 1:
        notes.append(
            f"the run was resumed (attempt {view.run.attempt}): this repeats its last command, "
            "which needs the checkpoint it went on from"
        )
    if view.run.ranks > 1:
        notes.append(f"it ran on {view.run.ranks} ranks: this starts one, without the launcher")
    for file in git.left_out:
        size = f", {file.bytes} bytes" if file.bytes is not None else ""
        notes.append(f"not in the record, the run may miss it: {file.path}{size}")
    return notes


def _seeds(seeds: dict[str, Any] | None) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for library, seed in (seeds or {}).items():
        if isinstance(seed, int) and not isinstance(seed, bool):
            kept[str(library)] = seed
    states = (seeds or {}).get("state_sha256")
    if isinstance(states, dict):
        kept["state_sha256"] = {
            str(library): state
            for library, state in states.items()
            if isinstance(state, str) and _SHA256.fullmatch(state)
        }
    return kept


def _inputs(inputs: list[Input]) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"path": item.path, "sha256": item.sha256, "bytes": item.bytes, "files": item.files}
        for item in inputs
        if item.path and item.path != "." and _inside(item.path)
    )


def _last_values(view: RunView) -> dict[str, list[Any]]:
    summaries = list(view.summary.metrics.items())[:_MAX_METRICS]
    return {name: [item.last, item.last_step, item.count] for name, item in summaries}
