"""One project and its site, made once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from site_runs import make_project
from site_tree import Node, tree_of

from reportgen.config import Settings, SiteSettings
from reportgen.site.build import BuildResult, build_site
from reportgen.site.gather import Gathered, gather

TITLED = Settings(site=SiteSettings(title="Digits", links={"Source": "https://example.org/d"}))


@pytest.fixture(scope="session")
def runs_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("project") / "runs")


@pytest.fixture(scope="session")
def gathered(runs_root: Path) -> Gathered:
    """Those runs with their audit, read once."""
    return gather([runs_root])


@dataclass(frozen=True)
class Built:
    folder: Path
    result: BuildResult

    def page(self, path: str) -> Node:
        return tree_of(self.folder / path)

    def run_page(self, word: str) -> Node:
        found = [p for p in (self.folder / "runs").iterdir() if word in p.name]
        assert len(found) == 1, found
        return tree_of(found[0] / "index.html")


@pytest.fixture(scope="session")
def built(gathered: Gathered, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The site of those runs."""
    folder = tmp_path_factory.mktemp("site") / "out"
    return Built(folder, build_site([], folder, settings=TITLED, gathered=gathered))
