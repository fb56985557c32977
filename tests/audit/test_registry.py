from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from reportgen.audit.interface import CATEGORIES
from reportgen.audit.registry import CHECKS, CHECKS_BY_ID, by_id
from reportgen.errors import NotFoundError

CASE_FILES = sorted((Path(__file__).parent / "checks").glob("test_*.py"))


def kinds_tested() -> dict[str, set[str]]:
    tested: dict[str, set[str]] = {}
    for path in CASE_FILES:
        spec = importlib.util.spec_from_file_location(f"cases_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for case in module.CASES:
            tested.setdefault(case.check, set()).add(case.kind)
    return tested


def test_every_check_is_tested_as_it_passes_fails_and_is_cheated() -> None:
    tested = kinds_tested()
    lacking = {
        check.id: {"passes", "fails", "cheats"} - tested.get(check.id, set()) for check in CHECKS
    }
    assert {name: kinds for name, kinds in lacking.items() if kinds} == {}
    assert tested.keys() == CHECKS_BY_ID.keys()


def test_ids_are_unique_and_in_the_order_of_the_categories() -> None:
    assert len(CHECKS_BY_ID) == len(CHECKS)
    order = [CATEGORIES.index(check.category) for check in CHECKS]
    assert order == sorted(order)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_check_says_what_it_is(check: object) -> None:
    texts = [getattr(check, name) for name in ("title", "failure", "why", "fix")]
    assert all(texts)
    assert len(set(texts)) == 4
    assert not any(text.endswith(".") for text in (texts[0], texts[1], texts[3]))
    words = " ".join(texts).lower()
    assert not any(claim in words for claim in ("verified", "proven", "is safe", "guarantee"))
    assert all(name in CHECKS_BY_ID for name in check.requires)  # type: ignore[attr-defined]


def test_an_unknown_check_names_the_nearest() -> None:
    with pytest.raises(NotFoundError, match=r"code\.commit-exists"):
        by_id("code.commit-exist")
