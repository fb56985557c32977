from __future__ import annotations

from pathlib import Path

import pytest
from hostile_env import HostileEnvironment


@pytest.fixture
def hostile_env(tmp_path: Path) -> HostileEnvironment:
    """A folder for hostile input, and the command line under watch."""
    return HostileEnvironment(tmp_path)
