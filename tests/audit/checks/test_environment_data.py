from hashlib import sha256
from pathlib import Path

import pytest
from audit.case import Case, assert_case, unchanged

from reportgen.audit.checks import environment_data
from reportgen.fs.hashing import sha256_folder
from reportgen.testing import make_repository, make_run, run_check
from reportgen.testing.documents import data_document

PRESENT = "environment.data-fingerprint-present"
MATCHES = "environment.data-fingerprint-matches"
GOLDEN = data_document()["inputs"][0]
GENERATED = {"name": "noise", "version": {"kind": "generator", "call": "make_blobs", "seed": 3}}


def inputs(*entries: dict[str, object]) -> dict[str, object]:
    return {"data": {"inputs": list(entries)}}


def changed(**keys: object) -> dict[str, object]:
    return inputs({**GOLDEN, **keys})


def in_place(repository: Path) -> None:
    """One label of the data is another one; size and time stay."""
    path = repository / "data/digits.csv"
    path.write_text(path.read_text().replace("5,5,5\n", "5,5,6\n"))


def longer(repository: Path) -> None:
    with (repository / "data/digits.csv").open("a") as data:
        data.write("180,1,1\n")


def gone(repository: Path) -> None:
    (repository / "data/digits.csv").unlink()


def a_link(repository: Path) -> None:
    path = repository / "data/digits.csv"
    path.rename(repository / "kept.csv")
    path.symlink_to(repository / "kept.csv")


CASES = (
    Case(PRESENT, "passes", "digits.csv (1,"),
    Case(
        PRESENT, "passes", "", changed(path="data/digits.npz", rows=None), name="no-rows-to-count"
    ),
    Case(PRESENT, "passes", "", changed(path="data", rows=None, files=3), name="folder"),
    Case(PRESENT, "fails", "there is no data.yaml", {"data": None}),
    Case(PRESENT, "fails", "no input is named", inputs(), name="none-named"),
    Case(PRESENT, "partly", "digits.csv: no count of rows", changed(rows=None)),
    Case(
        PRESENT,
        "partly",
        "scikit-learn digits: no hash, no size",
        inputs(
            {
                "name": "scikit-learn digits",
                "version": {"kind": "package", "name": "scikit-learn", "version": "1.7.0"},
            }
        ),
        name="package",
    ),
    Case(
        PRESENT,
        "partly",
        "other: no hash",
        inputs(GOLDEN, {"name": "other", "path": "x.bin"}),
        name="one-of-two",
    ),
    # A fingerprint of nothing, of the wrong form, or of a row of zeros.
    Case(PRESENT, "cheats", "the hash of nothing", changed(sha256=sha256(b"").hexdigest())),
    Case(PRESENT, "cheats", "is no hash", changed(sha256="0" * 64), name="zeros"),
    Case(PRESENT, "cheats", "is no hash", changed(sha256="todo"), name="a-word"),
    Case(
        PRESENT,
        "cheats",
        "no hash, no size",
        inputs({"name": "digits.csv", "path": "data/digits.csv"}),
        name="name-only",
    ),
    Case(PRESENT, "not-applicable", "generator", inputs(GENERATED)),
    Case(
        PRESENT,
        "inconclusive",
        "took too long",
        {"data": {"inputs": [], "not_available": {"inputs": "took too long"}}},
    ),
    Case(MATCHES, "passes", "digits.csv: hashed again, equal", before=unchanged),
    Case(MATCHES, "fails", "digits.csv has 1,", before=unchanged, after=longer),
    Case(MATCHES, "cheats", "digits.csv has sha256", before=unchanged, after=in_place),
    Case(
        MATCHES,
        "partly",
        "agrees in size only",
        changed(sha256=None, version={"version": "1"}),
        before=unchanged,
    ),
    Case(MATCHES, "inconclusive", "is not here (data/digits.csv)", before=unchanged, after=gone),
    Case(MATCHES, "inconclusive", "through a link", before=unchanged, after=a_link, name="link"),
    Case(
        MATCHES,
        "inconclusive",
        "outside the repository",
        changed(path="/etc/hostname"),
        before=unchanged,
        name="absolute",
    ),
    Case(
        MATCHES,
        "inconclusive",
        "outside the repository",
        changed(path="../x.csv"),
        before=unchanged,
        name="above",
    ),
    Case(MATCHES, "inconclusive", "", inputs(), name="none-named", more={"blocked_by": PRESENT}),
    Case(MATCHES, "not-applicable", "generator", inputs(GENERATED)),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)


def test_a_folder_is_compared_by_the_hash_of_its_listing(tmp_path: Path) -> None:
    lab = make_repository(tmp_path / "lab")
    digest, files, size = sha256_folder(lab / "data")
    entry = {
        **GOLDEN,
        "path": "data",
        "rows": None,
        "files": files,
        "sha256": digest,
        "bytes": size,
    }
    run = make_run(lab / "runs", repository=lab, **inputs(entry))  # type: ignore[arg-type]
    assert run_check(MATCHES, run).outcome == "pass"
    (lab / "data" / "more.csv").write_text("1\n")
    assert run_check(MATCHES, run).outcome == "fail"


def test_data_beside_runs_without_a_repository_is_found(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs")
    assert run_check(MATCHES, run).outcome == "inconclusive"
    make_repository(tmp_path / "lab")
    (tmp_path / "lab" / "data").rename(tmp_path / "data")
    assert run_check(MATCHES, run).outcome == "pass"


def test_inputs_over_the_limit_are_compared_by_size(tmp_path: Path) -> None:
    import msgspec

    from reportgen.audit.policy import load_policy

    lab = make_repository(tmp_path / "lab")
    run = make_run(lab / "runs", repository=lab)
    policy = load_policy()
    small = msgspec.structs.replace(policy.tolerances, hash_bytes=100)
    result = run_check(MATCHES, run, policy=msgspec.structs.replace(policy, tolerances=small))
    assert (result.outcome, "too many to hash" in result.message) == ("partial", True)


def test_an_input_of_many_runs_is_hashed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reportgen.audit.runner import audit_runs

    lab = make_repository(tmp_path / "lab")
    for name in ("a", "b", "c"):
        make_run(lab / "runs", name, repository=lab)
    hashed: list[str] = []
    real = environment_data.sha256_file

    def counting(root: Path, relative: str) -> tuple[str, int]:
        hashed.append(relative)
        return real(root, relative)

    monkeypatch.setattr(environment_data, "sha256_file", counting)
    report = audit_runs([lab / "runs"])
    assert [run.result(MATCHES).outcome for run in report.runs] == ["pass"] * 3
    assert hashed == ["data/digits.csv"]
