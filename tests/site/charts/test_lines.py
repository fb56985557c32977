"""The specifications of all charts, as altair writes them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from reportgen.errors import NotFoundError
from reportgen.site.charts import CHARTS, by_name
from reportgen.site.charts.lines import Lines


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_the_specification_is_the_golden_one(
    chart: Lines, golden: Callable[[str, str], None]
) -> None:
    text = json.dumps(chart.spec(), indent=2, sort_keys=True)
    golden(f"charts/{chart.name}.json", f"{text}\n")


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_data_is_bound_by_name_and_by_fields_that_the_rows_have(chart: Lines) -> None:
    spec = chart.spec()
    assert "datasets" not in spec
    whole = spec.get("data", {})
    named = [(layer.get("data", whole)["name"], layer) for layer in spec["layer"]]
    assert {name for name, _ in named} == chart.datasets.keys()
    for name, layer in named:
        rows = chart.datasets[name]
        fields = {e["field"] for e in layer["encoding"].values() if "field" in e}
        assert fields <= rows.__annotations__.keys()


def test_a_specification_is_the_same_each_time() -> None:
    assert Lines().spec() == Lines().spec()


def test_charts_are_found_by_name() -> None:
    assert by_name("lines") is CHARTS[0]
    with pytest.raises(NotFoundError, match="lines"):
        by_name("line")
