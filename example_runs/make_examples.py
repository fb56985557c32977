"""Train every example run again: `make examples`, about three minutes on two cores.

All of it happens in a scratch clone of HEAD, so that the repository stays as it is until the new
runs take the place of the old ones in runs/. A run records the commit that it came from, so the
work tree must have no uncommitted changes, and those commits must never be squashed or rebased.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import yaml

import reportgen

HERE = Path(__file__).resolve().parent
TOP = HERE.parent

# One thread and kernels that every x86-64 processor computes alike, so that a run gives the same
# digits again elsewhere.
PINNED = {
    "OMP_NUM_THREADS": "1",
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "COMPATIBLE",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
}
LEARNING_RATES = ("0.03", "0.1", "0.3")
WIDTHS = ("16", "64")
SWEEP_SEEDS = ("1", "2", "3")
GOLDEN_SEEDS = ("11", "12", "13", "14", "15")
SWEEP_VARIABLE = "REPORTGEN_SWEEP"
KILLED_AFTER = 150
PATIENCE_SECONDS = 120

AUGMENT = '''\
"""Shift digits by a pixel at random, which shows a network more than one place of each."""

import torch
from torch import Tensor


def shift(images: Tensor) -> Tensor:
    """Move n x 1 x 8 x 8 images by -1, 0 or 1 pixels, each batch in its own direction."""
    down, right = (int(offset) for offset in torch.randint(-1, 2, (2,)))
    return images.roll((down, right), dims=(2, 3))
'''


class Scratch:
    """A clone of HEAD without run folders, and an environment in which it is installed.

    Args:
        folder: An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.top = folder / "reportgen"
        self.examples = self.top / HERE.name
        git(folder, "clone", "--quiet", "--no-checkout", str(TOP), str(self.top))
        # The runs of HEAD stay in the index and out of the folder: absent and yet unchanged.
        git(self.top, "sparse-checkout", "set", "--no-cone", "/*", f"!/{HERE.name}/runs")
        branch = git(TOP, "rev-parse", "--abbrev-ref", "HEAD")
        git(self.top, "checkout", "--quiet", "-B", branch if branch != "HEAD" else "examples")
        self._name_remote()
        self.python = self._install(folder / "environment")
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {**kept, **PINNED}

    def _name_remote(self) -> None:
        """Point origin to where the project is, and nowhere if it is nowhere."""
        git(self.top, "remote", "remove", "origin")
        address = subprocess.run(
            ["git", "remote", "get-url", "origin"], cwd=TOP, capture_output=True, text=True
        ).stdout.strip()
        if address.startswith(("https://", "ssh://", "git@")):
            git(self.top, "remote", "add", "origin", address)

    def _install(self, folder: Path) -> Path:
        """Make an environment that has the packages of this one, but reportgen from the clone."""
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        python = folder / "bin" / "python"
        ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
        packages = subprocess.check_output([python, "-c", ask], text=True).strip()
        below = Path(packages) / "packages_of_the_examples.pth"
        below.write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        install = ["--python", python, "install", "--no-deps", "--editable", self.top]
        subprocess.run([*pip, *install], check=True)
        return python

    def command(self, *words: str, script: str = "train.py") -> list[str]:
        return [str(self.python), script, *words]

    def run(self, *words: str, script: str = "train.py", **variables: str) -> None:
        """Train once, or run another script.

        Args:
            words: Its arguments.
            script: Its name.
            variables: Of the environment, besides those that all runs have.

        Raises:
            SystemExit: The training failed; what it printed is shown.
        """
        result = subprocess.run(
            self.command(*words, script=script),
            cwd=self.examples,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if result.returncode:
            sys.exit(f"{script} {' '.join(words)} ended with {result.returncode}:\n{result.stdout}")
        print(f"  {script} {' '.join(words)}", flush=True)

    def runs(self, group: str) -> list[Path]:
        folder = self.examples / "runs" / "digits" / group
        return sorted(path for path in folder.iterdir() if path.is_dir())


def git(folder: Path, *words: str) -> str:
    return subprocess.check_output(["git", *words], cwd=folder, text=True).strip()


def main() -> None:
    refuse_uncommitted_changes()
    with tempfile.TemporaryDirectory(prefix="example-runs-") as folder:
        scratch = Scratch(Path(folder))
        print("Runs of uncommitted work", flush=True)
        with uncommitted_work(scratch):
            shifted = ("--note", "Do shifted digits help the small network?")
            scratch.run("--config", "configs/cnn.yaml", "--group", "uncommitted", *shifted)
            scratch.run("--config", "configs/mlp.yaml", script="plain_tracker.py")
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            print("Sweep over learning rate and width", flush=True)
            with search(scratch):
                joined = {SWEEP_VARIABLE: os.environ[SWEEP_VARIABLE]}
                tuple(pool.map(lambda words: scratch.run(*words, **joined), sweep()))
            lr, width = best_setting(scratch)
            print(f"Golden runs of lr {lr}, width {width}", flush=True)
            tuple(pool.map(lambda words: scratch.run(*words), golden(lr, width)))
        print("Runs with a fault each", flush=True)
        too_high = ("--lr", "10", "--note", "What does a learning rate far too high look like?")
        scratch.run("--config", "configs/mlp.yaml", "--group", "diverged", *too_high)
        kill_one(scratch)
        print("A run in two parts, and one of two ranks", flush=True)
        interrupt_and_resume(scratch)
        why = ("--note", "Do two processes learn what one does?")
        ranks = ("--config", "configs/mlp_two_ranks.yaml", *why)
        scratch.run(*ranks, script="train_two_ranks.py")
        print("A run on data that DVC knows and git does not", flush=True)
        train_on_data_of_dvc(scratch)
        replace_runs(scratch.examples / "runs", HERE / "runs")


def refuse_uncommitted_changes() -> None:
    """Stop where a run would record another state than the one that is committed."""
    besides_runs = ("--", ".", f":(exclude){HERE.name}/runs")
    changes = git(TOP, "status", "--porcelain", "--untracked-files=all", *besides_runs)
    if changes:
        sys.exit(f"Commit these changes first, runs record the commit they come from:\n{changes}")


def sweep() -> list[tuple[str, ...]]:
    why = "Which learning rate suits which width?"
    config = ("--config", "configs/mlp.yaml", "--note", why)  # the group is that of the sweep
    return [
        (*config, "--lr", lr, "--width", width, "--seed", seed)
        for lr, width, seed in product(LEARNING_RATES, WIDTHS, SWEEP_SEEDS)
    ]


def search(scratch: Scratch) -> reportgen.Sweep:
    """Return the sweep that the runs of :func:`sweep` belong to, each in a process of its own."""
    space = {
        "training.lr": [float(lr) for lr in LEARNING_RATES],
        "model.width": [int(width) for width in WIDTHS],
        "seed": [int(seed) for seed in SWEEP_SEEDS],
    }
    root = scratch.examples / "runs"
    return reportgen.sweep(
        "lr-width", space, metric="val/accuracy", goal="maximize", project="digits", root=root
    )


def best_setting(scratch: Scratch) -> tuple[str, str]:
    """Return the learning rate and width of the best mean validation accuracy."""
    totals: dict[tuple[str, str], float] = {}
    for run in scratch.runs("lr-width"):
        config = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
        summary = yaml.safe_load((run / "summary.yaml").read_text(encoding="utf-8"))
        setting = (str(config["training"]["lr"]), str(config["model"]["width"]))
        totals[setting] = totals.get(setting, 0) + summary["metrics"]["val/accuracy"]["best"]
    return max(totals, key=lambda setting: totals[setting])


def golden(lr: str, width: str) -> list[tuple[str, ...]]:
    config = ("--config", "configs/mlp.yaml", "--group", "golden", "--lr", lr, "--width", width)
    why = "How far does the best setting of the search vary over seeds?"
    return [(*config, "--note", why, "--seed", seed) for seed in GOLDEN_SEEDS]


def kill_one(scratch: Scratch) -> None:
    """Start a long training and kill it once it is well under way."""
    why = ("--note", "What is left of a run whose process was killed?")
    words = ("--config", "configs/cnn.yaml", "--group", "killed", "--epochs", "500", *why)
    stop_under_way(scratch, words, signal.SIGKILL)
    print(f"  train.py {' '.join(words)}, killed", flush=True)


def interrupt_and_resume(scratch: Scratch) -> None:
    """Start a training, end it by SIGTERM as a scheduler would, and go on from its checkpoint."""
    why = ("--note", "Does a training in two parts end as one in one part?")
    words = ("--config", "configs/mlp.yaml", "--group", "resumed", "--epochs", "30", *why)
    stop_under_way(scratch, words, signal.SIGTERM)
    (run,) = scratch.runs("resumed")
    newest = max(
        run.glob("checkpoints/checkpoint_epoch_*.pt"), key=lambda path: path.stat().st_mtime
    )
    scratch.run(*words, "--resume", str(newest.relative_to(scratch.examples)))


def stop_under_way(scratch: Scratch, words: tuple[str, ...], how: signal.Signals) -> None:
    """Start a training and send it a signal once it has logged enough."""
    process = subprocess.Popen(
        scratch.command(*words),
        cwd=scratch.examples,
        env=scratch.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    group = scratch.examples / "runs" / "digits" / words[words.index("--group") + 1]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not any(map(is_under_way, group.glob("*"))):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            sys.exit(f"train.py {' '.join(words)} did not come far enough to be stopped")
        time.sleep(0.05)
    process.send_signal(how)
    process.wait()


def is_under_way(run: Path) -> bool:
    """Tell whether a run has logged enough, and recorded what it finds out in the background."""
    documents = ("environment.yaml", "git_info.yaml", "data.yaml", "requirements.txt")
    metrics = run / "metrics.jsonl"
    return (
        all((run / document).exists() for document in documents)
        and metrics.read_bytes().count(b"\n") > KILLED_AFTER
    )


def train_on_data_of_dvc(scratch: Scratch) -> None:
    """Make the data that are kept out of git, and train on them.

    Raises:
        SystemExit: They are not those that their .dvc file names.
    """
    scratch.run("--turned", script="make_digits.py")
    why = ("--note", "Are digits that lie on their side as easy to learn?")
    scratch.run("--config", "configs/mlp_turned.yaml", "--group", "dvc-data", *why)
    (run,) = scratch.runs("dvc-data")
    (entry,) = yaml.safe_load((run / "data.yaml").read_text(encoding="utf-8"))["inputs"]
    if entry["version"]["kind"] != "dvc" or "declared" in entry["version"]:
        sys.exit(f"{entry['path']} is not what DVC knows: {entry['version']}")


@contextmanager
def uncommitted_work(scratch: Scratch) -> Iterator[None]:
    """Have a new module and a changed setting uncommitted.

    Before other runs: the plain tracker's ``git diff`` would take those that have the name of a
    committed one for changes.
    """
    module, config = scratch.examples / "augment.py", scratch.examples / "configs" / "cnn.yaml"
    committed = config.read_text(encoding="utf-8")
    module.write_text(AUGMENT, encoding="utf-8")
    config.write_text(committed.replace("augment: false", "augment: true"), encoding="utf-8")
    try:
        yield
    finally:
        config.write_text(committed, encoding="utf-8")
        module.unlink()


def replace_runs(new: Path, old: Path) -> None:
    """Put the new runs in the place of the old ones."""
    size = sum(path.stat().st_size for path in new.rglob("*") if path.is_file())
    shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(new, old)
    count = len([path for path in old.glob("*/*/*") if path.is_dir()])
    print(f"{count} runs, {size / 1e6:.1f} MB, in {old.relative_to(TOP)}: look, then commit them.")


if __name__ == "__main__":
    main()
