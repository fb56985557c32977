from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.audit.settings import (
    ACCUMULATION,
    BATCH,
    LEARNING_RATE,
    OPTIMIZER,
    Setting,
    batch_settings,
    counts,
    named_class,
    number_in,
    numbers,
    plain,
    settings,
)


@pytest.mark.parametrize(
    "key", ["batch_size", "batch-size", "batchSize", "training.batch_size", "train_batch_size"]
)
def test_one_thing_has_many_spellings(key: str) -> None:
    assert settings({"model": "mlp", key: 64}, BATCH) == [Setting(key, 64)]


def test_the_outermost_comes_first_and_other_sections_are_passed_over() -> None:
    config = {"scheduler.lr": 1, "a.b.lr": 2, "optim.learning_rate": 3, "optim.lr": 4, "val.lr": 5}
    assert [one.value for one in settings(config, LEARNING_RATE)] == [4, 3, 2]


def test_only_numbers_are_numbers() -> None:
    config = {"a.lr": "1e-3", "b.lr": True, "c.lr": "fast", "d.lr": None, "e.lr": "nan", "f.lr": 2}
    assert numbers(config, LEARNING_RATE) == [Setting("a.lr", 0.001), Setting("f.lr", 2.0)]
    assert counts({"a.bs": 0, "b.bs": 1.5, "c.bs": 3.0, "d.bs": -2}, BATCH) == [Setting("c.bs", 3)]


@given(
    st.one_of(st.integers(), st.floats(), st.text(), st.booleans(), st.none(), st.lists(st.text()))
)
def test_anything_is_a_finite_number_or_none(value: object) -> None:
    found = number_in(value)
    assert found is None or math.isfinite(found)


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"optimizer": "sgd"}, ("optimizer", "sgd")),
        ({"optimizer.name": "adamw", "optimizer.lr": 1}, ("optimizer.name", "adamw")),
        ({"optim._target_": "torch.optim.Adam"}, ("optim._target_", "torch.optim.Adam")),
        ({"train.optimizer.class_path": "Adam"}, ("train.optimizer.class_path", "Adam")),
    ],
)
def test_an_optimizer_is_chosen_by_name(config: dict[str, object], found: object) -> None:
    setting = named_class(config, OPTIMIZER)
    assert setting is not None
    assert (setting.key, setting.value) == found


def test_no_optimizer_is_chosen_by_a_blank_or_by_another_name() -> None:
    assert (
        named_class({"optimizer": "", "model.name": "sgd", "optimizer.lr": 0.1}, OPTIMIZER) is None
    )


@pytest.mark.parametrize(
    ("config", "parts"),
    [
        ({"batch_size": 32}, (32, None, None, None)),
        ({"batch_size": 32, "grad_accum": 2, "global_batch_size": 64}, (32, 2, None, 64)),
        ({"batch_size": 64, "micro_batch_size": 16}, (16, None, None, 64)),
        (
            {
                "train_batch_size": 256,
                "train_micro_batch_size_per_gpu": 8,
                "gradient_accumulation_steps": 4,
                "world_size": 8,
            },
            (8, 4, 8, 256),
        ),
        ({"trainer.devices": 4, "trainer.num_nodes": 2, "data.batch_size": 8}, (8, None, 8, None)),
        ({"devices": "auto", "batch_size": "8"}, (8, None, None, None)),
        ({}, (None, None, None, None)),
    ],
)
def test_what_is_said_of_the_batch(
    config: dict[str, object], parts: tuple[int | None, ...]
) -> None:
    found = batch_settings(config)
    values = [found.micro, found.accumulation, found.world, found.total]
    assert tuple(one.value if one else None for one in values) == parts


def test_names_of_one_thing_do_not_overlap_with_another() -> None:
    tables = (LEARNING_RATE, OPTIMIZER, BATCH, ACCUMULATION)
    every = [plain(name) for table in tables for name in table]
    assert len(every) == len(set(every))
