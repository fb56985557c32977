"""Which runs are seeds of one setting, and what varies among settings."""

from __future__ import annotations

import pytest

from reportgen.site.groups import (
    common_name,
    is_seed,
    setting_of,
    short_labels,
    shown,
    split_keys,
    timeless,
)


@pytest.mark.parametrize("key", ["seed", "data_seed", "train.seed", "train.shuffle_seed"])
def test_seed_keys(key: str) -> None:
    assert is_seed(key)


@pytest.mark.parametrize("key", ["seeds", "seeded", "reseed", "seed.kind"])
def test_other_keys(key: str) -> None:
    assert not is_seed(key)


def test_settings_differ_by_everything_but_seeds() -> None:
    base = {"lr": 0.1, "seed": 1, "layers": [1, 2]}
    assert setting_of(base) == setting_of({"layers": [1, 2], "lr": 0.1, "seed": 9})
    assert setting_of(base) != setting_of(base | {"layers": [2, 1]})
    assert setting_of({"a": 1}) != setting_of({"a": True})
    assert setting_of({"a": 10**400}) != setting_of({"a": 10**400 + 1})


def test_keys_that_vary_come_with_the_most_telling_first() -> None:
    configs = [
        {"a": 1, "lr": 0.1, "width": 64, "seed": 1},
        {"a": 1, "lr": 0.2, "width": 64, "seed": 2, "extra": 1},
        {"a": 1, "lr": 0.3, "width": 128, "seed": 3},
    ]
    varied, same = split_keys(configs)
    assert varied == ["lr", "width", "extra"]
    assert same == ["a"]
    assert split_keys([]) == ([], [])


@pytest.mark.parametrize(
    ("names", "common"),
    [
        (["mlp_2026-1_lr0.1_s1", "mlp_2026-2_lr0.1_s2"], "mlp_lr0.1"),
        (["one"], "one"),
        (["a", "b"], "a"),
        (["x_1", "x_2"], "x_1"),
    ],
)
def test_the_name_of_a_setting(names: list[str], common: str) -> None:
    assert common_name(names) == common


def test_labels_keep_only_what_differs() -> None:
    assert short_labels(["m_a_1", "m_b_1"]) == ["a", "b"]
    assert short_labels(["m_a", "m"]) == ["m_a", "m"]
    assert short_labels(["same", "same"]) == ["same", "same"]
    assert short_labels(["only_20261123-101500"]) == ["only_20261123-101500"]
    assert short_labels(["m_20261123-101500_a", "m_20261124_b"]) == ["a", "b"]
    assert short_labels(["m_20261123_a", "m_20261124_a"]) == ["20261123", "20261124"]


def test_times_leave_a_name_only_when_it_stays_unlike_all_others() -> None:
    assert timeless(["a_20261123-101500_x", "a_20261123-101600_y"]) == ["a_x", "a_y"]
    assert timeless(["a_20261123", "a_20261124", "b_123456"]) == ["a_20261123", "a_20261124", "b"]
    assert timeless(["a", "a_20261123"]) == ["a", "a_20261123"]
    assert timeless(["20261123", "same", "same"]) == ["20261123", "same", "same"]
    assert timeless([]) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (5.0, "5"),
        (1e-05, "1e-05"),
        ("", '""'),
        ([1, "a"], "[1, a]"),
        ({"a": [None]}, "{a: [null]}"),
    ],
)
def test_values_are_written_as_in_yaml(value: object, text: str) -> None:
    assert shown(value) == text
