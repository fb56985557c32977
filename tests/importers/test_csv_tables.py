from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.fs.limits import Limits
from reportgen.importers import by_name, detected
from reportgen.importers.interface import ImportedRun, ImportOptions, Unreadable
from reportgen.importers.point_columns import number_in, value_in


def read(source: Path, **options: Any) -> list[Any]:
    return list(by_name("csv").read(source, ImportOptions(**options)))


def one(source: Path, **options: Any) -> ImportedRun:
    (found,) = read(source, **options)
    assert isinstance(found, ImportedRun)
    return found


def values(run: ImportedRun) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    points = run.points
    for name, step, value in zip(points.name_of, points.steps, points.values, strict=True):
        found.setdefault(points.names[name], []).append((int(step), repr(float(value))))
    return found


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def test_real_files(fixtures_dir: Path) -> None:
    source = fixtures_dir / "lightning-csv"
    assert detected(source) is by_name("csv")
    runs = {run.name: run for run in read(source)}
    assert set(runs) == {"neuron_0", "neuron_1"}
    found = values(runs["neuron_0"])
    assert {name: len(points) for name, points in found.items()} == {
        "train_loss": 54,
        "val_loss": 10,
        "corr": 10,
        "lr-Adam": 54,
        "epoch": 64,
    }
    assert found["train_loss"][-1][1] == "0.015697741881012917"
    assert found["val_loss"][-1][1] == "0.012176084332168102"
    assert found["corr"][-1][1] == "0.8210710883140564"
    assert max(step for step, _ in found["train_loss"]) <= 539
    assert runs["neuron_0"].config == {
        "hidden_size": 40,
        "kernel_size": 20,
        "model_type": "CNN",
        "n_neurons": 1,
        "num_layers": 4,
    }


def test_keras(tmp_path: Path) -> None:
    text = "epoch,accuracy,loss,val_loss\n0,0.5,1.0,NA\n1,0.6,0.5,NA\n0,0.55,0.9,NA\n1,0.7,0.4,NA\n"
    write(tmp_path / "net" / "training.log", text)
    run = one(tmp_path)
    assert run.name == "net"
    assert values(run)["accuracy"] == [(0, "0.5"), (1, "0.6"), (0, "0.55"), (1, "0.7")]
    assert "val_loss" not in values(run)
    assert run.points.attempts is not None
    assert run.points.attempts.tolist() == [1, 1, 1, 1, 2, 2, 2, 2]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_dialects(tmp_path: Path, delimiter: str) -> None:
    rows = ["step,timestamp,loss,note", "0,1700000000.5,1.5,a", "1,1700000001.5,nan,b"]
    text = "\ufeff" + "\r\n".join(row.replace(",", delimiter) for row in rows)
    write(tmp_path / "mine.csv", text)
    run = one(tmp_path)
    assert (run.name, values(run)) == ("mine", {"loss": [(0, "1.5"), (1, "nan")]})
    assert run.points.times.tolist() == [1700000000.5, 1700000001.5]
    assert [left.what for left in run.left_out] == ["2 values that are no numbers"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.yaml", "lr: 0.1\n"),
        ("config.json", '{"lr": 0.1}'),
        ("config.toml", "lr = 0.1\n"),
        ("hparams.yaml", "lr: 0.1\n"),
    ],
)
def test_a_configuration_beside(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path / "metrics.csv", "step,loss\n0,1\n")
    write(tmp_path / name, text)
    run = one(tmp_path / "metrics.csv")
    assert run.config == {"lr": 0.1}
    assert {file.path for file in run.files} == {"metrics.csv", name}


def test_a_configuration_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write(tmp_path / "metrics.csv", "step,loss\n0,1\n")
    write(tmp_path / "hparams.yaml", "a: !!python/object/apply:os.system [touch pwned]\n")
    write(tmp_path / "args.json", '{"lr": 1}')
    run = one(tmp_path)
    assert run.config == {"lr": 1}
    assert [problem.file for problem in run.problems] == ["hparams.yaml"]


@pytest.mark.parametrize(
    "text",
    ["", "a,b\n1,2\n", "step\n1\n", "step,loss,loss\n1,2,3\n", "\0\0\0", "plain text of a log\n"],
)
def test_what_is_no_table_of_metrics(tmp_path: Path, text: str) -> None:
    write(tmp_path / "metrics.csv", text)
    assert read(tmp_path) == []
    assert detected(tmp_path) is None


def test_bad_rows_are_named_and_the_others_read(tmp_path: Path) -> None:
    rows = ["step,loss", "0,1", "x,1", "1", "2,3,4", "1.5,1", "1_0,1", "3,1e5", "4,2**3"]
    write(tmp_path / "m.csv", "\n".join(rows))
    run = one(tmp_path)
    assert values(run) == {"loss": [(0, "1.0"), (3, "100000.0")]}
    assert [problem.line for problem in run.problems] == [3, 4, 5, 6, 7]


def test_a_cell_without_end_is_no_crash(tmp_path: Path) -> None:
    write(tmp_path / "m.csv", 'step,loss\n0,"' + "x" * 200_000)
    (found,) = read(tmp_path)
    assert isinstance(found, Unreadable)
    assert "is no table" in found.message


def test_many_columns(tmp_path: Path) -> None:
    names = ",".join(f"m{at}" for at in range(500))
    write(tmp_path / "m.csv", f"step,{names}\n0{',1' * 500}\n")
    run = one(tmp_path, limits=Limits(series=100))
    assert len(values(run)) == 100
    assert run.left_out[0].what == "400 points beyond the limits"


@given(st.text(max_size=60))
def test_numbers_are_those_of_plain_decimal_text(text: str) -> None:
    number = number_in(text)
    if number is not None:
        assert text.isascii()
        assert "_" not in text
    assert repr(value_in(text)).strip("'\"") == text or value_in(text) == text


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans()))
def test_settings_kept_as_text_are_what_they_were_or_text(value: Any) -> None:
    found = value_in(str(value))
    assert str(found) == str(value)
