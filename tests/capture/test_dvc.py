"""DVC's hashes of inputs, held against files that DVC itself wrote (3.67)."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportgen.capture.data import capture_input
from reportgen.capture.dvc import find_tracked

FILE_MD5 = "b202f333fba4fd38d4b8e5e693077aab"
FOLDER_MD5 = "84759dbdf64fee0e0e48506b7d9e1313.dir"
FILES = {
    "data/train.csv": b"a,b\r\n1,2\r\n",
    "data/img/1.txt": b"x\n",
    "data/img/sub/2.txt": b"y\r\n",
    "data/img/ü z.txt": "ü".encode(),
    "sub/stage/out/a": b"1\n",
    "sub/stage/b.txt": b"2\n",
    "sub/c.txt": b"3\n",
    "sub/own.txt": b"4\n",
    "data/train.csv.dvc": f"""\
outs:
- md5: {FILE_MD5}
  size: 10
  hash: md5
  path: train.csv
""".encode(),
    "data/img.dvc": f"""\
outs:
- md5: {FOLDER_MD5}
  size: 7
  nfiles: 3
  hash: md5
  path: img
""".encode(),
    ".dvc/cache/files/md5/84/759dbdf64fee0e0e48506b7d9e1313.dir": json.dumps(
        [
            {"md5": "401b30e3b8b5d629635a5c613cdb7919", "relpath": "1.txt"},
            {"md5": "dfda6361a5637a57cbffd42f1749ef5f", "relpath": "sub/2.txt"},
            {"md5": "c03410a5204b21cd8229ff754688d743", "relpath": "ü z.txt"},
        ]
    ).encode(),
    "sub/dvc.yaml": b"""\
stages:
  make:
    cmd: sh make.sh
    wdir: stage
    outs: [out, b.txt]
  plain:
    cmd: sh plain.sh
    outs: [c.txt]
""",
    "sub/dvc.lock": b"""\
schema: '2.0'
stages:
  make:
    cmd: sh make.sh
    deps:
    - path: ../own.txt
      hash: md5
      md5: b202f333fba4fd38d4b8e5e693077aab
      size: 10
    outs:
    - path: b.txt
      hash: md5
      md5: 26ab0db90d72e28ad0ba1e22ee510510
      size: 2
    - path: out
      hash: md5
      md5: 978ca45691cd12e610fb0788867f8252.dir
      size: 2
      nfiles: 1
  plain:
    cmd: sh plain.sh
    outs:
    - path: c.txt
      hash: md5
      md5: 6d7fce9fee471194aa8b5b6e47267f03
      size: 2
""",
}


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A folder that DVC tracks: a file, a folder, and two stages of a pipeline."""
    for name, data in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path


def version(top: Path, name: str) -> dict[str, Any] | None:
    found, reason = capture_input(top / name, top=top)
    assert reason is None
    return found.version


@pytest.mark.parametrize(
    ("name", "md5", "file", "inside"),
    [
        ("data/train.csv", FILE_MD5, "data/train.csv.dvc", None),
        ("data/img", FOLDER_MD5, "data/img.dvc", None),
        ("data/img/sub/2.txt", FOLDER_MD5, "data/img.dvc", "sub/2.txt"),
        ("data/img/ü z.txt", FOLDER_MD5, "data/img.dvc", "ü z.txt"),
        ("sub/stage/out", "978ca45691cd12e610fb0788867f8252.dir", "sub/dvc.lock", None),
        ("sub/stage/b.txt", "26ab0db90d72e28ad0ba1e22ee510510", "sub/dvc.lock", None),
        ("sub/c.txt", "6d7fce9fee471194aa8b5b6e47267f03", "sub/dvc.lock", None),
    ],
)
def test_what_dvc_tracks_has_its_hash(
    top: Path, name: str, md5: str, file: str, inside: str | None
) -> None:
    expected = {"kind": "dvc", "md5": md5, "file": file}
    if inside is not None:
        expected["inside"] = inside
    assert version(top, name) == expected


