from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import (
    LimitError,
    NewerVersionError,
    NotFoundError,
    ReportgenError,
    SchemaError,
    UnreadableError,
    UnsafePathError,
)
from reportgen.fs.limits import Limits
from reportgen.runs import layout
from reportgen.runs.reader import RunReader, open_reader
from reportgen.runs.view import RunView


def found(reader: RunReader | RunView) -> list[tuple[str, str]]:
    return [(problem.id, problem.file) for problem in reader.problems]


@pytest.mark.parametrize("name", ["gone", "file", "empty", "gone/below"])
def test_what_is_no_run_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFoundError) as caught:
        open_reader(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        ("", SchemaError, "is a blank; expected a mapping"),
        ("- a\n", SchemaError, "is a list; expected a mapping"),
        ("a: [\n", UnreadableError, "run.yaml:2: is not valid YAML"),
        ("a: 1\n", SchemaError, "$.schema is None; expected 'reportgen.run/1'"),
        ("schema: other/1\n", SchemaError, "reportgen import"),
        ("schema: reportgen.run/0\n", SchemaError, "expected version 1"),
        ("schema: reportgen.run/2\n", NewerVersionError, "newer than this reportgen reads"),
        ("schema: reportgen.run/999999.7\n", NewerVersionError, "Update reportgen"),
        ("schema: [reportgen.run/1]\n", SchemaError, "$.schema is"),
        ("schema: reportgen.run/1\nname: x\n", SchemaError, "missing required field `id`"),
        ("!!python/object/apply:os.system [touch PWNED]\n", UnreadableError, "carries the tag"),
        ("a: " + "[" * 5000, LimitError, "nested deeper"),
        (b"schema: \xff\n", UnreadableError, "is not UTF-8"),
    ],
)
def test_a_run_yaml_that_is_none(
    make_run: Any, content: str | bytes, error: type[ReportgenError], says: str
) -> None:
    folder = make_run("broken", {"run.yaml": content})
    with pytest.raises(error) as caught:
        RunView(folder)
    assert type(caught.value) is error
    assert says in str(caught.value)
    assert "broken/run.yaml" in str(caught.value)
    assert not Path("PWNED").exists()


def test_a_status_nobody_knows_is_what_is_said(make_run: Any) -> None:
    folder = make_run(run={"status": "exploded", "tags": 7})
    with pytest.raises(SchemaError, match=r"\$\.status: Invalid enum value 'exploded'"):
        RunView(folder)


def test_a_minor_version_of_the_same_major_one_is_read(make_run: Any) -> None:
    folder = make_run(run={"schema": "reportgen.run/1.4", "new_key": {"a": 1}})
    view = RunView(folder)
    assert view.raw_run["new_key"] == {"a": 1}
    assert view.problems == []


def test_a_run_yaml_that_is_a_link_is_refused(make_run: Any) -> None:
    folder = make_run("a")
    (folder / "run.yaml").rename(folder / "elsewhere.yaml")
    os.symlink("elsewhere.yaml", folder / "run.yaml")
    with pytest.raises(UnsafePathError):
        RunView(folder)


# -- other documents: a fault is a problem, the rest is read -------------------------------


@pytest.mark.parametrize(
    ("content", "kind", "line"),
    [
        ("a: [1\nb: 2\n", "document.unreadable", 2),
        ("a: b: c\n", "document.unreadable", 1),
        ("{", "document.unreadable", 2),
        ("!!python/object/apply:os.system [touch PWNED]", "yaml.tag", 1),
        ("a: 1\nb: !custom x\n", "yaml.tag", 2),
        ("&a [*a]", "yaml.limits", 1),
        ("[" * 5000, "yaml.limits", None),
        ("a: " + "x" * 3000, "limits.bytes", None),
        ("? [1]\n: 2\n", "document.unreadable", 1),
        ("a\n---\nb\n", "document.unreadable", 2),
        ("%YAML 9.9\n---\na: 1\n", "document.unreadable", 1),
        (b"\xff\xfea\x00", "document.unreadable", None),
    ],
)
def test_an_unreadable_config(
    make_run: Any, content: str | bytes, kind: str, line: int | None
) -> None:
    folder = make_run(files={"config.yaml": content})
    view = RunView(folder, limits=Limits(document_bytes=2000)) if kind == "limits.bytes" else None
    view = view or RunView(folder)
    assert view.config is None
    (problem,) = view.problems
    assert (problem.id, problem.file, problem.line) == (kind, "config.yaml", line)
    assert problem.severity == "error"
    assert "config.yaml" not in problem.message
    assert len(view.load().series) == 2


def test_notes_of_a_config_keep_it(make_run: Any) -> None:
    folder = make_run(files={"config.yaml": "a: no\na: 1\nb: ok\nv: 3.10\n"})
    view = RunView(folder)
    assert view.config == {"a": 1, "b": "ok", "v": 3.1}
    assert [(p.id, p.severity, p.line) for p in view.problems] == [
        ("yaml.ambiguous", "warning", 1),
        ("document.duplicate_key", "warning", 2),
        ("yaml.ambiguous", "info", 4),
    ]
    assert view.config_sources == {"v": "3.10"}


@pytest.mark.parametrize("content", ["- a\n", "just text\n", "7\n"])
def test_a_config_that_is_no_mapping_is_none(make_run: Any, content: str) -> None:
    assert RunView(make_run(files={"config.yaml": content})).config is None


