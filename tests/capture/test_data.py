"""Inputs are identified by what they hold, wherever they lie."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy
import pytest

from reportgen.capture.data import capture_input, input_name
from reportgen.errors import UsageError

ROWS = "id,label\n1,0\n2,1\n"


def test_a_file_has_hash_size_and_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "data/train.csv"
    path.parent.mkdir()
    path.write_text(ROWS)
    monkeypatch.chdir(tmp_path)
    for spec in ("data/train.csv", path, {"path": "data/train.csv"}):
        found, reason = capture_input(spec, top=tmp_path)
        assert reason is None
        assert (found.name, found.path) == ("train.csv", "data/train.csv")
        assert found.sha256 == hashlib.sha256(ROWS.encode()).hexdigest()
        assert (found.bytes, found.rows, found.files) == (len(ROWS), 2, None)


def test_a_folder_has_the_hash_of_its_sorted_lines(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    (folder / "b").mkdir(parents=True)
    (folder / "b/2.png").write_bytes(b"two")
    (folder / "1.png").write_bytes(b"one")
    (folder / "link.png").symlink_to("1.png")
    lines = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in (("1.png", b"one"), ("b/2.png", b"two"))
    )
    found, reason = capture_input({"name": "set", "path": folder}, top=None)
    assert reason is None
    assert found.sha256 == hashlib.sha256(lines.encode()).hexdigest()
    assert (found.files, found.bytes, found.rows) == (2, 6, None)


def test_a_place_in_the_home_directory_names_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets/a.csv").write_text(ROWS)
    found, _ = capture_input("~/sets/a.csv", top=None)
    assert found.path == "~/sets/a.csv"
    assert found.sha256


def test_what_cannot_be_read_has_a_reason(tmp_path: Path) -> None:
    found, reason = capture_input(tmp_path / "gone.csv", top=tmp_path)
    assert found.name == "gone.csv"
    assert found.sha256 is None
    assert reason == "could not be read: No such file or directory"
    _, reason = capture_input({"name": "x"}, top=None)
    assert reason == "neither a path nor a version was given"


def test_a_data_set_within_a_package_is_a_file_of_it() -> None:
    spec = {"name": "code", "package": "NumPy", "file": "numpy/version.py"}
    found, reason = capture_input(spec, top=None)
    content = Path(numpy.__file__).with_name("version.py").read_bytes()
    assert reason is None
    assert found.path == "numpy/version.py"
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert found.version == {"kind": "package", "name": "numpy", "version": numpy.__version__}


def test_a_package_alone_is_a_version() -> None:
    found, reason = capture_input({"name": "digits", "package": "scikit_learn"}, top=None)
    assert reason is None
    assert found.version is not None
    assert found.version["name"] == "scikit-learn"
    assert found.sha256 is None
    found, _ = capture_input({"name": "x", "package": "no-such-package"}, top=None)
    assert found.version == {"kind": "package", "name": "no-such-package", "version": None}


def test_generators_and_addresses_are_versions() -> None:
    spec = {"name": "moons", "generator": "make_moons(1000)", "seed": 7, "rows": 1000}
    found, reason = capture_input(spec, top=None)
    assert reason is None
    assert found.version == {"kind": "generator", "call": "make_moons(1000)", "seed": 7}
    assert found.rows == 1000
    spec = {"name": "moons", "generator": {"call": "make_moons", "n": 10, "seed": 3}}
    assert capture_input(spec, top=None)[0].version == {
        "kind": "generator",
        "call": "make_moons",
        "n": 10,
        "seed": 3,
    }
    found, _ = capture_input({"name": "a", "url": "https://u:p@example.org/a.csv"}, top=None)
    assert found.version == {"kind": "url", "url": "https://example.org/a.csv"}
    given = {"kind": "hf", "repository": "mnist", "commit": "0" * 40}
    assert capture_input({"name": "a", "version": given}, top=None)[0].version == given


@pytest.mark.parametrize("spec", [{"nam": "x"}, {"rows": 3}, 7, None, ["a.csv"]])
def test_what_describes_no_input_is_refused(spec: object) -> None:
    with pytest.raises(UsageError, match="an input of data= has"):
        input_name(spec)  # type: ignore[arg-type]


# -- the version in git ---------------------------------------------------------------------


def test_a_file_that_the_commit_holds_names_its_object(repo) -> None:
    path = repo.top / "data/table.csv"
    before = repo.snapshot()
    found, _ = capture_input(path, top=repo.top)
    assert found.version == {"kind": "git", "object": repo.git("rev-parse", "HEAD:data/table.csv")}
    folder, _ = capture_input(repo.top / "data", top=repo.top)
    assert folder.version == {"kind": "git", "object": repo.git("rev-parse", "HEAD:data")}
    assert repo.snapshot() == before


@pytest.mark.parametrize("change", ["edited", "staged", "beside", "ignored"])
def test_what_differs_from_the_commit_has_no_version(repo, change: str) -> None:
    if change == "ignored":
        repo.write(".gitignore", "*.bin\n")
        repo.commit()
        repo.write("data/more.bin", "x")
    else:
        repo.write("data/more.csv" if change == "beside" else "data/table.csv", "a,b\n9,9\n")
    if change == "staged":
        repo.git("add", "-A")
    assert capture_input(repo.top / "data", top=repo.top)[0].version is None
    whole = change in ("edited", "staged")
    found, _ = capture_input(repo.top / "data/table.csv", top=repo.top)
    assert (found.version is None) is whole


def test_a_file_outside_git_or_new_has_no_version(repo, tmp_path: Path) -> None:
    (tmp_path / "outside.csv").write_text(ROWS)
    assert capture_input(tmp_path / "outside.csv", top=repo.top)[0].version is None
    repo.write("new.csv", ROWS)
    assert capture_input(repo.top / "new.csv", top=repo.top)[0].version is None


def test_a_file_behind_a_pointer_names_the_pointer(repo) -> None:
    content = b"large " * 100
    digest = hashlib.sha256(content).hexdigest()
    pointer = (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n"
    )
    repo.write("data/large.bin", pointer)
    repo.commit()
    repo.write("data/large.bin", content)
    found, _ = capture_input(repo.top / "data/large.bin", top=repo.top)
    assert found.sha256 == digest
    assert found.version is not None
    assert found.version["kind"] == "git"
    repo.write("data/large.bin", content + b"!")
    assert capture_input(repo.top / "data/large.bin", top=repo.top)[0].version is None
