"""Objects are read as git reads them, and trees written here are trees to git."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator

import pytest

from reportgen.capture import git_objects
from reportgen.capture.git_objects import Entry, ObjectReader, full_id, parse_tree
from reportgen.capture.git_process import Deadline
from reportgen.capture.shadow import ShadowRepository, open_shadow
from reportgen.errors import LimitError, UnavailableError, UnreadableError


@pytest.fixture
def shadow(repo) -> Iterator[ShadowRepository]:
    with open_shadow(repo.top) as opened:
        yield opened


def test_commit_tree_and_blob_are_those_of_git(repo, shadow: ShadowRepository) -> None:
    head = repo.git("rev-parse", "HEAD")
    assert shadow.objects.tree_of(head) == repo.tree()
    assert shadow.objects.commit_time(head) == int(repo.git("log", "-1", "--format=%ct"))
    names = [entry.name for entry in shadow.objects.entries(repo.tree())]
    assert names == [b"data", b"lib", b"train.py"]
    blob = repo.git("rev-parse", "HEAD:train.py")
    assert shadow.objects.blob(blob) == b"import lib\nlib.run()\n"


def test_many_objects_come_from_one_process(shadow: ShadowRepository, repo) -> None:
    blob = repo.git("rev-parse", "HEAD:train.py")
    shadow.objects.blob(blob)
    process = shadow.objects._process
    for _ in range(50):
        shadow.objects.blob(blob)
    assert shadow.objects._process is process


def test_a_large_object_arrives_whole(repo) -> None:
    content = bytes(range(256)) * 8_000
    repo.write("big.bin", content)
    repo.commit()
    with open_shadow(repo.top) as shadow:
        assert shadow.blob(repo.git("rev-parse", "HEAD"), "big.bin") == content


def test_what_is_not_here_is_none_and_no_commit_is_an_error(shadow: ShadowRepository, repo) -> None:
    assert shadow.objects.read("0" * 40) is None
    with pytest.raises(UnreadableError, match="no commit"):
        shadow.objects.commit(repo.tree())
    with pytest.raises(UnreadableError, match="no tree"):
        shadow.objects.entries(repo.git("rev-parse", "HEAD"))
    with pytest.raises(UnreadableError, match="no file content"):
        shadow.objects.blob(repo.tree())


@pytest.mark.parametrize(
    "text", ["HEAD", "--help", "abc", "0" * 39, "0" * 41, "Z" * 40, "a" * 40 + "\n"]
)
def test_only_full_ids_reach_git(text: str, shadow: ShadowRepository) -> None:
    with pytest.raises(UnreadableError, match="no full object id"):
        full_id(text)
    with pytest.raises(UnreadableError, match="no full object id"):
        shadow.objects.read(text)


def test_an_object_over_the_limit_is_refused_and_the_next_is_read(
    shadow: ShadowRepository, repo
) -> None:
    blob = repo.git("rev-parse", "HEAD:train.py")
    with pytest.raises(LimitError, match="has 21 bytes"):
        shadow.objects.blob(blob, limit=5)
    assert shadow.objects.blob(blob)


def test_a_damaged_object_is_an_error_and_the_next_is_read(repo) -> None:
    blob = repo.git("rev-parse", "HEAD:train.py")
    place = repo.top / ".git/objects" / blob[:2] / blob[2:]
    place.chmod(0o644)
    place.write_bytes(b"not zlib")
    with open_shadow(repo.top) as shadow:
        with pytest.raises(UnreadableError):
            shadow.objects.blob(blob)
        assert shadow.objects.entries(repo.tree())


def test_a_tree_written_here_is_the_tree_of_git(shadow: ShadowRepository, repo) -> None:
    entries = shadow.objects.entries(repo.tree())
    assert shadow.objects.write_tree(entries, 40) == repo.tree()
    kept = [entry for entry in entries if entry.name != b"data"]
    written = shadow.objects.write_tree(kept, 40)
    assert sorted(shadow.paths(written)) == ["lib/__init__.py", "train.py"]
    shadow.git("read-tree", written, index="other")
    assert shadow.write_tree(index="other") == written


def test_sha256_trees_too(make_repo: Callable) -> None:
    repo = make_repo("wide", "--object-format=sha256")
    repo.write("a.py")
    head = repo.commit()
    with open_shadow(repo.top) as shadow:
        assert len(shadow.tree_of(head)) == 64
        entries = shadow.objects.entries(shadow.tree_of(head))
        assert shadow.objects.write_tree(entries, 64) == repo.tree()
        assert shadow.empty_tree == repo.git("hash-object", "-t", "tree", "--stdin")


@pytest.mark.parametrize("cut", [1, 5, 10, 27])
def test_a_tree_cut_short_is_damaged(cut: int) -> None:
    whole = b"100644 a.py\0" + bytes(20)
    assert parse_tree(whole, 20) == [Entry("100644", b"a.py", "00" * 20)]
    with pytest.raises(UnreadableError, match="damaged"):
        parse_tree(whole[:-cut], 20)


def test_a_process_that_never_answers_ends_with_the_time(
    monkeypatch: pytest.MonkeyPatch, shadow: ShadowRepository, repo
) -> None:
    started = []

    def silent(*_: object, **options: object) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(["sleep", "60"], **{**options, "env": None})  # type: ignore[arg-type]
        started.append(process)
        return process

    class Quiet:
        Popen = staticmethod(silent)
        PIPE, DEVNULL = subprocess.PIPE, subprocess.DEVNULL

    monkeypatch.setattr(git_objects, "subprocess", Quiet)
    reader = ObjectReader(repo.top, {}, shadow.path / "objects", Deadline(0.2))
    with pytest.raises(UnavailableError, match="took too long"):
        reader.read("0" * 40)
    assert started[0].poll() is not None
