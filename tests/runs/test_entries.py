from __future__ import annotations

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
