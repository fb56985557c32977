from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import SchemaError
from reportgen.fs.documents import parse_yaml
from reportgen.runs.schema import (
    DOCUMENTS,
    Document,
    Environment,
    GitInfo,
    Manifest,
    MetricDefinitions,
    Run,
)
from reportgen.runs.validate import convert, convert_tolerantly

RUN = "schema: reportgen.run/1\nid: a\nname: n\nstatus: finished\ncreated: x\n"


def read(text: str, kind: type[Document]) -> tuple[Any, list[str]]:
    parsed = parse_yaml(text.encode(), name="x.yaml")
    document, problems = convert_tolerantly(
        parsed.value, kind, name="x.yaml", sources=parsed.sources
    )
    assert {problem.id for problem in problems} <= {"schema.mismatch"}
    return document, [problem.message for problem in problems]


def test_short_forms() -> None:
    environment, said = read("python: 3.10\n", Environment)
    assert (environment.python.version, said) == ("3.10", [])
    run, said = read(RUN + "command: [train.py, --lr, 1.0e-3, no]\n", Run)
    assert (run.command.argv, said) == (["train.py", "--lr", "1.0e-3", "no"], [])


def test_text_is_kept_as_written_where_text_is_declared() -> None:
    git, said = read("branch: on\ncommit: 1234567\ntags: [1.10, v2]\ndescribe: 010\n", GitInfo)
    assert (git.branch, git.commit, git.tags, git.describe) == (
        "on",
        "1234567",
        ["1.10", "v2"],
        "010",
    )
    assert said == []
    environment, said = read("packages: {numpy: 2.10, torch: 2, x: null}\n", Environment)
    assert environment.packages == {"numpy": "2.10", "torch": "2", "x": None}
    assert said == []


def test_numbers_stay_numbers_where_numbers_are_declared() -> None:
    run, said = read(RUN + "attempt: '2'\nexit_code: 0\nplanned: {epochs: 1.5}\n", Run)
    assert (run.attempt, run.exit_code, run.planned.epochs, said) == (2, 0, 1.5, [])


def test_a_blank_key_is_as_good_as_none() -> None:
    run, said = read(RUN + "tags:\nleft_out:\nnotes:\nattempt:\n", Run)
    assert (run.tags, run.left_out, run.notes, run.attempt, said) == ({}, [], None, 1, [])


def test_a_bad_key_costs_that_key() -> None:
    git, said = read("dirty: maybe\nbranch: main\nuntracked: [a, [b], c, {d: 1}]\n", GitInfo)
    assert (git.dirty, git.branch, git.untracked) == (None, "main", ["a", "c"])
    assert said == [
        "$.dirty: Expected `bool | null`, got `str`",
        "$.untracked[1]: Expected `str`, got `array`",
        "$.untracked[3]: Expected `str`, got `object`",
    ]


def test_a_bad_value_of_a_mapping_costs_that_value() -> None:
    text = "metrics:\n  a: {goal: min, split: val}\n  b: {goal: maximize}\n  c: 3\n"
    definitions, said = read(text, MetricDefinitions)
    assert sorted(definitions.metrics) == ["a", "b"]
    assert (definitions.metrics["a"].goal, definitions.metrics["a"].split) == (None, "val")
    assert len(said) == 2


def test_entries_of_a_manifest_are_told_by_their_place_in_the_file() -> None:
    files = "".join(f"- {{path: a{n}, bytes: 1{', sha256: x' * (n % 2)}}}\n" for n in range(60))
    manifest, said = read(f"schema: reportgen.manifest/1\nfiles:\n{files}", Manifest)
    assert [file.path for file in manifest.files] == [f"a{n}" for n in range(1, 60, 2)]
    assert said[:2] == [
        "$.files[0]: Object missing required field `sha256`",
        "$.files[2]: Object missing required field `sha256`",
    ]
    assert said[-1] == "10 more keys do not fit"
    assert len(said) == 21


def test_a_required_key_that_is_missing_leaves_nothing() -> None:
    document, said = read("schema: reportgen.run/1\nid: a\n", Run)
    assert document is None
    assert said == ["$: Object missing required field `name`"]


def test_strict_conversion_names_the_place() -> None:
    with pytest.raises(SchemaError, match=r"x.yaml: \$\.dirty: Expected `bool"):
        convert({"dirty": "maybe"}, GitInfo, name="x.yaml")
    assert convert({"dirty": True}, GitInfo, name="x.yaml").dirty is True


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["path", "sha256", "goal", "metrics", "files", "name", "x", "version"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(st.sampled_from(list(DOCUMENTS)), st.data())
def test_any_plain_values_are_a_document_or_a_list_of_problems(place: str, data: Any) -> None:
    kind = DOCUMENTS[place]
    keys = st.sampled_from([*kind.__struct_encode_fields__, "unknown"])
    raw = data.draw(st.dictionaries(keys, PLAIN, max_size=6))
    document, problems = convert_tolerantly(raw, kind, name=place)
    assert document is not None or problems