def test_a_document_of_another_shape_is_said(make_run: Any) -> None:
    folder = make_run(
        files={"git_info.yaml": "- a\n", "environment.yaml": "python: [3]\nos: {name: x}\n"}
    )
    view = RunView(folder)
    assert view.git is None
    assert view.environment is not None
    assert view.environment.python is None
    assert view.environment.os == {"name": "x"}
    assert found(view) == [
        ("schema.mismatch", "git_info.yaml"),
        ("schema.mismatch", "environment.yaml"),
    ]


def test_names_are_bounded_and_looked_through(make_run: Any) -> None:
    view = RunView(make_run(run={"name": "n" * 2001, "project": "a\u202eb"}))
    assert sorted(found(view)) == [("limits.text", "run.yaml"), ("text.bidi", "run.yaml")]
    assert {problem.severity for problem in view.problems} == {"warning"}


# -- files that are none -------------------------------------------------------------------


def place(folder: Path, kind: str) -> None:
    path = folder / "metrics.jsonl"
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        here = os.getcwd()
        os.chdir(folder)
        try:
            socket.socket(socket.AF_UNIX).bind("metrics.jsonl")
        finally:
            os.chdir(here)
    else:
        os.symlink(kind, path)


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        *((target, "path.symlink") for target in ("/etc/passwd", "gone", "metrics.jsonl", "..")),
        *((target, "path.symlink") for target in ("/dev/zero", "/proc/self/environ")),
        *((kind, "file.not_regular") for kind in ("pipe", "socket", "folder")),
    ],
)
def test_metrics_that_are_no_regular_file(make_run: Any, kind: str, problem: str) -> None:
    folder = make_run()
    place(folder, kind)
    view = RunView(folder)
    assert view.series == {}
    assert found(view) == [(problem, "metrics.jsonl")]
    assert view.problems[0].severity == "error"


def test_a_folder_of_the_run_that_is_a_link(make_run: Any, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "opens.json").write_text('{"hook": true}')
    folder = make_run()
    os.symlink(tmp_path / "outside", folder / "captured")
    view = RunView(folder)
    assert view.raw(layout.OPENS) is None
    assert found(view) == [("path.symlink", "captured/opens.json")]
    assert view.below("captured") == []


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a\0b", "C:\\x", "~/x", "", "a//b"])
def test_a_path_that_leaves_the_folder(make_run: Any, path: str) -> None:
    view = RunView(make_run())
    assert view.bytes(path) is None
    assert found(view) == [("path.unsafe", path)]


def test_swapped_for_a_link_after_the_listing(
    make_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = make_run(files={"stdout.log": "out"})
    view = RunView(folder)
    assert view.exists("stdout.log")
    (folder / "stdout.log").unlink()
    os.symlink(tmp_path / "secret", folder / "stdout.log")
    assert view.text("stdout.log") is None
    assert found(view) == [("path.changed", "stdout.log")]


def test_a_file_that_may_not_be_read(make_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_run()
    real = os.open

    def refuse(path: object, *args: Any, **options: Any) -> int:
        if path == "config.yaml":
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", refuse)
    view = RunView(folder).load()
    assert view.config is None
    assert found(view) == [("path.unreadable", "config.yaml")]
    assert len(view.series) == 2


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_closed_file_and_a_closed_folder(make_run: Any) -> None:
    folder = make_run(files={"figures/a.png": b"x"})
    (folder / "config.yaml").chmod(0)
    (folder / "figures").chmod(0)
    try:
        view = RunView(folder).load()
    finally:
        (folder / "figures").chmod(0o755)
    assert found(view) == [("path.unreadable", "config.yaml"), ("path.unreadable", "figures")]


def test_a_run_yaml_that_may_not_be_read(make_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_run("closed")

    def refuse(*args: Any, **options: Any) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("reportgen.runs.reader.read_regular", refuse)
    with pytest.raises(UnreadableError, match=r"closed/run\.yaml: could not be read: Perm"):
        RunView(folder)


def test_a_sparse_terabyte_of_metrics(make_run: Any) -> None:
    folder = make_run()
    os.truncate(folder / "metrics.jsonl", 2**40)
    view = RunView(folder)
    assert view.series == {}
    assert found(view) == [("limits.bytes", "metrics.jsonl")]


def test_a_live_file_is_read_up_to_its_present_end(make_run: Any) -> None:
    folder = make_run()
    view = RunView(folder)
    with open(folder / "metrics.jsonl", "ab") as file:
        file.write(b'{"step": 9, "time": 1.0, "met')
        file.flush()
        assert view.metrics.torn
    assert found(view) == [("log.torn_tail", "metrics.jsonl")]
    assert view.problems[0].severity == "info"


def test_a_fault_is_listed_once(make_run: Any) -> None:
    folder = make_run(files={"stdout.log": None})
    os.symlink("x", folder / "stdout.log")
    view = RunView(folder)
    for _ in range(3):
        view.text("stdout.log")
    assert found(view) == [("path.symlink", "stdout.log")]


def test_nothing_is_written(make_run: Any) -> None:
    folder = make_run(
        files={"environment.yaml": {"python": "3.11"}, "manifest.json": {"files": []}}
    )

    def state() -> list[tuple[str, int, bytes]]:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return [(str(path), path.stat().st_mtime_ns, path.read_bytes()) for path in files]

    before = state()
    view = RunView(folder).load()
    _ = (view.summary, view.state, view.checkpoints, view.headline_metric)
    assert state() == before
