"""The configuration as an outline."""

from __future__ import annotations

from reportgen.site.parts.config import config_rows


def test_nested_keys_in_order_with_their_paths() -> None:
    rows, left = config_rows({"model": {"width": 64, "act": None}, "layers": [1, 2], "empty": {}})
    assert [(row.depth, row.path, row.value) for row in rows] == [
        (0, "model", None),
        (1, "model.width", "64"),
        (1, "model.act", "null"),
        (0, "layers", "[1, 2]"),
        (0, "empty", "{}"),
    ]
    assert left == 0


def test_the_deep_the_many_and_the_long_are_bounded() -> None:
    deep: dict[str, object] = {}
    for _ in range(40):
        deep = {"k": deep}
    rows, _ = config_rows(deep)
    assert max(row.depth for row in rows) == 12
    rows, left = config_rows({str(i): i for i in range(5_010)})
    assert (len(rows), left) == (5_000, 10)
    rows, _ = config_rows({"a": "x" * 10_000})
    assert rows[0].value is not None
    assert rows[0].value.endswith("(10,000 characters)")
