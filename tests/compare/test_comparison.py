"""Whole comparisons of whole runs: causes in their order, cautions, and what differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from reportgen.compare import Comparison, compare_runs, facts_of, only_differences
from reportgen.compare.document import comparison_document
from reportgen.runs.view import RunView
from reportgen.testing import ABSENT, make_run


def compared(tmp_path: Path, tolerance: float = 0.0, **changes: Any) -> Comparison:
    one = make_run(tmp_path / "a", "one")
    other = make_run(tmp_path / "b", "other", **changes)
    views = [RunView(folder) for folder in (one, other)]
    return compare_runs([facts_of(view) for view in views], tolerance=tolerance)


def factors(comparison: Comparison) -> list[tuple[str, str]]:
    return [(cause.factor, cause.weight) for cause in comparison.causes]


def subjects(comparison: Comparison) -> set[tuple[str, bool]]:
    return {(caution.about, caution.certain) for caution in comparison.cautions}


def test_a_run_and_its_twin_differ_in_nothing(tmp_path: Path) -> None:
    found = compared(tmp_path)
    assert found.differing_sections() == []
    assert found.causes == ()
    assert found.cautions == ()
    less = only_differences(found)
    assert (less.config, less.environment, less.metrics) == ((), (), ())
    assert found.config
    assert found.metrics


def test_another_seed(tmp_path: Path) -> None:
    found = compared(tmp_path, seed=8)
    assert factors(found)[0][0] == "seed"
    assert "seeds" in found.differing_sections()
    assert found.cautions == ()


def test_the_likeliest_cause_comes_first(tmp_path: Path) -> None:
    found = compared(
        tmp_path,
        seed=8,
        config={"lr": 0.2},
        environment={"packages": {"numpy": "1.0.0"}},
        git={"tree": "0" * 40},
        captured={"modules": {"local": {"train.py": "0" * 64}}},
    )
    assert [factor for factor, _ in factors(found)] == ["code", "config", "environment", "seed"]
    assert found.causes[0].differences[0].key == "loaded.train.py"


def test_a_key_that_nobody_read_is_an_unlikely_cause(tmp_path: Path) -> None:
    found = compared(tmp_path, config={"remark": "x"})
    assert factors(found) == [("config", "unlikely")]


def test_code_of_which_nothing_loaded_differs_is_an_unlikely_cause(tmp_path: Path) -> None:
    found = compared(tmp_path, git={"tree": "0" * 40})
    assert factors(found) == [("code", "unlikely")]
    assert found.differing_sections() == ["code"]


def test_packages_that_do_not_compute_are_an_unlikely_cause(tmp_path: Path) -> None:
    found = compared(tmp_path, environment={"packages": {"rich": "1.0"}})
    assert factors(found) == [("environment", "unlikely")]


def test_other_data_is_not_comparable(tmp_path: Path) -> None:
    golden = RunView(make_run(tmp_path / "c")).data
    assert golden is not None
    (one,) = golden.inputs
    changed = {"name": one.name, "path": one.path, "sha256": "0" * 64}
    found = compared(tmp_path, data={"inputs": [changed]})
    assert ("data", True) in subjects(found)
    assert factors(found)[0] == ("data", "changes the computation")


def test_another_split_and_another_definition_are_not_comparable(tmp_path: Path) -> None:
    found = compared(
        tmp_path,
        data={"splits": {"val": {"ids_sha256": "0" * 64}}},
        definitions={"metrics": {"val/accuracy": {"aggregation": "median"}}},
    )
    assert {("split", True), ("metric", True)} <= subjects(found)


def test_what_was_not_recorded_is_said_and_is_no_difference(tmp_path: Path) -> None:
    found = compared(tmp_path, data=None, environment=None, git=None)
    assert ("data", False) in subjects(found)
    assert not {"data", "environment", "code"} & set(found.differing_sections())
    assert factors(found) == []


def test_a_run_that_did_not_finish_is_a_caution(tmp_path: Path) -> None:
    assert ("state", True) in subjects(compared(tmp_path, run={"status": "failed"}))


def test_a_key_that_is_gone_is_a_difference(tmp_path: Path) -> None:
    found = compared(tmp_path, config={"lr": ABSENT})
    (one,) = only_differences(found).config
    assert (one.key, one.missing, one.state) == ("lr", {1: "absent"}, "differs")


@pytest.mark.parametrize("value", [float("nan"), 10**30, "x", None, [1, float("inf")]])
def test_the_document_is_strict_json(tmp_path: Path, value: Any) -> None:
    found = compared(tmp_path, config={"odd": value})
    document = comparison_document(found, ["a", "b"], found.differing_sections())
    assert document["schema"] == "reportgen.compare/1"
    assert [run["path"] for run in document["runs"]] == ["a", "b"]
    if not isinstance(value, int):
        assert orjson.loads(orjson.dumps(document)) == document
