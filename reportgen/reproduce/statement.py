"""A reproduction as an in-toto Statement, for others to sign and to hand on. Pure.

Statement v1 (github.com/in-toto/attestation, spec/v1/statement.md) about the seal of the run, with
the predicate "Test Result" v0.1 (spec/predicates/test-result.md): one test, whether the run came
out again, and a second where the conclusion could be told. The entry of the ledger is added as a
field of its own; by the parsing rules of the specification consumers ignore what they do not know.
"""

from __future__ import annotations

from typing import Any

from reportgen.errors import UsageError
from reportgen.fs.hashing import sha256_bytes
from reportgen.runs import layout
from reportgen.runs.schema import Reproduction, to_plain
from reportgen.runs.view import RunView

STATEMENT = "https://in-toto.io/Statement/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
_RESULTS = {"identical": "PASSED", "within-band": "PASSED", "other-environment": "WARNED"}


def statement_of(view: RunView, entry: Reproduction) -> dict[str, Any]:
    """Return the statement as plain values.

    Args:
        view: The run.
        entry: What came of an attempt to get it again.

    Raises:
        UsageError: The run has no seal, so that there is nothing to state something of.
    """
    seal = view.bytes(layout.MANIFEST)
    if seal is None:
        raise UsageError(
            "the run is not sealed, so a statement could be about any content",
            where=str(view.folder / layout.MANIFEST),
            expected="the seal of a finished run",
        )
    result = _RESULTS.get(entry.verdict, "FAILED")
    tests: dict[str, list[str]] = {"PASSED": [], "WARNED": [], "FAILED": []}
    tests[result].append("same-run")
    same = (entry.conclusion or {}).get("same")
    if same is not None:
        tests["PASSED" if same else "FAILED"].append("same-conclusion")
    return {
        "_type": STATEMENT,
        "subject": [
            {"name": f"{view.name}/{layout.MANIFEST}", "digest": {"sha256": sha256_bytes(seal)}}
        ],
        "predicateType": TEST_RESULT,
        "predicate": {
            "result": result,
            "configuration": _configuration(view),
            "passedTests": tests["PASSED"],
            "warnedTests": tests["WARNED"],
            "failedTests": tests["FAILED"],
            "reproduction": to_plain(entry),
        },
    }


def _configuration(view: RunView) -> list[dict[str, Any]]:
    """Return what the replay was made from, as resource descriptors."""
    git = view.git
    found: list[dict[str, Any]] = []
    if git is not None and git.commit:
        digest = {"gitCommit": git.commit} | ({"gitTree": git.tree} if git.tree else {})
        found.append({"name": "code", "digest": digest})
    for place in (layout.PATCH, layout.CONFIG, layout.REQUIREMENTS, layout.METRICS):
        data = view.bytes(place)
        if data:
            found.append({"name": place, "digest": {"sha256": sha256_bytes(data)}})
    return found
