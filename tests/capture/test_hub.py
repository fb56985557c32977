"""The revision of what the hub's client fetched, by the name of its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.capture.data import capture_input
from reportgen.capture.hub import hub_version

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_a_snapshot_is_its_commit(tmp_path: Path) -> None:
    snapshot = tmp_path / "hub" / "datasets--ylecun--mnist" / "snapshots" / COMMIT
    blobs = tmp_path / "hub" / "datasets--ylecun--mnist" / "blobs"
    for folder in (snapshot / "mnist", blobs):
        folder.mkdir(parents=True)
    (blobs / "aa").write_bytes(b"x")
    (snapshot / "mnist" / "train.bin").symlink_to(blobs / "aa")
    found, reason = capture_input(snapshot / "mnist" / "train.bin", top=None)
    assert reason is None
    assert found.version == {
        "kind": "hf",
        "repository": "ylecun/mnist",
        "type": "dataset",
        "commit": COMMIT,
        "file": "mnist/train.bin",
    }
    assert (hub_version(snapshot) or {}).keys() == {"kind", "repository", "type", "commit"}


@pytest.mark.parametrize(
    "path",
    [
        f"/c/datasets--a--b/snapshots/{COMMIT[:-1]}/x",
        f"/c/datasets--a--b/blobs/{COMMIT}",
        f"/c/other--a--b/snapshots/{COMMIT}/x",
        "/c/data/x.csv",
    ],
)
def test_other_paths_have_none(path: str) -> None:
    assert hub_version(Path(path)) is None


def test_a_repository_without_owner(tmp_path: Path) -> None:
    found = hub_version(Path(f"/c/models--gpt2/snapshots/{COMMIT}/config.json"))
    assert found is not None
    assert (found["repository"], found["type"]) == ("gpt2", "model")
