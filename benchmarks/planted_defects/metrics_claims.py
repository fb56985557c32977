"""Defects of what is said of metrics: definitions, summaries, the best model, quoted numbers."""

from __future__ import annotations

import shutil
from pathlib import Path

from planted_defects.defect import Defect, drop, lay, relog, swap_in_repository
from planted_defects.lab import Lab, Record
from reportgen.fs.documents import dump_yaml
from reportgen.testing import ABSENT

ACCURACY = "val/accuracy"
VALIDATED = "predictions/val.csv"


def _tested_each_epoch(records: list[Record]) -> list[Record]:
    for one in records:
        if ACCURACY in one["metrics"]:
            one["metrics"]["test/accuracy"] = one["metrics"][ACCURACY] - 0.02
    return records


def _tested_too_early(records: list[Record]) -> list[Record]:
    """The test split is measured in the middle, and the training goes on."""
    *before, last = records
    return [*before[:60], {**last, "step": 59, "time": before[59]["time"]}, *before[60:]]


def _raised(lab: Lab) -> None:
    """The best accuracy of the summary, two hundredths higher."""
    best = lab.document("summary.yaml")["metrics"][ACCURACY]["best"]
    lab.lay("summary.yaml", {"metrics": {ACCURACY: {"best": best + 0.02}}})


def _moved_best(lab: Lab) -> None:
    """The checkpoint before the best one is called the best."""
    names = ("checkpoint_epoch_8.pt", "checkpoint_epoch_8.json")
    for name in names:
        shutil.copyfile(lab.run / "checkpoints" / name, lab.run / f"checkpoints/best_{name[11:]}")


def _swapped_ratings(lab: Lab) -> None:
    """Each of the two checkpoints carries the metric of the other."""
    places = ("checkpoints/checkpoint_epoch_8.json", "checkpoints/checkpoint_epoch_9.json")
    one, other = (lab.document(place)["metric"] for place in places)
    lab.lay(places[0], {"metric": other})
    lab.lay(places[1], {"metric": one})


def _promoted_another(lab: Lab) -> None:
    """The registry stands for a checkpoint that is not the best."""
    described = lab.document("checkpoints/checkpoint_epoch_8.json")
    entry = {"run": lab.view.id, "sha256": described["sha256"]}
    text = dump_yaml({"models": {"digits": {"production": entry}}})
    (lab.repository / "runs/models.yaml").write_text(text, encoding="utf-8")


def _predict(lab: Lab, wrong: int) -> None:
    """Predictions with more or fewer errors than the accuracy says."""
    head, *rows = (lab.run / VALIDATED).read_text(encoding="utf-8").splitlines()
    told = []
    for index, row in enumerate(rows):
        number, label, _ = row.split(",")
        said = (int(label) + 1) % 10 if index < wrong else int(label)
        told.append(f"{number},{label},{said}")
    lab.put(VALIDATED, "\n".join([head, *told, ""]))


def _predict_one_class(lab: Lab) -> None:
    head, *rows = (lab.run / VALIDATED).read_text(encoding="utf-8").splitlines()
    lab.put(VALIDATED, "\n".join([head, *(f"{row.rpartition(',')[0]},0" for row in rows), ""]))


def _copied_metrics(lab: Lab) -> None:
    """Four of the five runs carry the metrics of the fifth, with all that follows from them."""
    first = lab.runs[0]
    for other in lab.runs[1:]:
        _copy_results(first, other)


def _copied_from_another(lab: Lab) -> None:
    """The run carries the metrics of a better one."""
    _copy_results(lab.runs[1], lab.run)


def _copy_results(source: Path, target: Path) -> None:
    for place in ("metrics.jsonl", "summary.yaml", VALIDATED):
        shutil.copyfile(source / place, target / place)
    for path in sorted((source / "checkpoints").iterdir()):
        shutil.copyfile(path, target / "checkpoints" / path.name)


def _only_one_seed(lab: Lab) -> None:
    """The four runs that look worse are not shown."""
    for other in lab.runs[1:]:
        shutil.rmtree(other)


def _worst_is_gone(lab: Lab) -> None:
    """The documents speak of five runs, and the worst of them was deleted."""
    shutil.rmtree(lab.runs[2])


def _trained_on_other_data(lab: Lab) -> None:
    """Two of the five runs were trained on other data."""
    for other in lab.runs[3:]:
        one = Lab(lab.repository, (other,))
        entry = one.document("data.yaml")["inputs"][0]
        one.lay("data.yaml", {"inputs": [{**entry, "sha256": "ab" * 32}]})


