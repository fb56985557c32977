"""Mirrors by name; one whose tool is missing says what to install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reportgen.errors import UnavailableError, UsageError
from reportgen.logger.mirrors import open_mirror


def test_a_mirror_opens_by_its_name(tmp_path: Path) -> None:
    sink = open_mirror("tensorboard", tmp_path, project="p", name="n", config={})
    assert sink.name == "tensorboard"
    sink.close()
    assert [path.name for path in tmp_path.iterdir()] == ["tensorboard"]


def test_an_unknown_mirror_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean tensorboard"):
        open_mirror("tensorbord", tmp_path, project="p", name="n", config={})


def test_a_missing_tool_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "tensorboard"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "reportgen.integrations.tensorboard", raising=False)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(UnavailableError, match=r"tensorboard is not installed.*pip install"):
        open_mirror("tensorboard", tmp_path, project="p", name="n", config={})


def test_no_tool_is_imported_until_it_is_asked_for() -> None:
    program = """
import sys
import reportgen.logger.mirrors
assert not {"tensorboard", "wandb", "torch", "numpy"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
