"""Themes: found, inherited, and refused with the key that is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reportgen.errors import NotFoundError, SchemaError
from reportgen.site.theme import TOKENS, builtin_names, builtin_themes_dir, load_theme


def write(folder: Path, text: str) -> str:
    folder.mkdir(parents=True)
    (folder / "theme.yaml").write_text(text)
    return f"{folder}{os.sep}"


def test_the_default_theme_ships_and_is_complete() -> None:
    assert (builtin_themes_dir() / "default" / "theme.yaml").is_file()
    assert "default" in builtin_names()
    theme = load_theme("default")
    assert theme.colours["light"].keys() == theme.colours["dark"].keys() == set(TOKENS)
    assert "site.css" in theme.static_files()


@pytest.mark.parametrize("name", builtin_names())
def test_every_theme_that_ships_loads(name: str) -> None:
    assert load_theme(name).name == name


def test_a_child_gives_only_what_it_changes(tmp_path: Path) -> None:
    place = write(tmp_path / "lab", "name: lab\nextends: default\nlight: {accent: '#aa0000'}\n")
    (tmp_path / "lab" / "static").mkdir()
    (tmp_path / "lab" / "static" / "site.css").write_text("body{}")
    (tmp_path / "lab" / "static" / "lab.css").write_text("p{}")
    theme, default = load_theme(place), load_theme("default")
    assert theme.colours["light"]["accent"] == "#aa0000"
    assert theme.colours["light"]["ink"] == default.colours["light"]["ink"]
    assert theme.dashes == default.dashes
    assert theme.names == ("lab", "default")
    assert theme.static_files()["site.css"].parent == tmp_path / "lab" / "static"
    assert "lab.css" in theme.static_files()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("extends: default\nname: x\nlight: {accent: 'red;background:url(//e)'}\n", "light.accent"),
        ("extends: default\nname: x\nlight: {acent: '#000000'}\n", "light.acent"),
        ("extends: default\nname: x\ncolour: {}\n", "theme.yaml"),
        ("name: x\n", "light.background"),
        ("extends: default\nname: x\nseries: {light: ['#000000']}\n", "series"),
        ("extends: default\nname: x\ndashes: [[1, 2]]\n", "dashes"),
        ("extends: default\nname: x\nsequential: ['#000000']\n", "sequential"),
        ("extends: default\nname: x\nfonts: {text: 'a;}body{'}\n", "fonts.text"),
        ("extends: ../x\nname: x\n", "theme.yaml"),
    ],
)
def test_a_wrong_theme_names_its_key(tmp_path: Path, text: str, where: str) -> None:
    place = write(tmp_path / "x", text)
    with pytest.raises(SchemaError) as caught:
        load_theme(place)
    assert where in str(caught.value)


def test_an_unknown_theme_names_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match="default"):
        load_theme("defualt")
    with pytest.raises(NotFoundError, match=r"theme\.yaml"):
        load_theme("./nowhere")
