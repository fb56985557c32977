from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from audit.case import Case, assert_case, unchanged

from reportgen.testing import ABSENT, git, make_repository, make_run, run_check
from reportgen.testing.repositories import LOCK_FILE, SCRIPT

IGNORED = "code.ignored-not-loaded"
MODULES = "code.modules-match-tree"
ENTRY = "code.entrypoint-in-tree"
EXISTS = "code.commit-exists"
RESTORES = "code.patch-restores-tree"
PACKAGED = {
    "git": {"packaged": {"distribution": "trainer", "version": "1", "record_sha256": "ab" * 32}},
    "captured": {"modules": {"local": {"train.py": ABSENT}}},
}
TRAIN = sha256(SCRIPT.encode()).hexdigest()
LOCK = sha256(LOCK_FILE.encode()).hexdigest()
OPENED = ["configs/mlp.yaml", "data/digits.csv"]


def opened(*files: str, **more: Any) -> dict[str, Any]:
    return {"captured": {"opens": {"files": [*OPENED, *files], **more}}}


def loaded(**local: str | None) -> dict[str, Any]:
    files = {name.replace("__", "/") + ".py": digest for name, digest in local.items()}
    return {"captured": {"modules": {"local": {"train.py": TRAIN, **files}}}}


def command(*argv: str, **more: Any) -> dict[str, Any]:
    return {"run": {"command": {"argv": list(argv), **more}}}


def with_local_settings(repository: Path) -> None:
    (repository / ".gitignore").write_text("local.yaml\nsecret.py\noutput/\n")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "Ignore what is local")
    (repository / "local.yaml").write_text("lr: 0.3\n")
    (repository / "secret.py").write_text("LR = 0.3\n")


def with_package(repository: Path) -> None:
    for path in ("src/lab/__init__.py", "src/lab/__main__.py", "notebooks/train.ipynb"):
        (repository / path).parent.mkdir(parents=True, exist_ok=True)
        (repository / path).write_text("# code\n")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "A package")


def edited_meanwhile(repository: Path) -> None:
    """The record of the run is of before: nothing of it changes."""
    (repository / "train.py").write_text("print('edited')\n")


def without_history(repository: Path) -> None:
    for place in repository.glob(".git/objects/*"):
        for file in place.rglob("*"):
            if file.is_file():
                file.unlink()


