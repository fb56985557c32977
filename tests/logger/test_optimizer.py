"""The optimizer that really ran, with no word from the program."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from reportgen.errors import UsageError
from reportgen.logger import optimizer as module
from reportgen.logger.context import RunContext
from reportgen.logger.optimizer import OptimizerProbe, plain_groups


def recorded(folder: Path) -> Any:
    path = folder / "captured" / "optimizer.json"
    return json.loads(path.read_bytes()) if path.exists() else None


def stepped(optimizer: torch.optim.Optimizer, times: int = 1) -> None:
    for _ in range(times):
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = torch.ones_like(parameter)
        optimizer.step()


def parameters(count: int = 1) -> list[torch.nn.Parameter]:
    return [torch.nn.Parameter(torch.ones(2)) for _ in range(count)]


def test_the_first_step_is_recorded_and_the_end_at_the_end(context: RunContext) -> None:
    probe = OptimizerProbe(context)
    probe.start()
    optimizer = torch.optim.AdamW(parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    assert recorded(context.folder) is None
    stepped(optimizer)
    scheduler.step()
    stepped(optimizer)
    first = recorded(context.folder)
    assert first["class"] == "AdamW"
    (group,) = first["groups"]
    assert (group["lr"], group["initial_lr"], group["betas"]) == (0.1, 0.1, [0.9, 0.999])
    assert "params" not in group
    probe.stop()
    last = recorded(context.folder)
    assert last["groups"] == first["groups"]
    assert last["groups_end"][0]["lr"] == 0.05


def test_a_program_that_imports_torch_later_is_seen_and_torch_is_not_imported_for_it(
    tmp_path: Path,
) -> None:
    program = f"""
