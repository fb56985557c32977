"""What 20 replayed steps show: small mistakes planted in a training, and honest reruns.

The training is that of the example runs, recorded with three seeds. Each of 14 mistakes is planted
into a restored tree and replayed with each seed; a verdict other than identical and within-band
catches it. Loss and norm of the gradients are compared; the learning rate, which is logged too,
would give one mistake away at once and is left out. Honest reruns change what must not matter:
threads, kernels, the folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from measure import machine

from reportgen.reproduce.attempt import points_of
from reportgen.reproduce.environment import Environment
from reportgen.reproduce.plan import Plan, Request, make_plan
from reportgen.reproduce.replay import LOG
from reportgen.reproduce.restore import Restored, restore_code
from reportgen.reproduce.verdict import BAND, Judgement, judge
from reportgen.reproduce.workplace import Workplace
from reportgen.runs.view import RunView

EXAMPLES = Path(__file__).resolve().parent.parent / "example_runs"
SCRIPT = ("train.py", "models.py", "digits.py", "plots.py", "data/digits.csv")
CONFIG = """\
model: {name: mlp, width: 64, dropout: 0.1}
data: {name: digits, file: data/digits.csv, val_fraction: 0.2, split_seed: 0, augment: false}
training: {epochs: 2, batch_size: 64, optimizer: sgd, lr: 0.05, momentum: 0.9, weight_decay: 0.0}
seed: 1
"""
SEEDS = ("1", "2", "3")
STEPS = 20
LEFT_OUT = "train/lr"
GOAL = "at least 40 of 42 caught, no false alarm in 12"

Edit = Callable[[Path], None]


def text(name: str, old: str, new: str) -> Edit:
    """Return what replaces a text that stands in a file once."""

    def change(tree: Path) -> None:
        place = tree / name
        content = place.read_text("utf-8")
        if content.count(old) != 1:
            sys.exit(f"{name} holds {old!r} {content.count(old)} times, expected once")
        place.write_text(content.replace(old, new), "utf-8")

    return change


def cell(column: int, change: Callable[[int], int]) -> Edit:
    """Return what changes one value of one training example."""

    def edit(tree: Path) -> None:
        place = tree / "data/digits.csv"
        rows = place.read_text("utf-8").splitlines()
        wanted = f"{_a_training_example(tree)},"
        at = next(number for number, row in enumerate(rows) if row.startswith(wanted))
        values = rows[at].split(",")
        values[column] = str(change(int(values[column])))
        rows[at] = ",".join(values)
        place.write_text("\n".join(rows) + "\n", "utf-8")

    return edit


def _a_training_example(tree: Path) -> int:
    code = (
        "from pathlib import Path; from digits import load_digits, split; "
        "print(int(split(load_digits(Path('data/digits.csv')), .2, 0)[0].ids[700]))"
    )
    return int(subprocess.check_output([sys.executable, "-c", code], cwd=tree))


CONFIG_FILE = "configs/mlp.yaml"
MISTAKES: dict[str, Edit] = {
    "learning rate .05 -> .0501": text(CONFIG_FILE, "lr: 0.05", "lr: 0.0501"),
    "one flipped label": cell(1, lambda label: (label + 1) % 10),
    "one pixel of one image, by 1 of 16": cell(30, lambda grey: grey + 1 if grey < 16 else 15),
    "dropout .1 -> .11": text(CONFIG_FILE, "dropout: 0.1", "dropout: 0.11"),
    "another order of examples": text(
        "train.py", "shuffle=True,", "shuffle=True, generator=torch.Generator().manual_seed(9),"
    ),
    "batch size 64 -> 63": text(CONFIG_FILE, "batch_size: 64", "batch_size: 63"),
    "another seed": text("train.py", 'seed=config["seed"]', 'seed=config["seed"] + 1'),
    "initial weights times 1.001": text(
        "train.py",
        "    optimizer = create_optimizer",
        "    for p in model.parameters():\n        p.data.mul_(1.001)\n"
        "    optimizer = create_optimizer",
    ),
    "momentum .9 -> .901": text(CONFIG_FILE, "momentum: 0.9", "momentum: 0.901"),
    "weight decay 0 -> .0001": text(CONFIG_FILE, "weight_decay: 0.0", "weight_decay: 0.0001"),
    "loss summed, not averaged": text(
        "train.py", "(model(images), labels)", "(model(images), labels, reduction='sum')"
    ),
    "ReLU -> leaky ReLU, once": text(
        "models.py",
        "nn.Dropout(dropout),\n        nn.Linear(width, width),\n        nn.ReLU()",
        "nn.Dropout(dropout),\n        nn.Linear(width, width),\n        nn.LeakyReLU()",
    ),
    "width 64 -> 65": text(CONFIG_FILE, "width: 64", "width: 65"),
    "grey values by 16 -> 16.01": text("digits.py", ".float() / 16", ".float() / 16.01"),
}


@dataclass(frozen=True, slots=True)
class Honest:
    """A rerun that changes nothing that matters."""

    name: str
    variables: dict[str, str | None] = field(default_factory=dict)


HONEST = (
    Honest("another folder"),
    Honest("two threads", {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}),
    Honest("kernels for every processor", {"ATEN_CPU_CAPABILITY": "default"}),
    Honest(
        "kernels of AVX2, compatible MKL, three threads",
        {"ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "COMPATIBLE", "OMP_NUM_THREADS": "3"},
    ),
)


def main() -> int:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="bench-replay-") as name:
        folder = Path(name)
        top = make_project(folder / "project")
        plans = [plan_of(record(top, seed)) for seed in SEEDS]
        print(f"\nWhat {STEPS} replayed steps show, band {BAND:g}, seeds {', '.join(SEEDS)}")
        caught = sum(show(what, judged) for what, judged in planted(plans, folder))
        alarms = sum(show(what, judged) for what, judged in honest(plans, folder))
    mistakes, reruns = len(MISTAKES) * len(SEEDS), len(HONEST) * len(SEEDS)
    print(f"  caught {caught} of {mistakes}, false alarms {alarms} of {reruns}; goal: {GOAL}")
    print(f"  {machine()}, {time.perf_counter() - began:.0f} s")
    return 0 if caught >= mistakes - 2 and alarms == 0 else 1


def make_project(top: Path) -> Path:
    """Make a repository with the example script, committed."""
    for name in SCRIPT:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(EXAMPLES / name, top / name)
    (top / CONFIG_FILE).parent.mkdir()
    (top / CONFIG_FILE).write_text(CONFIG, "utf-8")
    (top / ".gitignore").write_text("runs/\n__pycache__/\n", "utf-8")
    identity = ("-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org")
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "Start")):
        subprocess.run(["git", *identity, *words], cwd=top, check=True)
    return top


def record(top: Path, seed: str) -> RunView:
    """Record a run and return it."""
    words = [sys.executable, "train.py", "--config", CONFIG_FILE, "--seed", seed]
    named = ["--group", f"seed{seed}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([*words, *named], cwd=top, env=environment, check=True, capture_output=True)
    (run,) = (top / "runs/digits" / f"seed{seed}").iterdir()
    return RunView(run)


def plan_of(run: RunView) -> Plan:
    return make_plan(run, Request(steps=STEPS, environment="current"))


def planted(plans: list[Plan], folder: Path) -> Iterator[tuple[str, list[Judgement]]]:
    """Yield each mistake with a verdict a seed."""
    for number, (what, edit) in enumerate(MISTAKES.items()):
        workplace = workplace_in(plans[0], folder / f"mistake-{number}")
        edit(workplace.restored.tree)
        yield what, [verdict(plan, workplace) for plan in plans]


def honest(plans: list[Plan], folder: Path) -> Iterator[tuple[str, list[Judgement]]]:
    """Yield each honest rerun with a verdict a seed."""
    for number, rerun in enumerate(HONEST):
        workplace = workplace_in(plans[0], folder / f"honest-{number}")
        yield rerun.name, [verdict(plan, workplace, rerun.variables) for plan in plans]


def workplace_in(plan: Plan, folder: Path) -> Workplace:
    folder.mkdir()
    restored: Restored = restore_code(plan.source, plan.facts, plan.patch, folder / "tree")
    environment = Environment(sys.executable, {}, cold=False)
    return Workplace(folder, restored, environment)


def verdict(
    plan: Plan, workplace: Workplace, variables: dict[str, str | None] | None = None
) -> Judgement:
    """Replay the first steps and judge them."""
    done, view = workplace.run(plan, f"run-{plan.facts.run}", changed=variables)
    if view is None:
        said = (workplace.folder / LOG).read_text("utf-8", "replace")
        sys.exit(f"status {done.status}: {said[-2000:]}")
    recorded, replayed = (points_of(run, plan.stop) for run in (plan.view, view))
    recorded.pop(LEFT_OUT)
    return judge(recorded, replayed, stop=plan.stop)


def show(what: str, judged: list[Judgement]) -> int:
    """Print a row and return how many of its verdicts speak against the rerun."""
    against = [one for one in judged if one.word not in ("identical", "within-band")]
    steps = [str(one.first.first[0]) for one in judged if one.first and one.first.first]
    words = ", ".join(one.word for one in judged)
    largest = max(one.largest for one in judged)
    where = f"from step {', '.join(steps)}" if steps else ""
    print(f"  {what:48}  {words:40}  largest {largest:<8.2g}  {where}", flush=True)
    return len(against)


if __name__ == "__main__":
    sys.exit(main())
