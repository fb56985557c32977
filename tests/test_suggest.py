from __future__ import annotations

from reportgen.suggest import nearest


def test_near_names_are_offered() -> None:
    assert nearest("theem", ["theme", "roots"]) == "Did you mean theme?"


def test_several_near_names() -> None:
    assert nearest("run", ["runs", "ran"]) == "Did you mean runs or ran?"


def test_without_a_near_name_all_are_listed_in_order() -> None:
    assert nearest("zzz", iter(["theme", "roots"])) == "Known: theme, roots."
