"""Defects of those who know the checks: the record agrees with itself in all but one place."""

from __future__ import annotations

import os
import shutil
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256

from planted_defects.code_versions import without_file
from planted_defects.defect import (
    Defect,
    drop,
    lay,
    relog,
    revalue,
    several,
    swap,
    swap_in_repository,
)
from planted_defects.lab import Lab, Record
from reportgen.audit.repository import Repositories
from reportgen.testing import ABSENT, git
from reportgen.testing.documents import encoded_ids, split_document

ACCURACY = "val/accuracy"
PREDICTIONS = "predictions/val.csv"
SPLITS = "captured/splits.json"
PACKAGE = {"distribution": "digits", "version": "1.0", "record_sha256": "ab" * 32}
RESULTS = ("metrics.jsonl", "summary.yaml", PREDICTIONS)


def _results_of_first(change: Callable[[list[Record]], list[Record]]) -> Callable[[Lab], None]:
    """A plant that gives four runs the results of the first, with other moments or noise."""

    def plant(lab: Lab) -> None:
        first = lab.runs[0]
        for other in lab.runs[1:]:
            for place in RESULTS:
                shutil.copyfile(first / place, other / place)
            for path in sorted((first / "checkpoints").iterdir()):
                shutil.copyfile(path, other / "checkpoints" / path.name)
            one = Lab(lab.repository, (other,))
            one.log(change(one.records()))

    return plant


def _later(records: list[Record]) -> list[Record]:
    for one in records:
        one["time"] += 0.125
    return records


def _of_training_examples(lab: Lab) -> None:
    """The predictions are of examples that the model was trained on, as right as is claimed."""
    head, *rows = (lab.run / PREDICTIONS).read_text(encoding="utf-8").splitlines()
    moved = []
    for number, row in enumerate(rows):
        _, label, said = map(int, row.split(","))
        wrong = (said - label) % 10
        moved.append(f"{number},{number % 10},{(number + wrong) % 10}")
    lab.put(PREDICTIONS, "\n".join([head, *moved, ""]))


def _hashes(text: str) -> list[bytes]:
    data = b64decode(text)
    return [data[at : at + 8] for at in range(0, len(data), 8)]


def _overlap_left_out(lab: Lab) -> None:
    """Validation examples were trained on, and the hashes that would show it are not kept."""
    train = [*range(130), *range(144, 158)]
    lab.lay("data.yaml", {"splits": {"train": split_document(train)}})
    shared = set(_hashes(encoded_ids(range(144, 158))))
    kept = {
        name: b64encode(b"".join(one for one in _hashes(ids) if one not in shared)).decode()
        for name, ids in (
            ("train", encoded_ids(train)),
            ("val", encoded_ids(range(144, 180))),
        )
    }
    lab.lay(SPLITS, {"kept": 0.9, **kept})


def _newer_commit(lab: Lab) -> None:
    """The recorded commit was made months after the run, with the very same tree."""
    dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-02-10T00:00:00Z")
    words = ["-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet"]
    subprocess.run(
        ["git", *words, "--allow-empty", "--message", "Again"],
        cwd=lab.repository,
        env={**os.environ, **dates},
        check=True,
    )
    lab.lay("git_info.yaml", {"commit": git(lab.repository, "rev-parse", "HEAD")})


def _only_hashed(lab: Lab) -> None:
    """What a module says stands nowhere; the tree is recorded without it."""
    without_file("decay.py")(lab)
    data = (lab.repository / "decay.py").read_bytes()
    left = {"path": "decay.py", "bytes": len(data), "sha256": sha256(data).hexdigest()}
    patch = (lab.run / "git_diff.patch").read_bytes()
    commit = lab.document("git_info.yaml")["commit"]
    with Repositories() as repositories:
        tree = repositories.around(lab.run).patched_tree(commit, patch, ("decay.py",))
    lab.lay("git_info.yaml", {"left_out": [left], "untracked": ["weights.py"], "tree": tree})


