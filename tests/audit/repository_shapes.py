"""Repositories of every shape around a golden run: sound ones, damaged ones, and forged ones.

Each builder makes a repository in a folder that does not exist yet, with a run that was made in
it while it was sound, and returns the run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from reportgen.runs.writer import seal
from reportgen.testing import git, make_repository, make_run
from reportgen.testing.repositories import FILES

APPLIES = "code.patch-applies"
CLOCK = "environment.clock-sane"
EXISTS = "code.commit-exists"
MODULES = "code.modules-match-tree"
ENTRY = "code.entrypoint-in-tree"
RESTORES = "code.patch-restores-tree"
STATE = "code.worktree-state-known"
SUBMODULES = "code.submodules-lfs-resolved"
ANSWERS = (EXISTS, MODULES, ENTRY, STATE)

ODD_NAMES = (
    *(b"a\nb.py", b'quo"te.py', b"tab\t.py", b"x\xff.py"),
    *(b":(top)x.py", b"-rf", b"--output=made"),
)

Build = Callable[[Path], Path]


class Shape(NamedTuple):
    """A shape: how it is built, and what the audit says of the run in it."""

    build: Build
    outcomes: dict[str, str]


def made(folder: Path) -> Path:
    return make_run(make_repository(folder) / "runs", repository=folder)


def wide(folder: Path) -> Path:
    """Ids of 64 digits."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--object-format=sha256")
    return made(folder)


def worktree(folder: Path) -> Path:
    make_repository(folder / "main")
    git(folder / "main", "worktree", "add", "--quiet", "-b", "side", str(folder / "side"))
    return make_run(folder / "side" / "runs", repository=folder / "side")


def within_submodule(folder: Path) -> Path:
    """The run lies in the submodule of another repository."""
    library = make_repository(folder / "library")
    outer = make_repository(folder / "outer", {"a.py": "a = 1\n"})
    allowed = ("-c", "protocol.file.allow=always")
    git(outer, *allowed, "submodule", "--quiet", "add", str(library), "library")
    return make_run(outer / "library" / "runs", repository=outer / "library")


def with_submodule(folder: Path) -> Path:
    """Its submodule would run a program when it is fetched, and is not checked out."""
    lab = make_repository(folder)
    url = "ext::sh -c touch% PWNED"
    (lab / ".gitmodules").write_text(f'[submodule "ext"]\n\tpath = ext\n\turl = {url}\n')
    git(lab, "add", ".gitmodules")
    git(lab, "update-index", "--add", "--cacheinfo", f"160000,{'ab' * 20},ext")
    git(lab, "commit", "--quiet", "--message", "A submodule")
    (lab / "ext").mkdir()
    return make_run(lab / "runs", repository=lab)


def detached(folder: Path) -> Path:
    run = made(folder)
    git(folder, "checkout", "--quiet", "--detach")
    return run


def packed(folder: Path) -> Path:
    run = made(folder)
    git(folder, "gc", "--quiet")
    return run


def split_index(folder: Path) -> Path:
    run = made(folder)
    git(folder, "update-index", "--split-index")
    return run


def sparse_index(folder: Path) -> Path:
    run = made(folder)
    git(folder, "sparse-checkout", "set", "--cone", "--sparse-index", "data")
    return run


def nested(folder: Path) -> Path:
    """Another repository, and the files of a bare one, within; both would run a program."""
    run = made(folder)
    bare = folder / "bare"
    git(folder, "init", "--quiet", str(folder / "inner"))
    git(folder, "init", "--quiet", "--bare", str(bare))
    for place in (folder / "inner/.git/config", bare / "config"):
        with place.open("a") as config:
            config.write('[core]\n\tfsmonitor = "touch PWNED"\n')
    return run


