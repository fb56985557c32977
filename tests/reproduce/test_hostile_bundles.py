"""verify and unbundle over hostile input: nothing runs, nothing is written, all is said."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import tarfile
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
from hostile_env import CANARY, HostileEnvironment

from reportgen.runs.writer import seal
from reportgen.testing import make_run


@pytest.fixture
def hostile_env(tmp_path: Path) -> HostileEnvironment:
    return HostileEnvironment(tmp_path)


class Runs:
    """What a checkpoint of a stranger can be."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {CANARY}",)


def listed(files: dict[str, bytes]) -> bytes:
    entries = [
        {"path": path, "bytes": len(data), "sha256": sha256(data).hexdigest()}
        for path, data in files.items()
    ]
    return json.dumps({"schema": "reportgen.bundle/1", "files": entries}).encode()


def tar_with(*members: tarfile.TarInfo, first: bytes) -> bytes:
    raw = io.BytesIO()
    with tarfile.TarFile(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as file:
        start = tarfile.TarInfo("top/bundle.json")
        start.size, start.mode = len(first), 0o644
        file.addfile(start, io.BytesIO(first))
        for member in members:
            file.addfile(member, io.BytesIO(b"x" * member.size))
    return gzip.compress(raw.getvalue())


def member(name: str, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mode, info.size = 0o644, 1
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def slip(folder: Path) -> None:
    data = tar_with(member(f"top/../../{CANARY}"), first=listed({}))
    folder.joinpath("b").write_bytes(data)


def link(folder: Path) -> None:
    out = member("top/run/out", type=tarfile.SYMTYPE, linkname=str(folder.parent), size=0)
    through = member(f"top/run/out/{CANARY}")
    first = listed({f"run/out/{CANARY}": b"x"})
    folder.joinpath("b").write_bytes(tar_with(out, through, first=first))


def bomb(folder: Path) -> None:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in (("bundle.json", listed({})), ("run/zeros", bytes(200 * 2**20))):
            info = zipfile.ZipInfo(f"top/{name}")
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
            file.writestr(info, data)
    folder.joinpath("b").write_bytes(raw.getvalue())


def words(folder: Path) -> None:
    name = "\x1b]0;owned\x07\u202e\n::error::x"
    folder.joinpath("b").write_bytes(tar_with(member(f"top/{name}"), first=listed({})))


def deep(folder: Path) -> None:
    folder.joinpath("b").write_bytes(tar_with(first=b'{"schema":' + b"[" * 200_000))


@pytest.mark.parametrize("make", [slip, link, bomb, words, deep])
def test_an_archive_is_refused_and_nothing_comes_of_it(
    hostile_env: HostileEnvironment, make: object
) -> None:
    make(hostile_env.folder)  # type: ignore[operator]
    for command in ("verify", "unbundle"):
        done = hostile_env.run(command, "b", times=1)
        assert done.status == 2
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1
        assert "b:" in done.stderr


def test_a_folder_that_calls_itself_a_bundle(hostile_env: HostileEnvironment) -> None:
    folder = hostile_env.folder / "handed"
    run = make_run(folder / "runs").rename(folder / "run")
    (run / "checkpoints" / "evil.pt").write_bytes(pickle.dumps(Runs()))
    seal(run)
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    (folder / "bundle.json").write_bytes(listed(files))
    assert hostile_env.run("verify", "handed", "--json").status == 0
    (folder / "out").symlink_to("/etc")
    os.mkfifo(folder / "run" / "pipe")
    done = hostile_env.run("verify", "handed", "--json")
    assert done.status == 1
    found = json.loads(done.stdout)["verified"][0]["differences"]
    assert [(one["path"], one["message"].partition(" that ")[0]) for one in found] == [
        ("out", "is a link"),
        ("run/pipe", "is a pipe"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"!!python/object/apply:os.system ['touch {CANARY}']\n",
        "schema: reportgen.models/1\nmodels: &a {x: *a}\n",
        "schema: reportgen.models/1\nmodels: " + "{a: " * 500 + "\n",
        "schema: reportgen.models/1\nmodels: {a: {b: {run: x, checkpoint: /etc/passwd, "
        f"sha256: '{'0' * 64}'}}}}\n",
        "schema: reportgen.models/1\nmodels: {a: {b: {run: x, path: ../.., checkpoint: c, "
        f"sha256: '{'0' * 64}'}}}}\n",
    ],
)
def test_a_registry_of_a_stranger(hostile_env: HostileEnvironment, text: str) -> None:
    root = hostile_env.folder / "runs"
    seal(make_run(root))
    (root / "models.yaml").write_text(text)
    done = hostile_env.run("verify", "runs")
    assert done.status in (1, 2, 3)
    assert "models.yaml" in done.stderr
