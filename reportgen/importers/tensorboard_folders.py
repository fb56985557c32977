"""Which folders of a TensorBoard log directory were written by one job. Pure.

TensorBoard calls each folder that holds event files a run. One job may write several: Keras one
for each split, ``add_scalars`` one for each line of a chart, ``add_hparams`` one for the session.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

SPLITS: Final = frozenset(
    {"train", "training", "validation", "val", "valid", "dev", "eval", "evaluation", "test"}
)
_FILE = re.compile(
    r"(?P<start>.*tfevents\.\d+)\.(?P<host>.+?)(?P<writer>\.\d+)?(?P<rest>\.\d+)?(?P<v2>\.v2)?"
)
_SESSION = re.compile(r"\d{9,11}\.\d+")


@dataclass(slots=True)
class Job:
    """The folders of one job.

    Attributes:
        top: The folder that the job is called by; empty for the source itself.
        folders: The event files of each folder, ``top`` first if it has any.
    """

    top: str
    folders: dict[str, list[str]] = field(default_factory=dict)


def is_event_file(name: str) -> bool:
    """Tell whether TensorBoard would read a file of this name."""
    return "tfevents" in name


def without_host(name: str) -> str:
    """Return the name of an event file with another word for the host that it names."""
    found = _FILE.fullmatch(name)
    if found is None:
        return name
    return "".join(
        (found["start"], ".host", found["writer"] or "", found["rest"] or "", found["v2"] or "")
    )


def writer_of(name: str) -> str | None:
    """Return host and process that wrote an event file, None when its name does not say."""
    found = _FILE.fullmatch(name)
    return None if found is None or found["writer"] is None else found["host"] + found["writer"]


def jobs_of(folders: Mapping[str, Sequence[str]], *, every_folder: bool = False) -> list[Job]:
    """Return the jobs that wrote these folders.

    Args:
        folders: Names of the event files by folder, a path below the source ("" is itself).
        every_folder: Each folder is a job.
    """
    top_of = {folder: folder for folder in folders}
    if not every_folder:
        for folder in sorted(folders, key=lambda path: path.count("/")):
            top_of[folder] = _top(folder, folders, top_of)
    jobs: dict[str, Job] = {}
    for folder in sorted(folders):
        top = top_of[folder]
        jobs.setdefault(top, Job(top)).folders[folder] = list(folders[folder])
    return [jobs[top] for top in sorted(jobs)]


def _top(folder: str, folders: Mapping[str, Sequence[str]], top_of: Mapping[str, str]) -> str:
    if not folder:
        return folder
    parent, name = _parent(folder), folder.rpartition("/")[2]
    above = _nearest_above(folder, folders)
    if above is not None:
        writers = {writer_of(one) for one in folders[above]} - {None}
        same_writer = any(writer_of(one) in writers for one in folders[folder])
        if _SESSION.fullmatch(name):
            sessions = [f for f in folders if _parent(f) == parent and _is_session(f)]
            return top_of[above] if len(sessions) == 1 else folder
        return top_of[above] if same_writer or name.lower() in SPLITS else folder
    if name.lower() in SPLITS:
        beside = [f for f in folders if f and _parent(f) == parent]
        splits = [f for f in beside if f.rpartition("/")[2].lower() in SPLITS]
        within = [f for f in folders if f.startswith(f"{parent}/" if parent else "")]
        if len(splits) > 1 or within == [folder]:
            return parent
    return folder


def _is_session(folder: str) -> bool:
    return _SESSION.fullmatch(folder.rpartition("/")[2]) is not None


def _parent(folder: str) -> str:
    return folder.rpartition("/")[0]


def _nearest_above(folder: str, folders: Mapping[str, Sequence[str]]) -> str | None:
    for above in PurePosixPath(folder).parents:
        text = "" if str(above) == "." else str(above)
        if text in folders:
            return text
    return None


def series_name(top: str, folder: str, tag: str) -> str:
    """Return what a tag of a folder is called in the run of its job.

    ``add_scalars("loss", {"train": ...})`` writes the tag ``loss`` in ``loss_train`` (PyTorch) or
    ``loss/train`` (tensorboardX): that is ``loss/train``. Elsewhere the folder comes first, as in
    ``validation/epoch_loss``; a folder of ``add_hparams`` adds nothing.
    """
    if folder == top or _is_session(folder):
        return tag
    below = folder[len(top) + 1 :] if top else folder
    for start in (tag.replace("/", "_") + "_", tag + "/"):
        if below.startswith(start) and len(below) > len(start):
            return f"{tag}/{below[len(start) :]}"
    return f"{below}/{tag}"
