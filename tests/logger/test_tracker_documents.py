"""The customary keys beside the standard's, and which series a checkpoint's metric is."""

from __future__ import annotations

import sys
import types

import pytest
import torch

from reportgen.logger.tracker_documents import environment_keys, git_keys, series_named


def test_the_environment_in_customary_keys() -> None:
    assert environment_keys({"hardware": {"gpus": []}}) == {
        "python_version": sys.version,
        "torch_version": str(torch.__version__),
        "cuda_version": None,
        "gpu_name": None,
        "gpu_count": 0,
    }


def test_devices_are_named_without_waking_them(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = types.SimpleNamespace(
        __version__="2.13.0+cu130", version=types.SimpleNamespace(cuda="13.0")
    )
    monkeypatch.setitem(sys.modules, "torch", loaded)  # has nothing that could be asked
    keys = environment_keys({"hardware": {"gpus": [{"name": "H200"}, {"name": "H200"}]}})
    assert (keys["cuda_version"], keys["gpu_name"], keys["gpu_count"]) == ("13.0", "H200", 2)


def test_without_torch_and_hardware_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch")
    keys = environment_keys({"hardware": None})
    assert (keys["torch_version"], keys["gpu_count"]) == (None, 0)


@pytest.mark.parametrize("dirty", [True, False, None])
def test_the_work_tree_in_its_customary_key(dirty: bool | None) -> None:
    assert git_keys({"dirty": dirty, "commit": "x"}) == {"is_dirty": dirty}


@pytest.mark.parametrize(
    ("metric", "value", "last", "series"),
    [
        ("val_accuracy", 0.5, {"val/accuracy": 0.5}, "val/accuracy"),
        ("val_accuracy", torch.tensor(0.5), {"val/accuracy": 0.5}, "val/accuracy"),
        ("val_accuracy", 0.5, {"val/accuracy": 0.4}, "val_accuracy"),
        ("val_accuracy", 0.5, {"val/accuracy": 0.5, "val_accuracy": 0.1}, "val_accuracy"),
        ("val_accuracy", 0.5, {"val/accuracy": 0.5, "Val.Accuracy": 0.5}, "val_accuracy"),
        ("val_accuracy", 0.5, {"val/loss": 0.5}, "val_accuracy"),
        ("val_accuracy", 0.5, {}, "val_accuracy"),
        ("val_accuracy", "high", {"val/accuracy": 0.5}, "val_accuracy"),
    ],
)
def test_a_checkpoints_metric_is_the_series_of_that_name_and_value(
    metric: str, value: float, last: dict[str, float], series: str
) -> None:
    assert series_named(metric, value, last) == series
