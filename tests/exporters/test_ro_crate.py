"""Runs as crates: what the standard's own library reads, from documents alone."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from rocrate.rocrate import ROCrate

from reportgen.errors import UsageError
from reportgen.exporters import EXPORTERS, by_name
from reportgen.exporters.ro_crate import CrateFile, RoCrate, crate_metadata
from reportgen.fs.documents import dump_yaml
from reportgen.runs.view import RunView


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "first run"
    (folder / "figures").mkdir(parents=True)
    documents: dict[str, Any] = {
        "run.yaml": {
            "schema": "reportgen.run/1",
            "id": "ID1",
            "name": "first",
            "status": "failed",
            "created": "2026-11-23T10:15:00.123Z",
            "ended": "2026-11-23T10:19:31.004Z",
            "stopped_early": "ValueError",
            "command": {"argv": ["train.py", "--note", "a b"], "cwd": "."},
        },
        "config.yaml": {"model": {"width": 64}, "lr": 0.1, "words": ["a"]},
        "git_info.yaml": {"commit": "0" * 40, "remote": "https://example.org/a.git"},
        "environment.yaml": {"python": "3.11.7", "variables": {"OMP_NUM_THREADS": "1", "X": None}},
        "data.yaml": {"inputs": [{"name": "d", "path": "d.csv", "sha256": "1" * 64, "bytes": 3}]},
    }
    for name, document in documents.items():
        (folder / name).write_text(dump_yaml(document))
    lines = [{"step": 0, "time": 1.0, "metrics": {"val/loss": 0.5, "odd": "NaN"}}]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "figures" / "a b\u00e9#1.png").write_bytes(b"\x89PNG")
    return folder


def graph(data: bytes) -> dict[str, dict[str, Any]]:
    return {one["@id"]: one for one in json.loads(data)["@graph"]}


def test_the_library_reads_what_was_exported(run: Path, tmp_path: Path) -> None:
    written = RoCrate().export([RunView(run)], tmp_path / "out")
    crate = ROCrate(tmp_path / "out" / "first")
    assert {path.relative_to(tmp_path / "out" / "first").as_posix() for path in written} == {
        "ro-crate-metadata.json",
        *(f"run/{p.relative_to(run).as_posix()}" for p in run.rglob("*") if p.is_file()),
    }
    figure = crate.get("run/figures/a%20b%C3%A9%231.png")
    assert figure is not None
    assert figure["sha256"] == sha256(b"\x89PNG").hexdigest()
    assert (tmp_path / "out" / "first" / "run" / "figures" / "a b\u00e9#1.png").exists()
    action = crate.get("#run")
    assert action is not None
    assert action["instrument"]["version"] == "0" * 40
    assert action["actionStatus"] == "http://schema.org/FailedActionStatus"


def test_the_same_run_gives_the_same_document(run: Path) -> None:
    files = [CrateFile("run/metrics.jsonl", 1, "0" * 64)]
    documents = {crate_metadata(RunView(run), files, folder="run") for _ in range(3)}
    assert len(documents) == 1


def test_runs_of_one_name_get_a_crate_each(run: Path, tmp_path: Path) -> None:
    others = []
    for identifier in ("ID2", "ID2"):
        others.append(tmp_path / f"other-{len(others)}" / "run")
        copytree(run, others[-1])
        document = others[-1] / "run.yaml"
        document.write_text(document.read_text().replace("ID1", identifier))
    out = tmp_path / "out"
    views = [RunView(folder) for folder in (run, *others)]
    written = RoCrate().export(views, out)
    assert {one.name for one in out.iterdir()} == {"first", "first-ID2", "first-ID2-2"}
    assert len(written) == len(set(written)) == sum(one.is_file() for one in out.rglob("*"))
    assert "ID2" in (out / "first-ID2" / "run" / "run.yaml").read_text()


def test_settings_values_and_inputs_are_said(run: Path) -> None:
    files = [CrateFile("run/metrics.jsonl", 1, "0" * 64), CrateFile("README.md", 1, "0" * 64)]
    found = graph(crate_metadata(RunView(run), files, folder="run"))
    action = found["#run"]
    said = {found[one["@id"]].get("name") for one in action["object"]}
    assert said == {"d", "lr", "model.width", "words"}
    results = {one["@id"] for one in action["result"]}
    assert "run/metrics.jsonl" in results
    assert "README.md" not in results
    assert {found[one]["name"]: found[one].get("value") for one in results if one[0] == "#"} == {
        "odd": "NaN",
        "val/loss": 0.5,
    }
    assert [found[one["@id"]]["name"] for one in action["environment"]] == ["OMP_NUM_THREADS"]
    assert action["error"] == "ValueError"
    assert found["./"]["license"] == {"@id": "#license"}


def test_every_reference_leads_somewhere(run: Path) -> None:
    files = [CrateFile(f"run/{n}", 1, "0" * 64) for n in range(3)]
    for code, license_id in ((None, None), ("run/1", "Apache-2.0"), (None, "odd license")):
        data = crate_metadata(RunView(run), files, folder="run", code=code, license_id=license_id)
        found = graph(data)
        outside = {"https://w3id.org/ro/crate/1.2", "http://schema.org/FailedActionStatus"}
        for entity in found.values():
            for value in entity.values():
                for one in value if isinstance(value, list) else [value]:
                    if isinstance(one, dict):
                        assert one["@id"] in found or one["@id"] in outside


def test_exporters_are_found_by_name() -> None:
    assert [by_name(one.name) for one in EXPORTERS] == list(EXPORTERS)
    with pytest.raises(UsageError, match="ro-crate"):
        by_name("zip")
