from __future__ import annotations

import pytest

from reportgen.runs import layout
from reportgen.runs.schema import DOCUMENTS


@pytest.mark.parametrize(
    "path",
    [
        "manifest.json",
        "manifest.1.json",
        "manifest.12.json",
        "labels.yaml",
        "signatures/manifest.sig",
        "reproductions/2026-11-23T10-15-00.yaml",
        ".run.yaml.0a1b2c3d.tmp",
        "figures/.a.png.00.tmp",
    ],
)
def test_what_the_seal_leaves_out(path: str) -> None:
    assert layout.outside_seal(path)


@pytest.mark.parametrize(
    "path",
    [
        "run.yaml",
        "metrics.jsonl",
        "manifest.old.json",
        "artifacts/manifest.json",
        "manifest.json/x",
        "artifacts/labels.yaml",
        "config/signatures/x",
        ".hidden",
        "x.tmp",
        "manifest.json.bak",
    ],
)
def test_everything_else_is_sealed(path: str) -> None:
    assert not layout.outside_seal(path)


def test_ranks() -> None:
    assert [layout.rank_metrics(rank) for rank in (0, 3)] == [
        "metrics.jsonl",
        "metrics.rank3.jsonl",
    ]


def test_every_document_has_its_place_here() -> None:
    places = {value for name, value in vars(layout).items() if name.isupper()}
    for place in DOCUMENTS:
        folder = place.partition("/<")[0]
        assert folder in places