MEANING = (
    Defect(
        "the headline metric is not defined",
        "metrics.definition-declared",
        drop("metrics.yaml"),
    ),
    Defect(
        "the validation metric is declared as one of the training split",
        "metrics.definition-declared",
        lay("metrics.yaml", {"metrics": {ACCURACY: {"split": "train"}}}),
    ),
    Defect(
        "the formula is of a package that was never imported",
        "metrics.definition-declared",
        lay("metrics.yaml", {"metrics": {ACCURACY: {"implementation": "torchmetrics.Accuracy"}}}),
    ),
    Defect(
        "the definition leaves unit and way of averaging open",
        "metrics.definition-declared",
        lay("metrics.yaml", {"metrics": {ACCURACY: {"unit": ABSENT, "aggregation": "TODO"}}}),
        least="partial",
    ),
    Defect(
        "the best checkpoint is kept by the test split",
        "metrics.split-test-isolated",
        lay("run.yaml", {"checkpoints": {"best": "test/accuracy"}}),
        base="full",
    ),
    Defect(
        "the training was stopped by the test split",
        "metrics.split-test-isolated",
        lay("run.yaml", {"stopped_early": "no better test/accuracy for 5 epochs"}),
        base="full",
    ),
    Defect(
        "the test split was measured after each epoch",
        "metrics.split-test-isolated",
        relog(_tested_each_epoch),
        least="partial",
    ),
    Defect(
        "the test split was measured before the training ended",
        "metrics.split-test-isolated",
        relog(_tested_too_early),
        base="full",
        least="partial",
    ),
)

RESULTS = (
    Defect(
        "the best value of the summary was raised",
        "metrics.summary-recomputes",
        _raised,
        cover="seal",
    ),
    Defect(
        "the summary leaves out the validation loss",
        "metrics.summary-recomputes",
        lay("summary.yaml", {"metrics": {"val/loss": ABSENT}}),
        cover="seal",
    ),
    Defect(
        "the summary counts fewer values than were logged",
        "metrics.summary-recomputes",
        lay("summary.yaml", {"metrics": {"train/loss": {"count": 100}}}),
        cover="seal",
    ),
    Defect(
        "another checkpoint than the best is called the best",
        "metrics.checkpoint-best-by-validation",
        _moved_best,
    ),
    Defect(
        "two checkpoints swapped their metrics",
        "metrics.checkpoint-best-by-validation",
        _swapped_ratings,
    ),
    Defect(
        "a checkpoint claims a metric that was never logged",
        "metrics.checkpoint-best-by-validation",
        lay("checkpoints/checkpoint_epoch_9.json", {"metric": {"value": 0.99}}),
    ),
    Defect(
        "the registry stands for a checkpoint that is not the best",
        "metrics.checkpoint-best-by-validation",
        _promoted_another,
    ),
    Defect(
        "the predictions do not give the claimed accuracy",
        "metrics.predictions-recompute",
        lambda lab: _predict(lab, 9),
    ),
    Defect(
        "the predictions are better than the claimed accuracy",
        "metrics.predictions-recompute",
        lambda lab: _predict(lab, 0),
    ),
    Defect(
        "a plain accuracy is declared as the balanced one",
        "metrics.predictions-recompute",
        lay(
            "metrics.yaml",
            {"metrics": {ACCURACY: {"implementation": "sklearn.metrics.balanced_accuracy_score"}}},
        ),
    ),
    Defect(
        "every example is predicted to be of one class",
        "metrics.predictions-recompute",
        _predict_one_class,
    ),
)

GROUP = (
    Defect(
        "one seed is shown of five",
        "metrics.replicates-count",
        _only_one_seed,
    ),
    Defect(
        "four of five replicates carry the metrics of the first",
        "metrics.replicates-count",
        _copied_metrics,
    ),
    Defect(
        "the metrics were copied from a better run",
        "metrics.replicates-count",
        _copied_from_another,
        least="partial",
    ),
    Defect(
        "two of five replicates were trained on other data",
        "metrics.replicates-count",
        _trained_on_other_data,
        least="partial",
    ),
    Defect(
        "the quoted deviation is smaller than that of the group",
        "metrics.replicates-dispersion-recomputes",
        lambda lab: _requote(lab, "± 0.0", "± 0.00"),
        base="full",
    ),
    Defect(
        "a mean over five runs is quoted, and the worst of them is gone",
        "metrics.replicates-dispersion-recomputes",
        _worst_is_gone,
        base="full",
    ),
    Defect(
        "what differs among the runs of a mean is not what is said",
        "metrics.replicates-dispersion-recomputes",
        swap_in_repository("README.md", "mean by seed", "mean by width"),
        base="full",
    ),
    Defect(
        "a document quotes a higher accuracy than the run has",
        "metrics.claims-cell-bound",
        swap_in_repository("README.md", "reaches 0.944", "reaches 0.974"),
        base="full",
        run=1,
    ),
    Defect(
        "a table quotes the value of another run",
        "metrics.claims-cell-bound",
        lambda lab: _requote(lab, f"| {lab.run.name} | 91.67 %", f"| {lab.run.name} | 94.44 %"),
        base="full",
    ),
)


def _requote(lab: Lab, old: str, new: str) -> None:
    swap_in_repository("README.md", old, new)(lab)


DEFECTS = (*MEANING, *RESULTS, *GROUP)
