from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from audit.case import Case, assert_case, unchanged
from audit.fake_network import FakeNetwork

from reportgen.fs.hashing import sha256_folder
from reportgen.testing import ABSENT, git, make_repository, make_run, run_check
from reportgen.testing.repositories import lock_file

IMMUTABLE = "environment.data-version-immutable"
DISJOINT = "environment.data-splits-disjoint"
COVERED = "environment.data-opens-covered"
PRESENT = "environment.data-fingerprint-present"
REMOTE = "https://example.org/lab/digits.git"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
MD5 = "0123456789abcdef0123456789abcdef"
GENERATED = {"inputs": [{"name": "toy", "version": {"kind": "generator", "seed": 3}}]}
HUB = f"https://huggingface.co/api/datasets/lab/digits/revision/{COMMIT}"
DOI = "https://doi.org/api/handles/10.5281/zenodo.123"


def data(version: dict[str, Any] | None, **changed: Any) -> dict[str, Any]:
    """One input outside of the repository, of some version."""
    entry = {
        "name": "faces",
        "path": "~/faces.csv",
        "sha256": "ab" * 32,
        "bytes": 100,
        "rows": 10,
        "version": version,
        **changed,
    }
    return {"data": {"inputs": [entry]}}


def hub(**version: Any) -> dict[str, Any]:
    return data({"kind": "hf", "repository": "lab/digits", "type": "dataset", **version})


def dvc(repository: Path) -> None:
    (repository / "data" / "faces.csv.dvc").write_text(f"outs:\n- md5: {MD5}\n  path: faces.csv\n")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "Track the faces")


def dvc_version(**changed: Any) -> dict[str, Any]:
    return data({"kind": "dvc", "md5": MD5, "file": "data/faces.csv.dvc", **changed})


def locked(**packages: str) -> dict[str, Any]:
    return {
        **data({"kind": "package", "name": "scikit_learn", "version": "1.6.1"}, path=None),
        "files": {"lock/uv.lock": lock_file({"scikit-learn": packages["version"]})},
    }


def split(**ids: Iterable[object]) -> dict[str, Any]:
    """splits.json and data.yaml of these ids."""
    hashes = {
        name: sorted(sha256(str(one).encode()).digest()[:8] for one in every)
        for name, every in ids.items()
    }
    recorded = {
        name: {"count": len(every), "ids_sha256": sha256(b"".join(every)).hexdigest()}
        for name, every in hashes.items()
    }
    recorded |= {name: ABSENT for name in ("train", "val") if name not in ids}  # type: ignore[misc]
    kept = {name: b64encode(b"".join(every)).decode() for name, every in hashes.items()}
    kept |= {name: ABSENT for name in ("train", "val") if name not in ids}  # type: ignore[misc]
    return {"captured": {"splits": kept}, "data": {"splits": recorded}}


def opened(*files: str, **more: Any) -> dict[str, Any]:
    return {"captured": {"opens": {"files": ["configs/mlp.yaml", *files], **more}}}


