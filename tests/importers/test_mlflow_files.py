from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen.fs.documents import dump_yaml
from reportgen.fs.limits import Limits
from reportgen.importers import by_name, detected
from reportgen.importers.interface import ImportedRun, ImportOptions, LeftAside, Unreadable

RUN = "a" * 32


def read(source: Path, **options: Any) -> list[ImportedRun | Unreadable | LeftAside]:
    return list(by_name("mlflow").read(source, ImportOptions(**options)))


def one(source: Path, **options: Any) -> ImportedRun:
    (run,) = read(source, **options)
    assert isinstance(run, ImportedRun)
    return run


def store(root: Path, files: dict[str, str], meta: dict[str, Any] | None = None) -> Path:
    folder = root / "mlruns" / "1" / RUN
    folder.mkdir(parents=True)
    above = {"experiment_id": "1", "name": "Digits", "lifecycle_stage": "active"}
    (root / "mlruns" / "1" / "meta.yaml").write_text(dump_yaml(above))
    own = {
        "run_id": RUN,
        "run_uuid": RUN,
        "experiment_id": "1",
        "run_name": "brave-fox",
        "status": 3,
        "start_time": 1_700_000_000_000,
        "end_time": 1_700_000_060_500,
        "lifecycle_stage": "active",
        "artifact_uri": "file:///etc",
        "user_id": "somebody",
        **(meta or {}),
    }
    (folder / "meta.yaml").write_text(dump_yaml(own))
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def values(run: ImportedRun) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    points = run.points
    for name, step, value in zip(points.name_of, points.steps, points.values, strict=True):
        found.setdefault(points.names[name], []).append((int(step), repr(float(value))))
    return found


def test_real_files(fixtures_dir: Path) -> None:
    runs = [run for run in read(fixtures_dir / "mlflow-file") if isinstance(run, ImportedRun)]
    assert len(runs) == 4
    assert sorted(run.status for run in runs) == ["failed", "finished", "finished", "finished"]
    assert sum(len(values(run)) for run in runs) == 16
    assert {run.project for run in runs} == {"Causal Inference"}
    assert all(run.config is None and run.commit and len(run.commit) == 40 for run in runs)
    first = next(run for run in runs if run.identity.startswith("4a83"))
    assert first.commit == "f71802ce6351fd510afd12d4996e16c4ce0a792f"
    assert values(first)["accuracy"] == [(0, "0.9736842105263158")]
    assert first.points.times[0] == 1656823531.141
    assert detected(fixtures_dir / "mlflow-file") is by_name("mlflow")


def test_nobody_s_name_is_kept(fixtures_dir: Path) -> None:
    for run in read(fixtures_dir / "mlflow-file"):
        assert isinstance(run, ImportedRun)
        assert "diyemark" not in f"{run.tags} {run.notes} {run.command}"


def test_a_whole_run(tmp_path: Path) -> None:
    store(
        tmp_path,
        {
            "metrics/val/loss": "1700000001000 0.5 0\n1700000003000 0.25 1\n",
            "metrics/x": "1700000002000 nan 0\r\n1700000002500 -Infinity 3\n1700000002600 7\n",
            "metrics/five": "1700000002000 1.5 4 data digest\n",
            "params/lr": "0.1",
            "params/width": "64",
            "params/flag": "True",
            "params/name ": "007\nlines",
            "tags/mlflow.note.content": "why",
            "tags/mlflow.user": "somebody",
            "tags/mlflow.source.git.branch": "main",
            "tags/goal": "baseline",
            "artifacts/model.pkl": "not loaded",
        },
    )
    run = one(tmp_path)
    assert values(run) == {
        "val/loss": [(0, "0.5"), (1, "0.25")],
        "x": [(0, "nan"), (3, "-inf"), (0, "7.0")],
        "five": [(4, "1.5")],
    }
    assert run.config == {"lr": 0.1, "width": 64, "flag": True, "name ": "007\nlines"}
    assert not run.typed
    assert (run.name, run.project, run.notes, run.branch) == ("brave-fox", "Digits", "why", "main")
    assert run.tags == {"goal": "baseline"}
    assert (run.created, run.ended, run.status) == (1.7e9, 1.7e9 + 60.5, "finished")
    assert [(o.what, o.rule) for o in run.left_out] == [("1 artifact", "not imported")]
    assert {file.path.rpartition("/")[2] for file in run.files} >= {"meta.yaml", "loss", "lr"}


@pytest.mark.parametrize(
    ("status", "expected"),
    [(1, "running"), (4, "failed"), (5, "interrupted"), ("KILLED", "interrupted"), (99, "running")],
)
def test_what_became_of_it(tmp_path: Path, status: Any, expected: str) -> None:
    store(tmp_path, {}, {"status": status, "end_time": None})
    assert one(tmp_path).status == expected


def test_a_deleted_run_is_left_aside(tmp_path: Path) -> None:
    store(tmp_path, {}, {"lifecycle_stage": "deleted"})
    (found,) = read(tmp_path)
    assert isinstance(found, LeftAside)


def test_bad_lines_are_named_and_the_others_read(tmp_path: Path) -> None:
    lines = ["1 2 3", "a b c", "1", "1 1_0 2", "1 \uff11 2", "1 5 1e2", "1 5 1.5", "1 4 9"]
    store(tmp_path, {"metrics/m": "\n".join(lines)})
    run = one(tmp_path)
    assert values(run) == {"m": [(3, "2.0"), (100, "5.0"), (9, "4.0")]}
    assert [problem.line for problem in run.problems] == [2, 3, 4, 5, 7]


def test_hostile_names_and_documents(tmp_path: Path) -> None:
    folder = store(tmp_path, {"metrics/..%2f..%2fx": "1 1 1\n"})
    assert list(values(one(tmp_path))) == ["..%2f..%2fx"]
    (folder / "meta.yaml").write_text(
        f"run_id: {RUN}\nexperiment_id: 1\nx: !!python/object/apply:os.system [touch pwned]\n"
    )
    (found,) = read(tmp_path)
    assert isinstance(found, Unreadable)
    assert not Path("pwned").exists()


def test_an_artifact_uri_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("1 1 1\n")
    folder = store(tmp_path / "in", {}, {"artifact_uri": str(tmp_path / "outside")})
    (folder / "metrics").symlink_to(tmp_path / "outside")
    run = one(tmp_path / "in")
    assert values(run) == {}
    assert run.left_out == []


def test_points_beyond_the_limit_are_counted(tmp_path: Path) -> None:
    store(tmp_path, {"metrics/m": "".join(f"1 1 {step}\n" for step in range(9))})
    run = one(tmp_path, limits=Limits(points=4))
    assert len(run.points) == 4
    assert run.left_out[0].what == "5 points beyond the limits"
