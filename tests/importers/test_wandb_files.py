from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from importers.wandb_log import (
    config,
    ended,
    field,
    history,
    log_bytes,
    metric,
    run,
    write_log,
)

from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.importers import by_name, detected
from reportgen.importers.interface import ImportedRun, ImportOptions, Unreadable
from reportgen.importers.point_columns import PointColumns
from reportgen.importers.wandb_records import RunRecords
from reportgen.importers.write import write_run

HISTOGRAM = {"_type": "histogram", "values": [1, 3], "bins": [0.0, 0.5, 1.0]}


def read(source: Path) -> list[Any]:
    return list(by_name("wandb").read(source, ImportOptions()))


def one(source: Path) -> ImportedRun:
    (found,) = read(source)
    assert isinstance(found, ImportedRun)
    return found


def values(imported: ImportedRun) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    points = imported.points
    for name, step, value in zip(points.name_of, points.steps, points.values, strict=True):
        found.setdefault(points.names[name], []).append((int(step), repr(float(value))))
    return found


def test_real_files(fixtures_dir: Path) -> None:
    assert detected(fixtures_dir / "wandb") is by_name("wandb")
    runs = {found.identity: found for found in read(fixtures_dir / "wandb")}
    geom = runs["5fenzysw"]
    found = values(geom)
    assert {name: len(points) for name, points in found.items()} == {
        "train_loss": 65,
        "val_loss": 5,
        "epoch": 70,
        "trainer/global_step": 70,
    }
    assert found["train_loss"][-1][1] == "13.828036308288574"
    assert found["val_loss"][-1][1] == "6.477245330810547"
    assert found["trainer/global_step"][-1][1] == "64.0"
    assert geom.config is not None
    assert (len(geom.config), geom.config["batch_size"]) == (26, 32)
    assert (geom.status, geom.exit_code, geom.seconds) == ("finished", 0, 85.0)
    assert geom.commit == "8b2c2d0c66da8763daaae9bbcb60370783fea0a9"
    assert geom.packages is not None
    assert geom.packages["aiohttp"] == "3.9.0"
    left_out = {one.what for one in geom.left_out}
    assert left_out == {"169 records of the console", "2 samples of the system"}
    toad = runs["g9dvvkua"]
    assert (toad.project, toad.exit_code, values(toad)) == ("code-toad", 0, {})
    assert toad.config is None
    assert toad.commit == "86db7dc9144c87a4b41cad77a0dae2e55288b587"
    assert "1 artifacts" in {one.what for one in toad.left_out}


@pytest.mark.parametrize("private", ["cb1319", "cx3-10-9"])
def test_nobody_s_name_is_written(fixtures_dir: Path, tmp_path: Path, private: str) -> None:
    for found in read(fixtures_dir / "wandb"):
        found.config = None  # paths that the user configured
        write_run(found, tmp_path, "Weights & Biases")
    texts = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(texts) > 10
    assert not [text for text in texts if private.encode() in text]


def test_a_whole_run(tmp_path: Path) -> None:
    path = write_log(
        tmp_path,
        "20260101_000000-abc",
        [
            run(
                "abc", 1_700_000_000, project="digits", group="g", name="fox", notes="why", tag="x"
            ),
            config({"lr": 0.1, "model": {"width": 64}, "gone": 1, "_wandb": {"t": 1}}),
            config({"lr": 0.2}, removed=("gone",)),
            metric("val/accuracy", 2),
            history(None, {"loss": 0.5, "_step": 0, "_timestamp": 1_700_000_001.5, "_runtime": 1}),
            history(3, {"loss": float("nan"), "nested": {"a": 1, "b": {"c": 2}}, "text": "x"}),
            history(4, {"loss": float("-inf"), "flag": True, "h": HISTOGRAM}),
            history(5, {"image": {"_type": "image-file", "path": "../../x"}, "val/accuracy": 0.9}),
            field(7, b""),
            ended(3, 60),
        ],
    )
    files = path.parent / "files"
    (files / "requirements.txt").write_text(
        "torch==2.1.0\n--index-url https://u:p@example.org\nown @ git+https://t@x.org/a\n"
    )
    (files / "wandb-metadata.json").write_text(
        json.dumps({"python": "3.11.5", "os": "Linux", "host": "h", "email": "e", "args": ["--x"]})
    )
    (files / "diff.patch").write_text("+secret\n")
    found = one(tmp_path)
    assert values(found) == {
        "loss": [(0, "0.5"), (3, "nan"), (4, "-inf")],
        "nested.a": [(3, "1.0")],
        "nested.b.c": [(3, "2.0")],
        "val/accuracy": [(5, "0.9")],
    }
    assert found.config == {"lr": 0.2, "model": {"width": 64}}
    assert (found.name, found.project, found.group, found.notes) == ("fox", "digits", "g", "why")
    assert found.tags == {"x": True}
    assert found.goals == {"val/accuracy": "maximize"}
    assert (found.status, found.exit_code, found.created) == ("failed", 3, 1.7e9)
    assert (found.seconds, found.ended) == (60.0, 1.7e9 + 60)
    assert (found.commit, found.dirty) == ("c" * 40, True)
    assert found.packages == {"torch": "2.1.0"}
    assert (found.python, found.system, found.command) == ("3.11.5", "Linux", None)
    assert found.distributions[0].histogram.count == 4
    assert {one.what for one in found.left_out} == {
        "1 values of the type image-file",
        "2 values that are no numbers",
        "1 samples of the system",
        "uncommitted changes, which may hold secrets",
    }
    view = write_run(found, tmp_path / "runs", "Weights & Biases").folder
    written = b"".join(p.read_bytes() for p in view.rglob("*") if p.is_file())
    assert b"secret1234" not in written
    assert b"https://example.org/a/b.git" in written


