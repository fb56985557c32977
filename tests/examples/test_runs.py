"""The committed runs: what kinds there are, and that they are fit to be published."""

from __future__ import annotations

import json
import math
import re
import socket
import subprocess
import zipfile
from pathlib import Path

import pytest
import yaml

from reportgen.runs import layout
from reportgen.runs.discovery import find_runs
from reportgen.runs.view import RunView
from reportgen.script import parse_script

MEGABYTES = 12
KINDS = {
    "lr-width": 18,
    "golden": 5,
    "resumed": 1,
    "two-ranks": 1,
    "dvc-data": 1,
    "diverged": 1,
    "killed": 1,
    "uncommitted": 1,
    "plain": 1,
}
ABSOLUTE = re.compile(
    rb"(?<![\w.~:/<-])/(?:home|root|Users|tmp|work|var|opt|usr|mnt|srv|private|etc)/[\w.-]"
)
PINNED = {
    "OMP_NUM_THREADS": "1",
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "COMPATIBLE",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "PYTHONHASHSEED": "0",
}


def views(runs: Path, *groups: str) -> list[RunView]:
    return [RunView(ref.path) for group in groups for ref in find_runs([runs / group]).runs]


def the_one(runs: Path, group: str) -> RunView:
    (view,) = views(runs, group)
    return view


def test_every_kind_is_there(runs: Path) -> None:
    assert {group.name: len(views(runs, group.name)) for group in runs.iterdir()} == KINDS


def test_the_resumed_run_is_one_run_of_two_attempts(runs: Path) -> None:
    view = the_one(runs, "resumed")
    series = view.series["train/loss"]
    assert (view.state, view.run.attempt, set(series.attempts)) == ("finished", 2, {1, 2})
    steps = [step for step, _ in series.settled()]
    assert steps == list(range(len(steps)))


def test_the_two_ranks_share_one_run(runs: Path) -> None:
    view = the_one(runs, "two-ranks")
    assert view.run.ranks == 2
    assert len(view.rank_metrics[1].series["train/loss"]) == len(view.series["train/loss"])


def test_the_two_ranks_leave_nothing_unread_or_undefined(runs: Path) -> None:
    view = the_one(runs, "two-ranks")
    access = json.loads(view.text(layout.CONFIG_ACCESS) or "")
    assert set(view.flat_config) <= set(access["read"])
    assert view.definitions["val/accuracy"].goal == "maximize"
    assert len(view.series["train/grad_norm"]) == len(view.series["train/loss"])
    assert view.exists("predictions/val.csv")
    assert view.below(layout.FIGURES)


def test_data_of_dvc_are_recorded_by_its_hash(runs: Path, examples: Path) -> None:
    view = the_one(runs, "dvc-data")
    assert view.data is not None
    (entry,) = view.data.inputs
    (named,) = yaml.safe_load((examples / "data" / "digits_turned.csv.dvc").read_text())["outs"]
    assert entry.version == {
        "kind": "dvc",
        "md5": named["md5"],
        "file": "example_runs/data/digits_turned.csv.dvc",
    }
    assert (entry.bytes, entry.rows) == (named["size"], 1797)
    assert view.git is not None
    assert view.git.dirty is False


def test_each_run_keeps_the_lock_that_it_was_made_by(runs: Path, repository: Path) -> None:
    lock = (repository / "requirements.lock").read_bytes()
    for view in views(runs, *(KINDS.keys() - {"plain"})):
        assert view.bytes("lock/requirements.lock") == lock


def test_the_sweep_names_its_best_run(runs: Path) -> None:
    sweep = yaml.safe_load((runs / "lr-width" / layout.SWEEP).read_text(encoding="utf-8"))
    best = max(
        views(runs, "lr-width"), key=lambda view: view.summary.metrics["val/accuracy"].best or 0
    )
    chosen = next(view for view in views(runs, "lr-width") if view.name == sweep["chosen"])
    accuracy = "val/accuracy"
    assert sweep["planned"] == KINDS["lr-width"]
    assert chosen.summary.metrics[accuracy].best == best.summary.metrics[accuracy].best


def test_what_is_recorded_can_be_read(runs: Path) -> None:
    for view in views(runs, *KINDS):
        assert [problem for problem in view.load().problems if problem.severity == "error"] == []


def test_the_commit_of_each_run_is_in_the_history(runs: Path, history: Path) -> None:
    commits = {view.git.commit for view in views(runs, *KINDS) if view.git}
    assert commits
    assert None not in commits
    for commit in commits:
        words = ["git", "merge-base", "--is-ancestor", str(commit), "HEAD"]
        assert subprocess.run(words, cwd=history).returncode == 0, f"{commit} was squashed away"


def test_no_run_names_a_person_or_a_machine(runs: Path, repository: Path) -> None:
    here = [str(Path.home()), str(repository)]
    here += [name for name in (socket.gethostname(),) if len(name) > 5]
    words = re.compile("|".join(map(re.escape, here)).encode())
    for path in runs.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found = ABSOLUTE.search(content) or words.search(content)
            assert found is None, f"{path.relative_to(runs)}: {found}"


