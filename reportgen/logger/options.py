"""What ``start_run`` was asked for, checked: misuse raises before anything is written."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from reportgen.capture.code import dirty_now
from reportgen.capture.command import config_files_in
from reportgen.capture.shadow import find_top
from reportgen.config import load_settings
from reportgen.errors import UsageError
from reportgen.logger import sweep
from reportgen.logger.config import PlainConfig, mapping_of, plain_config, plain_value
from reportgen.logger.config_files import load_config_file
from reportgen.logger.extras import ExtraOptions, check_extras
from reportgen.logger.inputs import InputSpec, checked_input
from reportgen.logger.naming import Place, split_name
from reportgen.logger.planned import planned_of
from reportgen.logger.rank_mark import job_of
from reportgen.logger.ranks import Rank, rank_of
from reportgen.logger.resume_target import ResumeTarget, resume_target
from reportgen.logger.retention import Retention, retention_of
from reportgen.logger.values import number_of, type_name
from reportgen.runs.redact import redact_value
from reportgen.runs.schema import Kind, Planned
from reportgen.runs.view import flatten
from reportgen.suggest import nearest

STOP_AFTER = "REPORTGEN_STOP_AFTER_STEP"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the program runs.

    Attributes:
        argv: Its command line, the program first.
        cwd: The working directory.
        top: Top of the repository that the code is in, or None.
        code: Where the code is looked for: the working directory, else the script's folder.
        root: The folder of all runs.
    """

    argv: tuple[str, ...]
    cwd: Path
    top: Path | None
    code: Path
    root: Path


@dataclass(frozen=True, slots=True)
class Options:
    """The checked arguments of ``start_run``.

    Attributes:
        config: The configuration as nested dicts with its own values; None when none was given.
        plain: What is recorded of it, secrets replaced.
        redacted: How many secrets were replaced in the configuration and the tags.
        config_files: The files to keep.
        planned: Planned steps and epochs.
        extras: Alerts, mirrors and system metrics.
        stop_after: The step after which REPORTGEN_STOP_AFTER_STEP ends the run.
        resume: The run to go on with.
        rank: Which process of a distributed job this is.
        all_ranks: Whether the ranks other than 0 log metrics of their own.
    """

    place: Place
    surroundings: Surroundings
    config: dict[str, Any] | None
    plain: PlainConfig | None
    redacted: int
    config_files: tuple[Path, ...]
    data: tuple[InputSpec, ...]
    planned: Planned | None
    checkpoints: Retention | None
    extras: ExtraOptions
    tags: dict[str, Any] = field(default_factory=dict)
    notes: str | None = None
    kind: Kind = "training"
    identify: bool = False
    durable: bool = False
    stop_after: int | None = None
    resume: ResumeTarget | None = None
    rank: Rank = field(default_factory=Rank)
    all_ranks: bool = False

    @property
    def flat_config(self) -> dict[str, Any]:
        """The recorded configuration with dotted keys."""
        return flatten(self.plain.values) if self.plain else {}


def surroundings_of(root: str | os.PathLike[str] | None) -> Surroundings:
    """Return where the program runs; without ``root`` the settings name the folder of all runs.

    Raises:
        SettingsError: A settings file or variable is wrong.
        UsageError: The root is no path.
    """
    cwd = Path.cwd()
    argv = ("notebook",) if "ipykernel" in sys.modules else tuple(sys.argv) or ("",)
    code, top = cwd, find_top(cwd)
    if top is None and argv[0]:
        beside = Path(argv[0]).absolute().parent
        if beside.is_dir() and (found := find_top(beside)) is not None:
            code, top = beside, found
    folder = load_settings(cwd).roots[0] if root is None else cwd / _folder(root)
    return Surroundings(argv, cwd, top, code, folder)


def _folder(root: Any) -> Path:
    if not isinstance(root, str | os.PathLike) or not os.fspath(root):
        raise UsageError(
            f"is {root!r:.60}", where="start_run(root=)", expected="the path of a folder"
        )
    return Path(os.fsdecode(root)).expanduser()


