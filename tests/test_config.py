from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.config import find_settings_file, load_settings
from reportgen.errors import SettingsError

WHOLE = """
roots = ["runs", "/elsewhere/runs"]
group_by = ["config.model"]
theme = "paper"
policy = "audit.yaml"

[goals]
"val/accuracy" = "maximize"
"val/loss" = "minimize"

[site]
title = "Digits"
links = {"Source" = "https://example.org/digits", "Notes" = "notes/index.html"}
"""


def write(folder: Path, text: str, name: str = "reportgen.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, **arguments: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(folder, **{"environ": {}, **arguments})
    return str(caught.value)


def test_defaults_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    settings = load_settings(environ={})
    assert settings.roots == (tmp_path / "runs",)
    assert settings.theme == "default"
    assert settings.policy is None
    assert settings.goals == {}
    assert settings.source is None


def test_every_key_of_a_file(tmp_path: Path) -> None:
    path = write(tmp_path, WHOLE)
    settings = load_settings(tmp_path, environ={})
    assert settings.source == path
    assert settings.roots == (tmp_path / "runs", Path("/elsewhere/runs"))
    assert settings.goals == {"val/accuracy": "maximize", "val/loss": "minimize"}
    assert settings.group_by == ("config.model",)
    assert settings.theme == "paper"
    assert settings.policy == tmp_path / "audit.yaml"
    assert settings.site.title == "Digits"
    assert settings.site.links["Notes"] == "notes/index.html"


def test_the_default_root_is_beside_the_file(tmp_path: Path) -> None:
    write(tmp_path, 'theme = "paper"')
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert load_settings(below, environ={}).roots == (tmp_path / "runs",)


def test_settings_are_frozen(tmp_path: Path) -> None:
    write(tmp_path, WHOLE)
    settings = load_settings(tmp_path, environ={})
    with pytest.raises(AttributeError):
        settings.theme = "other"  # type: ignore[misc]


def test_a_table_of_pyproject(tmp_path: Path) -> None:
    write(tmp_path, '[tool.reportgen]\ntheme = "paper"\n', "pyproject.toml")
    assert load_settings(tmp_path, environ={}).theme == "paper"


def test_a_pyproject_without_the_table_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, 'theme = "paper"')
    for name, text in [
        ("a", '[project]\ndependencies = ["reportgen-runs"]\n'),
        ("b", "this is [not TOML\n"),
        ("c", "tool = 3  # reportgen\n"),
    ]:
        (tmp_path / name).mkdir()
        write(tmp_path / name, text, "pyproject.toml")
        assert find_settings_file(tmp_path / name) == tmp_path / "reportgen.toml"


def test_the_search_ends_at_the_top_of_the_repository(tmp_path: Path) -> None:
    write(tmp_path, 'theme = "paper"')
    (tmp_path / "repo" / "deep").mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()
    assert find_settings_file(tmp_path / "repo" / "deep") is None


def test_reportgen_toml_comes_before_pyproject(tmp_path: Path) -> None:
    write(tmp_path, '[tool.reportgen]\ntheme = "paper"\n', "pyproject.toml")
    path = write(tmp_path, 'theme = "other"')
    assert find_settings_file(tmp_path) == path


def test_command_line_beats_environment_beats_file(tmp_path: Path) -> None:
    write(tmp_path, WHOLE)
    environ = {"REPORTGEN_THEME": "from-env", "REPORTGEN_SITE_TITLE": "From env"}
    settings = load_settings(tmp_path, environ=environ)
    assert (settings.theme, settings.site.title) == ("from-env", "From env")
    assert settings.site.links["Source"] == "https://example.org/digits"
    overrides = {"theme": "from-cli", "policy": None, "site": {"title": None}}
    settings = load_settings(tmp_path, environ=environ, overrides=overrides)
    assert (settings.theme, settings.site.title) == ("from-cli", "From env")
    assert settings.policy == tmp_path / "audit.yaml"


def test_every_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    environ = {
        "REPORTGEN_ROOTS": os.pathsep.join(["a", "/b"]),
        "REPORTGEN_GROUP_BY": "config.model, tags.goal",
        "REPORTGEN_GOALS": "val/loss=minimize,a=b=maximize",
        "REPORTGEN_POLICY": "p.yaml",
        "REPORTGEN_THEME": "",
        "REPORTGEN_RUN_DIR": "not a setting",
    }
    settings = load_settings(environ=environ)
    assert settings.roots == (tmp_path / "a", Path("/b"))
    assert settings.group_by == ("config.model", "tags.goal")
    assert settings.goals == {"val/loss": "minimize", "a=b": "maximize"}
    assert settings.policy == tmp_path / "p.yaml"
    assert settings.theme == "default"


