"""Defects of the data: what went in, how it was split, and what was read besides."""

from __future__ import annotations

from hashlib import sha256

from planted_defects.defect import Defect, Plant, lay
from planted_defects.lab import Lab
from reportgen.testing import ABSENT
from reportgen.testing.documents import encoded_ids, split_document

DATA = "data.yaml"
OPENS = "captured/opens.json"
SPLITS = "captured/splits.json"
NOTHING = sha256(b"").hexdigest()


def _input(**changes: object) -> Plant:
    """A plant that changes what is recorded of the one input."""

    def plant(lab: Lab) -> None:
        entry = {**lab.document(DATA)["inputs"][0], **changes}
        kept = {key: value for key, value in entry.items() if value is not ABSENT}
        lab.lay(DATA, {"inputs": [kept]})

    return plant


def _leaked(lab: Lab) -> None:
    """Six of the validation examples were trained on, and everything else agrees."""
    train = [*range(138), *range(144, 150)]
    lab.lay(DATA, {"splits": {"train": split_document(train)}})
    lab.lay(SPLITS, {"train": encoded_ids(train)})


def _all_leaked(lab: Lab) -> None:
    train = [*range(108), *range(144, 180)]
    lab.lay(DATA, {"splits": {"train": split_document(train)}})
    lab.lay(SPLITS, {"train": encoded_ids(train)})


def _other_data(lab: Lab) -> None:
    """One label of the data was changed since, in place."""
    path = lab.repository / "data/digits.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\n7,7,7\n", "\n7,7,1\n"), encoding="utf-8")


def _read_too(path: str) -> Plant:
    """A plant that has the run read another file."""

    def plant(lab: Lab) -> None:
        lab.lay(OPENS, {"files": [*lab.document(OPENS)["files"], path]})

    return plant


FINGERPRINTS = (
    Defect(
        "no input is named",
        "environment.data-fingerprint-present",
        lay(DATA, {"inputs": []}),
    ),
    Defect(
        "the input has a name and no hash",
        "environment.data-fingerprint-present",
        _input(sha256=None, bytes=None, rows=None),
    ),
    Defect(
        "the hash of the input is that of nothing",
        "environment.data-fingerprint-present",
        _input(sha256=NOTHING),
    ),
    Defect(
        "a label of the data was changed after the run",
        "environment.data-fingerprint-matches",
        _other_data,
    ),
    Defect(
        "the run records the hash of other data",
        "environment.data-fingerprint-matches",
        _input(sha256=sha256(b"other data").hexdigest()),
    ),
    Defect(
        "the data is the newest revision of a data set on a hub",
        "environment.data-version-immutable",
        _input(path=None, version={"kind": "hf", "repository": "lab/digits", "revision": "main"}),
    ),
    Defect(
        "the data is whatever an address gives",
        "environment.data-version-immutable",
        _input(path=None, version={"kind": "url", "url": "https://example.org/digits.csv"}),
    ),
)

USE = (
    Defect(
        "six validation examples were trained on",
        "environment.data-splits-disjoint",
        _leaked,
    ),
    Defect(
        "the validation split is part of the training split",
        "environment.data-splits-disjoint",
        _all_leaked,
    ),
    Defect(
        "the ids of a split are not those that data.yaml has the hash of",
        "environment.data-splits-disjoint",
        lay(SPLITS, {"val": encoded_ids(range(200, 236))}),
    ),
    Defect(
        "data was read that is not declared",
        "environment.data-opens-covered",
        _read_too("data/extra.csv"),
    ),
    Defect(
        "the test labels were read from another folder",
        "environment.data-opens-covered",
        _read_too("../private/test_labels.csv"),
    ),
)

DEFECTS = (*FINGERPRINTS, *USE)
