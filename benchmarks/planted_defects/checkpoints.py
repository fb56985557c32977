"""Defects of checkpoints: that are not there, not readable, or not what they are called."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import zipfile
from hashlib import sha256
from typing import Any

from planted_defects.defect import Defect, Plant, drop, flip, lay, put, several
from planted_defects.lab import Lab

LAST = "checkpoints/checkpoint_epoch_9"
BEFORE = "checkpoints/checkpoint_epoch_8"


class _Runs:
    """Pickled as a call of a shell, which nobody ever makes: the file is not loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("true",)


def _checkpoint(data: bytes) -> Plant:
    """A plant that puts other bytes in the place of both checkpoints, described as they are."""

    def plant(lab: Lab) -> None:
        for number, stem in enumerate((BEFORE, LAST)):
            own = data + bytes(number)
            lab.put(f"{stem}.pt", own)
            lab.lay(f"{stem}.json", {"sha256": sha256(own).hexdigest(), "bytes": len(own)})

    return plant


def _archive(pickled: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("archive/data.pkl"), pickled)
    return buffer.getvalue()


def _same_bytes_twice(lab: Lab) -> None:
    shutil.copyfile(lab.run / f"{LAST}.pt", lab.run / f"{BEFORE}.pt")
    described = lab.document(f"{LAST}.json")
    lab.lay(f"{BEFORE}.json", {"sha256": described["sha256"], "bytes": described["bytes"]})


def _renamed(lab: Lab) -> None:
    """The names say epochs that their descriptions do not."""
    for old, new in ((BEFORE, "checkpoint_epoch_98"), (LAST, "checkpoint_epoch_99")):
        for ending in (".pt", ".json"):
            (lab.run / f"{old}{ending}").rename(lab.run / f"checkpoints/{new}{ending}")


def _overwritten(lab: Lab) -> None:
    """One file, written over after each epoch."""
    for ending in (".pt", ".json"):
        (lab.run / f"{BEFORE}{ending}").unlink()
        (lab.run / f"{LAST}{ending}").rename(lab.run / f"checkpoints/model{ending}")


DEFECTS = (
    Defect(
        "one byte of each checkpoint changed before sealing",
        "artifacts.checkpoint-present",
        several(flip(f"{BEFORE}.pt"), flip(f"{LAST}.pt")),
    ),
    Defect(
        "one byte of the best checkpoint changed before sealing",
        "artifacts.checkpoint-present",
        flip(f"{LAST}.pt"),
        least="partial",
    ),
    Defect(
        "the checkpoints are empty files",
        "artifacts.checkpoint-present",
        several(put(f"{BEFORE}.pt", b""), put(f"{LAST}.pt", b"")),
    ),
    Defect(
        "there are descriptions of checkpoints and no checkpoint",
        "artifacts.checkpoint-present",
        drop(f"{BEFORE}.pt", f"{LAST}.pt"),
    ),
    Defect(
        "the checkpoints are noise, described as torch files",
        "artifacts.checkpoint-readable",
        _checkpoint(sha256(b"noise").digest() * 40),
    ),
    Defect(
        "a checkpoint calls a shell when it is loaded",
        "artifacts.checkpoint-readable",
        _checkpoint(_archive(pickle.dumps(_Runs(), protocol=2))),
    ),
    Defect(
        "a checkpoint holds fewer tensors than described",
        "artifacts.checkpoint-readable",
        lay(f"{LAST}.json", {"tensors": 8}),
    ),
    Defect(
        "the checkpoint of one epoch was copied under the name of another",
        "artifacts.checkpoints-versioned",
        _same_bytes_twice,
    ),
    Defect(
        "the names of the checkpoints say other epochs than their descriptions",
        "artifacts.checkpoints-versioned",
        _renamed,
    ),
    Defect(
        "one checkpoint was written over after each epoch",
        "artifacts.checkpoints-versioned",
        _overwritten,
    ),
)
