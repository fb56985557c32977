"""Artifacts: copied whole or not at all, no link followed, or named where they are kept."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import UsageError
from reportgen.fs.paths import is_portable
from reportgen.logger.artifacts import ArtifactStore
from reportgen.logger.context import RunContext
from reportgen.runs import writer


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "model.onnx"
    path.write_bytes(os.urandom(1_500_000))
    return path


def below(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir())


def test_a_file_is_copied(context: RunContext, source: Path) -> None:
    path = ArtifactStore(context).log(source)
    assert path == context.folder / "artifacts" / "model.onnx"
    assert path.read_bytes() == source.read_bytes()
    assert context.run.overhead_seconds["artifacts"] > 0


def test_a_name_that_is_taken_gets_a_suffix(context: RunContext, source: Path) -> None:
    store = ArtifactStore(context)
    first = store.log(source)
    assert first is not None
    before = first.read_bytes()
    source.write_bytes(b"new")
    second = store.log(str(source))
    assert second == context.folder / "artifacts" / "model-2.onnx"
    assert (first.read_bytes(), second.read_bytes()) == (before, b"new")


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("plots/roc.png", "plots/roc.png"),
        ("../../etc/passwd", "etc/passwd"),
        ("/abs/x", "abs/x"),
        ("a:b?.txt", "a-b-.txt"),
        ("CON", "run-CON"),
    ],
)
def test_a_name_stays_below_the_folder(
    context: RunContext, source: Path, name: str, place: str
) -> None:
    path = ArtifactStore(context).log(source, name=name)
    assert path == context.folder / "artifacts" / place


def test_a_folder_is_copied_without_its_links(context: RunContext, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "deep" / "b:c.txt").write_text("b")
    (folder / "deep" / "B-c.txt").write_text("B")
    secret = tmp_path / "secret"
    secret.write_text("outside")
    (folder / "link").symlink_to(secret)
    (folder / "deep" / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    path = ArtifactStore(context).log(folder)
    assert path == context.folder / "artifacts" / "export"
    copied = below(path)
    assert copied == ["a.txt", "deep/B-c.txt", "deep/b-c-2.txt"]
    assert all(is_portable(part) for place in copied for part in place.split("/"))
    assert (path / "deep" / "b-c-2.txt").read_text() == "b"
    left_out = {(e.what, e.where) for e in context.run.left_out}
    assert left_out == {
        ("a link in an artifact", "artifacts/export/link"),
        ("a link in an artifact", "artifacts/export/deep/up"),
        ("a pipe in an artifact", "artifacts/export/pipe"),
    }


def test_a_file_kept_elsewhere_is_listed_in_the_seal(context: RunContext, source: Path) -> None:
    store = ArtifactStore(context)
    assert store.log(source, uri="s3://bucket/model.onnx", etag='"v1"') is None
    assert not store.folder.exists()
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    (context.folder / "config.yaml").write_text("lr: 1\n")
    manifest = writer.seal(context.folder, external=context.external)
    listed = {entry.path: entry for entry in manifest.files}
    entry = listed["artifacts/model.onnx"]
    assert (entry.bytes, entry.sha256) == (source.stat().st_size, digest)
    assert (entry.uri, entry.etag) == ("s3://bucket/model.onnx", '"v1"')
    assert "config.yaml" in listed
    assert b"s3://bucket/model.onnx" in (context.folder / "manifest.json").read_bytes()


def test_files_elsewhere_with_one_name_are_both_listed(context: RunContext, source: Path) -> None:
    store = ArtifactStore(context)
    for uri in ("s3://a/model.onnx", "s3://b/model.onnx", "s3://a/model.onnx"):
        store.log(source, uri=uri)
    assert {entry.path: entry.uri for entry in context.external} == {
        "artifacts/model-2.onnx": "s3://b/model.onnx",
        "artifacts/model.onnx": "s3://a/model.onnx",
    }


def test_credentials_in_a_uri_are_not_kept(context: RunContext, source: Path) -> None:
    ArtifactStore(context).log(source, uri="https://me:hunter2secret@host.example.org/m.onnx")
    assert [entry.uri for entry in context.external] == ["https://host.example.org/m.onnx"]
    assert [e.rule for e in context.run.left_out] == ["url-userinfo"]
    assert context.run.redacted == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"path": 3}, "path is of type int"),
        ({"path": "no-such"}, "no such file or folder"),
        ({"path": "LINK"}, "os.path.realpath"),
        ({"path": "FOLDER"}, "holds the run folder itself"),
        ({"path": "FILE", "name": ".."}, "expected a file name"),
        ({"path": "FILE", "name": 3}, "expected a file name"),
        ({"path": "FILE", "uri": "model.onnx"}, "s3://bucket/key"),
        ({"path": "DIR", "uri": "s3://b/k"}, "archive of the folder"),
    ],
)
def test_bad_arguments_are_refused(
    context: RunContext, source: Path, tmp_path: Path, arguments: dict[str, Any], words: str
) -> None:
    (tmp_path / "link").symlink_to(source)
    (tmp_path / "dir").mkdir()
    known = {"LINK": tmp_path / "link", "FOLDER": tmp_path, "FILE": source, "DIR": tmp_path / "dir"}
    path = arguments.pop("path")
    with pytest.raises(UsageError, match=words):
        ArtifactStore(context).log(known.get(path, path), **arguments)
    assert list(context.folder.iterdir()) == []


def test_after_a_first_artifact_a_bad_argument_ends_no_training(
    context: RunContext, source: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = ArtifactStore(context)
    store.log(source)
    assert store.log("no-such") is None
    assert context.run.dropped == {"artifacts": 1}
    assert len(caplog.records) == 1


def test_a_folder_that_cannot_be_copied_whole_is_not_there(
    context: RunContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / name).write_text(name)
    replace = os.replace

    def fail_on_b(source: Any, target: Any) -> None:
        if Path(target).name == "b":
            raise OSError(28, os.strerror(28))
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail_on_b)
    assert ArtifactStore(context).log(folder) is None
    assert context.run.dropped == {"artifacts": 1}
    assert list((context.folder / "artifacts").iterdir()) == []


def test_a_forked_child_keeps_nothing(context: RunContext, source: Path) -> None:
    context.active = False
    assert ArtifactStore(context).log(source) is None
    assert list(context.folder.iterdir()) == []