def bare_above_run(folder: Path) -> Path:
    """The run lies in the files of a bare repository that is committed in another one."""
    lab = make_repository(folder)
    git(lab, "init", "--quiet", "--bare", str(lab / "inner"))
    with (lab / "inner/config").open("a") as config:
        config.write('[core]\n\tfsmonitor = "touch PWNED"\n\tbare = false\n\tworktree = .\n')
    return make_run(lab / "inner" / "runs", repository=lab)


def shallow(folder: Path) -> Path:
    """The clone has the last commit alone, and the run was made at the one before."""
    source = folder / "source"
    run = made(source)
    (source / "later.py").write_text("later = 1\n")
    git(source, "add", "later.py")
    git(source, "commit", "--quiet", "--message", "Later")
    clone = folder / "clone"
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=1", f"file://{source}", str(clone)], check=True
    )
    git(clone, "remote", "set-url", "origin", "https://example.org/lab/digits.git")
    kept = clone / run.relative_to(source)
    shutil.copytree(run, kept)
    shutil.rmtree(source)
    return kept


def without_blobs(folder: Path) -> Path:
    """A partial clone: the script is on a server that must not be asked."""
    run = made(folder)
    blob = git(folder, "rev-parse", "HEAD:train.py")
    _object(folder, blob).unlink()
    for key, value in {
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": "ext::sh -c touch% PWNED",
        "protocol.ext.allow": "always",
    }.items():
        git(folder, "config", "--file", str(folder / ".git/config"), key, value)
    return run


def empty(folder: Path) -> Path:
    """No commit at all."""
    run = made(folder)
    shutil.rmtree(folder / ".git")
    git(folder, "init", "--quiet")
    git(folder, "remote", "add", "origin", "https://example.org/lab/digits.git")
    return run


def reftable(folder: Path) -> Path:
    """References in a form that older versions of git do not read."""
    run = made(folder)
    git(folder, "config", "core.repositoryformatversion", "1")
    git(folder, "config", "extensions.refStorage", "reftable")
    return run


def _damaged(place: str, content: bytes) -> Build:
    def build(folder: Path) -> Path:
        run = made(folder)
        git(folder, "pack-refs", "--all")
        path = folder / ".git" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return run

    return build


def huge_references(folder: Path) -> Path:
    """Megabytes of references, of which the disk holds none."""
    run = made(folder)
    path = folder / ".git/packed-refs"
    path.write_bytes(b"")
    os.truncate(path, 40 << 20)
    return run


def blob_of_patch_gone(folder: Path) -> Path:
    """The patch changes a file whose bytes the repository has lost."""
    lab = make_repository(folder)
    (lab / "train.py").write_text(FILES["train.py"] + "print('changed')\n")
    run = make_run(lab / "runs", repository=lab)
    _object(lab, git(lab, "rev-parse", "HEAD:train.py")).unlink()
    return run


def damaged_object(folder: Path) -> Path:
    run = made(folder)
    tree = _object(folder, git(folder, "rev-parse", "HEAD^{tree}"))
    tree.chmod(0o644)
    tree.write_bytes(b"\x78\x01garbage")
    return run


def damaged_commit(folder: Path) -> Path:
    run = made(folder)
    commit = _object(folder, git(folder, "rev-parse", "HEAD"))
    commit.chmod(0o644)
    commit.write_bytes(b"")
    return run


def without_objects(folder: Path) -> Path:
    run = made(folder)
    shutil.rmtree(folder / ".git/objects")
    return run


def owned_by_another(folder: Path) -> Path:
    """A folder that git itself would refuse to read."""
    run = made(folder)
    if os.geteuid() == 0:
        for path in (folder, folder / ".git"):
            os.chown(path, 12345, 12345)
    return run


