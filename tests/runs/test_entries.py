from __future__ import annotations

import pytest

from reportgen.fs.regular import Entry
from reportgen.runs.entries import entry_problems


def test_each_oddity_has_its_name() -> None:
    entries = [
        Entry("plain.txt", 1),
        Entry("a/link", 0, "link"),
        Entry("pipe", 0, "pipe"),
        Entry("closed", 0, "folder that may not be listed"),
        Entry("twice", 1, None, 2),
        Entry("a/con.txt", 1),
        Entry("b:c", 0, "socket"),
    ]
    assert [(p.id, p.severity, p.file) for p in entry_problems(entries)] == [
        ("path.symlink", "warning", "a/link"),
        ("file.not_regular", "warning", "pipe"),
        ("path.unreadable", "error", "closed"),
        ("file.hardlink", "info", "twice"),
        ("name.unportable", "info", "a/con.txt"),
        ("file.not_regular", "warning", "b:c"),
        ("name.unportable", "info", "b:c"),
    ]


def test_the_first_ones_are_shown_and_the_rest_counted() -> None:
    entries = [Entry(f"{number}", 0, "link") for number in range(23)]
    problems = list(entry_problems(entries))
    assert len(problems) == 21
    assert (problems[-1].id, problems[-1].message) == ("path.symlink", "3 more like these")


@pytest.mark.parametrize(
    ("first", "second", "collides"),
    [
        ("figures/Loss.png", "figures/loss.png", True),
        ("caf\u00e9.txt", "cafe\u0301.txt", True),
        ("STRASSE", "straße", True),
        ("\u00c9tude", "e\u0301tude", True),
        ("A/x", "a/x", True),
        ("A", "a/x/y", True),
        ("a/x/y", "A", True),
        ("A/x", "a/y", False),
        ("a/b", "b/a", False),
        ("loss.png", "loss_png", False),
        ("\udcff", "\udcfe", False),
    ],
)
def test_names_that_are_one_on_other_systems(first: str, second: str, collides: bool) -> None:
    found = [
        problem
        for problem in entry_problems([Entry("z", 1), Entry(first, 1), Entry(second, 1)])
        if problem.id == "name.collision"
    ]
    assert [problem.file for problem in found] == ([second] if collides else [])
    assert all(first.partition("/")[0] in problem.message for problem in found)


def test_each_of_many_names_is_compared_with_the_first() -> None:
    names = ["loss", "Loss", "lOSS"]
    found = list(entry_problems(Entry(name, 1) for name in names))
    assert [(one.file, one.severity) for one in found] == [("Loss", "warning"), ("lOSS", "warning")]
