"""The recipes of environments around a run, and its results as a table."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import yaml

from reportgen.reproduce.bundle_extras import conda_environment, dockerfile, results_csv
from reportgen.runs.view import RunView
from reportgen.script.facts import ScriptFacts
from reportgen.script.requirements import read_requirements

REQUIREMENTS = (
    "torch==2.13.0+cpu  # index\nnumpy==2.4.6  # conda\npip==26.0  # conda\n"
    "mine==1  # this repository\ntool @ https://example.org/tool.zip  # index\n"
)
FACTS = ScriptFacts(python="3.11.7", requirements=read_requirements(REQUIREMENTS))


def test_conda_gets_its_own_and_pip_the_others() -> None:
    document = yaml.safe_load(conda_environment(FACTS, REQUIREMENTS))
    assert document["dependencies"] == [
        "python=3.11.7",
        "numpy=2.4.6",
        "git",
        "pip",
        {"pip": ["torch==2.13.0", "tool @ https://example.org/tool.zip"]},
    ]


def test_without_packages_there_is_no_list_of_pip() -> None:
    document = yaml.safe_load(conda_environment(ScriptFacts(), ""))
    assert document["dependencies"] == ["python", "git", "pip"]


def test_an_image_installs_what_was_recorded() -> None:
    lines = dockerfile(FACTS, wheels=False).splitlines()
    assert "FROM python:3.11.7-slim" in lines
    (install,) = [line for line in lines if "pip install" in line]
    assert install.endswith(
        "'torch==2.13.0' 'numpy==2.4.6' 'pip==26.0' 'tool @ https://example.org/tool.zip'"
    )
    assert "mine" not in install
    assert lines[-1] == 'ENTRYPOINT ["sh", "/bundle/run/reproduce.sh"]'


def test_with_wheels_it_asks_no_index() -> None:
    lines = dockerfile(FACTS, wheels=True).splitlines()
    (install,) = [line for line in lines if "pip install" in line]
    assert "--no-index --find-links /bundle/wheels" in install
    assert install.endswith("'pip==26.0' 'tool'")
    assert lines.index("COPY wheels /bundle/wheels") < lines.index(install)


def test_an_image_without_packages_installs_none() -> None:
    assert "pip install" not in dockerfile(ScriptFacts(), wheels=False)


def test_the_table_holds_what_was_logged_and_no_formula(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(
        "schema: reportgen.run/1\nid: A\nname: a\nstatus: finished\n"
        "created: '2026-11-23T10:15:00.123Z'\n"
    )
    names = {"=cmd()": 1.0, 'a,"b': 0.1 + 0.2, "loss": "NaN", "@x": 2, "n": 10**16 + 1}
    line = {"step": 3, "time": 1.0, "metrics": names}
    (tmp_path / "metrics.jsonl").write_text(json.dumps(line) + "\n")
    data = results_csv(RunView(tmp_path))
    rows = {row["metric"]: row for row in csv.DictReader(data.decode().splitlines())}
    assert list(rows) == ["'=cmd()", "'@x", 'a,"b', "loss", "n"]
    assert rows['a,"b']["last"] == "0.30000000000000004"
    assert (rows["loss"]["last"], rows["loss"]["goal"], rows["loss"]["best"]) == (
        "NaN",
        "minimize",
        "",
    )
    assert rows["'@x"]["last_step"] == "3"
    assert b"\r" not in data
