"""Which evidence each check reads of a golden run, down to the key.

A line is a file, ``file: key|key``, or ``metrics.jsonl: name of a metric``; behind ``=`` is what a
key is changed to where not any other value of its kind is another answer.
"""

from __future__ import annotations

from typing import NamedTuple

from planted_defects.lab import Base

EPOCH_8, EPOCH_9 = (f"checkpoints/checkpoint_epoch_{n}" for n in (8, 9))
SWEEP = "../sweep.yaml"
HEADLINE = "metrics.yaml: metrics|val/accuracy"
SUMMED = "summary.yaml: metrics|val/accuracy"
RECALL = ' = "sklearn.metrics.mean_squared_error"'
SEEDS = "environment.yaml: seeds"


class Reads(NamedTuple):
    """What a check reads of a run of one of the golden groups."""

    check: str
    evidence: tuple[str, ...]
    base: Base = "plain"


READS = (
    Reads("hyperparameters.config-parses", ("config.yaml",)),
    Reads("hyperparameters.config-resolved", ("config.yaml: lr", "config.yaml: optimizer")),
    Reads("hyperparameters.config-argv-consistent", ("run.yaml: command|argv", "config.yaml: lr")),
    Reads(
        "hyperparameters.config-keys-consumed",
        (
            "captured/config_access.json: tracking",
            "captured/config_access.json: read",
            "captured/config_access.json: absent",
        ),
    ),
    Reads(
        "hyperparameters.config-source-match",
        ("config.yaml: width", "config/configs/mlp.yaml"),
    ),
    Reads(
        "hyperparameters.optimizer-core-logged",
        (
            "config.yaml: lr",
            "config.yaml: optimizer",
            "config.yaml: batch_size",
            "captured/optimizer.json: class",
            "captured/optimizer.json: groups",
            "run.yaml: planned|steps",
            "data.yaml: splits|train|count",
        ),
    ),
    Reads(
        "hyperparameters.schedule-lr-series",
        ("metrics.jsonl: train/lr", 'captured/optimizer.json: groups_end = [{"lr": 0.05}]'),
        "full",
    ),
    Reads(
        "hyperparameters.batch-effective-consistent",
        (
            "config.yaml: micro_batch_size",
            "config.yaml: grad_accum",
            "config.yaml: global_batch_size",
            "run.yaml: ranks",
        ),
        "full",
    ),
    Reads(
        "hyperparameters.split-params-logged",
        (
            "data.yaml: splits|train|count",
            "data.yaml: splits|method",
            "data.yaml: splits|seed",
            "data.yaml: inputs|0|rows",
        ),
    ),
    Reads(
        "hyperparameters.search-space-recorded",
        (f"{SWEEP}: space", f"{SWEEP}: method", f"{SWEEP}: planned"),
        "full",
    ),
    Reads(
        "hyperparameters.search-selection-recomputes",
        (
            f"{SWEEP}: metric",
            f'{SWEEP}: goal = "minimize"',
            f"{SWEEP}: chosen",
            "metrics.jsonl: val/accuracy",
        ),
        "full",
    ),
    Reads("metrics.series-present", ("metrics.jsonl",)),
    Reads("metrics.series-finite", ("metrics.jsonl: val/loss",)),
    Reads("metrics.series-steps-sane", ("metrics.jsonl",)),
    Reads("metrics.series-complete", ("run.yaml: planned", "metrics.jsonl")),
    Reads("metrics.run-completed", ("run.yaml: status", "run.yaml: exit_code", "run.yaml: ended")),
    Reads("metrics.split-validation-present", ("metrics.jsonl",)),
    Reads(
        "metrics.split-test-isolated",
        ("metrics.jsonl: test/accuracy", 'run.yaml: checkpoints|best = "test/accuracy"'),
        "full",
    ),
    Reads(
        "metrics.definition-declared",
        (
            *(f"{HEADLINE}|{key}" for key in ("goal", "split", "unit", "aggregation")),
            f"{HEADLINE}|implementation",
            "environment.yaml: packages",
        ),
    ),
    Reads(
        "metrics.summary-recomputes",
        tuple(f"{SUMMED}|{key}" for key in ("last", "last_step", "best", "best_step", "count")),
    ),
    Reads(
        "metrics.checkpoint-best-by-validation",
        (
            f"{EPOCH_9}.json: metric|value",
            f"{EPOCH_9}.json: step",
            "metrics.jsonl: val/accuracy",
            "run.yaml: checkpoints|best",
        ),
    ),
    Reads(
        "metrics.predictions-recompute",
        (
            "predictions/val.csv",
            f"{HEADLINE}|implementation{RECALL}",
            "metrics.jsonl: val/accuracy",
        ),
    ),
    Reads(
        "metrics.replicates-count",
        (
            "config.yaml: lr",
            "git_info.yaml: tree",
            "data.yaml: inputs|0|sha256",
            "run.yaml: status",
        ),
    ),
    Reads(
        "metrics.replicates-dispersion-recomputes",
        ("metrics.jsonl: val/accuracy", "../../../../README.md"),
        "full",
    ),
    Reads(
        "metrics.claims-cell-bound",
        ("metrics.jsonl: val/accuracy", "../../../../README.md"),
        "full",
    ),
    Reads("metrics.training-loss", ("metrics.jsonl: train/loss",)),
    Reads("metrics.gradient-norms", ("metrics.jsonl: train/grad_norm",)),
    Reads("metrics.not-diverged", ("metrics.jsonl: train/loss",)),
    Reads("artifacts.manifest-present", ("manifest.json", "manifest.json: files")),
    Reads(
        "artifacts.manifest-matches",
        (
            "manifest.json: files|0|sha256",
            "manifest.json: files|0|bytes",
            "manifest.json: files|0|path",
            "stdout.log",
            f"{EPOCH_8}.pt",
        ),
    ),
    Reads("artifacts.manifest-sealed", ("signatures/manifest.sig", "manifest.json")),
    Reads("artifacts.checkpoint-present", (f"{EPOCH_9}.json: sha256", f"{EPOCH_9}.pt")),
    Reads(
        "artifacts.checkpoint-readable",
        (f"{EPOCH_9}.json: tensors", f"{EPOCH_9}.json: format", f"{EPOCH_9}.pt"),
    ),
    Reads(
        "artifacts.logs-captured",
        (
            "stdout.log",
            "training.log",
            "captured/exit.json: streams|stdout|bytes",
            "captured/exit.json: streams|stderr|lost",
        ),
    ),
    Reads("artifacts.config-file-kept", ("config/configs/mlp.yaml",)),
    Reads("artifacts.predictions-kept", ("predictions/val.csv", "data.yaml: splits|val|count")),
    Reads("artifacts.figures-kept", ("figures/confusion_matrix_step_119.png",)),
    Reads(
        "artifacts.checkpoints-versioned",
        (f"{EPOCH_9}.json: epoch", f"{EPOCH_9}.json: metric", f"{EPOCH_9}.pt"),
    ),
    Reads("code.commit-recorded", ("git_info.yaml", "git_info.yaml: commit")),
    Reads("code.commit-exists", ("git_info.yaml: commit",)),
    Reads("code.remote-usable", ("git_info.yaml: remote",)),
    Reads(
        "code.worktree-state-known",
        ("git_info.yaml: dirty", "git_info.yaml: dirty_end", "git_diff.patch"),
        "full",
    ),
    Reads("code.patch-applies", ("git_diff.patch", "git_info.yaml: commit"), "full"),
    Reads("code.patch-restores-tree", ("git_info.yaml: tree", "git_diff.patch"), "full"),
    Reads("code.untracked-captured", ("git_info.yaml: untracked", "git_diff.patch"), "full"),
    Reads(
        "code.ignored-not-loaded",
        (
            "captured/opens.json: hook",
            'captured/opens.json: files = ["local.yaml"]',
            "git_info.yaml: commit",
        ),
    ),
    Reads("code.modules-match-tree", ("captured/modules.json: local", "git_info.yaml: commit")),
    Reads("code.editable-deps-pinned", ("environment.yaml: editable",)),
    Reads("code.entrypoint-in-tree", ("run.yaml: command|argv", "run.yaml: command|cwd")),
    Reads(
        "code.reproduce-consistent",
        (
            "reproduce.sh",
            "git_info.yaml: commit",
            "git_info.yaml: tree",
            "run.yaml: command|argv",
            f"{SEEDS}|torch",
            "environment.yaml: python|version",
            "environment.yaml: variables|OMP_NUM_THREADS",
            "requirements.txt",
            "data.yaml: inputs|0|sha256",
        ),
    ),
    Reads("code.branch-recorded", ("git_info.yaml: branch",)),
    Reads(
        "environment.seeds-recorded", (SEEDS, *(f"{SEEDS}|{one}" for one in ("python", "torch")))
    ),
    Reads(
        "environment.seeds-rng-state-verified",
        (
            *(f"{SEEDS}|state_sha256|{one}" for one in ("python", "numpy", "torch")),
            *(f"{SEEDS}|{one}" for one in ("python", "numpy", "torch")),
        ),
    ),
    Reads(
        "environment.data-fingerprint-present",
        (
            "data.yaml: inputs",
            "data.yaml: inputs|0|sha256",
            "data.yaml: inputs|0|bytes",
            "data.yaml: inputs|0|rows",
        ),
    ),
    Reads(
        "environment.data-fingerprint-matches",
        (
            "data.yaml: inputs|0|sha256",
            "data.yaml: inputs|0|bytes",
            "data.yaml: inputs|0|path",
            "../../../../data/digits.csv",
        ),
    ),
    Reads(
        "environment.data-version-immutable",
        ("data.yaml: inputs|0|path", "data.yaml: inputs|0|sha256", "git_info.yaml: commit"),
    ),
    Reads(
        "environment.data-splits-disjoint",
        (
            "captured/splits.json",
            "captured/splits.json: val",
            "data.yaml: splits|val|ids_sha256",
            "data.yaml: splits|val|count",
        ),
    ),
    Reads(
        "environment.data-opens-covered",
        ("captured/opens.json: hook", "captured/opens.json: files", "data.yaml: inputs|0|path"),
    ),
    Reads(
        "environment.python-recorded",
        tuple(f"environment.yaml: python|{key}" for key in ("version", "implementation", "abi")),
    ),
    Reads("environment.packages-frozen", ("requirements.txt", "environment.yaml: packages|torch")),
    Reads(
        "environment.imports-covered", ("captured/modules.json: third_party", "requirements.txt")
    ),
    Reads("environment.lock-present", ("lock/uv.lock",)),
    Reads(
        "environment.lock-matches-freeze",
        ("lock/uv.lock", "environment.yaml: packages", "requirements.txt"),
    ),
    Reads(
        "environment.hardware-recorded",
        (
            "environment.yaml: os",
            *(f"environment.yaml: hardware|{one}" for one in ("cpu", "cores", "gpus")),
            "environment.yaml: hardware|memory_bytes",
        ),
    ),
    Reads("environment.container-digest", ("environment.yaml: container",)),
    Reads(
        "environment.determinism-flags",
        (
            "environment.yaml: determinism|torch_deterministic",
            "captured/exit.json: determinism|torch_deterministic",
        ),
    ),
    Reads(
        "environment.vars-captured",
        ("environment.yaml: variables", "environment.yaml: variables|PYTHONHASHSEED"),
    ),
    Reads(
        "environment.clock-sane",
        (
            "run.yaml: created",
            "run.yaml: ended",
            "metrics.jsonl",
            "environment.yaml: compute|wall_seconds",
        ),
    ),
    Reads(
        "environment.compute-recorded",
        tuple(
            f"environment.yaml: compute|{key}"
            for key in ("wall_seconds", "peak_memory_bytes", "device_seconds")
        ),
    ),
)

NOT_IN_A_GOLDEN_RUN = frozenset(
    {
        # what is asked for is not recorded in the run
        *("code.commit-on-remote", "artifacts.external-retrievable", "environment.lock-resolvable"),
        # a ledger, submodules, accelerators, and sizes over the limits of a policy
        *("environment.replay-prefix", "environment.replay-independent"),
        *("code.submodules-lfs-resolved", "environment.accelerator-stack"),
        "artifacts.storage-bounded",
        # the seeds of another run
        "environment.seeds-replicates-distinct",
    }
)
"""Checks whose evidence no single key of a golden run is; planted defects change what they read."""
