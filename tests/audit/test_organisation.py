"""Advice on names, places, tags and notes, and facts that no check fails for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen.audit.organisation import advice_of, facts_of
from reportgen.audit.runner import audit_runs
from reportgen.runs.view import RunView
from reportgen.testing import ABSENT, make_repository, make_run


def advice(folder: Path) -> dict[str, str]:
    return {one.topic: one.message for one in advice_of(RunView(folder))}


def test_a_well_organised_run_gets_none(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    assert advice(run) == {}
    assert facts_of(RunView(run)) == ()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("test", "a name that every run could have"),
        ("model_v2", "a name that every run could have"),
        ("test_again_actually_final", "a name that every run could have"),
        ("golden", "a name without the model ('mlp'), the dataset ('digits') and the time"),
        ("MLP_Digits_lr0.1", "a name without the time"),
        ("digits_20260102-030405_lr0.1", "a name without the model ('mlp')"),
        ("mlp_digits_20260102-030405", "a name without what was varied"),
        ("mlp_digits_2026-01-02T0304_lr0.1", None),
    ],
)
def test_names(tmp_path: Path, name: str, says: str | None) -> None:
    assert advice(make_run(tmp_path, name)).get("name") == says


def test_a_model_and_a_dataset_of_one_word_each_need_their_own(tmp_path: Path) -> None:
    run = make_run(tmp_path, "vit_20260102_a", config={"model": "vit", "dataset": "vit"})
    assert advice(run)["name"] == "a name without the dataset ('vit')"


def test_a_configuration_that_names_neither_asks_for_neither(tmp_path: Path) -> None:
    run = make_run(tmp_path, "wide_20260102", config={"model": 3, "dataset": None})
    assert "name" not in advice(run)


def test_place_tags_and_note(tmp_path: Path) -> None:
    nothing: dict[str, Any] = {"tags": ABSENT, "notes": " "}
    run = make_run(tmp_path, project=None, group=None, run=nothing)
    assert advice(run) == {
        "project": "no project",
        "group": "no group",
        "tags": "no tags",
        "notes": "no note says why it was made",
    }
    (run / "labels.yaml").write_text("group: sweep\ntags: {goal: width}\nnotes: because\n")
    assert advice(run) == {"project": "no project"}


def test_a_plain_tracker_folder_is_asked_for_its_name_alone(tmp_path: Path) -> None:
    run = tmp_path / "final"
    run.mkdir()
    (run / "config.yaml").write_text("lr: 0.1\n")
    (run / "training.log").write_text("Step 0: {'train/loss': 1.0}\n")
    assert advice(run) == {"name": "a name that every run could have"}
    assert facts_of(RunView(run)) == ("plain tracker layout, no run.yaml",)


def test_advice_costs_no_score_and_fails_no_gate(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    make_run(lab / "runs", "final", repository=lab, run={"tags": ABSENT, "notes": None})
    make_run(lab / "runs", repository=lab)
    advised, plain = sorted(audit_runs([lab / "runs"]).runs, key=lambda run: run.name)
    assert {one.topic for one in advised.advice} == {"name", "tags", "notes"}
    assert plain.advice == ()
    assert (advised.score, advised.level, advised.passed) == (plain.score, plain.level, True)


def test_uncommitted_work_names_its_files(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    (lab / "augment.py").write_text("FLIP = True\n")
    (lab / "train.py").write_text("print(1)\n")
    (lab / "configs" / "mlp.yaml").write_text("lr: 0.2\n")
    run = make_run(lab / "runs", repository=lab)
    assert facts_of(RunView(run)) == ("uncommitted work: augment.py and 2 more, kept in the patch",)
    (run / "git_diff.patch").unlink()
    assert facts_of(RunView(run)) == ("uncommitted work, not kept",)


def test_uncommitted_work_that_was_too_large(tmp_path: Path) -> None:
    left: dict[str, Any] = {"dirty": True, "left_out": [{"path": "big.bin", "bytes": 9}]}
    run = make_run(tmp_path, git=left)
    assert facts_of(RunView(run)) == ("uncommitted work, 1 file left out",)


def test_work_that_changed_during_the_run_is_uncommitted_too(tmp_path: Path) -> None:
    run = make_run(tmp_path, git={"dirty_end": True})
    assert facts_of(RunView(run)) == ("uncommitted work, not kept",)


def test_attempts_ranks_and_archived_runs(tmp_path: Path) -> None:
    run = make_run(tmp_path, run={"attempt": 3, "ranks": 2})
    (run / "labels.yaml").write_text("archived: true\n")
    assert facts_of(RunView(run)) == ("3 attempts", "2 ranks", "archived")
