import os
import pickle
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from audit.case import Case, assert_case

from reportgen.testing import make_run, run_check
from reportgen.testing.media import checkpoint_bytes

READABLE = "artifacts.checkpoint-readable"
VERSIONED = "artifacts.checkpoints-versioned"
PRESENT = "artifacts.checkpoint-present"
LAST = "checkpoints/checkpoint_epoch_9.pt"


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch PWNED",)


def described(data: bytes, **facts: Any) -> str:
    known = {"epoch": 9, "step": 119, "sha256": sha256(data).hexdigest(), **facts}
    return orjson.dumps(known).decode()


def checkpoints(**files: tuple[bytes, dict[str, Any] | None]) -> dict[str, Any]:
    """A run with these checkpoints alone: bytes and description by name without its ending."""
    found: dict[str, bytes | str] = {}
    for name, (data, facts) in files.items():
        found[f"checkpoints/{name}.pt"] = data
        if facts is not None:
            found[f"checkpoints/{name}.json"] = described(data, **facts)
    return {"checkpoints": False, "files": found}


def epoch(number: int, value: float = 0.9) -> dict[str, Any]:
    metric = {"name": "val/accuracy", "value": value}
    step = 12 * number + 11
    return {"epoch": number, "step": step, "metric": metric, "tensors": 4, "format": "torch"}


EVIL = pickle.dumps(Trap())
HDF5 = b"\x89HDF\r\n\x1a\n" + bytes(100)

CASES = (
    Case(READABLE, "passes", "2 files (torch), 8 tensors as described, not loaded"),
    Case(
        READABLE,
        "fails",
        "names other globals: posix.system",
        checkpoints(checkpoint_epoch_9=(EVIL, epoch(9))),
    ),
    Case(
        READABLE,
        "fails",
        "is no whole archive",
        checkpoints(checkpoint_epoch_9=(checkpoint_bytes(9)[:-90], epoch(9))),
        name="cut-off",
    ),
    Case(
        READABLE,
        "partly",
        "no count of tensors for",
        checkpoints(checkpoint_epoch_9=(checkpoint_bytes(9), None)),
    ),
    # The name of a checkpoint on something else, and a count that nothing bears out.
    Case(
        READABLE,
        "cheats",
        "is no file of its kind: unknown format",
        checkpoints(checkpoint_epoch_9=(b"weights " * 40, epoch(9))),
    ),
    Case(
        READABLE,
        "cheats",
        "holds 4 tensors, described with 400",
        checkpoints(checkpoint_epoch_9=(checkpoint_bytes(9), {**epoch(9), "tensors": 400})),
        name="count",
    ),
    Case(
        READABLE,
        "cheats",
        "described as safetensors",
        checkpoints(
            checkpoint_epoch_9=(checkpoint_bytes(9), {**epoch(9), "format": "safetensors"})
        ),
        name="kind",
    ),
    Case(
        READABLE,
        "inconclusive",
        "checkpoints/model.h5 (HDF5)",
        {"checkpoints": False, "files": {"checkpoints/model.h5": HDF5}},
    ),
    Case(READABLE, "not-applicable", "no checkpoint", {"checkpoints": False}),
    Case(
        READABLE, "not-applicable", "kind evaluation", {"run": {"kind": "evaluation"}}, name="kind"
    ),
    Case(VERSIONED, "passes", "2 files of 2 epochs, each with its metric"),
    Case(
        VERSIONED,
        "fails",
        "no epoch or step in the name of checkpoints/model.pt",
        checkpoints(model=(checkpoint_bytes(9), epoch(9))),
    ),
    Case(
        VERSIONED,
        "partly",
        "2 files of one epoch; 3 older checkpoints",
        {
            **checkpoints(
                checkpoint_epoch_9=(checkpoint_bytes(9), epoch(9)),
                best_epoch_9=(checkpoint_bytes(9, tensors=2), epoch(9)),
            ),
            "run": {
                "left_out": [
                    {
                        "what": "3 older checkpoints",
                        "where": "checkpoints",
                        "rule": "keep_last",
                    }
                ]
            },
        },
    ),
    Case(
        VERSIONED,
        "partly",
        "no metric beside checkpoints/checkpoint_epoch_8.pt",
        {
            "files": {
                "checkpoints/checkpoint_epoch_8.json": described(
                    checkpoint_bytes(8), epoch=8, step=107
                )
            }
        },
        name="no-metric",
    ),
    Case(
        VERSIONED,
        "passes",
        "1 file of 1 epoch",
        {
            **checkpoints(checkpoint_epoch_0=(checkpoint_bytes(0), {**epoch(0), "step": 119})),
            "run": {"planned": {"steps": 120, "epochs": 1}},
        },
        name="one-epoch",
    ),
    # One file, copied under the names of two epochs.
    Case(
        VERSIONED,
        "cheats",
        "the same bytes under the names of two epochs",
        checkpoints(
            checkpoint_epoch_8=(checkpoint_bytes(9), epoch(8)),
            checkpoint_epoch_9=(checkpoint_bytes(9), epoch(9)),
        ),
    ),
    Case(
        VERSIONED,
        "cheats",
        "named after another epoch or step than described",
        checkpoints(
            checkpoint_epoch_3=(checkpoint_bytes(8), epoch(8)),
            checkpoint_epoch_9=(checkpoint_bytes(9), epoch(9)),
        ),
        name="renamed",
    ),
    Case(
        VERSIONED,
        "not-applicable",
        "the last one alone",
        {"run": {"checkpoints": {"keep_last": 1, "best": None}}},
    ),
    Case(VERSIONED, "inconclusive", "", {"checkpoints": False}, more={"blocked_by": PRESENT}),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_no_word_of_a_verdict_promises_anything(tmp_path: Path) -> None:
    evil = make_run(tmp_path, "evil", **checkpoints(checkpoint_epoch_9=(EVIL, epoch(9))))
    for run in (make_run(tmp_path, "good"), evil):
        message = run_check(READABLE, run).message.lower()
        assert not [word for word in ("safe", "clean", "harmless", "malicious") if word in message]


def test_a_linked_checkpoint_is_not_read(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs")
    kept = tmp_path / "kept.pt"
    (run / LAST).rename(kept)
    (run / LAST).symlink_to(kept)
    assert run_check(READABLE, run).message.startswith("1 file (torch)")
