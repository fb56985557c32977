"""``run.config``: a mapping like any other that notes what is read."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from reportgen.errors import UsageError
from reportgen.logger.config_access import Access, Config

VALUES = {"lr": 0.1, "model": {"width": 64, "act": {"name": "relu"}}, "empty": {}, "list": [1, 2]}
LEAVES = {"lr", "model.width", "model.act.name", "empty", "list"}


@pytest.fixture
def access() -> Access:
    return Access()


@pytest.fixture
def config(access: Access) -> Config:
    return Config(VALUES, access)


def keywords(**given: Any) -> dict[str, Any]:
    return given


def test_nothing_is_read_by_making_comparing_or_counting(config: Config, access: Access) -> None:
    assert config == VALUES
    assert len(config) == 4
    assert "lr" in config
    assert list(config) == list(VALUES)
    assert "width" in config.model
    assert access.read == set()


def test_items_and_attributes_are_the_same(config: Config, access: Access) -> None:
    assert config["model"]["act"]["name"] == config.model.act.name == "relu"
    assert access.read == {"model.act.name"}
    assert isinstance(config, dict)


@pytest.mark.parametrize(
    "read",
    [
        lambda c: keywords(**c.model, **c.model.act) | keywords(lr=c.lr, e=c.empty, l=c["list"]),
        lambda c: (dict(c), dict(c.model), dict(c.model.act)),
        lambda c: {**c, **c.model, **c.model["act"]},
        lambda c: [*c.items(), *c.model.items(), *c.model.act.values()],
        lambda c: json.dumps(c),
        lambda c: copy.deepcopy(c),
        lambda c: copy.copy(c),
        lambda c: c.copy(),
        lambda c: c | {"more": 1},
        lambda c: pickle.dumps(c),
        lambda c: (c.lr, c.get("empty"), c.list, c.model.get("width"), c.model.act.name),
    ],
    ids=[
        *("keywords", "dict", "unpacked", "items", "json", "deepcopy", "copy", "copied", "or"),
        *("pickle", "one by one"),
    ],
)
def test_every_way_to_read_counts_every_leaf(config: Config, access: Access, read: Any) -> None:
    read(config)
    assert access.read == LEAVES


def test_copies_are_plain_and_may_be_changed(config: Config) -> None:
    for copied in (config.copy(), copy.deepcopy(config), pickle.loads(pickle.dumps(config))):
        assert copied == VALUES
        assert type(copied) is dict
        assert type(copied["model"]) is dict
        copied["model"]["width"] = 1
    assert config.model.width == 64


def test_defaults_for_absent_keys_are_kept(config: Config, access: Access) -> None:
    assert config.get("dropout", 0.5) == 0.5
    assert config.model.get("depth") is None
    assert getattr(config, "momentum", 0.9) == 0.9
    assert access.absent == {"dropout": 0.5, "model.depth": None, "momentum": None}
    assert not hasattr(config, "__array__")
    assert not hasattr(config, "_repr_html_")
    assert len(access.absent) == 3


def test_an_absent_key_says_which_was_meant(config: Config) -> None:
    with pytest.raises(AttributeError, match=r"model\.widht\. Did you mean width"):
        config.model.widht  # noqa: B018
    with pytest.raises(KeyError):
        config["absent"]


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.__setitem__("lr", 1),
        lambda c: setattr(c, "lr", 1),
        lambda c: setattr(c.model, "width", 1),
        lambda c: c.update(lr=1),
        lambda c: c.pop("lr"),
        lambda c: c.setdefault("x", 1),
        lambda c: c.clear(),
        lambda c: c.__delitem__("lr"),
        lambda c: delattr(c, "lr"),
        lambda c: c.__ior__({"lr": 1}),
    ],
)
def test_it_cannot_be_changed(config: Config, change: Any) -> None:
    with pytest.raises(UsageError, match="was recorded when the run started"):
        change(config)
    assert config == VALUES
