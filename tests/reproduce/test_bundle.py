"""Bundles of real runs: what they hold, refuse and restore, and that they are the same twice."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import shutil
import string
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt
from reproduce.projects import MakeProject, Project, filled
from rocrate.rocrate import ROCrate

from reportgen.errors import NotFoundError, ReportgenError, UnreadableError, UsageError
from reportgen.reproduce.bundle import BundleRequest, make_bundle
from reportgen.reproduce.unbundle import inspect, unpack
from reportgen.runs.view import RunView

WITH_CODE = BundleRequest(code=True)
LETTERS = string.ascii_letters + string.digits


def token() -> str:
    return "ghp_" + "".join(random.choices(LETTERS, k=36))


def contents(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as file:
        return {name.partition("/")[2]: file.read(name) for name in file.namelist()}


def replay(folder: Path, target: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "REPORTGEN_PYTHON": sys.executable, **variables}
    return subprocess.run(
        ["sh", str(folder / "run" / "reproduce.sh"), str(target)],
        cwd=folder.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that lies in no repository and beside none."""
    return tmp_path_factory.mktemp("elsewhere")


# -- what it holds ----------------------------------------------------------------------------


def test_the_whole_run_and_what_explains_it(recorded: RunView, tmp_path: Path) -> None:
    made = make_bundle(recorded, tmp_path / "b.zip", BundleRequest(dockerfile=True, conda=True))
    held = contents(made.target)
    assert list(held)[:3] == ["bundle.json", "README.md", "ro-crate-metadata.json"]
    assert {name.partition("/")[2] for name in held if name.startswith("run/")} == {
        entry.path for entry in recorded.files
    }
    assert all(
        held[f"run/{entry.path}"] == (recorded.folder / entry.path).read_bytes()
        for entry in recorded.files
    )
    assert set(held) - {name for name in held if name.startswith("run/")} == {
        *("bundle.json", "README.md", "ro-crate-metadata.json", "results.csv"),
        *("Dockerfile", "environment.yml"),
    }
    assert made.files == len(held)
    assert inspect(made.target).check.files == len(held) - 1


def test_the_readme_says_how_and_the_table_what_came_out(recorded: RunView, tmp_path: Path) -> None:
    held = contents(make_bundle(recorded, tmp_path / "b.zip", BundleRequest()).target)
    readme = held["README.md"].decode()
    for said in (recorded.id, "bash run/reproduce.sh", "reportgen verify .", "REPORTGEN_REPO"):
        assert said in readme
    assert "train.py --steps 40 --seed 3" in readme
    rows = list(csv.DictReader(io.StringIO(held["results.csv"].decode())))
    summary = recorded.summary.metrics
    assert {row["metric"]: float(row["last"]) for row in rows} == {
        name: one.last for name, one in summary.items()
    }
    loss = next(row for row in rows if row["metric"] == "val/loss")
    assert (loss["goal"], float(loss["best"])) == ("minimize", summary["val/loss"].best)


def test_text_of_a_run_is_no_mark_up(recorded: RunView, tmp_path: Path) -> None:
    hostile = "<script>x</script> [a](javascript:x) `b` |\n# head"
    run = yaml.safe_load((recorded.folder / "run.yaml").read_text())
    run |= {"name": hostile, "notes": hostile, "command": {"argv": ["a`|\n# x"], "cwd": "."}}
    (recorded.folder / "run.yaml").write_text(yaml.safe_dump(run))
    (recorded.folder / "manifest.json").unlink()
    held = contents(
        make_bundle(RunView(recorded.folder), tmp_path / "b.zip", BundleRequest()).target
    )
    readme = held["README.md"].decode()
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(readme)
    assert "<script" not in page
    assert "<a" not in page
    assert page.count("<h1>") == 1
    assert page.count("<td>") == page.count("<tr>") * 3 - page.count("<th>")
    assert "the run was not sealed" in readme


def test_the_description_is_a_crate_that_its_own_library_reads(
    recorded: RunView, tmp_path: Path
) -> None:
    made = make_bundle(recorded, tmp_path / "b.zip", WITH_CODE)
    folder, _ = unpack(made.target, tmp_path / "out")
    crate = ROCrate(folder)
    listed = {part.id for part in crate.root_dataset["hasPart"]}
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert there - listed == {"bundle.json", "ro-crate-metadata.json"}
    assert listed <= there
    action = crate.get("#run")
    assert action is not None
    assert action["instrument"].id == "code.bundle"
    assert {"run/metrics.jsonl", "run/summary.yaml"} <= {one.id for one in action["result"]}
    profile = "https://w3id.org/ro/wfrun/process/0.5"
    assert crate.root_dataset["conformsTo"].id == profile
    values = {one["name"]: one["value"] for one in action["result"] if one.type == "PropertyValue"}
    assert values["val/loss"] == recorded.summary.metrics["val/loss"].last