def odd_names(folder: Path) -> Path:
    """Files, branches and tags whose names are options, pathspecs and programs."""
    lab = make_repository(folder)
    names = (
        b"a\nb.py",
        b'quo"te.py',
        b"tab\t.py",
        b"x\xff.py",
        b":(top)x.py",
        b"-rf",
        b"--output=made",
    )
    for name in names:
        with open(os.path.join(os.fsencode(lab), name), "wb") as file:
            file.write(b"x = 1\n")
    git(lab, "add", "--all")
    git(lab, "commit", "--quiet", "--message", "$(touch PWNED) `touch PWNED`")
    head = git(lab, "rev-parse", "HEAD")
    for ref in ("--output=made", "-c", "é", "$(touch${IFS}made)", "<b>", "HEAD", "0" * 40, head):
        for kind in ("heads", "tags"):
            place = lab / ".git/refs" / kind / ref
            place.write_text(f"{git(lab, 'rev-parse', 'HEAD^{}')}\n")
    (lab / ".git/HEAD").write_text("ref: refs/heads/--output=made\n")
    return make_run(lab / "runs", repository=lab)


def _committed(head: bytes, message: bytes) -> Build:
    """The run's commit is one that git itself would not have made."""

    def build(folder: Path) -> Path:
        lab = make_repository(folder)
        tree = git(lab, "rev-parse", "HEAD^{tree}")
        raw = b"tree %s\n%s\n\n%s" % (tree.encode(), head, message)
        words = ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"]
        done = subprocess.run(words, cwd=lab, input=raw, capture_output=True, check=True)
        (lab / ".git/refs/heads/main").write_bytes(done.stdout)
        return make_run(lab / "runs", repository=lab)

    return build


def _private(folder: Path) -> Path:
    """A repository outside of the work tree, that the run's record names a commit of."""
    return make_repository(folder / "private", {**FILES, "secret.py": "SECRET = 1\n"})


def _naming(folder: Path, run: Path) -> Path:
    """Have the record name the commit and the tree of the private repository."""
    private = folder / "private"
    text = (run / "git_info.yaml").read_text()
    for name, revision in (("commit", "HEAD"), ("tree", "HEAD^{tree}")):
        old = next(line for line in text.splitlines() if line.startswith(f"{name}: "))
        text = text.replace(old, f"{name}: {git(private, 'rev-parse', revision)}")
    (run / "git_info.yaml").write_text(text)
    seal(run)
    return run


def git_file(folder: Path) -> Path:
    _private(folder)
    run = make_run(folder / "lab" / "runs")
    (folder / "lab/.git").write_text(f"gitdir: {folder}/private/.git\n")
    return _naming(folder, run)


def git_link(folder: Path) -> Path:
    private = _private(folder)
    run = make_run(folder / "lab" / "runs")
    (folder / "lab/.git").symlink_to(private / ".git")
    return _naming(folder, run)


def borrowed_objects(folder: Path) -> Path:
    private = _private(folder)
    run = made(folder / "lab")
    alternates = folder / "lab/.git/objects/info/alternates"
    alternates.parent.mkdir(exist_ok=True)
    alternates.write_text(f"{private}/.git/objects\n")
    return _naming(folder, run)


def common_folder(folder: Path) -> Path:
    """A work tree that says it shares the private repository."""
    private = _private(folder)
    run = make_run(folder / "lab" / "runs")
    own = folder / "lab" / "own"
    own.mkdir()
    (own / "HEAD").write_text("ref: refs/heads/main\n")
    (own / "commondir").write_text(f"{private}/.git\n")
    (folder / "lab/.git").write_text("gitdir: own\n")
    return _naming(folder, run)


def linked_objects(folder: Path) -> Path:
    private = _private(folder)
    run = made(folder / "lab")
    shutil.rmtree(folder / "lab/.git/objects")
    (folder / "lab/.git/objects").symlink_to(private / ".git/objects")
    return _naming(folder, run)


def _object(folder: Path, name: str) -> Path:
    return folder / ".git/objects" / name[:2] / name[2:]


