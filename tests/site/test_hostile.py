"""Text of a run is never markup: a hostile site has the element tree of its harmless twin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from site_hostile import HARMLESS, TEXTS, hostile_site
from site_tree import Node, tree_of


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Node]:
    return pages_with(tmp_path_factory.mktemp("twin"), HARMLESS)


def pages_with(folder: Path, text: str) -> dict[str, Node]:
    """Pages of a project that says ``text`` wherever it may."""
    return {kind: tree_of(path) for kind, path in pages_of(hostile_site(folder, text))}


def pages_of(site: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(site.rglob("*.html")):
        parts = path.relative_to(site).parts
        yield (parts[0] if len(parts) == 3 else "/".join(parts)), path


def shape(node: Node, depth: int = 0) -> list[str]:
    """One line an element: depth, name, classes and names of attributes."""
    kind = node.attributes.get("class", "")
    if kind == "noticed":
        return []  # an odd file name is noticed, and listed
    lines = [f"{'  ' * depth}{node.tag}.{kind} {' '.join(sorted(node.attributes))}"]
    for child in node.children:
        lines += shape(child, depth + 1)
    return lines


@pytest.mark.parametrize("name", TEXTS)
def test_the_element_tree_is_that_of_the_twin(
    name: str, twin: dict[str, Node], tmp_path: Path
) -> None:
    pages = pages_with(tmp_path, TEXTS[name])
    assert pages.keys() == twin.keys()
    for kind, page in pages.items():
        assert shape(page) == shape(twin[kind]), kind
        for node in page.walk():
            assert not any(attribute.startswith("on") for attribute in node.attributes)
            assert not node.attributes.get("href", "").strip().lower().startswith("javascript:")
    for path in (tmp_path / "site").rglob("*.html"):
        check_bytes(path.read_bytes().decode("utf-8"))
    for path in (tmp_path / "site" / "data").rglob("*.js"):
        check_data(path.read_bytes())


def check_bytes(html: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", html)
    assert ">49<" not in html


def check_data(data: bytes) -> None:
    """A data file is one call with a string and strict JSON, in ASCII, without markup."""
    text = data.decode("ascii")
    assert re.fullmatch(r"reportgen\.put\(.*\);\n", text)
    assert not re.search(r"[<>&\x00-\x09\x0b-\x1f\x7f]", text)
    json.loads(f"[{text[len('reportgen.put(') : -len(');') - 1]}]", parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def test_every_slot_is_shown(twin: dict[str, Node]) -> None:
    assert twin["runs"].all_text.count(HARMLESS) > 60
    assert HARMLESS in twin["index.html"].all_text
    assert HARMLESS in twin["runs/index.html"].all_text
    for kind, count in {
        "groups": 4,
        "tags/index.html": 3,
        "reports": 9,
        "models/index.html": 9,
    }.items():
        assert twin[kind].find("main")[0].all_text.count(HARMLESS) >= count, kind


def test_a_name_of_a_mebibyte_is_cut_with_its_length(tmp_path: Path) -> None:
    pages = pages_with(tmp_path, "a" * 2**17)
    assert "(131,072 characters)" in pages["runs"].all_text
    size = sum(path.stat().st_size for _, path in pages_of(tmp_path / "site"))
    assert size < 5_000_000