def test_citation_and_license_come_with_the_code(project: Project, tmp_path: Path) -> None:
    project.write("CITATION.cff", "cff-version: 1.2.0\ntitle: Lines\nlicense: Apache-2.0\n")
    project.write("LICENSE", "Do what you want.\n")
    project.commit()
    made = make_bundle(project.train("--steps", "3"), tmp_path / "b.zip", BundleRequest())
    held = contents(made.target)
    assert held["LICENSE"] == b"Do what you want.\n"
    assert b"title: Lines" in held["CITATION.cff"]
    graph = json.loads(held["ro-crate-metadata.json"])["@graph"]
    root = next(one for one in graph if one["@id"] == "./")
    assert root["license"] == {"@id": "https://spdx.org/licenses/Apache-2.0"}


# -- the same twice (B04) ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_the_same_run_gives_the_same_bytes(
    recorded: RunView, project: Project, tmp_path: Path, kind: str
) -> None:
    first = make_bundle(recorded, tmp_path / f"first.{kind}", WITH_CODE).target.read_bytes()
    project.git("gc", "--quiet", "--aggressive", "--prune=now")
    for path in recorded.folder.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(0o700)
    other = {"TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-m", "reportgen", "bundle", str(recorded.folder)]
    subprocess.run(
        ["sh", "-c", 'umask 077; exec "$@"', "sh", *command, "-o", f"b.{kind}", "--with-code"],
        cwd=tmp_path,
        env={**os.environ, **other},
        check=True,
        capture_output=True,
    )
    assert (tmp_path / f"b.{kind}").read_bytes() == first


def test_the_time_of_its_files_can_be_set(
    recorded: RunView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    made = make_bundle(recorded, tmp_path / "b.zip", BundleRequest())
    with zipfile.ZipFile(made.target) as file:
        assert {info.date_time for info in file.infolist()} == {(2023, 11, 14, 22, 13, 20)}
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        make_bundle(recorded, tmp_path / "c.zip", BundleRequest())
    assert not (tmp_path / "c.zip").exists()


# -- and back ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_it_runs_again_without_its_repository(
    project: Project, tmp_path: Path, empty: Path, kind: str
) -> None:
    """Uncommitted changes, a new module, a binary file and an executable among them."""
    os.symlink("train.py", project.top / "start")
    project.write(os.fsdecode(b"latin-\xe4.txt"), "x\n")
    project.commit()
    project.write("settings.py", "from noise import NOISE\n")
    project.write("noise.py", "NOISE = 0.25\n")
    project.write("bytes.bin", bytes(range(256)) * 9)
    project.write("tool.sh", "#!/bin/sh\n").chmod(0o755)
    project.write("n\u00e4me \u4e2d.txt", "x\r\ny\r\n")
    view = project.train("--steps", "30")
    made = make_bundle(view, tmp_path / f"b.{kind}", WITH_CODE)
    last = view.summary.metrics["train/loss"].last
    tree = view.git.tree if view.git else None
    shutil.copy(made.target, empty)
    shutil.rmtree(project.top)
    folder, _ = unpack(empty / f"b.{kind}", empty / "run")
    result = replay(folder, empty / "again")
    assert result.returncode == 0, result.stderr
    assert f"tree      {tree}, as recorded" in result.stderr
    assert "equal to the last digit" in result.stdout
    assert result.stdout.count(str(last)) == 2
    restored = Project.__new__(Project)
    restored.top = empty / "again" / "tree"
    assert restored.git("write-tree") == tree
    assert (restored.top / "bytes.bin").read_bytes() == bytes(range(256)) * 9
    assert os.access(restored.top / "tool.sh", os.X_OK)
    assert os.readlink(restored.top / "start") == "train.py"
    assert (restored.top / os.fsdecode(b"latin-\xe4.txt")).exists()
    assert (restored.top / "n\u00e4me \u4e2d.txt").read_bytes() == b"x\r\ny\r\n"
    assert restored.git("status", "--porcelain", "--untracked-files=no") == ""