def test_the_bytes_are_read_once_for_both_hashes(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    from reportgen.fs import hashing

    original = hashing.sha256_descriptor

    def counted(descriptor: int, also: Any = None) -> tuple[str, int]:
        read.append(descriptor)
        return original(descriptor, also)

    monkeypatch.setattr(hashing, "sha256_descriptor", counted)
    found, _ = capture_input(top / "data/img", top=top)
    assert len(read) == 3
    assert found.sha256 is not None
    assert (found.files, found.bytes) == (3, 7)


def test_bytes_that_dvc_does_not_know_are_told_with_both_hashes(top: Path) -> None:
    (top / "data/train.csv").write_bytes(b"a,b\n1,2\n9,9\n")
    (top / "data/img/1.txt").write_bytes(b"other")
    changed = version(top, "data/train.csv")
    assert changed == {
        "kind": "dvc",
        "md5": hashlib.md5(b"a,b\n1,2\n9,9\n").hexdigest(),
        "file": "data/train.csv.dvc",
        "declared": FILE_MD5,
    }
    folder = version(top, "data/img")
    assert folder is not None
    assert folder["declared"] == FOLDER_MD5
    assert folder["md5"].endswith(".dir")
    part = version(top, "data/img/1.txt")
    assert part is not None
    assert (part["md5"], part["declared"]) == (
        hashlib.md5(b"other").hexdigest(),
        "401b30e3b8b5d629635a5c613cdb7919",
    )


def test_what_cannot_be_held_to_the_bytes_is_not_called_verified(top: Path) -> None:
    legacy = (top / "data/train.csv.dvc").read_text().replace("  hash: md5\n", "")
    (top / "data/train.csv.dvc").write_text(legacy)
    assert version(top, "data/train.csv") == {
        "kind": "dvc",
        "md5": FILE_MD5,
        "file": "data/train.csv.dvc",
    }
    (top / "data/train.csv.dvc").write_text(legacy.replace(FILE_MD5, "ab" * 16))
    assert version(top, "data/train.csv") == {
        "kind": "dvc",
        "md5": "ab" * 16,
        "file": "data/train.csv.dvc",
        "verified": False,
    }
    assert (version(top, "data/img/sub") or {})["verified"] is False
    shutil.rmtree(top / ".dvc/cache")
    assert (version(top, "data/img/1.txt") or {})["verified"] is False
    (top / ".dvcignore").write_text("# nothing yet\n")
    (top / "data/img/new.txt").write_text("new")
    assert "declared" in (version(top, "data/img") or {})
    (top / ".dvcignore").write_text("*.tmp\n")
    assert (version(top, "data/img") or {})["verified"] is False


@pytest.mark.parametrize("name", ["sub/own.txt", "data", "sub/dvc.lock"])
def test_what_dvc_does_not_keep_has_no_version_of_it(top: Path, name: str) -> None:
    assert version(top, name) is None


def test_nothing_above_the_top_is_looked_at(top: Path) -> None:
    inside = top / "data" / "img"
    assert find_tracked(inside / "1.txt", inside) is None
    assert find_tracked(inside / "1.txt", top) is not None
    assert find_tracked(inside / "1.txt", None) is not None  # .dvc/ tells where the top is
    shutil.rmtree(top / ".dvc")
    assert find_tracked(inside / "1.txt", None) is None
    assert find_tracked(top / "data/train.csv", None) is not None


def test_a_real_dvc_2_file_beside_its_model(fixtures_dir: Path, tmp_path: Path) -> None:
    source = fixtures_dir / "dvclive" / "tibor-mach+dvclive-optuna" / "dvclive"
    shutil.copy(source / "trial_model.joblib.dvc", tmp_path)
    (tmp_path / "trial_model.joblib").write_bytes(b"not the model")
    assert version(tmp_path, "trial_model.joblib") == {
        "kind": "dvc",
        "md5": "a7bbafc227de50bb8471dac2130b997b",
        "file": "trial_model.joblib.dvc",
        "verified": False,
    }


def test_a_given_version_stands(top: Path) -> None:
    given_version = {"kind": "doi", "doi": "10.1/x"}
    spec = {"path": top / "data/train.csv", "version": given_version}
    assert capture_input(spec, top=top)[0].version == given_version


@pytest.mark.parametrize(
    "text",
    [
        "outs: 3",
        "outs: [3, {path: 5, md5: x}, {path: train.csv}]",
        "[]",
        "outs:\n- {path: train.csv, md5: !!python/object:os.system x}",
        "outs:\n- {path: s3://bucket/train.csv, md5: abc}",
        "wdir: 7\nouts: [{path: ../../../../etc/passwd, md5: abc}]",
        "a: &a [*a]",
        "\0",
    ],
)
def test_odd_files_say_nothing(top: Path, text: str) -> None:
    (top / "data/train.csv.dvc").write_text(text)
    assert version(top, "data/train.csv") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=120))
def test_any_bytes_in_their_place_harm_nothing(top: Path, data: bytes) -> None:
    for name in ("data/train.csv.dvc", "sub/dvc.lock", "sub/dvc.yaml"):
        (top / name).write_bytes(data)
    (top / ".dvc/cache/files/md5/84/759dbdf64fee0e0e48506b7d9e1313.dir").write_bytes(data)
    for name in ("data/train.csv", "sub/c.txt", "data/img/1.txt"):
        find_tracked(top / name, top)
        capture_input(top / name, top=None)
