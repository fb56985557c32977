"""docs/logging.md is run as it stands, in a repository of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from documented_names import unknown_names

from reportgen.runs.view import RunView
from reportgen.testing import git

pytest.importorskip("torch")
pytest.importorskip("matplotlib")

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "logging.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Ran(NamedTuple):
    place: Path
    printed: list[str]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    place = tmp_path_factory.mktemp("logging")
    blocks = BLOCK.findall(TEXT)
    (settings,) = (body for kind, body in blocks if kind == "yaml")
    (place / "configs").mkdir()
    (place / "configs" / "mlp.yaml").write_text(settings)
    (place / "train.py").write_text("".join(body for kind, body in blocks if kind == "python"))
    git(place, "init", "--quiet")
    git(place, "add", ".")
    git(place, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", "one")
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "train.py"],
        cwd=place,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(place), "MPLBACKEND": "Agg"},
    )
    assert done.returncode == 0, done.stderr
    return Ran(place, done.stdout.splitlines())


def view_of(ran: Ran, pattern: str) -> RunView:
    (folder,) = ran.place.glob(pattern)
    view = RunView(folder).load()
    assert view.state == "finished"
    assert [one for one in view.problems if one.severity == "error"] == []
    return view


def test_two_lines(ran: Ran) -> None:
    view = view_of(ran, "runs/mlp_digits_*")
    assert len(view.series["train/loss"]) == 100
    assert view.environment is not None
    assert (view.environment.seeds or {})["python"] == 7


def test_a_whole_training(ran: Ran) -> None:
    view = view_of(ran, "runs/points/first/*")
    assert set(view.series) == {"train/loss", "val/accuracy", "train/grad_norm", "train/lr"}
    assert len(view.series["val/accuracy"]) == 3
    assert view.tags == {"goal": "baseline"}
    assert len(view.checkpoints) in (2, 3)  # the newest two, and the best
    assert view.exists("predictions/val.csv")
    assert [path.rsplit("/")[-1] for path in view.below("figures")] == ["predictions_step_23.png"]
    kept = [path for path in view.below("config") if path.endswith("mlp.yaml")]
    assert len(kept) == 1
    assert view.data is not None
    assert view.data.splits["val"]["count"] == 40


def test_data_and_splits(ran: Ran) -> None:
    view = view_of(ran, "runs/with-data")
    assert view.data is not None
    first, second = view.data.inputs
    assert (first.path, first.rows, len(first.sha256 or "")) == ("data/points.csv", 2, 64)
    assert (second.name, (second.version or {})["kind"]) == ("words", "url")
    assert view.data.splits["val"]["count"] == 1


def test_going_on(ran: Ran) -> None:
    view = view_of(ran, "runs/in-two-parts")
    assert view.run.attempt == 2
    losses = view.series["val/loss"]
    assert (list(losses.steps), list(losses.attempts)) == ([0, 1], [1, 2])
    assert view.exists("attempts/1/attempt.yaml")


def test_more_to_keep(ran: Ran) -> None:
    view = view_of(ran, "runs/more")
    for place in ("tables/mistakes.csv", "histograms.jsonl", "artifacts/notes/mlp.yaml"):
        assert view.exists(place)
    assert view.below("tensorboard")
    assert "the first words" in (view.text("training.log") or "")


@pytest.mark.parametrize(
    ("run", "said"),
    [("more", ("Halfway", "info")), ("watched", ("train/loss above 10", "warning"))],
)
def test_alerts(ran: Ran, run: str, said: tuple[str, str]) -> None:
    lines = (view_of(ran, f"runs/{run}").text("alerts.jsonl") or "").splitlines()
    alerts: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert [(one["title"], one["level"]) for one in alerts] == [said]


def test_searches(ran: Ran) -> None:
    folder = ran.place / "runs" / "points" / "lr-width"
    document = yaml.safe_load((folder / "sweep.yaml").read_text())
    assert (document["planned"], document["chosen"]) == (4, ran.printed[-1])
    chosen = RunView(folder / ran.printed[-1])
    assert chosen.config == {"lr": 0.1, "width": 16}


def test_experiment_tracker(ran: Ran) -> None:
    view = view_of(ran, "experiments/tracked")
    part = TEXT[TEXT.index("The folder is `experiments/tracked`") :]
    listed = re.findall(r"`([\w/]+\.\w+)`", part[: part.index("figures,")])
    assert len(listed) == 6
    for name in listed:
        assert view.exists(name)


def test_everything_that_is_named_exists() -> None:
    others = {
        *("if rank == 0", "torch.distributed", "init_process_group", "metrics.rank3.jsonl"),
        *("make bench", "roots", "reportgen", "reportgen.toml", "argparse", "with", "state_dict()"),
        *("failed", "interrupted", "latest.pt", "grid", "random", "uri=", "deterministic=True"),
        *("experiments/tracked", "attempts/1/", "runs", "runs/", "/", "start_run", "by itself"),
        *('{"keep_last": None}', '{"keep_last": 1, "best": None}'),
        *('metric=("val/accuracy", value)', 'subprocess.run([..., "train.py", "--lr", "0.1"])'),
        "REPORTGEN_SWEEP",
    }
    assert unknown_names(TEXT, others) == []
