from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.runs.replicates import experiment_of, is_seed, setting_of
from reportgen.runs.schema import Data, GitInfo, Input, Packaged

CONFIG = {"lr": 0.1, "model.width": 64, "seed": 1, "layers": [1, {"a": None}]}
SETTING = setting_of(CONFIG)
GIT = GitInfo(commit="ab" * 20, tree="cd" * 20)
DATA = Data(inputs=[Input(name="b", sha256="22" * 32), Input(name="a", sha256="11" * 32)])


@pytest.mark.parametrize("key", ["seed", "data.split_seed", "train.Seed", "shuffle-seed"])
def test_seeds_are_known_by_their_names(key: str) -> None:
    assert is_seed(key)
    assert setting_of({**CONFIG, key: 9}) == setting_of(CONFIG)


@pytest.mark.parametrize("key", ["seeds", "seed.value", "seeded", "n_seed_points", "lr"])
def test_other_settings_are_not_seeds(key: str) -> None:
    assert not is_seed(key)
    assert setting_of({**CONFIG, key: 9}) != setting_of(CONFIG)


def test_order_and_spelling_of_numbers_do_not_count() -> None:
    again = dict(reversed(CONFIG.items())) | {"model.width": 64.0}
    assert setting_of(again) == setting_of(CONFIG)
    assert setting_of({"a": 1}) != setting_of({"a": "1"})
    assert setting_of({"a": True}) != setting_of({"a": 1})


def test_code_and_data_count_and_the_order_of_inputs_does_not() -> None:
    first = experiment_of(SETTING, GIT, DATA)
    assert experiment_of(SETTING, GIT, Data(inputs=DATA.inputs[::-1])) == first
    assert experiment_of(SETTING, GitInfo(tree="ee" * 20), DATA) != first
    assert experiment_of(SETTING, GIT, Data(inputs=DATA.inputs[:1])) != first
    assert experiment_of(SETTING, GIT, None).data == ()


def test_code_of_a_package_is_known_by_its_digest_and_other_code_is_not_known() -> None:
    package = Packaged(distribution="x", record_sha256="33" * 32)
    assert experiment_of(SETTING, GitInfo(packaged=package), None).code == "33" * 32
    assert experiment_of(SETTING, None, None).code is None


def test_an_input_without_a_hash_is_its_name_and_version() -> None:
    one = Input(name="digits", version={"kind": "package", "version": "1.7"})
    other = Input(name="digits", version={"kind": "package", "version": "1.8"})
    found = [experiment_of(SETTING, GIT, Data(inputs=[it])).data for it in (one, other)]
    assert found[0] != found[1]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text() | st.integers(), below),
)


@given(st.dictionaries(st.text(), VALUES))
def test_any_configuration_has_a_setting(config: dict[str, Any]) -> None:
    assert setting_of(config) == setting_of(dict(config))
