from pathlib import Path

import pytest
from audit.case import Case, assert_case, unchanged

from reportgen.runs.writer import write_plain
from reportgen.testing import ABSENT
from reportgen.testing.media import png_bytes

CONFIG = "artifacts.config-file-kept"
PREDICTIONS = "artifacts.predictions-kept"
FIGURES = "artifacts.figures-kept"
COPY = "config/configs/mlp.yaml"
FIGURE = "figures/confusion_matrix_step_119.png"
IN_CODE = {
    "run": {"command": {"argv": ["train.py"]}},
    "files": {COPY: None},
    "captured": {"opens": {"files": ["data/digits.csv"]}},
}
LEFT_OUT = {"what": "configuration file", "where": COPY, "rule": "secret"}
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9"/><text>loss</text></svg>'
BOMB = (
    '<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    '<svg xmlns="http://www.w3.org/2000/svg"><text>&b;</text><text>x</text></svg>'
)


def rows(count: int, *, ids: str = "{row}", label: str = "1", prediction: str = "1") -> str:
    lines = (f"{ids.format(row=row)},{label},{prediction}\n" for row in range(count))
    return "id,label,prediction\n" + "".join(lines)


OTHERS_AMONG_THEM = "id,label,prediction\n" + "".join(
    f"{one},1,1\n" for one in (*range(144, 177), 900, 901, 902)
)


def predictions(text: str | None) -> dict[str, object]:
    return {"files": {"predictions/val.csv": text}}


def figure(data: bytes | str | None, name: str = FIGURE) -> dict[str, object]:
    return {"files": {FIGURE: None, name: data}}


def edited_copy(run: Path) -> None:
    (run / COPY).write_text("lr: 0.2\n")


def with_windows_ends(run: Path) -> None:
    (run / COPY).write_bytes((run / COPY).read_bytes().replace(b"\n", b"\r\n"))


def ignored_config(repository: Path) -> None:
    (repository / ".gitignore").write_text("configs/local.yaml\n")
    (repository / "configs" / "local.yaml").write_text("lr: 0.3\n")


def without_command(run: Path) -> None:
    """The plain layout, which records no command."""
    (run / "run.yaml").unlink()
    write_plain(run, "config.yaml", {"lr": 0.1})


CASES = (
    Case(
        CONFIG,
        "passes",
        "configs/mlp.yaml: the bytes of the repository",
        before=unchanged,
        more={"evidence": "E3"},
    ),
    Case(CONFIG, "passes", "", before=unchanged, change=with_windows_ends, name="line-ends"),
    Case(
        CONFIG,
        "passes",
        "nothing to compare with",
        more={"evidence": "E2"},
        name="without-repository",
    ),
    Case(
        CONFIG,
        "passes",
        "nothing to compare with for configs/local.yaml",
        {"files": {"config/configs/local.yaml": "lr: 0.3\n"}},
        before=ignored_config,
        name="ignored",
    ),
    Case(CONFIG, "fails", "nor the configuration", {"files": {COPY: None}, "config": None}),
    Case(CONFIG, "partly", "only the resolved configuration is kept", {"files": {COPY: None}}),
    Case(
        CONFIG,
        "partly",
        "no copy of configs/data.yaml",
        {"captured": {"opens": {"files": ["configs/mlp.yaml", "configs/data.yaml"]}}},
        name="read-and-not-kept",
    ),
    Case(
        CONFIG,
        "partly",
        "no copy of configs/mlp.yaml",
        {"files": {COPY: None}, "run": {"left_out": [LEFT_OUT]}},
        name="left-out",
    ),
    # A file of the right name with other bytes than the run was started with.
    Case(
        CONFIG,
        "cheats",
        "not the bytes of the repository: configs/mlp.yaml",
        before=unchanged,
        change=edited_copy,
    ),
    Case(CONFIG, "cheats", "empty", {"files": {COPY: ""}}, name="empty"),
    Case(CONFIG, "not-applicable", "made in the code", IN_CODE),
    Case(CONFIG, "partly", "no command that would name one", IN_CODE, change=without_command),
    Case(PREDICTIONS, "passes", "36 rows with id, label and prediction, all 36 of the split"),
    Case(
        PREDICTIONS,
        "passes",
        "36 rows with id, label and prediction",
        {"data": {"splits": {"val": ABSENT}}},
        name="count-unknown",
    ),
    Case(PREDICTIONS, "fails", "no predictions are kept", predictions(None)),
    Case(PREDICTIONS, "fails", "has no column prediction", predictions("id,y\n1,2\n"), name="y"),
    Case(PREDICTIONS, "partly", "no ids", predictions(rows(36, ids=""))),
    Case(PREDICTIONS, "partly", "1 different ids", predictions(rows(36, ids="7")), name="one-id"),
    # As many as the split has, and every one of them was trained on.
    Case(
        PREDICTIONS,
        "partly",
        "names examples that are not of the split: 36 of train",
        predictions(rows(36)),
        name="of-the-training-split",
    ),
    Case(
        PREDICTIONS,
        "partly",
        "not of the split: 3 of none",
        predictions(OTHERS_AMONG_THEM),
        name="of-no-split",
    ),
    Case(PREDICTIONS, "partly", "0 labels", predictions(rows(36, label="")), name="no-labels"),
    Case(PREDICTIONS, "partly", "the split has 36", predictions(rows(35)), name="short"),
    Case(
        PREDICTIONS,
        "partly",
        "only test",
        {"files": {"predictions/val.csv": None, "predictions/test.csv": rows(36)}},
        name="test",
    ),
    # A file of the right name and columns that says nothing.
    Case(PREDICTIONS, "cheats", "holds no row", predictions("id,label,prediction\n")),
    Case(
        PREDICTIONS,
        "cheats",
        "holds no prediction",
        predictions(rows(36, prediction="")),
        name="blank",
    ),
    Case(
        PREDICTIONS, "cheats", "has 3 rows, the split 36 examples", predictions(rows(3)), name="few"
    ),
    Case(
        PREDICTIONS,
        "not-applicable",
        "kind unsupervised",
        {"run": {"kind": "unsupervised"}},
    ),
    Case(
        PREDICTIONS,
        "inconclusive",
        "predictions/val.parquet",
        {"files": {"predictions/val.csv": None, "predictions/val.parquet": b"PAR1"}},
    ),
    Case(FIGURES, "passes", f"1 figure; {FIGURE} decodes (PNG)"),
    Case(FIGURES, "passes", "decodes (SVG)", figure(SVG, "figures/loss.svg"), name="svg"),
    Case(FIGURES, "fails", "there is no figure", figure(None)),
    Case(FIGURES, "fails", "does not decode", figure(png_bytes()[:-20]), name="cut-off"),
    # Pictures that show nothing.
    Case(FIGURES, "cheats", "is 1 by 1 pixels", figure(png_bytes(1))),
    Case(FIGURES, "cheats", "is all one colour", figure(png_bytes(8, step=0)), name="blank"),
    Case(FIGURES, "cheats", "is no picture", figure(b"a figure"), name="text"),
    Case(FIGURES, "cheats", "is empty", figure(b""), name="empty"),
    Case(FIGURES, "cheats", "entities", figure(BOMB, "figures/loss.svg"), name="bomb"),
    Case(
        FIGURES,
        "inconclusive",
        "figures/photo.jpg (JPEG)",
        figure(b"\xff\xd8\xff\xe0" + bytes(40) + b"\xff\xd9", "figures/photo.jpg"),
    ),
    Case(FIGURES, "not-applicable", "kind other", {"run": {"kind": "other"}}),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)
