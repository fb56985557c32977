"""``run.watch``: what a training's gradients and learning rates were, under its own steps."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn

from reportgen.errors import UsageError
from reportgen.logger import watch as module
from reportgen.logger.context import RunContext
from reportgen.logger.histograms import HistogramStore
from reportgen.logger.metrics import MetricWriter
from reportgen.logger.watch import ModelWatch, check_watch, rates_of
from reportgen.runs.histogram_log import read_histograms
from reportgen.runs.metric_log import read_metric_log

Points = dict[str, list[tuple[int, float]]]


class Training:
    """A model that is trained step by step, with the metrics of a run."""

    def __init__(self, context: RunContext) -> None:
        torch.manual_seed(0)
        self.context = context
        self.metrics = MetricWriter(context, context.folder / "metrics.jsonl")
        self.model = nn.Linear(3, 1)
        self.optimizer: Any = torch.optim.SGD(self.model.parameters(), lr=0.1)
        self.norms: list[float] = []
        self.watches: list[ModelWatch] = []

    def watch(self, **options: Any) -> ModelWatch:
        given = {"model": self.model, "optimizer": None, "every": 1, "prefix": "train", **options}
        histograms = given.pop("histograms", None)
        watch = ModelWatch(self.context, self.metrics, self.metrics.log, histograms, **given)
        watch.start()
        self.watches.append(watch)
        return watch

    def step(self) -> None:
        self.optimizer.zero_grad()
        self.model(torch.randn(4, 3)).square().mean().backward()
        total = sum(
            float(p.grad.square().sum()) for p in self.model.parameters() if p.grad is not None
        )
        self.norms.append(total**0.5)
        self.optimizer.step()

    def points(self) -> Points:
        for watch in self.watches:
            watch.stop()
        self.watches.clear()
        log = read_metric_log((self.context.folder / "metrics.jsonl").read_bytes(), name="metrics")
        assert log.problems == []
        return {n: list(zip(s.steps, s.values, strict=True)) for n, s in log.series.items()}


@pytest.fixture
def training(context: RunContext) -> Iterator[Training]:
    yield (found := Training(context))
    for watch in found.watches:
        watch.stop()
    found.metrics.release()


@pytest.mark.parametrize("given", [True, False], ids=["optimizer given", "optimizer found"])
def test_norm_and_rate_of_each_step_stand_at_the_trainings_step(
    training: Training, given: bool
) -> None:
    training.watch(optimizer=training.optimizer if given else None)
    for step in range(5):
        training.step()
        training.metrics.log({"train/loss": 1.0}, 10 * step)
        training.optimizer.param_groups[0]["lr"] /= 2
    points = training.points()
    assert [step for step, _ in points["train/grad_norm"]] == [0, 10, 20, 30, 40]
    assert [norm for _, norm in points["train/grad_norm"]] == pytest.approx(training.norms)
    assert points["train/lr"] == [(10 * at, 0.1 / 2**at) for at in range(5)]
    assert training.context.run.dropped == {}
    assert training.context.run.overhead_seconds["watch"] > 0


def test_it_measures_every_so_many_steps(training: Training) -> None:
    training.watch(every=3)
    for step in range(8):
        training.step()
        training.metrics.log({"train/loss": 1.0}, step)
    points = training.points()
    assert [step for step, _ in points["train/grad_norm"]] == [0, 3, 6]
    expected = [training.norms[at] for at in (0, 3, 6)]
    assert [norm for _, norm in points["train/grad_norm"]] == pytest.approx(expected)


def test_a_training_that_counts_epochs_gets_one_point_an_epoch(training: Training) -> None:
    training.watch(every=2)
    for epoch in range(3):
        for _ in range(10):
            training.step()
        training.metrics.log({"train/loss": 1.0, "val/loss": 1.0}, epoch)
    points = training.points()
    assert [step for step, _ in points["train/grad_norm"]] == [0, 1, 2]
    assert [norm for _, norm in points["train/grad_norm"]] == pytest.approx(
        [training.norms[at] for at in (8, 18, 28)]
    )


def test_what_was_measured_last_is_kept_when_the_training_breaks(training: Training) -> None:
    training.watch()
    for step in range(3):
        training.step()
        training.metrics.log({"train/loss": 1.0}, step)
    training.step()  # and never logged
    assert training.points()["train/grad_norm"][-1] == (3, pytest.approx(training.norms[3]))


def test_a_training_that_logs_nothing_has_its_optimizers_count(training: Training) -> None:
    training.watch(every=4)
    for _ in range(6):
        training.step()
    assert training.points()["train/grad_norm"] == [(5, pytest.approx(training.norms[4]))]


def test_a_learning_rate_that_the_training_logs_stays_its_own(training: Training) -> None:
    training.watch()
    for step in range(3):
        training.step()
        training.metrics.log({"train/loss": 1.0, "train/lr": 7.0}, step)
    points = training.points()
    assert points["train/lr"] == [(0, 7.0), (1, 7.0), (2, 7.0)]
    assert len(points["train/grad_norm"]) == 3


def test_steps_that_are_counted_go_on_undisturbed(training: Training) -> None:
    training.watch()
    for _ in range(4):
        training.step()
        training.metrics.log({"train/loss": 1.0})
    points = training.points()
    assert [step for step, _ in points["train/loss"]] == [0, 1, 2, 3]
    assert [step for step, _ in points["train/grad_norm"]] == [0, 1, 2, 3]


def test_groups_have_their_rates(training: Training) -> None:
    first, second = training.model.parameters()
    groups = [{"params": [first], "lr": 0.1}, {"params": [second], "lr": torch.tensor(0.01)}]
    rates = rates_of(torch.optim.Adam(groups), "train")
    assert rates == {"train/lr/0": 0.1, "train/lr/1": pytest.approx(0.01)}
    for group, name in zip(groups, ("body", "head"), strict=True):
        group["name"] = name
    assert list(rates_of(torch.optim.Adam(groups), "gan")) == ["gan/lr/body", "gan/lr/head"]
    groups[1]["name"] = "body"
    assert list(rates_of(torch.optim.Adam(groups), "x")) == ["x/lr/0", "x/lr/1"]


def test_histograms_of_parameters_and_gradients(training: Training) -> None:
    store = HistogramStore(training.context)
    training.watch(histograms=store, every=2)
    for step in range(3):
        training.step()
        training.metrics.log({"train/loss": 1.0}, step)
    training.points()
    log = read_histograms([(training.context.folder / "histograms.jsonl").read_bytes()])
    assert log.problems == []
    assert {name: [step for step, _ in found] for name, found in log.series.items()} == {
        f"train/{kind}/{name}": [0, 2]
        for kind in ("parameters", "gradients")
        for name in ("weight", "bias")
    }
    (_, weights), _ = log.series["train/parameters/weight"]
    assert (weights.count, sum(weights.counts)) == (3, 3)


def test_two_models_are_watched_apart(training: Training) -> None:
    other = nn.Linear(2, 1)
    other_optimizer = torch.optim.SGD(other.parameters(), lr=0.5)
    training.watch()
    training.watch(model=other, prefix="critic")
    for step in range(3):
        training.step()
        if step != 1:
            other(torch.ones(1, 2)).sum().backward()
            other_optimizer.step()
        training.metrics.log({"train/loss": 1.0}, step)
    points = training.points()
    assert [step for step, _ in points["train/grad_norm"]] == [0, 1, 2]
    assert [step for step, _ in points["critic/grad_norm"]] == [0, 2]
    assert points["critic/lr"] == [(0, 0.5), (2, 0.5)]


def test_a_wrapper_that_shows_the_groups_is_the_optimizer(training: Training) -> None:
    class Wrapper:
        def __init__(self, optimizer: Any) -> None:
            self.optimizer = optimizer

        @property
        def param_groups(self) -> Any:
            return self.optimizer.param_groups

    wrapper = Wrapper(training.optimizer)
    check_watch(training.model, wrapper, 1, "train", ())
    training.watch(optimizer=wrapper)
    training.step()
    training.metrics.log({"train/loss": 1.0}, 0)
    assert len(training.points()["train/grad_norm"]) == 1


def test_mixed_precision_shows_the_gradients_as_they_are(training: Training) -> None:
    training.watch()
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    training.optimizer = torch.optim.Adam(training.model.parameters(), fused=True)
    loss = training.model(torch.ones(4, 3)).square().mean()
    (expected,) = torch.autograd.grad(loss, training.model.weight, retain_graph=True)
    scaler.scale(loss).backward()
    scaler.step(training.optimizer)
    ((_, norm),) = training.points()["train/grad_norm"]
    assert norm >= float(expected.norm())
    assert norm < 2 * float(expected.norm())


@pytest.mark.parametrize("where", ["rates_of", "gradient_norm"])
def test_a_fault_is_counted_and_the_training_goes_on(
    training: Training, where: str, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def broken(*arguments: Any) -> Any:
        raise RuntimeError("CUDA error")

    monkeypatch.setattr(module, where, broken)
    training.watch()
    for step in range(3):
        training.step()
        training.metrics.log({"train/loss": 1.0}, step)
    points = training.points()
    assert len(points["train/loss"]) == 3
    assert ("train/lr" in points) == (where == "gradient_norm")
    assert training.context.run.dropped == {"watch of train": 3}
    assert len([text for text in caplog.messages if "watch of train" in text]) == 1


def test_it_ends_with_the_run_and_holds_nothing(training: Training) -> None:
    watch = training.watch()
    training.step()
    watch.stop()
    training.step()
    assert module._WATCHES == []
    assert len(training.points()["train/grad_norm"]) == 1
    model = nn.Linear(2, 2)
    training.watch(model=model)
    kept = training.watches[-1]
    del model
    gc.collect()
    assert kept._model() is None
    training.step()


def test_a_forked_child_measures_nothing(training: Training) -> None:
    training.watch()
    training.context.abandon()
    training.step()
    assert "train/grad_norm" not in training.points()


def test_one_hook_serves_all_runs(training: Training) -> None:
    for _ in range(3):
        training.watch().stop()
    hooks = sys.modules["torch.optim.optimizer"]._global_optimizer_pre_hooks
    assert list(hooks.values()).count(module._before_step) == 1


def checked(change: Callable[[dict[str, Any]], None]) -> None:
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters())
    given = {"model": model, "optimizer": optimizer, "every": 1, "prefix": "train", "taken": ()}
    change(given)
    check_watch(**given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("model", {}), ("model", None), ("optimizer", 3), ("optimizer", nn.Linear(1, 1))),
        *(("every", 0), ("every", 1.5), ("every", True), ("prefix", ""), ("prefix", None)),
        ("taken", {"train"}),
    ],
    ids=str,
)
def test_misuse_is_refused(name: str, value: Any) -> None:
    checked(lambda given: None)
    with pytest.raises(UsageError):
        checked(lambda given: given.update({name: value}))
