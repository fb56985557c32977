from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from reportgen.cli.options import (
    add_json,
    add_settings,
    make_parser,
    note,
    print_json,
    settings_of,
)
from reportgen.errors import SettingsError


def test_every_command_has_the_common_options() -> None:
    args = make_parser("probe", "probe").parse_args(["--quiet", "--debug"])
    assert (args.quiet, args.debug) == (True, True)


def test_a_note_goes_to_standard_error_unless_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    parser = make_parser("probe", "probe")
    note(parser.parse_args([]), "made\x1b[2J 3\n::error::")
    note(parser.parse_args(["--quiet"]), "not shown")
    assert capsys.readouterr() == ("", "made\\x1b[2J 3\\x0a::error::\n")


def test_json_is_a_result(capsys: pytest.CaptureFixture[str]) -> None:
    parser = make_parser("probe", "probe")
    add_json(parser)
    assert parser.parse_args(["--json"]).json is True
    print_json({"loss": float("nan"), "name": "åäö"})
    captured = capsys.readouterr()
    assert orjson.loads(captured.out) == {"loss": None, "name": "åäö"}
    assert captured.err == ""


def test_settings_of_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text('theme = "paper"\nroots = ["a"]\n')
    parser = make_parser("probe", "probe")
    add_settings(parser)
    args = parser.parse_args(["--settings", "mine.toml"])
    assert settings_of(args).roots == (tmp_path / "a",)
    args = parser.parse_args(["--settings", "mine.toml", "--root", "b", "--root", "c"])
    settings = settings_of(args, theme="other")
    assert settings.roots == (tmp_path / "b", tmp_path / "c")
    assert settings.theme == "other"


def test_a_wrong_setting_names_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "empty.toml").touch()
    parser = make_parser("probe", "probe")
    add_settings(parser)
    args = parser.parse_args(["--settings", str(tmp_path / "empty.toml")])
    with pytest.raises(SettingsError, match=r"command line: goals\.\"a\""):
        settings_of(args, goals={"a": "up"})
