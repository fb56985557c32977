"""Pages of reports and of models, from files beside runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from site_runs import make_project
from site_tree import tree_of

from reportgen.config import Settings
from reportgen.runs.view import RunView
from reportgen.site.build import build_site

REPORT = """# What came out

The best run has {{run:mlp_digits_lr0.1_s1 train/lr last}}; quoted 0.1 {{run:mlp_digits_lr0.1_s1
train/lr last}} is right and 0.2 {{run:mlp_digits_lr0.1_s1 train/lr last}} is not, and
{{run:nobody train/lr last}} is not there. {{group:lr-search val/accuracy n by seed}} runs.

![the curve](curve.png) ![gone](absent.png)

```chart
runs: mlp_digits_*
metric: val/loss
y: log
seeds: together
```

```table
group: lr-search
metric: val/accuracy
columns: [lr]
rows: 2
```

```chart
metric: val/loss
colour: red
```

```chart
runs: nobody
metric: val/loss
```
""".replace("mlp_digits_lr0.1_s1\ntrain/lr", "mlp_digits_lr0.1_s1 train/lr")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_project(tmp_path_factory.mktemp("reported") / "runs")
    (root / "reports").mkdir()
    (root / "reports" / "weekly.md").write_text(REPORT)
    (root / "reports" / "curve.png").write_bytes(b"\x89PNG\r\n\x1a\nrest")
    (root / "reports" / "link.md").symlink_to("weekly.md")
    beside = root.parent / "reports"
    beside.mkdir()
    (beside / "private.md").write_text("# Not part of a repository\n")
    view = RunView(next(root.rglob("mlp_digits_lr0.1_s1")))
    place = next(iter(view.checkpoints), "checkpoints/best.pt")
    binding = {
        "run": view.id,
        "checkpoint": place,
        "sha256": "a" * 64,
        "promoted": "2026-11-23T10:00:00.000Z",
        "note": "<b>for the demo</b>",
        "history": [{"run": "01KNOBODY", "checkpoint": "old.pt", "sha256": "b" * 64}],
    }
    models = {"schema": "reportgen.models/1", "models": {"digits": {"champion": binding}}}
    (root / "models.yaml").write_text(json.dumps(models))
    build_site([root], root.parent / "site", settings=Settings())
    return root.parent / "site"


def test_a_report_with_its_numbers_charts_and_tables(site: Path) -> None:
    page = tree_of(next((site / "reports").glob("weekly-*/index.html")))
    text = " ".join(page.find("main")[0].all_text.replace(" ;", ";").split())
    assert page.find("h1")[0].all_text == "What came out"
    assert "The best run has 0.1;" in text
    assert "quoted 0.1 as logged is right" in text
    assert "0.2 is 0.1 in the record is not" in text
    assert "no such run is in this site" in text
    assert "5 runs." in text
    assert "5 numbers are linked to runs; 2 not as logged." in text
    (figure,) = page.find("figure", data_chart="lines")
    state = json.loads(figure.attributes["data-state"])
    assert (state["yScale"], state["group"]) == ("log", True)
    assert len(json.loads(figure.attributes["data-series"])) == 5
    rows = page.with_class("report-table")[0].find("tr")
    assert len(rows) == 3
    assert "3 more." in text
    faults = [node.all_text for node in page.with_class("message")]
    assert "unknown field" in faults[0]
    assert "weekly.md" in faults[0]
    assert "no run is meant by this" in faults[1]
    sources = [node.attributes["src"] for node in page.find("img")]
    assert len(sources) == 1
    assert next((site / "reports").glob(f"weekly-*/{sources[0]}")).read_bytes().endswith(b"rest")


def test_links_and_folders_outside_of_repositories_are_no_reports(site: Path) -> None:
    text = tree_of(site / "reports" / "index.html").find("main")[0].all_text
    assert "What came out" in text
    assert "2 not as logged" in text
    assert "Not part of a repository" not in text
    assert len(list((site / "reports").iterdir())) == 2


def test_names_of_models_with_what_is_behind_them(site: Path) -> None:
    page = tree_of(site / "models" / "index.html")
    text = page.find("main")[0].all_text
    assert "digits @ champion" in text
    assert "mlp_digits_lr0.1_s1" in text
    assert "recorded" in text
    assert "<b>for the demo</b>" in text
    assert "01KNOBODY" in text
    assert "its run is not in this site" not in page.with_class("badge")[0].all_text


def test_a_broken_registry_is_said(tmp_path: Path) -> None:
    root = make_project(tmp_path / "runs")
    (root / "models.yaml").write_text("schema: other/1\n")
    build_site([root], tmp_path / "site", settings=Settings())
    text = tree_of(tmp_path / "site" / "models" / "index.html").find("main")[0].all_text
    assert "is no registry" in text
    assert "No model has a name yet" in text
