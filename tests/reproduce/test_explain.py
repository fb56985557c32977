"""One factor set back at a time: what it names as the cause is the cause."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from reproduce.projects import Project
from reproduce.test_environment import wheel

from reportgen.reproduce.attempt import Attempt, reproduce
from reportgen.reproduce.differences import Divergence
from reportgen.reproduce.explain import explain, swaps_of
from reportgen.reproduce.plan import Plan, Request, make_plan
from reportgen.reproduce.workplace import Workplace
from reportgen.runs.view import RunView


def item(key: str, recorded: object, weight: str = "may change the result") -> Divergence:
    return Divergence(factor="environment", key=key, recorded=recorded, replayed="x", weight=weight)


def test_threads_and_kernels_come_before_packages() -> None:
    found = list(
        swaps_of(
            [
                item("packages.numpy", "2.0"),
                item("packages.rich", "1.0", "unlikely"),
                item("hardware.cpu", "a"),
                item("variables.MKL_CBWR", None),
                item("determinism.threads", 3),
            ]
        )
    )
    assert [swap.name for swap in found] == [
        "all threads and variables as recorded",
        "MKL_CBWR as recorded",
        "3 threads as recorded",
        "numpy 2.0",
        "default kernels",
        "avx2 kernels",
        "avx512 kernels",
    ]
    assert found[1].variables == {"MKL_CBWR": None}
    assert found[2].variables["OMP_NUM_THREADS"] == "3"
    assert found[0].variables == {**found[1].variables, **found[2].variables}
    assert found[3].requirement == "numpy==2.0"


@pytest.mark.parametrize(
    ("key", "version"),
    [("packages.--index-url=https://evil.example/", "1"), ("packages.numpy", "1 --pre")],
)
def test_nothing_but_names_and_versions_reaches_an_installer(key: str, version: str) -> None:
    assert list(swaps_of([item(key, version)])) == []


def test_a_package_is_set_back(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    for tool in ("PIP", "UV"):
        monkeypatch.setenv(f"{tool}_NO_INDEX", "1")
        monkeypatch.setenv(f"{tool}_FIND_LINKS", str(tmp_path / "wheels"))
    for version in ("1.2", "1.3"):
        wheel(tmp_path / "wheels", "timm", version)
    text = project.top.joinpath("train.py").read_text()
    used = text.replace("error * error", "error * error * float(timm.VERSION)")
    project.write("train.py", f"import timm\n{used}")
    project.commit()
    then, now = (environment(tmp_path, version) for version in ("1.2", "1.3"))
    recorded = project.train("--steps", "20", PYTHONPATH=str(then))
    monkeypatch.setenv("PYTHONPATH", str(now))
    planned = make_plan(recorded, Request(steps=10, environment="current"))
    assert explained(planned, 600.0).explained == [
        "run twice, the replay gives the same values",
        "with timm 1.2: identical, so here is the cause",
    ]


def environment(tmp_path: Path, version: str) -> Path:
    """A folder of packages that holds one version."""
    folder = tmp_path / version
    place = tmp_path / "wheels" / f"timm-{version}-py3-none-any.whl"
    with zipfile.ZipFile(place) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def plan(project: Project) -> Plan:
    """A run whose values follow OMP_NUM_THREADS and MKL_CBWR, to be replayed with other threads."""
    text = project.top.joinpath("train.py").read_text()
    by = "float(os.environ.get('OMP_NUM_THREADS', 1)) + len(os.environ.get('MKL_CBWR', ''))"
    project.write("train.py", "import os\n" + text.replace("error * error", f"error * ({by})"))
    project.commit()
    recorded = project.train("--steps", "20", OMP_NUM_THREADS="3", MKL_CBWR="AUTO")
    planned = make_plan(RunView(recorded.folder), Request(steps=10, environment="current"))
    facts = planned.facts
    other = replace(facts, variables={**facts.variables, "OMP_NUM_THREADS": "2"})
    return replace(planned, facts=other)


def explained(plan: Plan, budget: float) -> Attempt:
    def explainer(attempt: Attempt, workplace: Workplace) -> None:
        explain(attempt, workplace, budget, lambda line: None)

    return reproduce(plan, explain=explainer)


def test_the_factor_that_was_changed_is_found(plan: Plan) -> None:
    attempt = explained(plan, 600.0)
    assert attempt.verdict == "other-environment"
    assert attempt.explained == [
        "run twice, the replay gives the same values",
        "with OMP_NUM_THREADS as recorded: identical, so here is the cause",
    ]


def test_the_budget_is_kept_to_and_said(plan: Plan) -> None:
    attempt = explained(plan, 1e-9)
    assert attempt.explained[1:] == ["1 more factors were left out: the budget of 1e-09 s was used"]


def test_chance_is_told_from_causes(project: Project) -> None:
    text = project.top.joinpath("train.py").read_text()
    text = text.replace("error * error", "error * os.getpid()")
    project.write("train.py", f"import os\n{text}")
    project.commit()
    recorded = project.train("--steps", "20")
    plan = make_plan(RunView(Path(recorded.folder)), Request(steps=5, environment="current"))
    (said,) = explained(plan, 600.0).explained
    assert "left to chance" in said
