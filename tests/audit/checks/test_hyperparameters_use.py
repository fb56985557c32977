from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from audit.case import Case, assert_case, git, unchanged

from reportgen.testing.documents import config_document
from reportgen.testing.repositories import CONFIG_FILE

CONSUMED = "hyperparameters.config-keys-consumed"
SOURCE = "hyperparameters.config-source-match"
PARSES = "hyperparameters.config-parses"
COMMIT = "code.commit-recorded"
KEPT = "config/configs/mlp.yaml"
KEYS = sorted(config_document())
KILLED = {"run": {"status": "running", "ended": None, "exit_code": None}, "sealed": False}


def access(**keys: Any) -> dict[str, Any]:
    return {"captured": {"config_access": keys}}


def argv(*words: str) -> dict[str, Any]:
    return {"run": {"command": {"argv": ["train.py", *words]}}}


def kept(text: str) -> dict[str, Any]:
    return {"files": {KEPT: text}}


def committed(text: str, path: str = "configs/mlp.yaml") -> Callable[[Path], None]:
    def write(repository: Path) -> None:
        (repository / path).write_text(text)
        git(repository, "commit", "--quiet", "--all", "--message", "Another configuration")

    return write


def ignored(repository: Path) -> None:
    """The file that the run is started with is one that git does not hold."""
    git(repository, "rm", "--quiet", "--cached", "configs/mlp.yaml")
    (repository / ".gitignore").write_text("configs/\n")
    git(repository, "add", ".gitignore")
    git(repository, "commit", "--quiet", "--message", "Keep configurations out")


def changed(repository: Path) -> None:
    """The file has settings that are not committed: the patch has them."""
    (repository / "configs/mlp.yaml").write_text(CONFIG_FILE.replace("width: 32", "width: 64"))


CONSUMED_CASES = (
    Case(CONSUMED, "passes", "8 keys, all read", more={"evidence": "E2"}),
    # seed= sets the generators before there is a run to take the seed from.
    Case(CONSUMED, "passes", "", access(read=[k for k in KEYS if k != "seed"]), name="seeding"),
    Case(CONSUMED, "passes", "", access(absent={"lr": 0.5}), name="declared-after-all"),
    Case(
        CONSUMED,
        "partly",
        "what was asked for and not declared is not recorded",
        access(absent=None),
        name="defaults-left-out",
    ),
    Case(
        CONSUMED,
        "partly",
        "1 of 20 keys never read: note",
        {
            "config": {"note": "x", **{f"k{i}": i for i in range(11)}},
            **access(read=KEYS + [f"k{i}" for i in range(11)]),
        },
    ),
    Case(
        CONSUMED,
        "partly",
        "not declared: warmup",
        access(absent={"warmup": None}),
        name="asked-for",
    ),
    Case(
        CONSUMED,
        "fails",
        "2 of 10 keys never read: lr_decay, dropout",
        {"config": {"lr_decay": 0.5, "dropout": 0.1}},
    ),
    Case(
        CONSUMED,
        "fails",
        "a default of the code stood in for momentum = 0.9",
        access(absent={"momentum": 0.9}),
        name="literal",
    ),
    # A record of reading that names other keys than the configuration has.
    Case(
        CONSUMED,
        "cheats",
        "7 of 8 keys never read",
        access(read=[f"other.{key}" for key in KEYS]),
    ),
    Case(
        CONSUMED,
        "cheats",
        "9 of 10 keys never read",
        {"config": {"seed": 3, "data_seed": 7, "x": 1}, **access(read=["x"])},
        name="another-seed",
    ),
    Case(CONSUMED, "inconclusive", "not recorded", access(tracking=False)),
    Case(CONSUMED, "inconclusive", "", {"captured": {"config_access": None}}, name="no-record"),
    Case(
        CONSUMED,
        "inconclusive",
        "took too long",
        access(not_available={"read": "took too long"}),
        name="not-available",
    ),
    Case(CONSUMED, "inconclusive", "", {"config": None}, more={"blocked_by": PARSES}, name="none"),
    Case(
        CONSUMED,
        "inconclusive",
        "no end",
        KILLED,
        more={"blocked_by": "metrics.run-completed"},
        name="killed",
    ),
)

