"""The recorded tree comes back to the last byte, mode and link, and nothing else is touched."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
from reproduce.projects import MakeProject, Project, facts_at

from reportgen.errors import UnavailableError, UsageError
from reportgen.reproduce.restore import restore_code
from reportgen.reproduce.source import Source
from reportgen.runs.schema import Submodule

LINK = b"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n"


def rich(make_project: MakeProject) -> Project:
    """A repository with everything that is easily lost on the way."""
    project = make_project("rich")
    project.write(".gitattributes", "*.txt text eol=crlf\n*.dat -text\n")
    project.write("dos.txt", "one\r\ntwo\r\n")
    project.write("kept.dat", b"a\r\nb\n\x00")
    project.write("run.sh", "#!/bin/sh\n").chmod(0o755)
    project.write("grüße/日本.py", "x = 1\n")
    os.symlink("run.sh", project.top / "start")
    os.symlink("nowhere/at all", project.top / "dangling")
    project.write(os.fsdecode(b"latin-\xe4.py"), "y = 2\n")
    project.write("runs/one/run.yaml", "schema: reportgen.run/1\n")
    project.commit()
    return project


def names(top: Path) -> set[str]:
    return {
        str(path.relative_to(top))
        for path in top.rglob("*")
        if ".git" not in path.relative_to(top).parts and not path.is_dir()
    }


def test_a_clean_tree(make_project: MakeProject, tmp_path: Path) -> None:
    project = rich(make_project)
    before = project.state()
    code = project.capture()
    restored = restore_code(Source(project.top), facts_at(code), code.patch, tmp_path / "new")
    assert restored.missing == []
    assert restored.notes == [f"tree {code.git.tree}, as recorded"]
    assert names(restored.tree) == names(project.top)
    assert (restored.tree / "dos.txt").read_bytes() == b"one\r\ntwo\r\n"
    assert (restored.tree / "kept.dat").read_bytes() == b"a\r\nb\n\x00"
    assert os.access(restored.tree / "run.sh", os.X_OK)
    assert not os.access(restored.tree / "kept.dat", os.X_OK)
    assert os.readlink(restored.tree / "dangling") == "nowhere/at all"
    assert project.state() == before


def test_a_dirty_tree_with_what_git_did_not_know(make_project: MakeProject, tmp_path: Path) -> None:
    project = rich(make_project)
    project.write("new module.py", "z = 3\n")
    project.write("picture.bin", bytes(range(256)) * 20)
    project.write("tool.sh", "#!/bin/sh\n").chmod(0o755)
    project.write("dos.txt", "one\r\nthree\r\n")
    (project.top / "kept.dat").unlink()
    before = project.state()
    code = project.capture()
    assert code.git.dirty
    restored = restore_code(Source(project.top), facts_at(code), code.patch, tmp_path / "new")
    assert (restored.tree / "picture.bin").read_bytes() == bytes(range(256)) * 20
    assert (restored.tree / "dos.txt").read_bytes() == b"one\r\nthree\r\n"
    assert os.access(restored.tree / "tool.sh", os.X_OK)
    assert names(restored.tree) == names(project.top)
    again = Project.__new__(Project)
    again.top = restored.tree
    assert again.capture().git.tree == code.git.tree
    assert again.git("rev-parse", "HEAD") == code.git.commit
    assert project.state() == before


def test_a_submodule_comes_from_where_it_is_checked_out(
    make_project: MakeProject, tmp_path: Path
) -> None:
    library = make_project("library")
    library.write("lib.py", "a = 1\n")
    library.commit()
    project = make_project("above")
    project.write("train.py", "import lib\n")
    add = ("submodule", "--quiet", "add", str(library.top), "ext/lib")
    project.git("-c", "protocol.file.allow=always", *add)
    project.commit()
    code = project.capture()
    one = restore_code(Source(project.top), facts_at(code), b"", tmp_path / "one")
    assert (one.tree / "ext/lib/lib.py").read_text() == "a = 1\n"
    assert one.missing == []
    project.git("submodule", "--quiet", "deinit", "--force", "ext/lib")
    named = [Submodule(path="ext/lib", url="https://example.org/lib.git")]
    source = Source(project.top)
    two = restore_code(source, facts_at(code), b"", tmp_path / "two", submodules=named)
    at = library.git("rev-parse", "HEAD")
    assert two.missing == [
        f"submodule ext/lib at {at} from https://example.org/lib.git: not checked out here"
    ]


def test_what_git_lfs_keeps_elsewhere(make_project: MakeProject, tmp_path: Path) -> None:
    content = b"weights\n" * 100
    oid = hashlib.sha256(content).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 800\n"
    project = make_project("large")
    project.write("model.bin", pointer)
    project.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    commit = project.commit()
    facts = replace(
        facts_at(project.capture()), tree=project.git("rev-parse", f"{commit}^{{tree}}")
    )
    one = restore_code(Source(project.top), facts, b"", tmp_path / "one")
    assert one.missing == [f"model.bin: its git-lfs content {oid[:12]} is not here"]
    store = project.top / ".git/lfs/objects" / oid[:2] / oid[2:4]
    store.mkdir(parents=True)
    (store / oid).write_bytes(content)
    two = restore_code(Source(project.top), facts, b"", tmp_path / "two")
    assert two.missing == []
    assert (two.tree / "model.bin").read_bytes() == content
    (store / oid).write_bytes(b"something else")
    three = restore_code(Source(project.top), facts, b"", tmp_path / "three")
    assert len(three.missing) == 1


def test_line_ends_that_were_committed_against_the_attributes(
    make_project: MakeProject, tmp_path: Path
) -> None:
    project = make_project("mixed")
    project.write("a.txt", "one\r\ntwo\r\n")
    project.write("id.c", "$Id: old $\n")
    project.commit()
    project.write(".gitattributes", "*.txt text eol=crlf\n*.c ident\n")
    project.git("add", ".gitattributes")
    project.git("commit", "--quiet", "-m", "Attributes")
    tree = project.git("rev-parse", "HEAD^{tree}")
    facts = replace(facts_at(project.capture()), tree=tree)
    restored = restore_code(Source(project.top), facts, b"", tmp_path / "new")
    assert (restored.tree / "a.txt").read_bytes() == b"one\r\ntwo\r\n"
    assert restored.missing == ["id.c: here it is not as recorded"]


def test_links_that_were_not_committed_take_a_word(
    make_project: MakeProject, tmp_path: Path
) -> None:
    project = rich(make_project)
    os.symlink("kept.dat", project.top / "fresh")
    code = project.capture()
    source = Source(project.top)
    with pytest.raises(UsageError, match="--allow-links"):
        restore_code(source, facts_at(code), code.patch, tmp_path / "one")
    assert names(tmp_path / "one") == set()
    two = restore_code(source, facts_at(code), code.patch, tmp_path / "two", allow_links=True)
    assert os.readlink(two.tree / "fresh") == "kept.dat"


def test_a_repository_of_longer_ids(tmp_path: Path) -> None:
    project = Project.__new__(Project)
    project.top = tmp_path / "long"
    project.top.mkdir()
    project.git("init", "--quiet", "--object-format=sha256")
    project.write("a.py", "a = 1\n")
    project.commit()
    project.write("b.py", "b = 1\n")
    code = project.capture()
    assert len(str(code.git.tree)) == 64
    new = restore_code(Source(project.top), facts_at(code), code.patch, tmp_path / "new")
    assert names(new.tree) == {"a.py", "b.py"}


REFUSED = {
    "link": LINK,
    "outside": LINK.replace(b"120000", b"100644").replace(b"b/l", b"b/../../l"),
    "absolute": b"--- /dev/null\n+++ /tmp/x\n@@ -0,0 +1 @@\n+1\n",
    "hook": LINK.replace(b"120000", b"100644").replace(b"b/l", b"b/.git/hooks/post-checkout"),
    "through a link": LINK.replace(b"120000", b"100644").replace(b"b/l", b"b/start/x"),
    "cut short": LINK.replace(b"120000", b"100644")[:-3],
    "other tree": LINK.replace(b"120000", b"100644"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_patch_that_is_not_the_recorded_one(
    name: str, make_project: MakeProject, tmp_path: Path
) -> None:
    project = rich(make_project)
    before = project.state()
    facts = facts_at(project.capture())
    tree = tmp_path / "new"
    with pytest.raises(UsageError):
        restore_code(Source(project.top), facts, REFUSED[name], tree)
    assert names(tree) == set()
    assert not (tree / ".git/hooks").exists()
    assert project.state() == before


def test_nothing_of_the_user_s_settings_is_run(make_project: MakeProject, tmp_path: Path) -> None:
    project = rich(make_project)
    code = project.capture()
    canary = tmp_path / "canary"
    for key in ("core.fsmonitor", "filter.x.smudge", "core.pager", "diff.external"):
        project.git("config", key, f"touch {canary}")
    hook = project.write(".git/hooks/post-checkout", f"#!/bin/sh\ntouch {canary}\n")
    hook.chmod(0o755)
    restore_code(Source(project.top), facts_at(code), b"", tmp_path / "new")
    assert not canary.exists()


def test_a_remote_that_does_not_answer(project: Project, tmp_path: Path) -> None:
    facts = facts_at(project.capture())
    source = Source(remote="https://localhost:9/nothing.git")
    with pytest.raises(UnavailableError, match="does not give commit"):
        restore_code(source, facts, b"", tmp_path / "new")
    assert names(tmp_path / "new") == set()
