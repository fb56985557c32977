"""``start_run``: opens a run folder, checks what was asked for, and returns the run."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from reportgen import seeds
from reportgen.capture import opens
from reportgen.logger import sweep
from reportgen.logger.active import ActiveRun as ActiveRun
from reportgen.logger.alert_rules import AlertRule
from reportgen.logger.alert_sinks import AlertSink
from reportgen.logger.inputs import InputSpec
from reportgen.logger.options import check_options, seed_of, surroundings_of
from reportgen.logger.rank_run import run_of_rank
from reportgen.logger.ranks import is_worker
from reportgen.logger.retention import Retention
from reportgen.logger.session import Session
from reportgen.logger.silent import SilentRun
from reportgen.logger.system import EVERY
from reportgen.runs.schema import CheckpointPolicy


def start_run(
    config: Any = None,
    *,
    project: str | None = None,
    group: str | None = None,
    name: str | None = None,
    tags: Mapping[str, Any] | Iterable[str] | None = None,
    notes: str | None = None,
    kind: Literal["training", "evaluation", "unsupervised", "other"] = "training",
    seed: int | None = None,
    deterministic: bool = False,
    config_files: Iterable[str | os.PathLike[str]] = (),
    data: Iterable[InputSpec] = (),
    planned: Mapping[str, Any] | None = None,
    checkpoints: Retention | CheckpointPolicy | Mapping[str, Any] | None = None,
    alerts: Sequence[AlertRule | AlertSink] = (),
    mirror: Sequence[str] | str = (),
    system_every: float | None = EVERY,
    root: str | os.PathLike[str] | None = None,
    require_clean: bool = False,
    identify: bool = False,
    durable: bool = False,
    resume: str | os.PathLike[str] | None = None,
    ranks: Literal["first", "all"] = "first",
) -> ActiveRun:
    """Open a run folder and return the run; code, environment and inputs are captured meanwhile.

    Args:
        config: The hyperparameters: a mapping, a dataclass, an argparse namespace, an object of
            a configuration library, or the path of a YAML, JSON or TOML file.
        project: First folder below the root.
        group: Second folder below the root.
        name: Folder of the run; ``a/b/c`` is project, group and name. By default
            ``{model}_{dataset}_{timestamp}_{what varied}``.
        tags: Words to find it by, with or without values.
        notes: Why the run is made.
        kind: ``training``, ``evaluation``, ``unsupervised`` (no labels) or ``other``.
        seed: Seeds Python and what is loaded, or will be, of NumPy, PyTorch and CUDA.
        deterministic: Also set the frameworks' flags; may cost 10 to 20 % of the speed.
        config_files: Files to keep byte for byte, besides those that the command line names.
        data: Inputs to fingerprint: paths, or mappings with a name and one of path, package,
            generator, url.
        planned: ``{"steps": n, "epochs": n}``; else read from customary names in ``config``.
        checkpoints: Which are kept: ``{"keep_last": 5, "best": "val/accuracy"}``.
        alerts: Rules of ``reportgen.alert_when``, besides those for NaN and divergence, and
            where alerts go besides the log: ``alert_by_webhook``, ``alert_by_mail``.
        mirror: Tools that repeat what is logged in their own format: ``["tensorboard"]``.
        system_every: Seconds from one sample of processor, memory, disk and accelerators to the
            next, in system.jsonl; None for no samples.
        root: The folder of all runs; else that of reportgen.toml, else ``runs``.
        require_clean: Refuse to start with uncommitted changes.
        identify: Record the names of host and user and the path of the interpreter too.
        durable: Ask the disk once a second to keep the metrics through a power loss.
        resume: A run to go on with in its own folder: its path, its id, its name when only one
            run has it, or the path of one of its checkpoints. Name, project, group and what was
            lost or left out before stay; loading weights is the training's own business.
        ranks: In a distributed job only rank 0 keeps a run; the others get one that takes every
            call and keeps nothing. With ``all`` they log metrics too, each into a file of its own
            in rank 0's folder, which they find by the name or the launcher's id (they wait for
            it, at most 60 s). Without a launcher, call ``init_process_group`` first.

    Returns:
        The run, to be used in a ``with`` statement or ended by ``finish``.

    Raises:
        UsageError: An argument is wrong, or the run to resume is still being written; nothing
            was changed.
        NotFoundError: There is no run to resume; near names are given.
    """
    begun = time.perf_counter()
    if is_worker():
        return SilentRun(name=name if isinstance(name, str) else "")
    search = sweep.current()
    opens.start()
    with opens.unheard():
        number = seed_of(seed, deterministic)
        options = check_options(
            config,
            surroundings=surroundings_of(root if search is None else search.root_of(root)),
            project=project,
            group=group,
            name=name,
            tags=tags,
            notes=notes,
            kind=kind,
            config_files=config_files,
            data=data,
            planned=planned,
            checkpoints=checkpoints,
            alerts=alerts,
            mirror=mirror,
            system_every=system_every,
            require_clean=require_clean,
            identify=identify,
            durable=durable,
            resume=resume,
            ranks=ranks,
        )
        if number is not None:
            seeds.set_seed(number, deterministic)
        if options.rank.number:
            return run_of_rank(options)
        session = Session(options)
        if search is not None:
            search.joined(session.context)
    session.context.add_overhead("captures", time.perf_counter() - begun)
    return ActiveRun(session)