SOURCE_CASES = (
    Case(SOURCE, "passes", "4 keys as logged, the file as in the recorded tree", before=unchanged),
    Case(
        SOURCE,
        "passes",
        "",
        {"config": {"width": 64}, **kept(CONFIG_FILE.replace("width: 32", "width: 64"))},
        before=changed,
        name="uncommitted-but-in-the-patch",
    ),
    Case(
        SOURCE,
        "passes",
        "",
        {"config": {"lr": 0.3}, **argv("--config", "configs/mlp.yaml", "--lr", "0.3")},
        before=unchanged,
        name="overridden",
    ),
    Case(
        SOURCE,
        "passes",
        "",
        {
            "config": {"lr": 0.3},
            **argv("--config", "configs/mlp.yaml", "--learning-rate", "0.3"),
        },
        before=unchanged,
        name="overridden-by-an-option-of-another-name",
    ),
    Case(
        SOURCE,
        "passes",
        "",
        {"files": {"config/configs/model.py": "a: [\n"}},
        before=unchanged,
        name="beside-a-file-of-another-form",
    ),
    Case(
        SOURCE,
        "partly",
        "differs from the recorded tree in comments",
        kept(f"# tuned\n{CONFIG_FILE}"),
        before=unchanged,
    ),
    Case(
        SOURCE,
        "partly",
        "configs/mlp.yaml is in no commit",
        before=ignored,
        name="ignored",
        more={"evidence": "E2"},
    ),
    Case(SOURCE, "fails", "width is 32 in configs/mlp.yaml and 64", {"config": {"width": 64}}),
    Case(
        SOURCE,
        "fails",
        "lr_decay is 0.5 in configs/mlp.yaml and not logged",
        kept(f"{CONFIG_FILE}lr_decay: 0.5\n"),
        name="a-key-more",
    ),
    Case(SOURCE, "fails", "was named and is not kept", {"files": {KEPT: None}}, name="not-kept"),
    Case(SOURCE, "fails", "is not valid YAML", kept("lr: [0.1\n"), name="torn"),
    # A copy that agrees with what was logged, and is not the file of the repository.
    Case(
        SOURCE,
        "cheats",
        "is not the file of the recorded tree",
        {"config": {"width": 64}, **kept(CONFIG_FILE.replace("width: 32", "width: 64"))},
        before=unchanged,
    ),
    Case(SOURCE, "cheats", "model is 'x'", kept("model: x\n"), before=unchanged, name="a-stub"),
    Case(
        SOURCE,
        "not-applicable",
        "made in the code",
        {"files": {KEPT: None}, **argv("--lr", "0.1")},
    ),
    Case(
        SOURCE,
        "not-applicable",
        "no file that was kept",
        {
            "files": {KEPT: None, "config/data.json": '{"classes": {"a": 0, "b": 1}}'},
            **argv("--data", "data.json"),
        },
        name="a-file-of-data",
    ),
    Case(
        SOURCE,
        "not-applicable",
        "sets no key",
        {
            **kept("lr: 0.1\nepochs: ${train.epochs}\n"),
            **argv("--config", "configs/mlp.yaml", "--lr", "0.1"),
        },
        name="all-overridden",
    ),
    Case(SOURCE, "inconclusive", "the run lies in no repository"),
    Case(
        SOURCE,
        "inconclusive",
        "nor the command line",
        {"files": {KEPT: None}, "run": {"command": None}},
        more={"blocked_by": "hyperparameters.config-argv-consistent"},
        name="no-command",
    ),
    Case(
        SOURCE,
        "inconclusive",
        "was left out, rule secret",
        {
            "files": {KEPT: None},
            "run": {"left_out": [{"what": "file", "where": KEPT, "rule": "secret"}]},
        },
        name="left-out",
    ),
    Case(
        SOURCE,
        "inconclusive",
        "",
        {"git": {"commit": None}},
        more={"blocked_by": COMMIT},
        name="no-commit",
    ),
    Case(
        SOURCE,
        "inconclusive",
        "not in the repository",
        {"git": {"commit": "ab" * 20, "tree": "cd" * 20}},
        before=unchanged,
        name="unknown-commit",
    ),
    Case(
        SOURCE,
        "inconclusive",
        "",
        {"files": {"git_diff.patch": "diff --git a/x b/x\nno patch\n"}},
        before=changed,
        more={"blocked_by": "code.patch-applies"},
        name="broken-patch",
    ),
)

CASES = CONSUMED_CASES + SOURCE_CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)
