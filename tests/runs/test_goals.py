from __future__ import annotations

import pytest

from reportgen.runs.goals import goal_of, guessed_goal, is_training_loss, split_of, words_of
from reportgen.runs.schema import MetricDefinition


@pytest.mark.parametrize(
    ("names", "goal"),
    [
        (
            "train/loss val_loss loss batch_loss cross_entropy_loss focalloss loss2 valLoss",
            "minimize",
        ),
        ("top5_error test/rmse perplexity val/nll fid brier error_rate", "minimize"),
        ("val/accuracy acc roc_auc f1_macro f1 mAP mAP50", "maximize"),
        ("r2_score top1 top-5 bleu4 recall@5", "maximize"),
        ("episode_return mean_iou mIoU valAccuracy AUC log_likelihood", "maximize"),
        ("neg_mean_squared_error neg_log_loss", "maximize"),
        ("negative_log_likelihood", "minimize"),
    ],
)
def test_the_direction_that_a_name_implies(names: str, goal: str) -> None:
    for name in names.split():
        assert guessed_goal(name) == goal, name


@pytest.mark.parametrize(
    "name", ["lr", "train/lr", "epoch", "grad_norm", "", "x1", "glossary", "7"]
)
def test_names_that_imply_nothing(name: str) -> None:
    assert guessed_goal(name) is None


def test_declared_beats_configured_beats_guessed() -> None:
    declared = {"acc": MetricDefinition(goal="minimize"), "loss": MetricDefinition(split="val")}
    assert goal_of("acc", declared, {"acc": "maximize"}) == "minimize"
    assert goal_of("loss", declared, {"loss": "maximize"}) == "maximize"
    assert goal_of("loss", declared) == "minimize"


@pytest.mark.parametrize(
    ("name", "split"),
    [
        *(("train/loss", "train"), ("training.loss", "train"), ("trainLoss", "train")),
        *(("val_acc", "val"), ("valid/acc", "val"), ("eval_loss", "val"), ("dev-f1", "val")),
        *(("validationAccuracy", "val"), ("test/acc", "test"), ("loss", None), ("latest", None)),
        *(("val/test_time", "val"), ("attestation", None)),
    ],
)
def test_the_split_that_a_name_implies(name: str, split: str | None) -> None:
    assert split_of(name, {}) == split


def test_a_declared_split_wins() -> None:
    declared = {
        "val/acc": MetricDefinition(split="TEST"),
        "train/x": MetricDefinition(split="other"),
        "val/y": MetricDefinition(goal="maximize"),
    }
    assert split_of("val/acc", declared) == "test"
    assert split_of("train/x", declared) is None
    assert split_of("val/y", declared) == "val"


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        *(("train/loss", True), ("loss", True), ("Loss", True), ("training_loss_avg", True)),
        *(("val/loss", False), ("train/accuracy", False), ("kl_loss", False), ("test_loss", False)),
    ],
)
def test_the_training_loss(name: str, is_one: bool) -> None:
    assert is_training_loss(name, {}) is is_one


def test_words() -> None:
    assert words_of("val/F1_macro@5") == ["val", "f", "1", "macro", "5"]
