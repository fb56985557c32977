from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.fs.documents import dump_json, dump_yaml, load_json, load_yaml
from reportgen.runs import schema
from reportgen.runs.schema import DOCUMENTS, Document, json_schemas, to_plain
from reportgen.runs.validate import convert

SCHEMAS = json_schemas()

MINIMAL: dict[str, dict[str, Any]] = {
    "run.yaml": {
        "schema": "reportgen.run/1",
        "id": "a",
        "name": "b",
        "status": "finished",
        "created": "2026-11-23T10:15:00.123Z",
    },
    "manifest.json": {"schema": "reportgen.manifest/1", "files": []},
    "models.yaml": {"schema": "reportgen.models/1"},
    "captured/import.json": {"kind": "tensorboard", "reader": 1, "digest": "0"},
    "reproductions/<time>.yaml": {
        "schema": "reportgen.reproduction/1",
        "run": "a",
        "verdict": "identical",
    },
}


def minimal(place: str) -> dict[str, Any]:
    return MINIMAL.get(place, {})


@pytest.mark.parametrize("place", list(DOCUMENTS))
def test_the_least_document_is_valid_and_comes_back(place: str) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMAS[place])
    validator.validate(minimal(place))
    document = convert(minimal(place), DOCUMENTS[place], name=place)
    plain = to_plain(document)
    validator.validate(plain)
    dump, load = (dump_json, load_json) if place.endswith(".json") else (dump_yaml, load_yaml)
    text = dump(plain)
    back = load(text.encode() if isinstance(text, str) else text, name=place)
    assert convert(back, DOCUMENTS[place], name=place) == document


@pytest.mark.parametrize("place", sorted(MINIMAL))
def test_required_keys_are_required(place: str) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMAS[place])
    for key in minimal(place):
        lacking = {name: value for name, value in minimal(place).items() if name != key}
        assert not validator.is_valid(lacking)


@pytest.mark.parametrize("place", list(DOCUMENTS))
def test_unknown_keys_are_allowed(place: str) -> None:
    document = {**minimal(place), "of_another_tool": {"x": [1, None]}}
    jsonschema.Draft202012Validator(SCHEMAS[place]).validate(document)
    convert(document, DOCUMENTS[place], name=place)


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        ("run.yaml", "status", "exploded"),
        ("run.yaml", "kind", "other thing"),
        ("run.yaml", "attempt", "second"),
        ("metrics.yaml", "metrics", {"a": {"goal": "min"}}),
        ("manifest.json", "files", [{"path": "a", "bytes": -1, "sha256": "0"}]),
        ("data.yaml", "inputs", [{"path": "a"}]),
        ("git_info.yaml", "dirty", "maybe"),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(place: str, key: str, value: Any) -> None:
    document = {**minimal(place), key: value}
    assert not jsonschema.Draft202012Validator(SCHEMAS[place]).is_valid(document)
    with pytest.raises(schema.msgspec.ValidationError):
        schema.msgspec.convert(document, DOCUMENTS[place])


def kinds() -> list[type[Document]]:
    pending, seen = list(Document.__subclasses__()), []
    while pending:
        kind = pending.pop()
        seen.append(kind)
        pending.extend(kind.__subclasses__())
    return [kind for kind in seen if kind.__module__.startswith("reportgen.runs")]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_names_of_keys_are_plain(kind: type[Document]) -> None:
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", key) for key in kind.__struct_encode_fields__)


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3))
def test_defaults_are_not_shared(extra: dict[str, str]) -> None:
    one, other = schema.GitInfo(), schema.GitInfo()
    one.not_available.update(extra)
    assert other.not_available == {}