def check_options(
    config: Any,
    *,
    surroundings: Surroundings,
    project: str | None,
    group: str | None,
    name: str | None,
    tags: Mapping[str, Any] | Iterable[str] | None,
    notes: str | None,
    kind: str,
    config_files: Iterable[str | os.PathLike[str]],
    data: Iterable[InputSpec],
    planned: Mapping[str, Any] | None,
    checkpoints: Any,
    alerts: Any,
    require_clean: bool,
    identify: bool,
    durable: bool,
    resume: Any = None,
    ranks: str = "first",
    mirror: Any = (),
    system_every: Any = None,
) -> Options:
    """Return the arguments of ``start_run``, checked.

    Raises:
        UsageError: One of them is wrong, the work tree is dirty under ``require_clean``, or the
            ranks of a job have nothing by which they find one folder.
        NotFoundError: There is no run to resume.
    """
    if kind not in get_args(Kind):
        raise UsageError(
            f"{kind!r:.60} is no kind of run",
            where="start_run(kind=)",
            expected=", ".join(get_args(Kind)),
            fix=nearest(str(kind), get_args(Kind)),
        )
    if notes is not None and not isinstance(notes, str):
        raise UsageError(
            f"is of type {type_name(notes)}", where="start_run(notes=)", expected="a text"
        )
    place = split_name(name, project, group)
    search = sweep.current()
    if search is not None:
        place = search.place_of(place)
    files = _files(config_files)
    if isinstance(config, str | os.PathLike):
        files.insert(0, Path(config))
        config = load_config_file(Path(config))
    mapping = None if config is None else mapping_of(config)
    plain, redacted = _recorded(mapping)
    kept_tags, in_tags = redact_value(_tags(tags))
    kept_notes, in_notes = redact_value(None if notes is None else plain_value(notes))
    rank = rank_of()
    target = resume_target(resume, cwd=surroundings.cwd, root=surroundings.root)
    all_ranks = _all_ranks(ranks) and rank.world > 1
    if all_ranks:
        job_of(rank, place, target)
    if require_clean:
        _check_clean(surroundings)
    return Options(
        place=place,
        surroundings=surroundings,
        config=mapping,
        plain=plain,
        redacted=redacted + in_tags + in_notes,
        config_files=_with_named(files, surroundings),
        data=tuple(checked_input(spec) for spec in _listed(data, "data")),
        planned=planned_of(planned, flatten(plain.values) if plain else {}),
        checkpoints=None if checkpoints is None else retention_of(checkpoints),
        extras=check_extras(alerts, mirror, system_every),
        tags=kept_tags,
        notes=kept_notes,
        kind=kind,  # type: ignore[arg-type]  # one of the literals, by the check above
        identify=bool(identify),
        durable=bool(durable),
        stop_after=_stop_after(),
        resume=target,
        rank=rank,
        all_ranks=all_ranks,
    )


def _all_ranks(ranks: Any) -> bool:
    if ranks not in ("first", "all"):
        raise UsageError(f"is {ranks!r:.40}", where="start_run(ranks=)", expected="first or all")
    return bool(ranks == "all")


def _recorded(mapping: Mapping[str, Any] | None) -> tuple[PlainConfig | None, int]:
    if mapping is None:
        return None, 0
    plain = plain_config(mapping)
    values, redacted = redact_value(plain.values)
    kept: dict[str, Any] = values if isinstance(values, dict) else {}
    return PlainConfig(kept, plain.stringified), redacted


def _tags(tags: Any) -> dict[str, Any]:
    if tags is None:
        return {}
    if isinstance(tags, Mapping):
        return plain_config(tags).values
    if isinstance(tags, list | tuple | set | frozenset) and all(isinstance(t, str) for t in tags):
        return dict.fromkeys(sorted(tags) if isinstance(tags, set | frozenset) else tags, True)
    raise UsageError(
        f"is of type {type_name(tags)}",
        where="start_run(tags=)",
        expected='a mapping such as {"goal": "baseline"}, or a list of words',
    )


def _listed(values: Any, argument: str) -> Sequence[Any]:
    if isinstance(values, str | os.PathLike | Mapping):
        return [values]
    try:
        return list(values)
    except TypeError:
        raise UsageError(
            f"is of type {type_name(values)}", where=f"start_run({argument}=)", expected="a list"
        ) from None


def _files(config_files: Any) -> list[Path]:
    files = []
    for entry in _listed(config_files, "config_files"):
        if not isinstance(entry, str | os.PathLike) or not Path(entry).is_file():
            shown = os.fspath(entry) if isinstance(entry, str | os.PathLike) else type_name(entry)
            raise UsageError(
                f"there is no file {shown!r:.200}",
                where="start_run(config_files=)",
                expected="files that exist, seen from the working directory",
            )
        files.append(Path(entry))
    return files


def _with_named(files: list[Path], surroundings: Surroundings) -> tuple[Path, ...]:
    """Add the configuration files that the command line names."""
    named = config_files_in(surroundings.argv, cwd=surroundings.cwd, top=surroundings.top)
    by_place = {os.path.realpath(path): path for path in [*files, *named]}
    return tuple(by_place.values())


def _check_clean(surroundings: Surroundings) -> None:
    found = dirty_now(surroundings.top or surroundings.code, run_root=surroundings.root)
    if found is False:
        return
    raise UsageError(
        "the work tree is not committed" if found else "git could not tell the state of the code",
        where="start_run(require_clean=True)",
        expected="a clean work tree",
        fix="Commit first (`git status` shows what), or leave require_clean out.",
    )


def _stop_after() -> int | None:
    text = os.environ.get(STOP_AFTER)
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise UsageError(f"is {text!r:.40}", where=STOP_AFTER, expected="a step, such as 20")
    return int(text)


def seed_of(seed: Any, deterministic: bool) -> int | None:
    """Return the seed as a plain integer.

    Raises:
        UsageError: No integer from 0 to 2**32 - 1, or ``deterministic`` without a seed.
    """
    if seed is None:
        if deterministic:
            raise UsageError(
                "deterministic=True needs a seed", where="start_run", fix="Pass seed= as well."
            )
        return None
    number = None if isinstance(seed, bool | float) else number_of(seed)
    if not isinstance(number, int) or not 0 <= number < 2**32:
        raise UsageError(
            f"the seed is {number}" if number is not None else f"is of type {type_name(seed)}",
            where="start_run(seed=)",
            expected="a whole number from 0 to 2**32 - 1",
        )
    return number
