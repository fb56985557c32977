"""An in-toto Statement of what came out: about the seal, by the published shapes."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from reportgen.errors import UsageError
from reportgen.reproduce.statement import statement_of
from reportgen.runs.schema import REPRODUCTION_SCHEMA, Reproduction
from reportgen.runs.view import RunView


def entry(verdict: Any, same: bool | None = None) -> Reproduction:
    conclusion = None if same is None else {"same": same}
    return Reproduction(schema=REPRODUCTION_SCHEMA, run="r", verdict=verdict, conclusion=conclusion)


@pytest.mark.parametrize(
    ("verdict", "same", "result", "passed", "failed"),
    [
        ("identical", None, "PASSED", ["same-run"], []),
        ("within-band", True, "PASSED", ["same-run", "same-conclusion"], []),
        ("diverges", True, "FAILED", ["same-conclusion"], ["same-run"]),
        ("diverges", False, "FAILED", [], ["same-run", "same-conclusion"]),
        ("cannot-run", None, "FAILED", [], ["same-run"]),
        ("other-environment", None, "WARNED", [], []),
    ],
)
def test_the_two_verdicts_are_two_tests(
    verdict: str,
    same: bool | None,
    result: str,
    passed: list[str],
    failed: list[str],
    recorded: RunView,
) -> None:
    said = statement_of(recorded, entry(verdict, same))
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    predicate = said["predicate"]
    assert predicate["result"] == result
    assert (predicate["passedTests"], predicate["failedTests"]) == (passed, failed)
    assert predicate["warnedTests"] == (["same-run"] if result == "WARNED" else [])
    assert predicate["reproduction"]["verdict"] == verdict


def test_it_is_about_the_bytes_of_the_seal(recorded: RunView) -> None:
    said = statement_of(recorded, entry("identical"))
    (subject,) = said["subject"]
    seal = (recorded.folder / "manifest.json").read_bytes()
    assert subject["digest"] == {"sha256": hashlib.sha256(seal).hexdigest()}
    code = said["predicate"]["configuration"][0]
    assert recorded.git is not None
    assert code["digest"] == {"gitCommit": recorded.git.commit, "gitTree": recorded.git.tree}
    (recorded.folder / "manifest.json").unlink()
    with pytest.raises(UsageError, match="not sealed"):
        statement_of(RunView(recorded.folder), entry("identical"))
