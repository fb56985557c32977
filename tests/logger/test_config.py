"""What is recorded of a configuration, whatever object it comes as."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import enum
from collections import OrderedDict, namedtuple
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import UsageError
from reportgen.fs.documents import dump_yaml, load_yaml
from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.logger.config import mapping_of, plain_config, plain_value


class Act(enum.Enum):
    RELU = enum.auto()


@dataclasses.dataclass
class Model:
    width: int = 64
    act: Act = Act.RELU


Optimizer = namedtuple("Optimizer", "name lr")


class ModelDump:
    def model_dump(self) -> dict[str, Any]:
        return {"lr": 0.1}


class ToDict:
    def to_dict(self) -> dict[str, Any]:
        return {"lr": 0.1, "model": {"width": 1}}


def plain_of(config: Any) -> dict[str, Any]:
    return plain_config(mapping_of(config)).values


@pytest.mark.parametrize(
    "config",
    [
        {"lr": 0.1},
        OrderedDict(lr=0.1),
        argparse.Namespace(lr=0.1),
        SimpleNamespace(lr=0.1),
        dataclasses.make_dataclass("C", [("lr", float, 0.1)])(),
        namedtuple("C", "lr")(0.1),
        ModelDump(),
    ],
    ids=lambda config: type(config).__name__,
)
def test_every_usual_form_is_taken(config: Any) -> None:
    assert plain_of(config) == {"lr": 0.1}


def test_nested_objects_unfold() -> None:
    config = {"model": Model(), "opt": Optimizer("sgd", 0.1), "args": argparse.Namespace(x=1)}
    assert plain_of(config) == {
        "model": {"width": 64, "act": "RELU"},
        "opt": {"name": "sgd", "lr": 0.1},
        "args": {"x": 1},
    }
    assert plain_of(ToDict()) == {"lr": 0.1, "model": {"width": 1}}


def test_leaves_keep_their_own_values_until_they_are_recorded() -> None:
    dtype = torch.float32
    assert mapping_of({"a": {"dtype": dtype}})["a"]["dtype"] is dtype


def test_what_has_a_plain_form_is_not_called_stringified() -> None:
    config = {
        "path": Path("data/x.csv"),
        "tuple": (1, 2),
        "set": {"b", "a"},
        "np": np.float32(0.5),
        "tensor": torch.tensor(3),
        "date": datetime.date(2026, 1, 2),
        "none": None,
        "flag": True,
        3: "number as key",
    }
    plain = plain_config(mapping_of(config))
    assert plain.stringified == []
    assert plain.values == {
        "path": "data/x.csv",
        "tuple": [1, 2],
        "set": ["a", "b"],
        "np": 0.5,
        "tensor": 3,
        "date": "2026-01-02",
        "none": None,
        "flag": True,
        "3": "number as key",
    }


def test_what_has_none_is_listed_with_its_key_and_stays_the_same_in_every_run() -> None:
    config = {
        "a": {"fn": torch.relu, "cls": torch.nn.ReLU},
        "list": [object()],
        "t": torch.zeros(2),
    }
    plain = plain_config(mapping_of(config))
    assert plain.stringified == ["a.fn", "a.cls", "list.0", "t"]
    assert "0x" not in str(plain.values)
    assert plain.values["a"]["cls"] == "torch.nn.modules.activation.ReLU"


def test_an_object_whose_text_raises_is_named_by_its_type() -> None:
    class Mute:
        def __repr__(self) -> str:
            raise RuntimeError

    assert plain_value(Mute()).endswith("Mute>")


@pytest.mark.parametrize("config", [3, "a: b", [("lr", 0.1)], None, object()])
def test_what_is_no_configuration_is_refused(config: Any) -> None:
    with pytest.raises(UsageError, match=r"start_run\(config=\)"):
        mapping_of(config)


def test_a_configuration_in_itself_is_refused() -> None:
    config: dict[str, Any] = {}
    config["again"] = {"deeper": config}
    with pytest.raises(UsageError, match="in itself"):
        mapping_of(config)


def test_data_in_a_configuration_is_refused_with_the_key() -> None:
    with pytest.raises(UsageError, match=r"rows\.\d+"):
        plain_config({"rows": list(range(DEFAULT_LIMITS.nodes + 1))})


leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(min_size=1), trees, max_size=4))
def test_a_plain_configuration_comes_back_from_its_file(config: dict[str, Any]) -> None:
    plain = plain_config(config)
    assert plain.stringified == []
    assert plain.values == config
    text = dump_yaml(plain.values).encode("utf-8")
    loaded = load_yaml(text, name="config.yaml")
    assert loaded == config