PASS, FAIL, OPEN, NONE = "pass", "fail", "inconclusive", "not-applicable"
SOUND = dict.fromkeys(ANSWERS, PASS) | {RESTORES: NONE}
OUT_OF_REACH = {EXISTS: OPEN, MODULES: OPEN, ENTRY: OPEN, RESTORES: OPEN}
UNKNOWN = {**OUT_OF_REACH, EXISTS: FAIL}
WITHOUT_FILES = {EXISTS: PASS, MODULES: OPEN, ENTRY: OPEN}
WHO = b"author A <a@example.org> %b\ncommitter A <a@example.org> %b"
TIMES = b"1767225600 +0000"

SHAPES: dict[str, Shape] = {
    "sha256": Shape(wide, SOUND),
    "linked-work-tree": Shape(worktree, SOUND),
    "within-a-submodule": Shape(within_submodule, SOUND),
    "with-a-submodule": Shape(with_submodule, {**SOUND, SUBMODULES: "partial"}),
    "detached": Shape(detached, SOUND),
    "packed": Shape(packed, SOUND),
    "split-index": Shape(split_index, SOUND),
    "sparse-index": Shape(sparse_index, SOUND),
    "nested-repositories": Shape(nested, SOUND),
    "bare-layout-above": Shape(bare_above_run, {**SOUND, RESTORES: PASS}),
    "owned-by-another": Shape(owned_by_another, SOUND),
    "odd-names": Shape(odd_names, SOUND),
    "no-author": Shape(_committed(b"author \ncommitter ", b"no names"), SOUND),
    "year-of-far-away": Shape(
        _committed(WHO.replace(b"%b", b"4611686018427387904 +9999"), b"late"),
        {**SOUND, CLOCK: PASS},
    ),
    "odd-encoding": Shape(
        _committed(WHO.replace(b"%b", TIMES) + b"\nencoding \xff\x1b]0;x\x07", b"\xff\xfe\x1b[2J"),
        {**SOUND, CLOCK: PASS},
    ),
    "message-of-megabytes": Shape(_committed(WHO.replace(b"%b", TIMES), b"x" * (5 << 20)), SOUND),
    "shallow": Shape(shallow, OUT_OF_REACH),
    "partial-clone": Shape(without_blobs, {EXISTS: PASS, ENTRY: PASS, MODULES: OPEN}),
    "no-commit": Shape(empty, UNKNOWN),
    "reftable": Shape(reftable, OUT_OF_REACH),
    "huge-references": Shape(huge_references, WITHOUT_FILES),
    "garbage-in-head": Shape(_damaged("HEAD", b"\0\xff garbage\n"), OUT_OF_REACH),
    "garbage-in-index": Shape(_damaged("index", b"\0\xff garbage\n" * 40), SOUND),
    "garbage-in-references": Shape(_damaged("packed-refs", b"\0\xff garbage\n"), WITHOUT_FILES),
    "garbage-in-settings": Shape(_damaged("config", b"\0\xff garbage\n" * 40), SOUND),
    "garbage-in-shallow": Shape(_damaged("shallow", b"garbage\n"), SOUND),
    "damaged-tree": Shape(damaged_object, {**WITHOUT_FILES, RESTORES: OPEN}),
    "damaged-commit": Shape(damaged_commit, OUT_OF_REACH),
    "changed-file-gone": Shape(blob_of_patch_gone, {EXISTS: PASS, APPLIES: OPEN, RESTORES: OPEN}),
    "no-objects": Shape(without_objects, OUT_OF_REACH),
    "git-file-elsewhere": Shape(git_file, OUT_OF_REACH),
    "git-link-elsewhere": Shape(git_link, OUT_OF_REACH),
    "objects-borrowed-elsewhere": Shape(borrowed_objects, UNKNOWN),
    "common-folder-elsewhere": Shape(common_folder, OUT_OF_REACH),
    "objects-linked-elsewhere": Shape(linked_objects, OUT_OF_REACH),
}
"""Every shape by name; the last five name a repository that is none of the run's business."""
