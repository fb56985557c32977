"""What differs between then and now, as far as it says something of a replay."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reportgen.fs.documents import dump_yaml, load_yaml
from reportgen.reproduce.differences import differences_between, is_other_environment
from reportgen.runs.view import RunView


def changed(run: RunView, to: Path, **parts: dict[str, object]) -> RunView:
    """A copy of a run whose environment.yaml says something else."""
    shutil.copytree(run.folder, to)
    place = to / "environment.yaml"
    document = load_yaml(place.read_bytes(), name="e")
    for part, values in parts.items():
        document[part] = {**(document[part] or {}), **values}
    place.write_text(dump_yaml(document))
    return RunView(to)


def test_a_run_differs_in_nothing_from_itself(recorded: RunView, tmp_path: Path) -> None:
    assert differences_between(recorded, changed(recorded, tmp_path / "same")) == []


@pytest.mark.parametrize(
    ("part", "values", "key"),
    [
        ("python", {"version": "3.99.0"}, "python.version"),
        ("variables", {"OMP_NUM_THREADS": "64"}, "variables.OMP_NUM_THREADS"),
        ("hardware", {"cpu": "another"}, "hardware.cpu"),
        ("packages", {"numpy": "0.1"}, "packages.numpy"),
    ],
)
def test_what_computes_makes_another_environment(
    part: str, values: dict[str, object], key: str, recorded: RunView, tmp_path: Path
) -> None:
    before = recorded
    if part == "packages":
        before = changed(recorded, tmp_path / "before", packages={"numpy": "2.0"})
    found = differences_between(before, changed(before, tmp_path / "now", **{part: values}))
    assert [item.key for item in found] == [key]
    assert is_other_environment(found)
    assert found[0].line.startswith(f"environment: {key} was ")


def test_what_does_not_compute_makes_none(recorded: RunView, tmp_path: Path) -> None:
    before = changed(recorded, tmp_path / "before", packages={"rich": "1.0", "mine": "1.0"})
    now = changed(
        before, tmp_path / "now", os={"release": "9.9"}, packages={"rich": "2.0", "mine": "2.0"}
    )
    found = differences_between(before, now, own=["mine"])
    assert {item.key for item in found} == {"os.release", "packages.rich"}
    assert not is_other_environment(found)


def test_a_package_that_was_not_loaded_yet_is_no_difference(
    recorded: RunView, tmp_path: Path
) -> None:
    before = changed(recorded, tmp_path / "before", packages={"numpy": "2.0"})
    assert differences_between(before, recorded) == []


def test_the_likeliest_cause_comes_first(recorded: RunView, tmp_path: Path) -> None:
    now = changed(recorded, tmp_path / "now", os={"release": "9.9"}, variables={"MKL_CBWR": "AVX2"})
    place = now.folder / "config.yaml"
    place.write_text(place.read_text().replace("0.05", "0.0501"))
    keys = [item.key for item in differences_between(recorded, RunView(now.folder))]
    assert keys == ["lr", "variables.MKL_CBWR", "os.release"]