def test_absolute_paths_would_be_found() -> None:
    for text in (b"remote: /work/x", b'"/home/ann/data"', b"File /usr/lib/python3", b"=/tmp/a"):
        assert ABSOLUTE.search(text), text
    for text in (b"#!/bin/sh", b"https://example.org/home/x", b"~/tmp/x", b"a/usr/lib", b"</etc/"):
        assert not ABSOLUTE.search(text), text


def test_they_stay_small(runs: Path) -> None:
    files = [path for path in runs.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= MEGABYTES * 10**6
    for view in views(runs, *(KINDS.keys() - {"plain"})):
        assert len(view.below(layout.FIGURES)) <= 2
        assert len(view.checkpoints) <= 3


def test_the_best_model_is_kept_without_its_optimizer(runs: Path) -> None:
    for view in views(runs, "golden"):
        kept = {
            Path(path).name.split("_")[0]: b"optimizer_state_dict" in pickled(view.folder / path)
            for path in view.checkpoints
        }
        assert kept == {"checkpoint": True, "best": False}


def pickled(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
        return archive.read(name)


def test_golden_runs_differ_by_their_seed_alone(runs: Path) -> None:
    golden = views(runs, "golden")
    seeds = {view.flat_config["seed"] for view in golden}
    assert len(seeds) == KINDS["golden"]
    assert len({repr({**view.flat_config, "seed": None}) for view in golden}) == 1
    for view in golden:
        assert view.state == "finished"
        assert view.git is not None
        assert (view.git.dirty, view.git.dirty_end) == (False, False)
        assert view.exists(layout.MANIFEST)
        assert view.exists(layout.REPRODUCE)


def test_numbers_are_pinned(runs: Path) -> None:
    for view in views(runs, *(KINDS.keys() - {"plain"})):
        recorded = (view.environment and view.environment.variables) or {}
        assert {name: recorded.get(name) for name in PINNED} == PINNED


def test_the_golden_setting_is_the_best_of_the_sweep(runs: Path) -> None:
    means: dict[tuple[object, object], list[float]] = {}
    for view in views(runs, "lr-width"):
        setting = (view.flat_config["training.lr"], view.flat_config["model.width"])
        best = view.summary.metrics["val/accuracy"].best
        means.setdefault(setting, []).append(float(best or 0))
    assert {len(values) for values in means.values()} == {3}
    chosen = views(runs, "golden")[0].flat_config
    best_setting = max(means, key=lambda setting: math.fsum(means[setting]))
    assert (chosen["training.lr"], chosen["model.width"]) == best_setting


def test_each_bad_run_is_bad_in_its_own_way(runs: Path) -> None:
    diverged, killed = the_one(runs, "diverged"), the_one(runs, "killed")
    assert any(math.isnan(value) for value in diverged.series["train/loss"].values)
    assert diverged.state == "finished"

    assert killed.state == "ended without closing"
    assert not killed.exists(layout.MANIFEST)
    assert len(killed.series["train/loss"]) > 100

    uncommitted = the_one(runs, "uncommitted")
    assert uncommitted.git is not None
    assert uncommitted.git.dirty is True
    assert uncommitted.git.untracked == ["example_runs/augment.py"]
    assert b"+++ b/example_runs/augment.py" in (uncommitted.bytes(layout.PATCH) or b"")
    assert uncommitted.flat_config["data.augment"] is True

    plain = the_one(runs, "plain")
    assert plain.format == "tracker"
    assert len(plain.series["val/accuracy"]) == 5


def test_scripts_say_what_the_documents_say(runs: Path) -> None:
    """Whatever version wrote a script, its facts can still be read and are those of the run."""
    for view in views(runs, *(KINDS.keys() - {"plain", "killed"})):
        said = parse_script(view.text(layout.REPRODUCE) or "")
        assert view.git is not None
        assert view.run.command is not None
        assert (said.commit, said.tree) == (view.git.commit, view.git.tree)
        assert list(said.argv) == view.run.command.argv
        assert said.seeds["torch"] == view.flat_config["seed"]
        assert said.variables["OMP_NUM_THREADS"] == "1"
        assert said.obstacles == ()
        assert said.requirements.own == ("reportgen-runs",)


def test_one_network_is_an_mlp_and_one_a_cnn(runs: Path) -> None:
    models = {view.flat_config["model.name"] for view in views(runs, *KINDS)}
    assert models == {"mlp", "cnn"}


@pytest.mark.parametrize("group", ["golden", "lr-width", "diverged", "uncommitted"])
def test_splits_and_predictions_agree(runs: Path, group: str) -> None:
    for view in views(runs, group):
        assert view.data is not None
        count = view.data.splits["val"]["count"]
        rows = (view.text("predictions/val.csv") or "").splitlines()
        assert len(rows) == count + 1
