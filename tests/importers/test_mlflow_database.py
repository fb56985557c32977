from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import LimitError
from reportgen.importers import by_name, detected
from reportgen.importers.interface import ImportedRun, ImportOptions, LeftAside, Unreadable
from reportgen.importers.mlflow_database import read_database

TABLES = """
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, status TEXT, start_time BIGINT,
  end_time BIGINT, lifecycle_stage TEXT, experiment_id INTEGER, artifact_uri TEXT, user_id TEXT);
CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE metrics (key TEXT, value DOUBLE, timestamp BIGINT, run_uuid TEXT, step BIGINT,
  is_nan BOOLEAN);
INSERT INTO experiments VALUES (1, 'Digits');
INSERT INTO runs VALUES ('r1', 'fox', 'FINISHED', 1700000000000, 1700000060000, 'active', 1,
  'file:///etc', 'somebody'), ('r2', NULL, 'RUNNING', 1700000100000, NULL, 'active', 1, '', ''),
  ('r3', 'gone', 'FINISHED', 1, 2, 'deleted', 1, '', '');
INSERT INTO params VALUES ('lr', '0.1', 'r1'), ('name', 'x', 'r1');
INSERT INTO tags VALUES ('mlflow.runName', 'owl', 'r2'), ('mlflow.user', 'somebody', 'r1'),
  ('goal', 'baseline', 'r1'), ('mlflow.source.git.commit', 'abc', 'r1');
INSERT INTO metrics VALUES ('loss', 0.25, 1700000002000, 'r1', 1, 0),
  ('loss', 0.5, 1700000001000, 'r1', 0, 0), ('loss', 0, 1700000003000, 'r1', 2, 1),
  ('loss', -1.7976931348623157e308, 1700000004000, 'r1', 3, 0),
  ('loss', 'text', 1700000005000, 'r1', 4, 0), ('loss', 1, NULL, 'r1', 5, 0);
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "source" / "mlflow.db"
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.executescript(TABLES)
    connection.close()
    return path


def read(source: Path) -> list[Any]:
    return list(by_name("mlflow").read(source, ImportOptions()))


def changed(database: Path, script: str) -> None:
    with sqlite3.connect(database) as connection:
        connection.executescript(script)
    connection.close()


def test_runs_of_a_database(database: Path) -> None:
    assert detected(database) is detected(database.parent) is by_name("mlflow")
    aside, first, second = sorted(
        read(database.parent), key=lambda found: isinstance(found, ImportedRun)
    )
    assert isinstance(aside, LeftAside)
    assert isinstance(first, ImportedRun)
    assert isinstance(second, ImportedRun)
    assert (first.name, first.project, first.status) == ("fox", "Digits", "finished")
    values = [repr(float(value)) for value in first.points.values]
    assert values == ["0.5", "0.25", "nan", "-inf"]
    assert first.points.steps.tolist() == [0, 1, 2, 3]
    assert first.config == {"lr": 0.1, "name": "x"}
    assert (first.tags, first.commit) == ({"goal": "baseline"}, "abc")
    assert (first.created, first.ended) == (1.7e9, 1.7e9 + 60)
    assert (second.name, second.status, second.ended) == ("owl", "running", None)
    assert [file.path for file in first.files] == ["mlflow.db"]


def test_a_real_database_without_runs(fixtures_dir: Path) -> None:
    source = fixtures_dir / "mlflow-sqlite"
    assert detected(source) is by_name("mlflow")
    assert read(source) == []


def test_nothing_is_written_beside_it(database: Path) -> None:
    before = {path: path.read_bytes() for path in database.parent.iterdir()}
    read(database.parent)
    assert {path: path.read_bytes() for path in database.parent.iterdir()} == before


def test_what_is_only_in_the_write_ahead_log_is_read(database: Path, tmp_path: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("INSERT INTO params VALUES ('late', '1', 'r1')")
    connection.commit()
    copy = tmp_path / "copy"
    shutil.copytree(database.parent, copy)
    connection.close()
    first = next(one for one in read(copy) if isinstance(one, ImportedRun))
    assert first.config is not None
    assert first.config["late"] == 1
    assert {file.path for file in first.files} == {"mlflow.db", "mlflow.db-wal"}


@pytest.mark.parametrize(
    "script",
    [
        "DROP TABLE metrics; CREATE VIEW metrics AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL "
        "SELECT x + 1 FROM c) SELECT 'r1' AS run_uuid, 'k' AS key, x AS value, x AS timestamp, "
        "x AS step, 0 AS is_nan FROM c;",
        "DROP TABLE params; CREATE TABLE params (run_uuid TEXT, key TEXT, "
        "value TEXT AS (hex(key)) STORED);",
        "DROP TABLE tags;",
        "ALTER TABLE metrics DROP COLUMN is_nan;",
    ],
)
def test_what_is_no_plain_table_is_not_read(database: Path, script: str) -> None:
    changed(database, script)
    assert read_database(database.parent, database.name, ImportOptions()) is None


def test_what_takes_too_long_is_stopped(database: Path) -> None:
    more = "INSERT INTO metrics SELECT key, value, timestamp, run_uuid, step + 1, 0 FROM metrics;"
    changed(database, more * 12)
    with pytest.raises(LimitError, match="took more than 0 s"):
        read_database(database.parent, database.name, ImportOptions(), seconds=0.0)


@pytest.mark.parametrize("place", [0.2, 0.4, 0.6, 0.8])
def test_damage_is_named_or_harmless(database: Path, place: float) -> None:
    data = bytearray(database.read_bytes())
    start = int(len(data) * place)
    data[start : start + 400] = b"\xff" * 400
    database.write_bytes(bytes(data))
    for found in read(database.parent):
        assert isinstance(found, ImportedRun | LeftAside | Unreadable)


def test_a_database_of_others_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE runs (a)")
    connection.close()
    assert detected(tmp_path) is None
    (tmp_path / "text.db").write_text("SQLite format 3 it is not")
    assert read(tmp_path) == []
