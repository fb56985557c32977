"""Comparing a folder with its seal, and refusing seals that are none."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import LimitError, NotFoundError, ReportgenError, UnreadableError
from reportgen.runs.seal import FILES, check_run, read_seal
from reportgen.runs.writer import seal

GOOD = {"path": "a", "bytes": 1, "sha256": "0" * 64}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "figures").mkdir()
    (tmp_path / "run.yaml").write_text("schema: reportgen.run/1\n")
    (tmp_path / "figures" / "a.png").write_bytes(b"\x89PNG")
    (tmp_path / "labels.yaml").write_text("notes: later\n")
    seal(tmp_path)
    return tmp_path


def faults(folder: Path) -> list[tuple[str, str]]:
    return [(one.path, one.fault) for one in check_run(folder).differences]


def test_a_folder_as_it_was_sealed(run: Path) -> None:
    check = check_run(run)
    assert (check.files, check.bytes, check.differences) == (2, 28, [])


def test_each_kind_of_difference_names_its_file(run: Path) -> None:
    (run / "run.yaml").write_text("schema: reportgen.run/2\n")
    (run / "figures" / "a.png").unlink()
    (run / "new.txt").write_text("x")
    os.mkfifo(run / "pipe")
    assert faults(run) == [
        ("run.yaml", "changed"),
        ("figures/a.png", "missing"),
        ("new.txt", "unlisted"),
        ("pipe", "unlisted"),
    ]


def test_a_link_in_the_place_of_a_file_is_not_followed(run: Path, tmp_path: Path) -> None:
    content = run / "figures" / "a.png"
    content.rename(run.parent / "elsewhere.png")
    content.symlink_to(run.parent / "elsewhere.png")
    assert faults(run) == [("figures/a.png", "unreadable")]


def test_what_is_kept_elsewhere_is_not_looked_for(run: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["files"].append({**GOOD, "path": "big.pt", "uri": "s3://bucket/big.pt"})
    (run / "manifest.json").write_text(json.dumps(manifest))
    check = check_run(run)
    assert (check.differences, check.elsewhere) == ([], ["big.pt"])


def test_a_size_that_was_forged_is_a_difference(run: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["files"][0]["bytes"] += 1
    (run / "manifest.json").write_text(json.dumps(manifest))
    assert [fault for _, fault in faults(run)] == ["changed"]


def test_no_seal_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no manifest\.json"):
        check_run(tmp_path)


def entries(*files: Any) -> dict[str, Any]:
    return {"schema": "reportgen.manifest/1", "files": list(files)}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "lists no files"),
        ({"files": {}}, "lists no files"),
        (entries("a"), "has no path"),
        (entries({**GOOD, "path": "/etc/passwd"}), "is absolute"),
        (entries({**GOOD, "path": "a/../../b"}), "'..' part"),
        (entries({**GOOD, "path": "manifest.json"}), "lists itself"),
        (entries(GOOD, {**GOOD, "bytes": 2}), "twice"),
        (entries({**GOOD, "sha256": "A" * 64}), "has no SHA-256"),
        (entries({"path": "a", "bytes": 1, "md5": "0" * 32}), "has no SHA-256"),
        (entries({**GOOD, "bytes": -1}), "has no size"),
        (entries({**GOOD, "bytes": True}), "has no size"),
        (entries({**GOOD, "bytes": "1"}), "has no size"),
    ],
)
def test_what_is_no_seal_is_refused(document: Any, words: str) -> None:
    with pytest.raises(UnreadableError, match=words):
        read_seal(json.dumps(document).encode(), name="manifest.json", own="manifest.json")


def test_a_seal_without_end_is_refused() -> None:
    listed = [{**GOOD, "path": f"f{number}"} for number in range(FILES + 1)]
    with pytest.raises(LimitError):
        read_seal(json.dumps(entries(*listed)).encode(), name="m", own="m")


@pytest.mark.parametrize("data", [b"", b"\xff", b"[" * 100_000, b"{}{}"])
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(ReportgenError):
        read_seal(data, name="m", own="m")


def test_hashes_are_of_the_bytes(run: Path) -> None:
    sealed = read_seal((run / "manifest.json").read_bytes(), name="m", own="manifest.json")
    assert sealed["figures/a.png"].sha256 == sha256(b"\x89PNG").hexdigest()
