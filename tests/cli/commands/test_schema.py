from __future__ import annotations

import os
from pathlib import Path

import jsonschema
import orjson
import pytest

from reportgen.cli.commands.schema import file_name, published
from reportgen.cli.main import main
from reportgen.runs.schema import json_schemas
from reportgen.testing import make_run

SCHEMAS = orjson.loads(orjson.dumps(published()))
PLACES = list(SCHEMAS)


def test_all_schemas_by_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    captured = capsys.readouterr()
    assert orjson.loads(captured.out) == SCHEMAS
    results = {"audit.json", "bundle.json", "verify.json", "compare.json", "import.json"}
    assert SCHEMAS.keys() - json_schemas().keys() == results
    assert captured.err == ""


@pytest.mark.parametrize("place", PLACES)
def test_one_schema_is_a_schema(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", place]) == 0
    schema = orjson.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == SCHEMAS[place]


def test_an_audit_is_valid_by_its_schema(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(tmp_path / "runs")
    main(["schema", "audit.json"])
    schema = orjson.loads(capsys.readouterr().out)
    main(["audit", str(tmp_path / "runs"), "--format", "json"])
    jsonschema.validate(orjson.loads(capsys.readouterr().out), schema)


def test_a_comparison_is_valid_by_its_schema(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nan = {"step": 0, "metrics": {"val/accuracy": "NaN", "x": "Infinity"}}
    one = make_run(tmp_path / "a", "one", metrics=[nan], config={"odd": float("nan")})
    other = make_run(tmp_path / "b", "other", seed=8, data=None)
    for words in (["compare"], ["compare", "--all"], ["diff", "--only", "code,metrics"]):
        main([words[0], str(one), str(other), "--json", *words[1:]])
        result = orjson.loads(capsys.readouterr().out)
        jsonschema.validate(result, SCHEMAS["compare.json"])
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**result, "tolerance": "wide"}, SCHEMAS["compare.json"])


def test_an_import_is_valid_by_its_schema(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "m.csv").write_text("step,loss\n0,1\n1,x\n")
    (tmp_path / "logs" / "n.csv").write_text('step,loss\n0,"' + "x" * 200_000)
    main(["import", str(tmp_path / "logs"), "-o", str(tmp_path / "runs"), "--json"])
    result = orjson.loads(capsys.readouterr().out)
    assert len(result["runs"]) == len(result["unreadable"]) == 1
    assert result["runs"][0]["left_out"]
    jsonschema.validate(result, SCHEMAS["import.json"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"runs": []}, SCHEMAS["import.json"])


def test_two_schemas_by_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "run.yaml", "data.yaml"]) == 0
    assert list(orjson.loads(capsys.readouterr().out)) == ["run.yaml", "data.yaml"]


def test_a_wrong_place_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "runs.yaml"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "no document 'runs.yaml'. Did you mean run.yaml" in captured.err


def test_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "a" / "b"
    assert main(["schema", "-o", str(folder)]) == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted(map(file_name, PLACES))
    written = orjson.loads((folder / "run.schema.json").read_bytes())
    assert written == json_schemas()["run.yaml"]
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"Wrote {len(PLACES)} schemas to {folder}\n"


def test_file_names_are_distinct_and_plain() -> None:
    names = {file_name(place) for place in PLACES}
    assert len(names) == len(PLACES)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz_-.") for name in names)


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["schema", "-o", os.fspath(tmp_path / "file" / "x")]) == 2
    assert f"{tmp_path / 'file'}" in capsys.readouterr().err
