"""Defects of files: seals, logs, and what is kept beside the numbers."""

from __future__ import annotations

import os
import shutil

from planted_defects.defect import Defect, Plant, drop, flip, lay, put, several, swap
from planted_defects.lab import Lab
from reportgen.runs.writer import seal, write_plain
from reportgen.testing import sign_run
from reportgen.testing.media import png_bytes

LAST = "checkpoints/checkpoint_epoch_9"
PREDICTIONS = "predictions/val.csv"
FIGURE = "figures/confusion_matrix_step_119.png"
LOGS = ("stdout.log", "stderr.log", "training.log")
COPY = "config/configs/mlp.yaml"
PILE_BYTES = 300 * 2**20


def _not_sealed(lab: Lab) -> None:
    """The predictions are left out of the seal, which is signed all the same."""
    manifest = lab.document("manifest.json")
    listed = [one for one in manifest["files"] if one["path"] != PREDICTIONS]
    write_plain(lab.run, "manifest.json", {**manifest, "files": listed})
    sign_run(lab.run)


def _seal_of_another(lab: Lab) -> None:
    """The signature of another run's seal."""
    shutil.copyfile(lab.runs[1] / "signatures/manifest.sig", lab.run / "signatures/manifest.sig")


def _signed_by_a_stranger(lab: Lab) -> None:
    sign_run(lab.run, "stranger")


def _sealed_anew(lab: Lab) -> None:
    """The run was changed after it was signed, and sealed again without the key."""
    lab.replace("stdout.log", "epoch 9", "epoch 8")
    seal(lab.run)


def _link(lab: Lab, place: str) -> None:
    (lab.run / place).unlink()
    (lab.run / place).symlink_to("training.log")


def _pile(lab: Lab) -> None:
    """More figures than a policy allows, in a file that takes no place on the disk."""
    lab.put("figures/pile.png", b"")
    os.truncate(lab.run / "figures/pile.png", PILE_BYTES)


def _rows(keep: int) -> Plant:
    def plant(lab: Lab) -> None:
        lines = (lab.run / PREDICTIONS).read_text(encoding="utf-8").splitlines(keepends=True)
        lab.put(PREDICTIONS, "".join(lines[: keep + 1]))

    return plant


def _without_ids(lab: Lab) -> None:
    lines = (lab.run / PREDICTIONS).read_text(encoding="utf-8").splitlines()
    lab.put(PREDICTIONS, "".join(f"{line.partition(',')[2]}\n" for line in lines))


def _same_id(lab: Lab) -> None:
    head, *rows = (lab.run / PREDICTIONS).read_text(encoding="utf-8").splitlines()
    lab.put(PREDICTIONS, "\n".join([head, *(f"0,{row.partition(',')[2]}" for row in rows), ""]))


SEALS = (
    Defect(
        "one byte of a checkpoint changed after sealing",
        "artifacts.manifest-matches",
        flip(f"{LAST}.pt"),
        cover="nothing",
    ),
    Defect(
        "one byte of the metrics changed after sealing",
        "artifacts.manifest-matches",
        swap("metrics.jsonl", '"val/accuracy":0.91', '"val/accuracy":0.92'),
        cover="nothing",
    ),
    Defect(
        "a sealed figure was deleted",
        "artifacts.manifest-matches",
        drop(FIGURE),
        cover="nothing",
    ),
    Defect(
        "a sealed log was exchanged for a link",
        "artifacts.manifest-matches",
        lambda lab: _link(lab, "stdout.log"),
        cover="nothing",
    ),
    Defect(
        "the seal was deleted",
        "artifacts.manifest-present",
        drop("manifest.json"),
        cover="nothing",
    ),
    Defect(
        "the predictions are left out of the seal",
        "artifacts.manifest-present",
        _not_sealed,
        cover="nothing",
        least="partial",
    ),
    Defect(
        "the signature is that of another run",
        "artifacts.manifest-sealed",
        _seal_of_another,
        cover="nothing",
    ),
    Defect(
        "the seal is signed by a stranger",
        "artifacts.manifest-sealed",
        _signed_by_a_stranger,
        cover="nothing",
    ),
    Defect(
        "a log was changed and the run sealed anew without the key",
        "artifacts.manifest-sealed",
        _sealed_anew,
        cover="nothing",
    ),
)

KEPT = (
    Defect(
        "standard output, errors and log records were rewritten after the end",
        "artifacts.logs-captured",
        several(*(put(name, "all went well\n") for name in LOGS)),
    ),
    Defect(
        "the errors were removed from standard error",
        "artifacts.logs-captured",
        lay("captured/exit.json", {"streams": {"stderr": {"bytes": 2048, "lost": 0}}}),
        least="partial",
    ),
    Defect(
        "the copy of the configuration file is not the file of the repository",
        "artifacts.config-file-kept",
        lambda lab: lab.put(COPY, "# tuned\n" + (lab.run / COPY).read_text(encoding="utf-8")),
    ),
    Defect(
        "a configuration file was read and no copy is kept",
        "artifacts.config-file-kept",
        drop(COPY),
        least="partial",
    ),
    Defect(
        "half of the predictions were thrown away",
        "artifacts.predictions-kept",
        _rows(18),
    ),
    Defect(
        "the predictions have no ids",
        "artifacts.predictions-kept",
        _without_ids,
        least="partial",
    ),
    Defect(
        "every prediction is of the same example",
        "artifacts.predictions-kept",
        _same_id,
        least="partial",
    ),
    Defect(
        "there are no predictions",
        "artifacts.predictions-kept",
        drop(PREDICTIONS),
    ),
    Defect(
        "the figure is all of one colour",
        "artifacts.figures-kept",
        put(FIGURE, png_bytes(step=0)),
    ),
    Defect(
        "the figure is a text with the name of a picture",
        "artifacts.figures-kept",
        put(FIGURE, "see the appendix\n"),
    ),
    Defect(
        "the figures take more than the policy allows",
        "artifacts.storage-bounded",
        _pile,
        cover="nothing",
    ),
)


DEFECTS = (*SEALS, *KEPT)
