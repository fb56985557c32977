"""Whatever a check names as its evidence, it reads: changed, it gives another outcome.

For each piece of evidence the ways to change it are tried in turn: it is removed, it is empty, it
holds something else of its kind. A piece of which no change makes a difference is one that the
check does not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from evidence_table import NOT_IN_A_GOLDEN_RUN, READS, Reads
from planted_defects import DEFECTS
from planted_defects.lab import BASES, Base, Lab, golden_lab

from reportgen.audit.registry import CHECKS
from reportgen.errors import ReportgenError
from reportgen.fs.documents import dump_json, dump_yaml, parse_json, parse_yaml
from reportgen.testing import golden_policy, run_check

_GONE = object()


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory) -> dict[Base, Lab]:
    folder = tmp_path_factory.mktemp("golden")
    return {base: golden_lab(base, folder / base) for base in BASES}


def said(check: str, run: Path) -> str:
    """The outcome of a check, or that the run is refused."""
    try:
        return run_check(check, run, policy=golden_policy()).outcome.value
    except ReportgenError:
        return "refused"


def changes(evidence: str, path: Path) -> Iterator[bytes | None]:
    """Yield other contents of a file, None for no file."""
    data = path.read_bytes()
    place, _, key = evidence.partition(": ")
    key, _, told = key.partition(" = ")
    if not key:
        middle = len(data) // 2
        yield from (None, b"", data[:middle])
        yield data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        yield data.replace(b"{{", b"{").replace(b"2", b"3")
    elif place == "metrics.jsonl":
        yield from (_without_metric(data, key, other) for other in (_GONE, "NaN", 7.0))
    else:
        is_json = place.endswith(".json")
        read, write = (parse_json, dump_json) if is_json else (parse_yaml, dump_yaml)
        others = [orjson.loads(told)] if told else _others(_at(read(data, name=place).value, key))
        for other in (_GONE, None, *others):
            document = read(data, name=place).value
            _set(document, key, other)
            text = write(document)
            yield text.encode() if isinstance(text, str) else text


def _without_metric(data: bytes, name: str, other: Any) -> bytes:
    """The records with another value of a metric from the middle on, or without it."""
    records = [orjson.loads(line) for line in data.splitlines()]
    for number, one in enumerate(records):
        if name in one["metrics"] and other is _GONE:
            del one["metrics"][name]
        elif name in one["metrics"] and (2 * number > len(records) or name.endswith("grad_norm")):
            one["metrics"][name] = other
    return b"".join(orjson.dumps(one) + b"\n" for one in records)


def _others(value: Any) -> list[Any]:
    """Other values of the kind of a value."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value * 1000 + 7, value + 1]
    if isinstance(value, str):
        if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", value):
            return ["ab" * (len(value) // 2)]
        return ["2001-01-01T00:00:00.000Z" if value.endswith("Z") else f"other_{value}"]
    if isinstance(value, dict):
        return [{}, {"other": 1}]
    return [[], ["other"]]


def _at(document: Any, key: str) -> Any:
    for part in key.split("|"):
        document = document[int(part) if isinstance(document, list) else part]
    return document


def _set(document: Any, key: str, value: Any) -> None:
    above, _, last = key.rpartition("|")
    holder = _at(document, above) if above else document
    if value is _GONE:
        del holder[last]
    else:
        holder[last] = value


@contextmanager
def instead(path: Path, data: bytes | None) -> Iterator[None]:
    """Other bytes in a file, or no file, and at last the file as it was."""
    before = path.read_bytes()
    try:
        if data is None:
            path.unlink()
        else:
            path.write_bytes(data)
        yield
    finally:
        path.write_bytes(before)


def test_every_check_has_its_evidence_or_a_reason_to_have_none() -> None:
    named = [one.check for one in READS]
    assert sorted([*named, *NOT_IN_A_GOLDEN_RUN]) == sorted(check.id for check in CHECKS)
    offline = {check.id for check in CHECKS if "network" not in check.needs}
    assert NOT_IN_A_GOLDEN_RUN & offline <= {one.check for one in DEFECTS}


@pytest.mark.parametrize("reads", READS, ids=lambda reads: reads.check)
def test_another_evidence_is_another_outcome(reads: Reads, labs: dict[Base, Lab]) -> None:
    run = labs[reads.base].run
    golden = said(reads.check, run)
    assert golden in ("pass", "not-applicable")
    unread = []
    for evidence in reads.evidence:
        path = run / evidence.partition(": ")[0]
        for data in changes(evidence, path):
            with instead(path, data):
                if said(reads.check, run) != golden:
                    break
        else:
            unread.append(evidence)
    assert unread == []
    assert said(reads.check, run) == golden