CASES = (
    Case(
        IMMUTABLE,
        "passes",
        "digits.csv is a file of the recorded tree",
        before=unchanged,
        more={"evidence": "E3"},
    ),
    Case(IMMUTABLE, "passes", "DVC's 0123456789ab", dvc_version(), before=dvc, name="dvc"),
    Case(IMMUTABLE, "passes", "the hub's commit", hub(commit=COMMIT), name="hub"),
    Case(
        IMMUTABLE,
        "passes",
        "the hub's commit",
        hub(commit=COMMIT),
        network=FakeNetwork(pages={HUB: {"sha": COMMIT}}),
        name="hub-online",
        more={"evidence": "E4"},
    ),
    Case(
        IMMUTABLE,
        "passes",
        "the DOI 10.5281/zenodo.123",
        data({"kind": "doi", "doi": "https://doi.org/10.5281/zenodo.123"}),
        network=FakeNetwork(pages={DOI: {"responseCode": 1}}),
        name="doi-online",
        more={"evidence": "E4"},
    ),
    Case(
        IMMUTABLE,
        "passes",
        "the DOI",
        data({"kind": "doi", "doi": "10.5281/zenodo.123"}),
        network=FakeNetwork(),
        name="out-of-reach",
        more={"evidence": "E3"},
    ),
    Case(
        IMMUTABLE,
        "passes",
        "of its object",
        data({"kind": "object", "version_id": "3sL4kqtJlcpXroDTDmJ"}),
        name="object",
    ),
    Case(IMMUTABLE, "passes", "which uv.lock locks", locked(version="1.6.1"), name="package"),
    Case(IMMUTABLE, "fails", "can change: url", data({"kind": "url", "url": "https://e.org/x"})),
    Case(
        IMMUTABLE,
        "fails",
        "which nothing locks",
        locked(version="1.7.0"),
        name="unlocked-package",
        more={"cause": "environment.lock-present"},
    ),
    Case(
        IMMUTABLE,
        "fails",
        "is in no commit",
        {
            "data": {
                "inputs": [
                    {"name": "x", "path": "x.csv", "sha256": "ab" * 32, "bytes": 1, "rows": 1}
                ]
            }
        },
        before=unchanged,
        name="untracked",
    ),
    # Something is named for a version, and it moves.
    Case(IMMUTABLE, "cheats", "revision 'main', which moves", hub(revision="main")),
    Case(
        IMMUTABLE,
        "cheats",
        "without a version",
        data({"kind": "object", "version": "latest"}),
        name="object",
    ),
    Case(
        IMMUTABLE,
        "cheats",
        "has other bytes than the recorded tree",
        {
            "data": {
                "inputs": [
                    {
                        "name": "d",
                        "path": "data/digits.csv",
                        "sha256": "ab" * 32,
                        "bytes": 1,
                        "rows": 1,
                        "version": {"kind": "git"},
                    }
                ]
            }
        },
        before=unchanged,
        name="git",
    ),
    Case(
        IMMUTABLE,
        "cheats",
        "has another hash than data/faces.csv.dvc names",
        dvc_version(md5=MD5[::-1]),
        before=dvc,
        name="dvc",
    ),
    Case(
        IMMUTABLE,
        "cheats",
        "is not what DVC has",
        dvc_version(declared=MD5[::-1]),
        before=dvc,
        name="dvc-edited",
    ),
    Case(
        IMMUTABLE,
        "cheats",
        "for a DOI",
        data({"kind": "doi", "doi": "10.x/our dataset"}),
        name="doi",
    ),
    Case(IMMUTABLE, "not-applicable", "generator", {"data": GENERATED}),
    Case(IMMUTABLE, "inconclusive", "may be a file of the tree", name="without-repository"),
    Case(IMMUTABLE, "inconclusive", "", {"data": None}, more={"blocked_by": PRESENT}),
    Case(DISJOINT, "passes", "train 144, val 36: no hash of an id in two of them"),
    Case(
        DISJOINT,
        "fails",
        "10 examples in both train and val, 20 % of the smaller",
        split(train=range(150), val=range(140, 190)),
    ),
    Case(
        DISJOINT,
        "partly",
        "1 example in both train and val, 0.05 %",
        split(train=range(3000), val=range(2999, 4999)),
    ),
    # A list of hashes that is not that of the recorded examples.
    Case(
        DISJOINT,
        "cheats",
        "no ids of val, 36 examples recorded",
        {"captured": {"splits": {"val": ""}}},
    ),
    Case(
        DISJOINT,
        "cheats",
        "1 ids of val, 36 examples recorded",
        {"captured": {"splits": {"val": b64encode(bytes(8)).decode()}}},
        name="one-id",
    ),
    Case(
        DISJOINT,
        "cheats",
        "are not those of data.yaml",
        {
            **split(train=range(150), val=range(140, 190)),
            "captured": split(train=range(150), val=range(200, 250))["captured"],
        },
        name="other-ids",
    ),
    Case(
        DISJOINT,
        "cheats",
        "1 different ids for 144 examples of train",
        split(train=["x"] * 144, val=range(36)),
        name="no-ids",
    ),
    Case(
        DISJOINT,
        "cheats",
        "no base64",
        {"captured": {"splits": {"val": "hashed"}}},
        name="words",
    ),
    Case(DISJOINT, "not-applicable", "there is one split, train", split(train=range(9))),
    Case(DISJOINT, "inconclusive", "are not recorded", {"captured": {"splits": None}}),
    Case(COVERED, "passes", "1 file read, all declared"),
    Case(
        COVERED,
        "passes",
        "2 files read, all declared",
        {
            **opened("data/a.csv", "data/deep/b.csv", "~/.config/matplotlib/x.json", "README.md"),
            "data": {"inputs": [{"name": "data", "path": "data/", "sha256": "ab" * 32}]},
        },
        name="folder",
    ),
    Case(COVERED, "fails", "data/extra.csv", opened("data/digits.csv", "data/extra.csv")),
    Case(
        COVERED,
        "fails",
        "1 of 1 file not declared",
        {**opened("data/digits.csv"), "data": {"inputs": []}},
        name="nothing-declared",
        more={"cause": PRESENT},
    ),
    Case(
        COVERED,
        "partly",
        "only of caches: ~/.cache/huggingface/x.arrow",
        opened("data/digits.csv", "~/.cache/huggingface/x.arrow"),
    ),
    # An input whose name is only the beginning of the one that was read.
    Case(COVERED, "cheats", "data/digits.csv.gz", opened("data/digits.csv", "data/digits.csv.gz")),
    Case(COVERED, "inconclusive", "was not recorded", opened(hook=False)),
    Case(COVERED, "inconclusive", "no declared input was seen", opened(), name="unseen"),
    Case(
        COVERED,
        "inconclusive",
        "12 reads were not kept",
        opened("data/digits.csv", lost=12),
        name="lost",
    ),
    Case(COVERED, "not-applicable", "no file of data was read", {**opened(), "data": GENERATED}),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_a_folder_of_the_tree_is_immutable_as_a_whole(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    digest, files, size = sha256_folder(lab / "data")
    entry = {"name": "d", "path": "data", "sha256": digest, "files": files, "bytes": size}
    run = make_run(lab / "runs", repository=lab, data={"inputs": [entry]})
    assert run_check(IMMUTABLE, run).outcome == "pass"
    other = {**entry, "sha256": "ab" * 32}
    cheat = make_run(lab / "runs", "cheat", repository=lab, data={"inputs": [other]})
    assert run_check(IMMUTABLE, cheat).outcome == "fail"


def test_a_tracked_input_is_confirmed_by_the_remote_that_holds_the_commit(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    run = make_run(lab / "runs", repository=lab)
    refs = {REMOTE: {"refs/heads/main": git(lab, "rev-parse", "HEAD")}}
    confirmed = run_check(IMMUTABLE, run, network=FakeNetwork(refs=refs))  # type: ignore[arg-type]
    assert (confirmed.outcome, confirmed.evidence) == ("pass", "E4")
    lost = run_check(IMMUTABLE, run, network=FakeNetwork(refs={REMOTE: {}}))  # type: ignore[arg-type]
    assert (lost.outcome, lost.evidence) == ("pass", "E3")


def test_overlaps_survive_when_only_some_hashes_are_kept(tmp_path: Path) -> None:
    """Over a bound the logger keeps the same part of every split."""

    def kept(ids: Iterable[int]) -> tuple[str, dict[str, object]]:
        hashes = sorted(sha256(str(one).encode()).digest()[:8] for one in ids)
        part = [one for one in hashes if one < bytes([128])]
        whole = sha256(b"".join(hashes)).hexdigest()
        return b64encode(b"".join(part)).decode(), {"count": len(hashes), "ids_sha256": whole}

    (train, train_said), (val, val_said) = kept(range(200)), kept(range(190, 300))
    run = make_run(
        tmp_path,
        captured={"splits": {"kept": 0.5, "train": train, "val": val}},
        data={"splits": {"train": train_said, "val": val_said}},
    )
    assert run_check(DISJOINT, run).outcome == "fail"


@pytest.mark.parametrize(("share", "outcome"), [(0.5, "pass"), (0.9, "fail"), (0.1, "fail")])
def test_hashes_are_left_out_by_one_bound_alone(tmp_path: Path, share: float, outcome: str) -> None:
    """Whoever leaves out others hides the overlap of the splits."""

    def kept(ids: Iterable[int]) -> tuple[str, dict[str, object]]:
        hashes = sorted(sha256(str(one).encode()).digest()[:8] for one in ids)
        part = [one for one in hashes if one < bytes([128])]
        return b64encode(b"".join(part)).decode(), {"count": len(hashes), "ids_sha256": "ab" * 32}

    (train, train_said), (val, val_said) = kept(range(300)), kept(range(300, 500))
    run = make_run(
        tmp_path,
        captured={"splits": {"kept": share, "train": train, "val": val}},
        data={"splits": {"train": train_said, "val": val_said}},
    )
    result = run_check(DISJOINT, run)
    assert result.outcome == outcome
    assert ("not left out by their hashes alone" in result.message) == (outcome == "fail")
