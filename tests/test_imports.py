"""Who imports whom, read from the syntax trees: the layers, and the packages that cost much."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "reportgen"

GROUND = frozenset({"fs", "errors", "config", "post_import", "suggest", "terminal"})
"""Row 0, open to every row above it."""

MAY_IMPORT: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "post_import": frozenset(),
    "suggest": frozenset(),
    "terminal": frozenset(),
    "fs": frozenset({"errors", "suggest", "terminal"}),
    "config": frozenset({"errors", "suggest", "terminal"}),
    "runs": GROUND,
    "capture": GROUND | {"runs"},
    "seeds": GROUND,
    "script": GROUND | {"runs"},
    "compare": GROUND | {"runs"},
    "importers": GROUND | {"runs"},
    "exporters": GROUND | {"runs"},
    "logger": GROUND | {"runs", "capture", "seeds", "script"},
    "audit": GROUND | {"runs", "capture", "seeds", "script"},
    "reproduce": GROUND | {"runs", "capture", "compare", "script", "exporters"},
    "site": GROUND | {"runs", "compare", "audit", "script", "exporters"},
    "integrations": GROUND | {"logger"},
    "testing": GROUND | {"runs", "capture", "seeds", "script", "logger", "audit"},
}

PUBLIC_FACE = frozenset({"__init__", "__main__", "cli"})
"""What may import everything: the lazy public names and the command line."""

ONLY_IN: dict[str, tuple[str, ...]] = {
    "pandas": ("runs/frame.py", "compare/", "site/"),
    "altair": ("site/",),
    "jinja2": ("site/",),
    "git": ("capture/code.py",),
    "torch": ("integrations/", "importers/tensorboard.py"),
    "tensorboard": ("integrations/tensorboard.py", "importers/tensorboard.py"),
    "wandb": ("integrations/wandb.py",),
}
"""A package and the only places that import it, at module level or in a function."""

NO_NUMPY_AT_MODULE_LEVEL = frozenset(
    {"errors", "suggest", "terminal", "config", "fs", "runs", "capture", "seeds"}
    | {"script", "logger", "audit", "cli", "__init__", "__main__"}
)


class Import(NamedTuple):
    """One imported name, absolute, with where it stands."""

    target: str
    line: int
    at_load: bool


def imports_of(path: Path, source: str | None = None) -> Iterator[Import]:
    tree = ast.parse(path.read_text(encoding="utf-8") if source is None else source)
    yield from _walk(tree, path, at_load=True)


def _walk(node: ast.AST, path: Path, *, at_load: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, child.lineno, at_load)
        elif isinstance(child, ast.ImportFrom):
            base = _absolute(child, path)
            for alias in child.names:
                yield Import(f"{base}.{alias.name}", child.lineno, at_load)
        elif isinstance(child, ast.If) and _is_type_checking(child.test):
            # Never executed: types may come from anywhere that the layers allow.
            for part in child.body:
                yield from _walk(ast.Module([part], []), path, at_load=False)
            for part in child.orelse:
                yield from _walk(ast.Module([part], []), path, at_load=at_load)
        else:
            deferred = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _walk(child, path, at_load=at_load and not deferred)


def _absolute(node: ast.ImportFrom, path: Path) -> str:
    if not node.level:
        return node.module or ""
    package = ("reportgen", *path.relative_to(PACKAGE).parent.parts)
    base = package[: len(package) - (node.level - 1)]
    return ".".join((*base, node.module) if node.module else base)


def _is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def unit_of(path: Path) -> str:
    """The package or module of the layer table that a file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def layer_faults(path: Path, source: str | None = None) -> list[str]:
    unit = unit_of(path)
    if unit in PUBLIC_FACE:
        return []
    allowed = MAY_IMPORT[unit] | {unit}
    faults = []
    for item in imports_of(path, source):
        parts = item.target.split(".")
        if parts[0] != "reportgen" or len(parts) == 1 or parts[1].startswith("__"):
            continue
        if parts[1] not in allowed:
            faults.append(f"{path.relative_to(PACKAGE)}:{item.line} imports {item.target}")
    return faults


def heavy_faults(path: Path, source: str | None = None) -> list[str]:
    place = path.relative_to(PACKAGE).as_posix()
    faults = []
    for item in imports_of(path, source):
        top = item.target.split(".")[0]
        if top in ONLY_IN and not place.startswith(ONLY_IN[top]):
            faults.append(f"{place}:{item.line} imports {top}")
        numpy_free = unit_of(path) in NO_NUMPY_AT_MODULE_LEVEL and place != "runs/frame.py"
        if top == "numpy" and item.at_load and numpy_free:
            faults.append(f"{place}:{item.line} imports numpy as it loads")
    return faults


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def test_every_module_has_a_row() -> None:
    units = {unit_of(path) for path in modules()}
    assert units - PUBLIC_FACE <= MAY_IMPORT.keys()


def test_layers_have_no_cycle() -> None:
    settled: set[str] = set()
    while len(settled) < len(MAY_IMPORT):
        free = {unit for unit, below in MAY_IMPORT.items() if below <= settled} - settled
        assert free, f"a cycle among {MAY_IMPORT.keys() - settled}"
        settled |= free


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_keeps_the_rules(path: Path) -> None:
    assert layer_faults(path) == []
    assert heavy_faults(path) == []


def test_a_module_is_one_idea() -> None:
    lengths = {
        str(path.relative_to(PACKAGE)): len(path.read_text(encoding="utf-8").splitlines())
        for path in modules()
    }
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("runs/x.py", "import reportgen.logger"),
        ("runs/x.py", "from reportgen import audit"),
        ("runs/x.py", "from ..logger import run"),
        ("runs/deep/x.py", "from ... import site"),
        ("audit/x.py", "def f():\n    from reportgen.site import build"),
        ("audit/x.py", "try:\n    import reportgen.site\nexcept ImportError:\n    pass"),
        ("fs/x.py", "from ..config import load_settings"),
        ("logger/x.py", "from reportgen.cli.main import main"),
    ],
)
def test_a_breach_of_the_layers_is_found(place: str, source: str) -> None:
    assert layer_faults(PACKAGE / place, source)


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("runs/x.py", "from . import layout\nfrom .deep import y\nfrom ..fs import atomic"),
        (
            "audit/x.py",
            "from reportgen import __version__\nfrom reportgen.runs.view import RunView",
        ),
        ("cli/commands/x.py", "from reportgen.site.build import build"),
    ],
)
def test_what_the_layers_allow_is_no_breach(place: str, source: str) -> None:
    assert layer_faults(PACKAGE / place, source) == []


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("audit/x.py", "def f():\n    import pandas as pd"),
        ("logger/values.py", "from torch import nn"),
        ("cli/x.py", "import altair"),
        ("audit/x.py", "import git.repo"),
        ("seeds.py", "import numpy as np"),
        ("runs/x.py", "class A:\n    import numpy.random"),
    ],
)
def test_a_costly_import_is_found(place: str, source: str) -> None:
    assert heavy_faults(PACKAGE / place, source)


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("runs/frame.py", "import pandas, numpy"),
        ("seeds.py", "def f():\n    import numpy"),
        ("logger/x.py", "if TYPE_CHECKING:\n    import numpy"),
        ("logger/x.py", "import gitlab, torchvision"),
    ],
)
def test_a_costly_import_in_its_place_is_fine(place: str, source: str) -> None:
    assert heavy_faults(PACKAGE / place, source) == []