def test_a_run_that_was_resumed_is_one_run(tmp_path: Path) -> None:
    first = [run("abc", 1_700_000_000), history(0, {"x": 1}), history(1, {"x": 2})]
    second = [run("abc", 1_700_001_000), history(1, {"x": 3}), history(2, {"x": 4}), ended(0, 9)]
    write_log(tmp_path, "20260102_000000-abc", second)
    path = write_log(tmp_path, "20260101_000000-abc", first)
    shutil.copytree(path.parent, tmp_path / "wandb" / "latest-run")
    found = one(tmp_path)
    assert values(found) == {"x": [(0, "1.0"), (1, "2.0"), (1, "3.0"), (2, "4.0")]}
    assert found.points.attempts is not None
    assert found.points.attempts.tolist() == [1, 1, 2, 2]
    assert (found.status, found.created) == ("finished", 1.7e9)


def test_no_exit_is_no_end(tmp_path: Path) -> None:
    write_log(tmp_path, "a", [run("abc", 1_700_000_000), history(0, {"x": 1})])
    assert (one(tmp_path).status, one(tmp_path).ended) == ("running", None)


def test_the_configuration_of_older_clients(tmp_path: Path) -> None:
    path = write_log(tmp_path, "a", [run("abc", 1_700_000_000)])
    (path.parent / "files" / "config.yaml").write_text(
        "wandb_version: 1\n_wandb: {value: 1}\nlr: {desc: null, value: 0.1}\n"
    )
    assert one(tmp_path).config == {"lr": 0.1}
    (path.parent / "files" / "config.yaml").write_text("lr: !!python/name:os.system {}\n")
    assert one(tmp_path).config is None


def test_an_empty_log_says_so(tmp_path: Path) -> None:
    write_log(tmp_path, "a", [])
    (found,) = read(tmp_path)
    assert isinstance(found, Unreadable)
    assert "was its writer stopped before it wrote the first?" in found.message


def test_records_that_are_none_are_counted(tmp_path: Path) -> None:
    bad = [b"\xff" * 12, field(2, field(1, field(1, "x") + field(16, "{nonsense")))]
    deep = field(2, field(1, field(1, "x") + field(16, "[" * 100_000)))
    write_log(tmp_path, "a", [run("abc", 1), *bad, deep, history(1, {"x": 1})])
    found = one(tmp_path)
    assert values(found) == {"x": [(1, "1.0")]}
    assert {problem.id for problem in found.problems} == {"import.bad_event"}
    assert len(found.problems) == 3


WHOLE = [
    run("abc", 1_700_000_000, name="n"),
    config({"a": 1}),
    history(1, {"x": 1.5, "h": HISTOGRAM, "n": {"a": 2}}),
    metric("x", 1),
    ended(1, 5),
]


@given(st.data())
def test_changed_bytes_never_crash_the_reader(data: st.DataObject) -> None:
    records = [bytearray(record) for record in WHOLE]
    for _ in range(data.draw(st.integers(1, 4))):
        record = records[data.draw(st.integers(0, len(records) - 1))]
        record[data.draw(st.integers(0, len(record) - 1))] = data.draw(st.integers(0, 255))
    found = RunRecords("f", PointColumns(DEFAULT_LIMITS))
    for record in records:
        found.take(bytes(record))
    assert found.records == len(WHOLE)
    assert log_bytes(WHOLE)