def test_the_code_is_one_commit_that_git_clones(
    recorded: RunView, project: Project, tmp_path: Path
) -> None:
    project.write("later.txt", "not of the run\n")
    project.commit()
    folder, _ = unpack(make_bundle(recorded, tmp_path / "b.zip", WITH_CODE).target, tmp_path / "o")
    subprocess.run(["git", "clone", "-q", "code.bundle", "code"], cwd=folder, check=True)
    cloned = Project.__new__(Project)
    cloned.top = folder / "code"
    assert cloned.git("rev-parse", "HEAD^{tree}") == (recorded.git.tree if recorded.git else None)
    assert cloned.git("log", "--format=%an %s") == f"reportgen Code of run {recorded.id}"
    assert not (cloned.top / "later.txt").exists()
    assert not list(cloned.top.rglob("run.yaml"))


def test_data_that_git_does_not_hold_comes_along(
    make_project: MakeProject, tmp_path: Path, empty: Path
) -> None:
    project = filled(make_project("with-data"))
    project.write(".gitignore", "data/\nruns/\n")
    project.git("rm", "-r", "-q", "--cached", "data")
    project.commit()
    view = project.train("--steps", "5")
    plain = make_bundle(view, tmp_path / "plain.zip", WITH_CODE)
    made = make_bundle(view, tmp_path / "b.zip", BundleRequest(code=True, data=True))
    data = (project.top / "data" / "line.csv").read_bytes()
    assert contents(made.target)["inputs/data/line.csv"] == data
    assert "inputs/data/line.csv" not in contents(plain.target)
    (project.top / "data" / "line.csv").write_bytes(data + b"1,2\n")
    with pytest.raises(UsageError, match="another SHA-256"):
        make_bundle(view, tmp_path / "c.zip", BundleRequest(code=True, data=True))
    shutil.rmtree(project.top)
    folder, _ = unpack(made.target, empty / "run")
    result = replay(folder, empty / "again")
    assert result.returncode == 0, result.stderr
    folder, _ = unpack(plain.target, empty / "plain")
    result = replay(folder, empty / "third")
    assert result.returncode == 3
    assert "the input data/line.csv is not in the repository" in result.stderr


def test_what_the_code_only_names_is_said(make_project: MakeProject, tmp_path: Path) -> None:
    part = filled(make_project("part"))
    project = filled(make_project("whole"))
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 9\n"
    project.write("big.bin", pointer)
    add = ["-c", "protocol.file.allow=always", "submodule", "add", "-q", str(part.top), "ext"]
    project.git(*add)
    project.commit()
    made = make_bundle(project.train("--steps", "2"), tmp_path / "b.zip", WITH_CODE)
    assert [note for note in made.notes if note.startswith("not in the code")] == [
        "not in the code: big.bin: its git-lfs content",
        f"not in the code: submodule ext at {part.git('rev-parse', 'HEAD')}",
    ]
    assert (
        "git\\-lfs" in contents(made.target)["README.md"].decode()
        or "git-lfs" in contents(made.target)["README.md"].decode()
    )