def test_goals_add_up_over_the_sources(tmp_path: Path) -> None:
    write(tmp_path, WHOLE)
    environ = {"REPORTGEN_GOALS": "val/loss=maximize,train/loss=minimize"}
    assert load_settings(tmp_path, environ=environ).goals == {
        "val/accuracy": "maximize",
        "val/loss": "maximize",
        "train/loss": "minimize",
    }


def test_a_bare_word_is_a_built_in_policy_and_all_else_a_file(tmp_path: Path) -> None:
    for policy, expected in {
        "strict": Path("strict"),
        "./strict": tmp_path / "strict",
        "lab.yaml": tmp_path / "lab.yaml",
        "ci/lab": tmp_path / "ci" / "lab",
    }.items():
        write(tmp_path, f'policy = "{policy}"')
        assert load_settings(tmp_path, environ={}).policy == expected


def test_a_theme_s_folder_is_found_from_the_file(tmp_path: Path) -> None:
    write(tmp_path, 'theme = "./themes/lab"')
    assert load_settings(tmp_path, environ={}).theme == str(tmp_path / "themes" / "lab")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('root = ["runs"]', ["reportgen.toml: root:", "Did you mean roots?"]),
        ("[site]\ntitel = 'x'", ["site.titel:", "Did you mean title?"]),
        ("qqq = 1", ["Known: roots, goals"]),
        ('roots = "runs"', ["reportgen.toml: roots:", "array"]),
        ("roots = [3]", ["roots", "str"]),
        ("theme = 3", ["theme:", "str"]),
        ("policy = 3", ["policy:", "str"]),
        ("site = 3", ["site:", "object"]),
        ("goals = 3", ["goals:", "minimize"]),
        ('[goals]\n"val/loss" = "down"', ['goals."val/loss":', "minimize or maximize"]),
        ('[site]\nlinks = {x = "javascript:alert(1)"}', ['site.links."x":', "https"]),
        ('[site]\nlinks = {x = "java\\tscript:alert(1)"}', ["site.links"]),
        ('[site]\nlinks = {x = " https://a"}', ["site.links"]),
        ('[site]\nlinks = {x = "http://[a"}', ["site.links"]),
        ("theme = \nx = 1", ["not valid TOML", "line 1"]),
        ("theme = 'a'\ntheme = 'b'", ["not valid TOML"]),
        ("a = " + "[" * 100_000, ["not valid TOML"]),
        ("source = 'x'", ["unknown setting"]),
    ],
)
def test_a_fault_is_one_message_with_its_place(tmp_path: Path, text: str, words: list[str]) -> None:
    write(tmp_path, text)
    message = refused(tmp_path)
    assert str(tmp_path / "reportgen.toml") in message
    for word in words:
        assert word in message


def test_a_fault_in_pyproject_names_the_table(tmp_path: Path) -> None:
    write(tmp_path, "[tool.reportgen]\nthem = 'x'\n", "pyproject.toml")
    assert "pyproject.toml: tool.reportgen.them" in refused(tmp_path)


def test_a_fault_in_a_variable_names_it(tmp_path: Path) -> None:
    assert "REPORTGEN_GOALS" in refused(tmp_path, environ={"REPORTGEN_GOALS": "val/loss"})
    assert "minimize or maximize" in refused(tmp_path, environ={"REPORTGEN_GOALS": "a=up"})


def test_a_fault_on_the_command_line_names_it(tmp_path: Path) -> None:
    assert "command line: them" in refused(tmp_path, overrides={"them": "x"})


def test_files_that_cannot_be_settings(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    assert "cannot be read" in refused(tmp_path, file=missing)
    assert "cannot be read" in refused(tmp_path, file=tmp_path)
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'theme = "\xe9"')
    assert "not UTF-8" in refused(tmp_path, file=latin)
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * ((1 << 20) + 1))
    assert "too large" in refused(tmp_path, file=large)
    bare = write(tmp_path, "[project]\n", "pyproject.toml")
    assert "no table [tool.reportgen]" in refused(tmp_path, file=bare)


@given(st.text(max_size=60))
def test_any_text_loads_or_is_refused(text: str) -> None:
    environ = {"REPORTGEN_THEME": text, "REPORTGEN_GOALS": text}
    try:
        settings = load_settings(Path("/"), environ=environ)
    except SettingsError:
        return
    assert msgspec.structs.asdict(settings)
