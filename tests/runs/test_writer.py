from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reportgen.fs.documents import load_json, load_yaml
from reportgen.runs import layout, writer
from reportgen.runs.discovery import find_runs
from reportgen.runs.schema import GitInfo, ManifestFile, Run
from reportgen.runs.view import RunView


def test_ids_are_unique_and_sort_by_time() -> None:
    ids = [writer.new_run_id(1763900000.0 + number / 1000) for number in range(200)]
    assert sorted(ids) == ids
    assert len({*ids, *(writer.new_run_id(1763900000.0) for _ in range(200))}) == 400
    assert all(len(one) == 16 and one.isalnum() and one.upper() == one for one in ids)
    assert writer.new_run_id() > ids[-1] or writer.new_run_id() < ids[0]


def test_folders_by_project_group_and_name(tmp_path: Path) -> None:
    made = writer.create_run_folder(tmp_path / "runs", project="digits", group="lr", name="mlp")
    assert made == tmp_path / "runs" / "digits" / "lr" / "mlp"
    again = [
        writer.create_run_folder(tmp_path / "runs", project="digits", group="lr", name="mlp")
        for _ in range(2)
    ]
    assert [path.name for path in again] == ["mlp-2", "mlp-3"]
    assert writer.create_run_folder(tmp_path, project=None, group="", name="x") == tmp_path / "x"


@pytest.mark.parametrize("name", ["../../evil", "/etc/x", "a/b", ".hidden", "con", "é\0\n", "_x"])
def test_no_name_leaves_the_root_or_hides(tmp_path: Path, name: str) -> None:
    made = writer.create_run_folder(tmp_path / "runs", project=name, group=name, name=name)
    (made / "run.yaml").touch()
    assert made.resolve().is_relative_to(tmp_path / "runs")
    assert len(made.relative_to(tmp_path / "runs").parts) == 3
    assert [ref.path for ref in find_runs([tmp_path / "runs"]).runs] == [made]


def test_a_project_named_like_a_run_stands_beside_it(tmp_path: Path) -> None:
    run = writer.create_run_folder(tmp_path, project=None, group=None, name="digits")
    (run / "run.yaml").touch()
    other = writer.create_run_folder(tmp_path, project="digits", group=None, name="x")
    assert other == tmp_path / "digits-2" / "x"
    (other / "run.yaml").touch()
    assert len(find_runs([tmp_path]).runs) == 2


def test_a_folder_that_another_process_made_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.mkdir

    def after_another(path: Path, *mode: int) -> None:
        if path.name == "x":
            real(path)
        real(path, *mode)

    monkeypatch.setattr(os, "mkdir", after_another)
    assert writer.create_run_folder(tmp_path, project=None, group=None, name="x").name == "x-2"


def test_processes_never_share_a_folder(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from reportgen.runs.writer import create_run_folder\n"
        "sys.stdin.readline()\n"
        "for _ in range(25):\n"
        "    print(create_run_folder(Path(sys.argv[1]), project='p', group=None, name='same'))\n"
    )
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", code, tmp_path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for maker in makers:
        assert maker.stdin is not None
        maker.stdin.write("\n")
        maker.stdin.flush()
    made = [line for maker in makers for line in maker.communicate()[0].split()]
    assert len(made) == len(set(made)) == 75
    assert len(os.listdir(tmp_path / "p")) == 75


def test_documents_are_whole_and_plain(tmp_path: Path) -> None:
    run = Run(
        schema="reportgen.run/1", id="I", name="é: x", status="running", created="2026", notes=None
    )
    writer.write_document(tmp_path, layout.RUN, run)
    plain = load_yaml((tmp_path / "run.yaml").read_bytes(), name="run.yaml")
    assert plain["name"] == "é: x"
    assert plain["notes"] is None
    assert list(plain)[:4] == ["schema", "id", "name", "status"]
    writer.write_plain(tmp_path, layout.SPLITS, {"train": "AA=="})
    assert load_json((tmp_path / layout.SPLITS).read_bytes(), name="x") == {"train": "AA=="}
    assert RunView(tmp_path).run == run


def test_a_refusing_disk_leaves_the_old_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.write_document(tmp_path, layout.GIT, GitInfo(branch="main"))
    before = (tmp_path / layout.GIT).read_bytes()

    def refuse(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="No space"):
        writer.write_document(tmp_path, layout.GIT, GitInfo(branch="other"))
    assert (tmp_path / layout.GIT).read_bytes() == before
    assert os.listdir(tmp_path) == [layout.GIT]


def test_the_seal_lists_every_file_with_its_hash(make_run: Any) -> None:
    folder = make_run(
        files={
            "captured/opens.json": {"hook": True},
            "figures/a_step_1.png": b"\x89PNG",
            "labels.yaml": "archived: true\n",
            "reproductions/x.yaml": "verdict: identical\n",
            "manifest.1.json": {"files": []},
            ".run.yaml.00.tmp": b"unfinished",
        }
    )
    os.symlink("/etc/passwd", folder / "link")
    manifest = writer.seal(folder)
    expected = [*("config.yaml", "metrics.jsonl", "run.yaml"), "captured/opens.json"]
    assert [file.path for file in manifest.files] == [*expected, "figures/a_step_1.png"]
    for file in manifest.files:
        data = (folder / file.path).read_bytes()
        assert (file.bytes, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    written = json.loads((folder / "manifest.json").read_bytes())
    assert written["schema"] == "reportgen.manifest/1"
    assert written["files"][0].keys() == {"path", "bytes", "sha256"}
    assert RunView(folder).manifest == manifest
    assert writer.build_manifest(folder) == manifest


def test_files_kept_elsewhere_are_listed_unless_they_are_here(make_run: Any) -> None:
    folder = make_run()
    elsewhere = [
        ManifestFile(path="checkpoints/big.pt", bytes=7, sha256="0" * 64, uri="s3://b/big.pt"),
        ManifestFile(path="config.yaml", bytes=7, sha256="0" * 64, uri="s3://b/config.yaml"),
    ]
    files = {file.path: file for file in writer.build_manifest(folder, external=elsewhere).files}
    assert files["checkpoints/big.pt"].uri == "s3://b/big.pt"
    assert files["config.yaml"].uri is None


def test_a_file_that_changes_while_it_is_hashed_is_not_sealed(
    make_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reportgen.errors import UnreadableError

    real = writer.sha256_file

    def changing(root: Path, relative: str) -> tuple[str, int]:
        if relative == "metrics.jsonl":
            raise UnreadableError("changed while it was read", where=relative)
        return real(root, relative)

    monkeypatch.setattr(writer, "sha256_file", changing)
    files = writer.build_manifest(make_run()).files
    assert [file.path for file in files] == ["config.yaml", "run.yaml"]
