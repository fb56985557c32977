"""docs/run-folder.md against the code: every document, key, file and problem that there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reportgen.fs.limits import DEFAULT_LIMITS
from reportgen.runs import layout
from reportgen.runs.schema import DOCUMENTS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "run-folder.md").read_text(encoding="utf-8")
PLACES = {getattr(layout, name) for name in dir(layout) if name.isupper() and name[0] != "_"}
TICKED = set(re.findall(r"`([^`\n]+)`", TEXT))
CHECKS = TEXT[TEXT.index("## Which file a check reads") :]


def keys_of(kind: Any) -> set[str]:
    found: set[str] = set()
    for field in msgspec.structs.fields(kind):
        found.add(field.encode_name)
        pending = [msgspec.inspect.type_info(field.type)]
        while pending:
            info = pending.pop()
            pending.extend(getattr(info, "types", ()))
            pending.extend(
                getattr(info, name) for name in ("item_type", "value_type") if hasattr(info, name)
            )
            if isinstance(info, msgspec.inspect.StructType):
                found |= keys_of(info.cls)
    return found


@pytest.mark.parametrize("place", list(DOCUMENTS))
def test_every_document_and_every_key_is_documented(place: str) -> None:
    if place == "run.yaml":
        start = TEXT.index("## run.yaml")
        part = TEXT[start : TEXT.index("\n## ", start + 1)]
    else:
        (part,) = re.findall(rf"^\| `{re.escape(place)}` \|(.*)$", TEXT, re.MULTILINE)[-1:]
    missing = {key for key in keys_of(DOCUMENTS[place]) if f"`{key}`" not in part}
    assert missing == set()


def test_every_file_of_the_layout_is_documented() -> None:
    without = {"tensorboard", "captured"}  # an optional mirror; the folder of the documents above
    assert {place for place in PLACES - without if f"`{place}" not in TEXT} == set()


def problem_ids() -> set[str]:
    """Every id that the reading code gives to a problem."""
    found = set()
    for path in [
        *(ROOT / "reportgen" / "runs").glob("*.py"),
        *(ROOT / "reportgen" / "fs").glob("*.py"),
    ]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                topics = "log|text|document|schema|yaml|path|file|name|limits"
                if re.fullmatch(rf"(?:{topics})\.[a-z_]+", node.value):
                    found.add(node.value)
    return found - {"file.changed_while_read"}  # of a hash, never of a reading


def test_every_problem_is_documented() -> None:
    ids = problem_ids()
    assert {"log.torn_tail", "path.unsafe", "yaml.tag"} <= ids
    assert ids - TICKED == set()


def test_every_documented_problem_exists() -> None:
    table = TEXT[TEXT.index("| id | severity | when |") :].partition("\n\n")[0]
    documented = {
        name for line in table.splitlines() for name in re.findall(r"`([a-z]+\.[a-z_]+)`", line)
    }
    generated = {"limits.records", "limits.points", "limits.lines"}
    assert documented - problem_ids() - generated - PLACES == set()


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("8 MiB", DEFAULT_LIMITS.document_bytes / 2**20),
        ("250,000 values a document", DEFAULT_LIMITS.nodes),
        ("64 levels", DEFAULT_LIMITS.depth),
        ("1 MiB a line", DEFAULT_LIMITS.line_bytes / 2**20),
        ("1 GiB", DEFAULT_LIMITS.log_bytes / 2**30),
        ("10 million records", DEFAULT_LIMITS.records / 10**6),
        ("25 million values", DEFAULT_LIMITS.points / 10**6),
        ("20,000 series", DEFAULT_LIMITS.series),
        ("100,000 files", DEFAULT_LIMITS.files),
        ("24 levels a folder", DEFAULT_LIMITS.folder_depth),
    ],
)
def test_the_limits_are_those_of_the_code(words: str, value: float) -> None:
    assert words in " ".join(TEXT.split())
    number = re.match(r"[\d,]+", words)
    assert number
    assert int(number[0].replace(",", "")) == value


def test_every_check_of_the_auditor_has_its_files() -> None:
    from reportgen.audit.registry import CHECKS as REGISTERED

    category, documented = "", set()
    for name in re.findall(r"`([a-z.-]+)`", CHECKS):
        if name in PLACES:
            continue
        if re.fullmatch(r"(hyperparameters|metrics|artifacts|code|environment)\.[a-z-]+", name):
            category = name.partition(".")[0]
            documented.add(name)
        elif re.fullmatch(r"[a-z]+(-[a-z]+)+", name):
            documented.add(f"{category}.{name}")
    assert {check.id for check in REGISTERED} - documented == set()
    assert len(documented) == 78
