from pathlib import Path

import pytest
from audit.case import Case, assert_case

PARSES = "hyperparameters.config-parses"
RESOLVED = "hyperparameters.config-resolved"
ARGV = "hyperparameters.config-argv-consistent"


def argv(*words: str) -> dict[str, object]:
    return {"run": {"command": {"argv": ["train.py", *words]}}}


CASES = (
    Case(PARSES, "passes", "8 keys, plain values only"),
    Case(PARSES, "fails", "there is no config.yaml", {"config": None}, more={"evidence": "E0"}),
    Case(PARSES, "fails", "", {"files": {"config.yaml": "lr: [0.1\n"}}, name="torn"),
    Case(
        PARSES,
        "fails",
        "",
        {"files": {"config.yaml": "lr: !!python/name:os.system x\n"}},
        name="tag",
    ),
    Case(PARSES, "cheats", "is empty", {"files": {"config.yaml": "# nothing here\n"}}),
    Case(PARSES, "cheats", "holds no key", {"files": {"config.yaml": "{}\n"}}, name="no-key"),
    Case(PARSES, "cheats", "is no mapping", {"files": {"config.yaml": "- lr\n"}}, name="a-list"),
    Case(
        PARSES,
        "partly",
        "model.act",
        {"run": {"left_out": [{"what": "Tanh()", "where": "model.act", "rule": "stringified"}]}},
    ),
    Case(
        PARSES,
        "partly",
        "optimizer",
        {"config": {"optimizer": "<torch.optim.SGD object at 0x7f3c2a91d0>"}},
        name="repr",
    ),
    Case(RESOLVED, "passes", "8 values, all resolved"),
    Case(RESOLVED, "passes", "", {"config": {"width": None}, **argv("width=null")}, name="by-argv"),
    Case(
        RESOLVED,
        "passes",
        "",
        {"config": {"dropout": None}, "files": {"config/configs/mlp.yaml": "dropout: null\n"}},
        name="by-file",
    ),
    Case(RESOLVED, "partly", "lr = '${optim.lr}'", {"config": {"lr": "${optim.lr}"}}),
    Case(RESOLVED, "partly", "width = None", {"config": {"width": None}}, name="null"),
    Case(
        RESOLVED,
        "fails",
        "4 of 8 values left open",
        {"config": dict.fromkeys(("width", "lr", "epochs", "seed"), "???")},
    ),
    Case(
        RESOLVED,
        "cheats",
        "layers = ['${w}', 32]",
        {
            "files": {"config.yaml": "lr: ${oc.env:LR}\nlayers: ['${w}', 32]\n"},
        },
        name="every-key-a-reference",
    ),
    Case(RESOLVED, "inconclusive", "", {"config": None}, more={"blocked_by": PARSES}),
    Case(ARGV, "passes", "--lr 0.1"),
    Case(ARGV, "passes", "lr=1e-1", argv("lr=1e-1", "+width=32"), name="hydra"),
    Case(
        ARGV,
        "passes",
        "--amp",
        {
            **argv("--no-bias", "--amp", "--layers", "64", "32"),
            "config": {"bias": False, "amp": True, "layers": [64, 32]},
        },
        name="flags-and-lists",
    ),
    Case(
        ARGV,
        "passes",
        "",
        {**argv("--optim.lr=0.2"), "config": {"optim": {"lr": 0.2}}},
        name="nested",
    ),
    Case(ARGV, "fails", "'--lr 0.2' where lr is 0.1", argv("--lr", "0.2")),
    Case(
        ARGV,
        "fails",
        "where amp is False",
        {**argv("--amp"), "config": {"amp": False}},
        name="flag",
    ),
    Case(ARGV, "fails", "is not recorded", {"run": {"command": None}}, name="no-command"),
    # The command line was taken out of the record, which is none without options.
    Case(ARGV, "cheats", "is not recorded", {"run": {"command": {"argv": []}}}, name="emptied"),
    # Logged before the options were parsed: each option has its key, with the default's value.
    Case(ARGV, "cheats", "'lr=0.3'", {**argv("lr=0.3", "width=32")}),
    Case(ARGV, "not-applicable", "no options", argv()),
    Case(ARGV, "not-applicable", "none of 1 option", argv("--verbose"), name="others"),
    Case(
        ARGV,
        "not-applicable",
        "notebook",
        {"run": {"command": {"notebook": "a.ipynb"}}},
        name="notebook",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_a_finding_names_the_line_of_its_key(tmp_path: Path) -> None:
    from audit.case import judged

    case = Case(ARGV, "fails", golden=argv("--lr", "0.2"))
    place = judged(case, tmp_path).where[0]
    assert (place.file, place.key, place.line) == ("config.yaml", "lr", 4)