CASES = (
    Case(IGNORED, "passes", "3 files of the repository read or loaded, none", before=unchanged),
    Case(
        IGNORED,
        "passes",
        "none ignored",
        opened("output/metrics.csv", "~/.cache/x.yaml", "/srv/shared.yaml"),
        before=with_local_settings,
        name="no-settings",
    ),
    Case(
        IGNORED,
        "fails",
        "ignored by git and loaded: local.yaml",
        opened("local.yaml"),
        before=with_local_settings,
        more={"command": "git add --force local.yaml"},
    ),
    Case(
        IGNORED,
        "fails",
        "secret.py",
        loaded(secret="ab" * 32),
        before=with_local_settings,
        name="module",
    ),
    Case(IGNORED, "partly", "only of caches", opened(".cache/vocab.yaml"), before=unchanged),
    # Declared as data or listed in the seal, it is still settings that git does not hold.
    Case(
        IGNORED,
        "cheats",
        "conf/local.toml",
        {**opened("conf/local.toml"), "files": {"config/conf/local.toml": "lr = 0.3\n"}},
        before=unchanged,
    ),
    Case(IGNORED, "inconclusive", "was not recorded", {"captured": {"opens": {"hook": False}}}),
    Case(
        IGNORED,
        "inconclusive",
        "was not recorded",
        {"captured": {"opens": {"files": ABSENT}}},
        name="files-left-out",
    ),
    Case(
        IGNORED,
        "inconclusive",
        "a fork",
        {"captured": {"opens": {"hook": False, "not_available": {"files": "a fork"}}}},
        name="not-available",
    ),
    Case(IGNORED, "inconclusive", "", more={"blocked_by": EXISTS}, name="without-repository"),
    Case(IGNORED, "not-applicable", "package", PACKAGED),
    Case(MODULES, "passes", "1 file, all as in the tree", before=unchanged),
    Case(
        MODULES,
        "fails",
        "1 of 1 file not as in the tree: train.py",
        {"captured": {"modules": {"local": {"train.py": "ab" * 32}}}},
        before=unchanged,
    ),
    Case(
        MODULES,
        "partly",
        "lab/_version.py",
        loaded(lab___version="ab" * 32),
        before=unchanged,
    ),
    Case(
        MODULES,
        "partly",
        "without a hash: train.py",
        {"captured": {"modules": {"local": {"train.py": None}}}},
        before=unchanged,
        name="no-hash",
    ),
    Case(
        MODULES,
        "partly",
        "train.py is not among them",
        {"captured": {"modules": {"local": {"train.py": ABSENT, "uv.lock": LOCK}}}},
        before=unchanged,
        name="script-missing",
    ),
    # Hashes of files that the tree does not hold at all.
    Case(
        MODULES,
        "cheats",
        "2 of 3 files not in the tree",
        loaded(helper="ab" * 32, other="cd" * 32),
        before=unchanged,
    ),
    Case(
        MODULES,
        "cheats",
        "not as in the tree",
        {"captured": {"modules": {"local": {"train.py": "00" * 32}}}},
        before=unchanged,
        name="zeros",
    ),
    Case(
        MODULES,
        "inconclusive",
        "was not recorded",
        {"captured": {"modules": None}},
        before=unchanged,
    ),
    Case(
        MODULES,
        "inconclusive",
        "",
        before=unchanged,
        after=without_history,
        more={"blocked_by": EXISTS},
        name="no-objects",
    ),
    # Its hash is on record, and its text is nowhere.
    Case(
        MODULES,
        "partly",
        "1 of 2 files kept nowhere, only hashed: big.py",
        {
            "captured": {"modules": {"local": {"train.py": TRAIN, "big.py": "ab" * 32}}},
            "git": {"left_out": [{"path": "big.py", "bytes": 2_000_000, "sha256": "ab" * 32}]},
        },
        before=unchanged,
        name="only-hashed",
    ),
    Case(MODULES, "not-applicable", "package", PACKAGED),
    Case(ENTRY, "passes", "train.py is a file of the tree", before=unchanged),
    Case(
        ENTRY,
        "passes",
        "train.py is",
        command("../train.py", cwd="configs"),
        before=unchanged,
        name="from-below",
    ),
    Case(
        ENTRY,
        "passes",
        "src/lab/__main__.py",
        command("-m", "lab", "--lr", "1"),
        before=with_package,
        name="module",
    ),
    Case(
        ENTRY,
        "passes",
        "train.py is",
        command("torchrun", "--nproc", "2", "train.py", interpreter=None),
        before=unchanged,
        name="launcher",
    ),
    Case(
        ENTRY, "fails", "lies outside of the repository", command("/opt/train.py"), before=unchanged
    ),
    Case(ENTRY, "fails", "no command is recorded", {"run": {"command": None}}, before=unchanged),
    Case(ENTRY, "fails", "'lab.other' is no file", command("-m", "lab.other"), before=with_package),
    Case(ENTRY, "fails", "in no file", command("-c", "import x"), before=unchanged, name="-c"),
    Case(
        ENTRY,
        "partly",
        "kept as notebooks/train.ipynb",
        command("ipykernel_launcher.py", notebook="train.ipynb"),
        before=with_package,
    ),
    Case(
        ENTRY,
        "fails",
        "the notebook 'x.ipynb' is not in the tree",
        command("ipykernel_launcher.py", notebook="x.ipynb"),
        before=unchanged,
        name="notebook",
    ),
    # A script of the right name beside the repository, and one that git ignores.
    Case(ENTRY, "cheats", "outside", command("../lab/../train.py"), before=unchanged),
    Case(
        ENTRY,
        "cheats",
        "secret.py is not in the tree",
        command("secret.py"),
        before=with_local_settings,
        name="ignored",
    ),
    Case(ENTRY, "inconclusive", "", more={"blocked_by": EXISTS}),
    Case(ENTRY, "not-applicable", "package", PACKAGED),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_what_is_edited_after_the_run_changes_no_result(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    run = make_run(lab / "runs", repository=lab)
    edited_meanwhile(lab)
    for check in (IGNORED, MODULES, ENTRY):
        assert run_check(check, run).outcome == "pass"


def test_new_modules_of_a_changed_work_tree_are_in_its_patch(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    (lab / "helper.py").write_text("WIDTH = 64\n")
    digest = sha256(b"WIDTH = 64\n").hexdigest()
    run = make_run(lab / "runs", repository=lab, **loaded(helper=digest))
    assert run_check(MODULES, run).message == "2 files, all as in the tree"
    assert run_check(IGNORED, run).outcome == "pass"
    (run / "git_diff.patch").write_bytes(b"")
    assert run_check(MODULES, run).blocked_by in (RESTORES, "code.worktree-state-known")


def test_modules_with_the_line_ends_of_windows_are_those_of_the_tree(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    crlf = sha256(SCRIPT.replace("\n", "\r\n").encode()).hexdigest()
    run = make_run(
        lab / "runs", repository=lab, captured={"modules": {"local": {"train.py": crlf}}}
    )
    assert run_check(MODULES, run).outcome == "pass"


def test_runs_are_no_code(tmp_path: Path) -> None:
    """A run that reads the configuration of another one reads nothing that git should hold."""
    lab = make_repository(tmp_path / "lab")
    files = ["train.py", "runs/digits/baseline/other/config.yaml"]
    run = make_run(lab / "runs", repository=lab, captured={"opens": {"files": files}})
    assert run_check(IGNORED, run).outcome == "pass"
