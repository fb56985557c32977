from pathlib import Path
from typing import Any

import orjson
import pytest
from audit.case import Case, assert_case
from audit.fake_network import FakeNetwork
from msgspec.structs import replace

from reportgen.audit.network import Head
from reportgen.audit.policy import load_policy

RETRIEVABLE = "artifacts.external-retrievable"
BOUNDED = "artifacts.storage-bounded"
MODEL, DATA = "https://example.org/model.pt", "https://example.org/data.bin"


def elsewhere(*entries: dict[str, Any]):  # type: ignore[no-untyped-def]
    """List files that are kept elsewhere in the manifest."""

    def change(run: Path) -> None:
        path = run / "manifest.json"
        manifest = orjson.loads(path.read_bytes())
        for number, entry in enumerate(entries):
            known = {"path": f"artifacts/{number}.bin", "bytes": 100, "sha256": "ab" * 32}
            manifest["files"].append({**known, **entry})
        path.write_bytes(orjson.dumps(manifest))

    return change


def policy(**tolerances: int):  # type: ignore[no-untyped-def]
    built_in = load_policy()
    return replace(built_in, tolerances=replace(built_in.tolerances, **tolerances))


BOTH = elsewhere({"uri": MODEL}, {"uri": DATA, "bytes": 0, "etag": "abc"})
THERE = {MODEL: Head(200, 100), DATA: Head(200, None, "abc")}
GONE = Head(404)

CASES = (
    Case(
        RETRIEVABLE,
        "passes",
        "2 files there, of the recorded size or tag",
        change=BOTH,
        network=FakeNetwork(THERE),
        more={"evidence": "E4", "inspected": 2},
    ),
    Case(
        RETRIEVABLE,
        "fails",
        "0 of 1 file there; artifacts/0.bin answers 404",
        change=elsewhere({"uri": MODEL}),
        network=FakeNetwork({MODEL: GONE}),
    ),
    Case(
        RETRIEVABLE,
        "partly",
        "1 of 2 files there; artifacts/1.bin answers 404",
        change=BOTH,
        network=FakeNetwork({**THERE, DATA: GONE}),
    ),
    # Something answers at the address: another file.
    Case(
        RETRIEVABLE,
        "cheats",
        "has 7 bytes there, recorded 100",
        change=elsewhere({"uri": MODEL}),
        network=FakeNetwork({MODEL: Head(200, 7)}),
    ),
    Case(
        RETRIEVABLE,
        "cheats",
        "has another tag there",
        change=elsewhere({"uri": MODEL, "etag": "old"}),
        network=FakeNetwork({MODEL: Head(200, 100, "new")}),
        name="tag",
    ),
    Case(
        RETRIEVABLE,
        "inconclusive",
        "tells neither size nor tag",
        change=elsewhere({"uri": MODEL}),
        network=FakeNetwork({MODEL: Head(200)}),
        name="untold",
    ),
    Case(
        RETRIEVABLE,
        "inconclusive",
        "answers 403",
        change=elsewhere({"uri": MODEL}),
        network=FakeNetwork({MODEL: Head(403)}),
        name="auth",
    ),
    Case(
        RETRIEVABLE,
        "inconclusive",
        "out of reach",
        change=elsewhere({"uri": "s3://bucket/model.pt"}),
        network=FakeNetwork(),
        name="out-of-reach",
    ),
    Case(
        RETRIEVABLE, "inconclusive", "not asked", change=elsewhere({"uri": MODEL}), name="offline"
    ),
    Case(RETRIEVABLE, "not-applicable", "no file of the run is kept elsewhere"),
    Case(BOUNDED, "passes", "at most 120 points a series"),
    Case(BOUNDED, "fails", "the policy allows 500", policy=policy(checkpoint_bytes=500)),
    Case(
        BOUNDED,
        "fails",
        "120 points of train/loss, the policy allows 100",
        policy=policy(series_points=100),
        name="points",
    ),
    Case(
        BOUNDED,
        "partly",
        "120 points of train/loss, the policy allows 130",
        policy=policy(series_points=130),
    ),
    # The seal lists small sizes; the files are what they are.
    Case(
        BOUNDED,
        "cheats",
        "bytes of logs, the policy allows 20,000",
        change=lambda run: (run / "stdout.log").write_bytes(bytes(20_001)),
        policy=policy(log_bytes=20_000),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    assert_case(case, tmp_path)
