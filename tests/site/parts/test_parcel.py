"""The one download, tables, histograms and the data of the proof."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from pathlib import Path

from reportgen.runs.view import RunView
from reportgen.site.model import record_of
from reportgen.site.parts.histograms import histograms_of
from reportgen.site.parts.parcel import parcel_of
from reportgen.site.parts.proof import proof_file
from reportgen.site.parts.tables import ROWS, tables_of
from reportgen.testing import make_run


def test_the_archive_holds_script_patch_packages_and_configuration(tmp_path: Path) -> None:
    files = {
        "reproduce.sh": "#!/bin/sh\n",
        "git_diff.patch": "diff\n",
        "requirements.txt": "numpy==2.4.6\n",
        "config/configs/mlp.yaml": "lr: 0.1\n",
    }
    view = RunView(make_run(tmp_path, config={"lr": 0.1}, files=files))
    found = parcel_of(view)
    assert found is not None
    data, names = found
    assert parcel_of(RunView(view.folder)) == found
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert tuple(archive.namelist()) == names
        assert {*files, "config.yaml"} <= set(names)
        for place in names:
            assert archive.read(place) == (view.folder / place).read_bytes()
        assert archive.getinfo("reproduce.sh").external_attr >> 16 == 0o755


def test_a_run_without_a_script_has_no_archive(tmp_path: Path) -> None:
    assert parcel_of(RunView(make_run(tmp_path, files={"reproduce.sh": None}))) is None


def test_a_table_is_shown_by_its_first_rows(tmp_path: Path) -> None:
    text = "a,b\n" + "".join(f"{i},=x\n" for i in range(ROWS + 9))
    files = {"tables/worst.csv": text, "tables/broken.csv": b'"' + b"x" * 200_000}
    broken, table = tables_of(RunView(make_run(tmp_path, files=files)))
    assert (table.name, table.head, len(table.rows), table.more) == (
        "worst",
        ("a", "b"),
        ROWS,
        True,
    )
    assert table.rows[3] == ("3", "=x")
    assert broken.problem.startswith("no table")


def test_histograms_become_bins_over_steps(tmp_path: Path) -> None:
    def line(step: int, counts: list[int]) -> str:
        one = {"low": -1.0, "high": 1.0, "counts": counts, "count": sum(counts)}
        return json.dumps({"step": step, "histograms": {"w": one}}) + "\n"

    text = line(0, [1, 3]) + line(10, [2, 2]) + "torn"
    (found,) = histograms_of(RunView(make_run(tmp_path, files={"histograms.jsonl": text})))
    rows = json.loads(found.rows)
    assert [(r["x"], r["x2"], r["low"], r["high"], r["share"]) for r in rows] == [
        (0, 10, -1.0, 0.0, 0.333),
        (0, 10, 0.0, 1.0, 1.0),
        (10, 20, -1.0, 0.0, 1.0),
        (10, 20, 0.0, 1.0, 1.0),
    ]
    assert "2 steps" in found.summary


def test_the_proof_carries_the_files_that_the_seal_names(tmp_path: Path) -> None:
    view = RunView(make_run(tmp_path))
    file = proof_file(record_of(view, "run", judged=None, goals={}))
    assert file is not None
    document = json.loads("[" + file.data.decode()[len("reportgen.put(") : -3] + "]")[1]
    seal = json.loads(base64.b64decode(document["manifest"]))
    recorded = {entry["path"]: entry["sha256"] for entry in seal["files"]}
    assert {"run.yaml", "metrics.jsonl"} <= document["files"].keys()
    for place, text in document["files"].items():
        assert hashlib.sha256(base64.b64decode(text)).hexdigest() == recorded[place]


def test_a_run_without_a_seal_has_no_proof(tmp_path: Path) -> None:
    view = RunView(make_run(tmp_path, sealed=False))
    assert proof_file(record_of(view, "run", judged=None, goals={})) is None
