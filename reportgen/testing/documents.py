"""The documents of the golden run: an MLP on digits, ten epochs of twelve steps, seed 7."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Final

from reportgen import __version__
from reportgen.capture.environment import VARIABLES
from reportgen.runs.checkpoint_file import inspect_checkpoint
from reportgen.runs.schema import RUN_SCHEMA
from reportgen.runs.times import to_iso
from reportgen.seeds import expected_state_sha256
from reportgen.testing.media import checkpoint_bytes, png_bytes
from reportgen.testing.repositories import CONFIG_FILE, DIGITS, LOCK_FILE, PACKAGES, SCRIPT

Document = dict[str, Any]

CREATED: Final = 1_767_323_045.0
SECONDS_A_STEP: Final = 0.25
STEPS, EPOCHS, SEED = 120, 10, 7
_SPLITS: Final = {"train": range(144), "val": range(144, 180)}
# Examples of the validation split that are told right after each epoch but the last.
_RIGHT: Final = (11, 19, 24, 27, 29, 30, 30, 31, 31)


def run_id(name: str) -> str:
    """The id of the golden run of this name: always the same."""
    return f"01KDYTEST{sha256(name.encode()).hexdigest()[:7].upper()}"


def run_document(name: str, project: str | None, group: str | None) -> Document:
    """run.yaml of a finished run."""
    return {
        "schema": RUN_SCHEMA,
        "id": run_id(name),
        "name": name,
        "project": project,
        "group": group,
        "tags": {"goal": "baseline"},
        "notes": "How far does a small network get on digits?",
        "kind": "training",
        "status": "finished",
        "created": to_iso(CREATED),
        "ended": to_iso(CREATED + STEPS * SECONDS_A_STEP + 1),
        "command": {
            "argv": ["train.py", "--config", "configs/mlp.yaml", "--lr", "0.1"],
            "cwd": ".",
            "interpreter": "python3.11",
            "notebook": None,
        },
        "writer": {"name": "reportgen", "version": __version__},
        "checkpoints": {"keep_last": 5, "best": "val/accuracy"},
        "exit_code": 0,
        "attempt": 1,
        "resumed_from": None,
        "parent": None,
        "planned": {"steps": STEPS, "epochs": EPOCHS},
        "stopped_early": None,
        "ranks": 1,
        "dropped": {},
        "redacted": 0,
        "left_out": [],
        "overhead_seconds": {"metrics": 0.01},
    }


def config_document(seed: int = SEED) -> Document:
    """config.yaml: what configs/mlp.yaml says, with the defaults of the script."""
    return {
        "model": "mlp",
        "dataset": "digits",
        "width": 32,
        "lr": 0.1,
        "epochs": EPOCHS,
        "optimizer": "sgd",
        "batch_size": 12,
        "seed": seed,
    }


def metric_records(seed: int = SEED) -> list[Document]:
    """Records of metrics.jsonl: a loss that falls, validated once an epoch."""
    records = []
    steps_an_epoch = STEPS // EPOCHS
    for step in range(STEPS):
        loss = 2.3 * math.exp(-step / 40) + 0.01 * math.sin(step + seed - SEED)
        values = {"train/loss": loss, "train/lr": 0.1, "train/grad_norm": 1.0 + math.sin(step)}
        if (step + 1) % steps_an_epoch == 0:
            epoch = step // steps_an_epoch
            values["val/loss"] = 2.3 * math.exp(-step / 50)
            values["val/accuracy"] = _right(epoch, seed) / len(_SPLITS["val"])
        time = CREATED + step * SECONDS_A_STEP
        records.append({"step": step, "time": time, "metrics": values})
    return records


def _right(epoch: int, seed: int) -> int:
    """How many examples of the validation split are told right after an epoch: 32 to 34 at last."""
    return (*_RIGHT, 32 + seed % 3)[epoch]


def _predictions(seed: int) -> str:
    """predictions/val.csv of the last epoch: as many right as the accuracy says."""
    wrong = _SPLITS["val"][: len(_SPLITS["val"]) - _right(EPOCHS - 1, seed)]
    rows = (f"{row},{row % 10},{(row + (row in wrong)) % 10}\n" for row in _SPLITS["val"])
    return "id,label,prediction\n" + "".join(rows)


def definitions_document() -> Document:
    """metrics.yaml: the headline metric, defined in full."""
    accuracy = {
        "goal": "maximize",
        "split": "val",
        "unit": "share",
        "aggregation": "micro",
        "implementation": "numpy.mean",
    }
    return {"metrics": {"val/accuracy": accuracy}}


def environment_document(seed: int = SEED) -> Document:
    """environment.yaml of a machine without accelerator."""
    states = {name: expected_state_sha256(name, seed) for name in ("python", "numpy", "torch")}
    seeds = {"python": seed, "numpy": seed, "torch": seed, "cuda": None, "state_sha256": states}
    return {
        "python": {"version": "3.11.7", "implementation": "CPython", "abi": "cp311"},
        "os": {"system": "Linux", "release": "6.1.0", "machine": "x86_64"},
        "hardware": {
            "cpu": "Example CPU @ 2.0 GHz",
            "cores": 2,
            "memory_bytes": 8 * 2**30,
            "gpus": [],
        },
        "accelerator": None,
        "packages": dict(PACKAGES),
        "determinism": {"torch_deterministic": True, "cudnn_benchmark": False, "threads": 1},
        "editable": {},
        "host": sha256(b"a machine").hexdigest(),
        "seeds": seeds,
        "variables": dict.fromkeys(VARIABLES) | {"OMP_NUM_THREADS": "1"},
        "container": None,
        "compute": {
            "wall_seconds": STEPS * SECONDS_A_STEP + 1,
            "peak_memory_bytes": 300 * 2**20,
            "device_seconds": 0,
        },
        "not_available": {},
    }


def git_document() -> Document:
    """git_info.yaml of a clean work tree in a repository that is not here."""
    return {
        "commit": sha256(b"golden commit").hexdigest()[:40],
        "branch": "main",
        "tags": [],
        "describe": None,
        "remote": "https://example.org/lab/digits.git",
        "dirty": False,
        "dirty_end": False,
        "tree": sha256(b"golden tree").hexdigest()[:40],
        "untracked": [],
        "left_out": [],
        "submodules": [],
        "packaged": None,
        "not_available": {},
    }


def data_document() -> Document:
    """data.yaml: one file of the repository."""
    digits = {
        "name": "digits.csv",
        "path": "data/digits.csv",
        "sha256": sha256(DIGITS.encode()).hexdigest(),
        "bytes": len(DIGITS.encode()),
        "rows": 180,
        "files": None,
        "version": {"kind": "git"},
    }
    splits: Document = {name: split_document(ids) for name, ids in _SPLITS.items()}
    splits |= {"method": "random", "seed": 0}
    return {"inputs": [digits], "splits": splits, "not_available": {}}


def split_document(ids: Sequence[int]) -> Document:
    """What data.yaml says of a split of these examples."""
    return {"count": len(ids), "ids_sha256": sha256(_id_hashes(ids)).hexdigest()}


def encoded_ids(ids: Sequence[int]) -> str:
    """What captured/splits.json says of a split of these examples."""
    return b64encode(_id_hashes(ids)).decode()


def _id_hashes(ids: Iterable[int]) -> bytes:
    """The first eight bytes of the SHA-256 of each id as text, sorted."""
    return b"".join(sorted(sha256(str(one).encode()).digest()[:8] for one in ids))


def captured_documents(streams: dict[str, int]) -> dict[str, Document]:
    """The documents of captured/ by name.

    Args:
        streams: Bytes of stdout.log, stderr.log and training.log.
    """
    flags = environment_document()["determinism"]
    return {
        "config_access": {"tracking": True, "read": sorted(config_document()), "absent": {}},
        "modules": {
            "local": {"train.py": sha256(SCRIPT.encode()).hexdigest()},
            "third_party": {name: name for name in PACKAGES},
        },
        "opens": {"hook": True, "files": ["configs/mlp.yaml", "data/digits.csv"], "lost": 0},
        "optimizer": {"class": "SGD", "groups": [{"lr": 0.1}], "groups_end": [{"lr": 0.1}]},
        "exit": {
            "determinism": flags,
            "streams": {name: {"bytes": size, "lost": 0} for name, size in streams.items()},
        },
        "splits": {
            "hash": "the first 8 bytes of the SHA-256 of the id as text",
            "kept": 1.0,
            **{name: encoded_ids(ids) for name, ids in _SPLITS.items()},
        },
    }


def plain_files(name: str, seed: int = SEED) -> dict[str, bytes]:
    """Logs, packages, predictions, a figure, configuration file and lock as they were.

    Args:
        name: Of the run.
        seed: Of the generators.
    """
    epochs = "".join(f"epoch {epoch} done\n" for epoch in range(EPOCHS))
    started = f"{to_iso(CREATED)} - reportgen - INFO - run {run_id(name)} started: {name}\n"
    requirements = "".join(f"{name}=={version}  # index\n" for name, version in PACKAGES.items())
    texts = {
        "stdout.log": epochs,
        "stderr.log": "",
        "training.log": started,
        "requirements.txt": requirements,
        "predictions/val.csv": _predictions(seed),
        "config/configs/mlp.yaml": CONFIG_FILE,
        "lock/uv.lock": LOCK_FILE,
    }
    figure = f"figures/confusion_matrix_step_{STEPS - 1}.png"
    return {path: text.encode() for path, text in texts.items()} | {figure: png_bytes()}


def checkpoint_files(seed: int = SEED) -> dict[str, tuple[bytes, Document]]:
    """The last two checkpoints by path, each with its description."""
    import io

    found = {}
    validated = [record for record in metric_records(seed) if "val/accuracy" in record["metrics"]]
    for epoch in (EPOCHS - 2, EPOCHS - 1):
        data = checkpoint_bytes(epoch)
        content = inspect_checkpoint(io.BytesIO(data))
        value = validated[epoch]["metrics"]["val/accuracy"]
        described = {
            "epoch": epoch,
            "step": validated[epoch]["step"],
            "metric": {"name": "val/accuracy", "value": value},
            "bytes": len(data),
            "sha256": sha256(data).hexdigest(),
            "format": content.format,
            "tensors": content.tensors,
        }
        found[f"checkpoints/checkpoint_epoch_{epoch}.pt"] = (data, described)
    return found