DEFECTS = (
    Defect(
        "the configuration names another seed than was set",
        "environment.seeds-rng-state-verified",
        lay("config.yaml", {"seed": 42}),
        least="partial",
    ),
    Defect(
        "four replicates have the values of the first at other moments",
        "metrics.replicates-count",
        _results_of_first(_later),
    ),
    Defect(
        "the predictions are of examples of the training split",
        "artifacts.predictions-kept",
        _of_training_examples,
        least="partial",
    ),
    Defect(
        "the logged learning rate is another than the configured one throughout",
        "hyperparameters.optimizer-core-logged",
        revalue("train/lr", lambda step, value: 0.01),
    ),
    Defect(
        "the recorded commit was made after the run",
        "environment.clock-sane",
        _newer_commit,
    ),
    Defect(
        "the option stands twice, and the configuration has the value of the first",
        "hyperparameters.config-argv-consistent",
        lay(
            "run.yaml",
            {"command": {"argv": ["train.py", "--lr", "0.1", "--lr", "0.3"]}},
        ),
    ),
    Defect(
        "the hashes that would show an overlap of the splits were left out",
        "environment.data-splits-disjoint",
        _overlap_left_out,
    ),
    Defect(
        "a training is declared as of another kind, which nothing is asked of",
        "hyperparameters.optimizer-core-logged",
        several(
            lay("run.yaml", {"kind": "other"}),
            lay("captured/optimizer.json", {"class": "AdamW"}),
        ),
    ),
    Defect(
        "devices computed for half a minute, and there is said to be none",
        "environment.accelerator-stack",
        lay("environment.yaml", {"compute": {"device_seconds": 28.0}}),
    ),
    Defect(
        "a package of a local folder is among the requirements",
        "environment.packages-frozen",
        lambda lab: lab.put(
            "requirements.txt",
            (lab.run / "requirements.txt").read_text(encoding="utf-8")
            + "mytools @ file:///home/me/mytools\n",
        ),
        least="partial",
    ),
    Defect(
        "the remote is a machine that only its lab can reach",
        "code.remote-usable",
        lay("git_info.yaml", {"remote": "https://gitserver.local/lab/digits.git"}),
        least="partial",
    ),
    Defect(
        "three attempts are counted, and no mark says where they went on",
        "metrics.series-steps-sane",
        lay("run.yaml", {"attempt": 3}),
        least="partial",
    ),
    Defect(
        "the plan was shortened to what ran",
        "hyperparameters.optimizer-core-logged",
        several(relog(lambda records: records[:84]), lay("run.yaml", {"planned": {"steps": 84}})),
    ),
    Defect(
        "the last third was deleted of a run that is planned in epochs alone",
        "metrics.series-complete",
        several(lay("run.yaml", {"planned": {"steps": None}}), relog(lambda records: records[:80])),
    ),
    Defect(
        "the command line was taken out of the record",
        "hyperparameters.config-argv-consistent",
        lay("run.yaml", {"command": {"argv": []}}),
    ),
    Defect(
        "how batches were added up is left out of the configuration",
        "hyperparameters.batch-effective-consistent",
        lay("config.yaml", {"grad_accum": ABSENT}),
        base="full",
    ),
    Defect(
        "which defaults of the code stood in was left out",
        "hyperparameters.config-keys-consumed",
        lay("captured/config_access.json", {"absent": ABSENT}),
        least="partial",
    ),
    Defect(
        "the description of the best checkpoint lost its hash",
        "artifacts.checkpoint-present",
        lay("checkpoints/checkpoint_epoch_9.json", {"sha256": ABSENT}),
        least="partial",
    ),
    Defect(
        "the best checkpoint is gone, and its description is not",
        "artifacts.checkpoint-present",
        drop("checkpoints/checkpoint_epoch_9.pt"),
        least="partial",
    ),
    Defect(
        "a package that was loaded is not among the imported ones",
        "environment.imports-covered",
        lay("environment.yaml", {"packages": {"torch": ABSENT}}),
        least="partial",
    ),
    Defect(
        "a module was left out of the patch as a large file is, with its hash",
        "code.modules-match-tree",
        _only_hashed,
        base="full",
        least="partial",
    ),
    Defect(
        "code of a repository is said to be that of an installed package",
        "code.commit-exists",
        lay("git_info.yaml", {"packaged": PACKAGE, "commit": "cd" * 20, "tree": "ef" * 20}),
    ),
    Defect(
        "one of the predictions is of no example that there is",
        "artifacts.predictions-kept",
        swap(PREDICTIONS, "144,", "9144,"),
        least="partial",
    ),
    Defect(
        "the goal of the accuracy is turned around",
        "metrics.checkpoint-best-by-validation",
        lay("metrics.yaml", {"metrics": {ACCURACY: {"goal": "minimize"}}}),
    ),
    Defect(
        "a killed run was given an end by hand",
        "artifacts.logs-captured",
        drop("captured/exit.json"),
    ),
    Defect(
        "the training was stopped by the test split, in other words",
        "metrics.split-test-isolated",
        lay("run.yaml", {"stopped_early": "test accuracy has not risen for 5 epochs"}),
        base="full",
    ),
    Defect(
        "the best number of a document lost its link",
        "metrics.claims-cell-bound",
        swap_in_repository(
            "README.md",
            "reaches 0.944 {{run:mlp_digits_20260102-030405_lr0.1_decay_seed8 val/accuracy best}}",
            "reaches 0.974",
        ),
        base="full",
        run=1,
        least="partial",
        beyond="in prose, any number may stand without one",
    ),
    Defect(
        "the best number of a table lost its link and rose",
        "metrics.claims-cell-bound",
        swap_in_repository(
            "README.md",
            "94.44 % {{run:mlp_digits_20260102-030405_lr0.1_decay_seed8 val/accuracy best}}",
            "97.44 %",
        ),
        base="full",
        least="partial",
    ),
    Defect(
        "another configuration file was named than was kept",
        "artifacts.config-file-kept",
        lay("run.yaml", {"command": {"argv": ["train.py", "--config", "configs/big.yaml"]}}),
        least="partial",
    ),
)
