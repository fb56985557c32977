from __future__ import annotations

import pytest

from reportgen.importers.tensorboard_folders import (
    jobs_of,
    series_name,
    without_host,
    writer_of,
)

A = "events.out.tfevents.1.host.10.0"
A2 = "events.out.tfevents.2.host.10.1"
B = "events.out.tfevents.3.host.11.0"


def tops(folders: dict[str, list[str]], **options: bool) -> dict[str, list[str]]:
    return {job.top: list(job.folders) for job in jobs_of(folders, **options)}


def test_each_folder_is_a_run_where_nothing_says_otherwise() -> None:
    assert tops({"a": [A], "b": [B], "c/d": [A2]}) == {"a": ["a"], "b": ["b"], "c/d": ["c/d"]}


def test_the_same_process_below_is_the_same_job() -> None:
    folders = {"a": [A], "a/loss_train": [A2], "a/other": [B]}
    assert tops(folders) == {"a": ["a", "a/loss_train"], "a/other": ["a/other"]}
    assert len(tops(folders, every_folder=True)) == 3


def test_splits_are_one_job() -> None:
    assert tops({"r/train": [A], "r/validation": [B]}) == {"r": ["r/train", "r/validation"]}
    assert tops({"train": [A], "validation": [B]}) == {"": ["train", "validation"]}
    assert tops({"r/train": [A], "q/train": [B]}) == {"q": ["q/train"], "r": ["r/train"]}
    assert tops({"train": [A], "baseline": [B]}) == {"train": ["train"], "baseline": ["baseline"]}
    assert tops({"r": [A], "r/eval": [B]}) == {"r": ["r", "r/eval"]}


def test_one_session_belongs_to_its_run_and_several_are_trials() -> None:
    assert tops({"r": [A], "r/1700000000.12": [A2]}) == {"r": ["r", "r/1700000000.12"]}
    several = {"r": [A], "r/1700000000.1": [A2], "r/1700000001.2": [A2]}
    assert len(tops(several)) == 3


@pytest.mark.parametrize(
    ("top", "folder", "tag", "name"),
    [
        ("r", "r", "loss", "loss"),
        ("r", "r/train", "epoch_loss", "train/epoch_loss"),
        ("", "train", "epoch_loss", "train/epoch_loss"),
        ("r", "r/loss_val", "loss", "loss/val"),
        ("r", "r/both_losses_val", "both/losses", "both/losses/val"),
        ("r", "r/loss/val", "loss", "loss/val"),
        ("r", "r/1700000000.12", "acc", "acc"),
    ],
)
def test_names(top: str, folder: str, tag: str, name: str) -> None:
    assert series_name(top, folder, tag) == name


@pytest.mark.parametrize(
    ("name", "shown", "writer"),
    [
        (A, "events.out.tfevents.1.host.10.0", "host.10"),
        (
            "events.out.tfevents.1622.my-mac.lan.86862.4",
            "events.out.tfevents.1622.host.86862.4",
            "my-mac.lan.86862",
        ),
        ("events.out.tfevents.5.h.7.1.v2", "events.out.tfevents.5.host.7.1.v2", "h.7"),
        ("events.out.tfevents.1585769947.cvp", "events.out.tfevents.1585769947.host", None),
        ("events.out.tfevents", "events.out.tfevents", None),
    ],
)
def test_hosts_in_names(name: str, shown: str, writer: str | None) -> None:
    assert without_host(name) == shown
    assert writer_of(name) == writer
