import shutil
from pathlib import Path

import pytest
from audit.case import Case, assert_case, unchanged

from reportgen.runs.writer import write_plain
from reportgen.testing import ABSENT, git, make_repository, make_run, run_check

RECORDED = "code.commit-recorded"
EXISTS = "code.commit-exists"
STATE = "code.worktree-state-known"
APPLIES = "code.patch-applies"
RESTORES = "code.patch-restores-tree"
UNTRACKED = "code.untracked-captured"

SOMEWHERE = "0123456789abcdef0123456789abcdef01234567"
PACKAGED = {"distribution": "trainer", "version": "1.2", "record_sha256": "ab" * 32}
NOTHING_LOCAL = {"modules": {"local": {"train.py": ABSENT}}}


def edited(repository: Path) -> None:
    """A changed file, a new module, and a new binary file."""
    with (repository / "train.py").open("a") as script:
        script.write("import helper\n")
    (repository / "helper.py").write_text("WIDTH = 64\n")
    (repository / "weights.bin").write_bytes(bytes(range(256)))


def with_large_file(repository: Path) -> None:
    edited(repository)
    (repository / "big.bin").write_bytes(b"0123456789abcdef" * 80_000)


def squashed(repository: Path) -> None:
    """The branch that the run was made on is squashed into one commit, and its commits are gone."""
    git(repository, "checkout", "--quiet", "--orphan", "main2")
    git(repository, "commit", "--quiet", "--message", "Squashed")
    git(repository, "branch", "--quiet", "-D", "main")
    git(repository, "reflog", "expire", "--expire=now", "--all")
    git(repository, "gc", "--quiet", "--prune=now")


def rewritten(repository: Path) -> None:
    (repository / "train.py").write_text("print('another program')\n")
    git(repository, "add", "train.py")
    squashed(repository)


def patch(change):  # type: ignore[no-untyped-def]
    """Change the bytes of the patch."""

    def apply(run: Path) -> None:
        path = run / "git_diff.patch"
        path.write_bytes(change(path.read_bytes()))

    return apply


def without_file(name: bytes):  # type: ignore[no-untyped-def]
    def cut(data: bytes) -> bytes:
        parts = data.split(b"diff --git ")
        return b"diff --git ".join(part for part in parts if not part.startswith(b"a/" + name))

    return patch(cut)


def naming_a_tree(run: Path) -> None:
    """An object of the repository that is no commit."""
    tree = git(run, "rev-parse", "HEAD^{tree}")
    write_plain(run, "git_info.yaml", {"commit": tree, "tree": SOMEWHERE, "dirty": False})