# -- what it refuses --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "rule"),
    [
        ("run/stdout.log:2", "github-token"),
        ("run/artifacts/notes.txt:2", "github-token"),
        ("run/figures/a.png", "github-token"),
    ],
)
def test_a_secret_is_named_by_place_and_rule(
    recorded: RunView, tmp_path: Path, place: str, rule: str, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = token()
    path = recorded.folder / place.removeprefix("run/").partition(":")[0]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes((b"\0" if ":" not in place else b"one\n") + secret.encode())
    (recorded.folder / "manifest.json").unlink()
    command = [sys.executable, "-m", "reportgen", "bundle", str(recorded.folder), "-o", "b.zip"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert f"{place} ({rule})" in done.stderr
    assert secret not in done.stderr + done.stdout
    assert not (tmp_path / "b.zip").exists()
    allowed = subprocess.run(
        [*command, "--allow", place.partition(":")[0]], cwd=tmp_path, capture_output=True
    )
    assert allowed.returncode == 0


def test_secrets_of_the_code_count_when_it_is_handed_on(project: Project, tmp_path: Path) -> None:
    secret = token()
    project.write("lib/client.py", f'\nURL = "https://u:{secret}@example.org"\n')
    project.commit()
    view = project.train("--steps", "2")
    make_bundle(view, tmp_path / "without.zip", BundleRequest())
    with pytest.raises(UsageError) as caught:
        make_bundle(view, tmp_path / "b.zip", WITH_CODE)
    assert "code:lib/client.py:2" in str(caught.value)
    assert secret not in str(caught.value)
    make_bundle(view, tmp_path / "b.zip", BundleRequest(code=True, allowed=("code:lib/*",)))


def test_a_run_that_was_changed_is_not_handed_on(recorded: RunView, tmp_path: Path) -> None:
    metrics = recorded.folder / "metrics.jsonl"
    metrics.write_bytes(metrics.read_bytes().replace(b"1", b"2", 1))
    with pytest.raises(UsageError, match=r"metrics\.jsonl: has SHA-256"):
        make_bundle(RunView(recorded.folder), tmp_path / "b.zip", BundleRequest())
    assert not (tmp_path / "b.zip").exists()


def test_a_file_that_its_seal_misses_is_not_handed_on(recorded: RunView, tmp_path: Path) -> None:
    (recorded.folder / "extra.txt").write_text("x")
    with pytest.raises(UsageError, match=r"extra\.txt: is a file that the seal does not list"):
        make_bundle(RunView(recorded.folder), tmp_path / "b.zip", BundleRequest())


def test_a_file_that_is_gone_is_said_and_no_fault(recorded: RunView, tmp_path: Path) -> None:
    """Checkpoints are often kept out of git."""
    (recorded.folder / "system.jsonl").unlink(missing_ok=True)
    (recorded.folder / "stdout.log").unlink()
    made = make_bundle(RunView(recorded.folder), tmp_path / "b.zip", BundleRequest())
    assert "stdout.log" in made.document["absent"]
    assert inspect(made.target).check.differences == []
    assert "stdout.log" in contents(made.target)["README.md"].decode()


def test_links_and_odd_names_are_not_handed_on(recorded: RunView, tmp_path: Path) -> None:
    (recorded.folder / "manifest.json").unlink()
    (recorded.folder / "latest").symlink_to("run.yaml")
    with pytest.raises(UnreadableError, match="is a link"):
        make_bundle(RunView(recorded.folder), tmp_path / "b.zip", BundleRequest())
    (recorded.folder / "latest").unlink()
    (recorded.folder / "A.txt").write_text("x")
    (recorded.folder / "a.txt").write_text("x")
    with pytest.raises(UnreadableError, match="is there twice"):
        make_bundle(RunView(recorded.folder), tmp_path / "b.zip", BundleRequest())
    (recorded.folder / "a.txt").rename(recorded.folder / "a\udcff.txt")
    with pytest.raises(UnreadableError):
        make_bundle(RunView(recorded.folder), tmp_path / "b.zip", BundleRequest())
    assert not (tmp_path / "b.zip").exists()


def test_other_names_and_missing_folders_are_refused(recorded: RunView, tmp_path: Path) -> None:
    for name in ("b.rar", "b", ".zip", "b.tar"):
        with pytest.raises(UsageError, match="is no name of a bundle"):
            make_bundle(recorded, tmp_path / name, BundleRequest())
    with pytest.raises(NotFoundError):
        make_bundle(recorded, tmp_path / "gone" / "b.zip", BundleRequest())


def test_code_that_is_not_at_hand_is_said(
    recorded: RunView, project: Project, tmp_path: Path, empty: Path
) -> None:
    moved = shutil.copytree(recorded.folder, empty / "run")
    with pytest.raises(ReportgenError) as caught:
        make_bundle(RunView(moved), tmp_path / "b.zip", WITH_CODE)
    assert "no repository" in str(caught.value)
    request = BundleRequest(code=True, repository=project.top)
    assert make_bundle(RunView(moved), tmp_path / "b.zip", request).document["code"]
    assert make_bundle(RunView(moved), tmp_path / "c.zip", BundleRequest()).document["code"] is None


def test_a_record_whose_code_does_not_fit_is_not_handed_on(
    recorded: RunView, tmp_path: Path
) -> None:
    info: dict[str, Any] = yaml.safe_load((recorded.folder / "git_info.yaml").read_text())
    info["tree"] = "0" * 40
    (recorded.folder / "git_info.yaml").write_text(yaml.safe_dump(info))
    (recorded.folder / "manifest.json").unlink()
    with pytest.raises(UsageError, match="recorded was 0000"):
        make_bundle(RunView(recorded.folder), tmp_path / "b.zip", WITH_CODE)
