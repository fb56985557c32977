"""Tests for reportgen.site.pages.overview: whose number stands in the headline."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from reportgen.site.model import Setting
from reportgen.site.pages.overview import _best_setting, _repeated


def setting(name: str, *values: float) -> Setting:
    best: Any = SimpleNamespace(page=f"runs/{name}/index.html")
    return Setting(name, (best,) * len(values), best, values)


def test_of_equal_settings_the_one_with_most_seeds_is_best() -> None:
    once, thrice, worse = (
        setting("once", 0.9861),
        setting("thrice", *[0.986] * 3),
        setting("w", 0.9),
    )
    assert _best_setting([once, thrice, worse], 3) is thrice
    assert _best_setting([once, thrice, worse], 4) is once
    assert _best_setting([setting("none")], 3) is None


def test_beside_a_lone_run_stands_the_best_that_was_repeated() -> None:
    lone, pair = setting("lone", 0.99), setting("pair", 0.98, 0.97)
    three = setting("three", 0.96, 0.97, 0.98)
    found = _repeated([lone, pair, three], lone, 3)
    assert found is not None
    assert (found.label, found.seeds, found.value.mean) == ("three", 3, "0.970")
    assert found.value.spread == "± 0.010"
    assert _repeated([three, lone], three, 3) is None
    assert _repeated([lone, pair], lone, 3) is None