CASES = (
    Case(RECORDED, "passes", "on 'main'"),
    Case(RECORDED, "fails", "commit is null", {"git": {"commit": None}}),
    Case(RECORDED, "fails", "there is no git_info.yaml", {"git": None}, name="no-file"),
    Case(
        RECORDED,
        "fails",
        "no commit: not in a git repository",
        {"git": {"commit": None, "not_available": {"commit": "not in a git repository"}}},
        name="no-repository",
    ),
    Case(RECORDED, "partly", "only the beginning", {"git": {"commit": "0123abc"}}),
    # Something stands there, and it names no commit.
    Case(RECORDED, "cheats", "'main' is no commit id", {"git": {"commit": "main"}}),
    Case(RECORDED, "cheats", "is no commit id", {"git": {"commit": "0" * 40}}, name="zeros"),
    Case(RECORDED, "cheats", "is no commit id", {"git": {"commit": "g" * 40}}, name="no-hex"),
    Case(
        RECORDED,
        "not-applicable",
        "the code ran from the package trainer 1.2",
        {"git": {"commit": None, "packaged": PACKAGED}, "captured": NOTHING_LOCAL},
    ),
    # Said to be packaged, and a file of a repository was loaded.
    Case(
        RECORDED,
        "cheats",
        "commit is null",
        {"git": {"commit": None, "packaged": PACKAGED}},
        name="packaged",
    ),
    Case(
        RECORDED,
        "fails",
        "",
        {"git": {"commit": None, "packaged": {**PACKAGED, "record_sha256": None}}},
        name="package-without-digest",
    ),
    Case(EXISTS, "passes", "is a commit of the repository", before=unchanged),
    Case(
        EXISTS,
        "fails",
        "is unknown to the repository",
        {"git": {"commit": SOMEWHERE, "tree": SOMEWHERE}},
        before=unchanged,
    ),
    Case(
        EXISTS,
        "fails",
        "not enough",
        {"git": {"commit": "0123abc"}},
        before=unchanged,
        name="short",
        more={"cause": RECORDED},
    ),
    Case(EXISTS, "partly", "as after a squash merge", before=unchanged, after=squashed),
    Case(
        EXISTS,
        "fails",
        "no commit has its tree",
        before=unchanged,
        after=rewritten,
        name="rewritten",
    ),
    Case(EXISTS, "cheats", "is unknown to the repository", before=unchanged, change=naming_a_tree),
    Case(EXISTS, "inconclusive", "lies in no repository"),
    Case(
        EXISTS,
        "inconclusive",
        "the run was made in elsewhere.example/them/it, this is example.org/lab/digits",
        {
            "git": {
                "commit": SOMEWHERE,
                "tree": SOMEWHERE,
                "remote": "git@elsewhere.example:them/it.git",
            }
        },
        before=unchanged,
        name="another-repository",
    ),
    Case(
        EXISTS,
        "inconclusive",
        "",
        {"git": {"commit": None}},
        before=unchanged,
        name="no-commit",
        more={"blocked_by": RECORDED},
    ),
    Case(
        EXISTS,
        "not-applicable",
        "package",
        {"git": {"packaged": PACKAGED}, "captured": NOTHING_LOCAL},
    ),
    Case(
        STATE,
        "passes",
        "clean at the start, clean at the end",
        before=unchanged,
        more={"evidence": "E3"},
    ),
    Case(STATE, "passes", "a patch of", before=edited, name="dirty", more={"evidence": "E3"}),
    Case(STATE, "passes", "clean", more={"evidence": "E2"}, name="without-repository"),
    Case(STATE, "fails", "is not recorded", {"git": {"dirty": ABSENT}}),
    Case(STATE, "partly", "clean at the start, not known at the end", {"git": {"dirty_end": None}}),
    Case(
        STATE,
        "cheats",
        "recorded as clean, with a patch of",
        {"git": {"dirty": False}},
        before=edited,
    ),
    Case(
        STATE, "cheats", "with 1 untracked file", {"git": {"untracked": ["x.py"]}}, name="untracked"
    ),
    Case(STATE, "cheats", "without a patch", {"git": {"dirty": True}}, name="no-patch"),
    Case(
        STATE,
        "cheats",
        "its tree is not that of the commit",
        {"git": {"tree": SOMEWHERE}},
        before=unchanged,
        name="another-tree",
    ),
    Case(
        STATE,
        "inconclusive",
        "took too long",
        {"git": {"dirty": None, "not_available": {"dirty": "took too long"}}},
    ),
    Case(APPLIES, "passes", "bytes apply to", before=edited),
    Case(
        APPLIES,
        "fails",
        "there is no patch",
        {"git": {"dirty": True}},
        before=unchanged,
        more={"cause": STATE},
    ),
    Case(
        APPLIES,
        "fails",
        "",
        before=edited,
        change=patch(lambda data: data[: data.index(b"+import helper")]),
        name="cut",
    ),
    # A patch of the right size and look, of another file's lines.
    Case(
        APPLIES,
        "cheats",
        "",
        before=edited,
        change=patch(lambda data: data.replace(b'"--config"', b'"--settings"')),
    ),
    Case(APPLIES, "not-applicable", "nothing to apply", before=unchanged),
    Case(APPLIES, "inconclusive", "", before=edited, after=rewritten, more={"blocked_by": EXISTS}),
    Case(RESTORES, "passes", "restored from", before=edited),
    Case(RESTORES, "fails", "is not recorded", {"git": {"tree": None}}, before=edited),
    Case(
        RESTORES,
        "fails",
        "recorded as clean with tree 0123456789ab…",
        {"git": {"tree": SOMEWHERE}},
        before=unchanged,
        name="clean",
    ),
    # It applies cleanly, and lacks the new module: half of the ways people take a patch do this.
    Case(RESTORES, "cheats", "restored tree", before=edited, change=without_file(b"helper.py")),
    Case(
        RESTORES,
        "cheats",
        "restored tree",
        before=edited,
        change=without_file(b"weights.bin"),
        name="binary",
    ),
    Case(
        RESTORES,
        "partly",
        "line ends",
        before=edited,
        change=patch(lambda data: data.replace(b"\n", b"\r\n")),
    ),
    Case(RESTORES, "not-applicable", "the tree is the commit's", before=unchanged),
    Case(
        RESTORES,
        "not-applicable",
        "its tree is that of",
        before=unchanged,
        after=squashed,
        name="squashed",
    ),
    Case(
        RESTORES,
        "inconclusive",
        "",
        before=edited,
        change=patch(lambda data: data[: data.index(b"+import helper")]),
        more={"blocked_by": APPLIES},
    ),
    Case(
        UNTRACKED,
        "passes",
        "2 untracked files, all in the patch: helper.py, weights.bin",
        before=edited,
    ),
    Case(
        UNTRACKED, "partly", "1 of 3 untracked files only hashed: big.bin", before=with_large_file
    ),
    Case(
        UNTRACKED,
        "fails",
        "neither in the patch nor hashed: helper.py",
        before=edited,
        change=without_file(b"helper.py"),
    ),
    Case(
        UNTRACKED,
        "fails",
        "are not recorded",
        {"git": {"untracked": ABSENT}},
        before=edited,
        name="not-listed",
    ),
    # The file is spoken of in the patch, which creates something else.
    Case(
        UNTRACKED,
        "cheats",
        "helper.py",
        before=edited,
        change=patch(
            lambda data: data.replace(b"a/helper.py b/helper.py", b"a/helper.md b/helper.md")
        ),
    ),
    Case(UNTRACKED, "not-applicable", "was clean", before=unchanged),
    Case(
        UNTRACKED,
        "inconclusive",
        "",
        {"git": {"commit": None, "dirty": None}},
        more={"blocked_by": RECORDED},
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_a_shallow_clone_says_nothing_of_a_commit_it_lacks(tmp_path: Path) -> None:
    origin = make_repository(tmp_path / "origin")
    run = make_run(origin / "runs", repository=origin)
    for number in range(2):
        git(origin, "commit", "--quiet", "--allow-empty", "--message", f"Later {number}")
    (origin / "train.py").write_text("print('later')\n")
    git(origin, "commit", "--quiet", "--all", "--message", "Changed")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{origin}", "clone")
    shutil.copytree(run, tmp_path / "clone" / "runs" / "copied")
    result = run_check(EXISTS, tmp_path / "clone" / "runs" / "copied")
    assert (result.outcome, result.command) == ("inconclusive", "git fetch --unshallow")


def test_the_named_repository_stands_for_the_enclosing_one(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    edited(lab)
    run = make_run(tmp_path / "elsewhere", repository=lab)
    assert run_check(RESTORES, run).outcome == "inconclusive"
    assert run_check(RESTORES, run, repository=lab).outcome == "pass"


def test_runs_kept_in_git_do_not_change_the_tree(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    first = make_run(lab / "runs", "first", repository=lab)
    git(lab, "add", "--all")
    git(lab, "commit", "--quiet", "--message", "Keep the first run")
    second = make_run(lab / "runs", "second", repository=lab)
    for run in (first, second):
        assert run_check(EXISTS, run).outcome == "pass"
        assert run_check(RESTORES, run).outcome == "not-applicable"


def test_git_missing_leaves_code_open_and_never_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = make_repository(tmp_path / "lab")
    edited(lab)
    run = make_run(lab / "runs", repository=lab)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = {check: run_check(check, run) for check in (EXISTS, APPLIES, RESTORES)}
    assert {result.outcome for result in found.values()} == {"inconclusive"}
    assert "git is not installed" in found[EXISTS].message
    assert found[RESTORES].blocked_by == EXISTS