import sys
from pathlib import Path
from reportgen.logger.context import RunContext
from reportgen.logger.optimizer import OptimizerProbe
from reportgen.runs.schema import RUN_SCHEMA, Run
run = Run(schema=RUN_SCHEMA, id="x", name="x", status="running", created="")
probe = OptimizerProbe(RunContext(Path({str(tmp_path)!r}), run))
probe.start()
assert "torch" not in sys.modules
import torch
weight = torch.nn.Parameter(torch.ones(1))
optimizer = torch.optim.SGD([weight], lr=0.25, momentum=0.9)
weight.grad = torch.ones(1)
optimizer.step()
probe.stop()
"""
    subprocess.run([sys.executable, "-c", program], check=True)
    found = recorded(tmp_path)
    assert found["class"] == "SGD"
    assert (found["groups"][0]["lr"], found["groups"][0]["momentum"]) == (0.25, 0.9)


def test_the_first_optimizer_that_steps_is_the_one(context: RunContext) -> None:
    probe = OptimizerProbe(context)
    probe.start()
    stepped(torch.optim.SGD(parameters(), lr=1.0))
    stepped(torch.optim.Adam(parameters(), lr=2.0))
    probe.stop()
    assert recorded(context.folder)["class"] == "SGD"


def test_a_named_optimizer_is_recorded_whatever_steps(context: RunContext) -> None:
    probe = OptimizerProbe(context)
    probe.start()
    stepped(torch.optim.SGD(parameters(), lr=1.0))
    named = torch.optim.Adam(parameters(), lr=2.0)
    probe.watch(named)
    stepped(torch.optim.SGD(parameters(), lr=3.0))
    probe.stop()
    found = recorded(context.folder)
    assert (found["class"], found["groups"][0]["lr"]) == ("Adam", 2.0)


def test_a_named_optimizer_without_torch_will_do(context: RunContext) -> None:
    class Own:
        def __init__(self) -> None:
            self.param_groups = [{"params": [], "lr": 0.5}]

    own = Own()
    probe = OptimizerProbe(context)
    probe.watch(own)
    own.param_groups[0]["lr"] = 0.25
    probe.stop()
    found = recorded(context.folder)
    assert (found["class"], found["groups"], found["groups_end"]) == (
        "Own",
        [{"lr": 0.5}],
        [{"lr": 0.25}],
    )


def test_what_is_no_optimizer_is_refused(context: RunContext) -> None:
    with pytest.raises(UsageError, match="param_groups"):
        OptimizerProbe(context).watch(3)


def test_an_optimizer_that_passes_by_counts_where_none_stepped(context: RunContext) -> None:
    probe = OptimizerProbe(context)
    probe.saw(None)
    probe.saw({"state": {}})
    passing = torch.optim.SGD(parameters(), lr=0.1)
    probe.saw(passing)
    passing.param_groups[0]["lr"] = 0.01
    probe.saw(torch.optim.Adam(parameters()))
    probe.saw(passing)
    del passing
    gc.collect()
    probe.stop()
    found = recorded(context.folder)
    assert (found["groups"][0]["lr"], found["groups_end"][0]["lr"]) == (0.1, 0.01)


def test_an_optimizer_that_is_gone_leaves_what_was_read_last(context: RunContext) -> None:
    probe = OptimizerProbe(context)
    probe.start()
    optimizer = torch.optim.SGD(parameters(), lr=0.1)
    stepped(optimizer)
    optimizer.param_groups[0]["lr"] = 0.02
    probe.refresh()
    del optimizer
    gc.collect()
    probe.stop()
    assert recorded(context.folder)["groups_end"][0]["lr"] == 0.02


def test_an_optimizer_is_not_kept_alive(context: RunContext) -> None:
    import weakref

    probe = OptimizerProbe(context)
    probe.start()
    optimizer = torch.optim.SGD(parameters(), lr=0.1)
    stepped(optimizer)
    reference = weakref.ref(optimizer)
    del optimizer
    gc.collect()
    assert reference() is None
    probe.stop()


def test_every_run_of_a_process_sees_its_first_step_through_one_hook(
    context: RunContext, tmp_path: Path
) -> None:
    from torch.optim.optimizer import _global_optimizer_post_hooks as hooks

    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        probe = OptimizerProbe(RunContext(folder, context.run))
        probe.start()
        stepped(torch.optim.SGD(parameters(), lr=number + 1), 3)
        probe.stop()
        assert recorded(folder)["groups"][0]["lr"] == number + 1
    assert [hook is module._after_step for hook in hooks.values()].count(True) == 1
    assert module._WAITING == []


def test_a_run_without_training_leaves_no_file(context: RunContext) -> None:
    probe = OptimizerProbe(context)
    probe.start()
    probe.stop()
    assert recorded(context.folder) is None
    stepped(torch.optim.SGD(parameters(), lr=1))
    assert recorded(context.folder) is None


def test_a_forked_child_records_nothing(context: RunContext) -> None:
    probe = OptimizerProbe(context)
    probe.start()
    context.active = False
    stepped(torch.optim.SGD(parameters(), lr=1))
    assert recorded(context.folder) is None


def test_a_fault_of_the_disk_is_none_of_the_step(context: RunContext) -> None:
    (context.folder / "captured").write_text("a file stands here")
    probe = OptimizerProbe(context)
    probe.start()
    weight = parameters()
    stepped(torch.optim.SGD(weight, lr=1.0))
    assert torch.equal(weight[0], torch.zeros(2))
    assert list(context.run.dropped) == ["captured/optimizer.json"]
    probe.stop()


def test_settings_become_plain_numbers() -> None:
    class Own:
        param_groups = [  # noqa: RUF012
            {
                "params": [torch.ones(3)],
                "lr": torch.tensor(0.5),
                "betas": (0.9, torch.tensor(0.5)),
                "eps": float("inf"),
                "foreach": None,
                "maximize": False,
                "name": "decay",
                "mask": torch.ones(3),
                "schedule": lambda step: 1,
                "parts": (1, object()),
            },
            {"params": [], "lr": 1},
        ]

    assert plain_groups(Own()) == [
        {
            "lr": 0.5,
            "betas": [0.9, 0.5],
            "eps": "Infinity",
            "foreach": None,
            "maximize": False,
            "name": "decay",
        },
        {"lr": 1},
    ]
