"""The public names of the package: each loads, each is typed, none hides."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

import reportgen


@pytest.mark.parametrize("name", reportgen.__all__)
def test_every_public_name_loads(name: str) -> None:
    assert getattr(reportgen, name) is not None
    assert name in dir(reportgen)


def test_lazy_names_come_from_where_the_types_say() -> None:
    tree = ast.parse(Path(reportgen.__file__).read_text(encoding="utf-8"))
    typed = {
        alias.asname or alias.name: node.module
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == reportgen._MODULE_OF
    assert sorted([*typed, "__version__"]) == sorted(reportgen.__all__)


def test_a_loaded_name_is_the_module_s_own() -> None:
    for name, module in reportgen._MODULE_OF.items():
        assert getattr(reportgen, name) is getattr(import_module(module), name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="start_rum"):
        reportgen.start_rum  # noqa: B018
