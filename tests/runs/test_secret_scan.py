"""The search before files are handed on: places and rules, never values."""

from __future__ import annotations

import random
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.runs.secret_scan import SecretPlace, scan_file, scan_pieces

LETTERS = string.ascii_letters + string.digits


def token() -> str:
    return "ghp_" + "".join(random.choices(LETTERS, k=36))


def test_file_line_and_rule_are_named_and_the_value_is_not(tmp_path: Path) -> None:
    secret = token()
    (tmp_path / "stdout.log").write_text(f"one\ntwo\nlogged in with {secret}\n")
    (found,) = scan_file(tmp_path, "stdout.log")
    assert found == SecretPlace("stdout.log", 3, "github-token")
    assert str(found) == "stdout.log:3 (github-token)"
    assert secret not in repr(found)


def test_a_name_beside_a_value_tells_in_text_alone(tmp_path: Path) -> None:
    value = "".join(random.choices(LETTERS, k=20)) + "a1"
    (tmp_path / "a.env").write_text(f"\nAPI_KEY={value}\n")
    (tmp_path / "a.bin").write_bytes(b"\0" + f"\nAPI_KEY={value}\n".encode())
    assert scan_file(tmp_path, "a.env") == [SecretPlace("a.env", 2, "named")]
    assert scan_file(tmp_path, "a.bin") == []


def test_what_was_said_is_judged_as_text_and_what_is_written_as_code() -> None:
    said = [b"train.py --token abc --epochs 3\n", b"password = swordfish\n"]
    for text in said:
        assert scan_pieces("run/stdout.log", [text]) == [SecretPlace("run/stdout.log", 1, "named")]
        assert scan_pieces("code:train.py", [text]) == []


def test_in_binary_files_and_in_names_a_shape_tells(tmp_path: Path) -> None:
    secret = token()
    (tmp_path / "a.bin").write_bytes(b"\0\1" + secret.encode() + b"\0")
    assert scan_file(tmp_path, "a.bin") == [SecretPlace("a.bin", None, "github-token")]
    (found,) = scan_pieces(f"{secret}.txt", [])
    assert (found.line, found.rule) == (0, "github-token")


def test_the_hash_of_a_file_with_a_telling_name_is_none() -> None:
    digest = "".join(random.choices("0123456789abcdef", k=64))
    assert scan_pieces("modules.json", [f'{{"a/secret_key.py": "{digest}"}}'.encode()]) == []
    assert scan_pieces("config.json", [f'{{"secret_key": "{digest}"}}'.encode()]) != []


def test_a_file_full_of_them_is_named_up_to_a_limit() -> None:
    lines = "".join(f"{token()}\n" for _ in range(100)).encode()
    assert len(scan_pieces("a", [lines])) == 20


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 60), st.lists(st.integers(1, 50), max_size=6), st.booleans())
def test_where_pieces_end_makes_no_difference(before: int, cuts: list[int], lines: bool) -> None:
    text = ("x\n" if lines else "xy") * before + " ghp_" + "Ab1" * 12 + " \n"
    data = text.encode()
    pieces, start = [], 0
    for cut in cuts:
        pieces.append(data[start : start + cut])
        start += cut
    pieces.append(data[start:])
    assert scan_pieces("a", pieces) == [SecretPlace("a", 1 + before * lines, "github-token")]


@pytest.mark.parametrize("size", [1 << 20, (1 << 20) - 3, (1 << 20) - 40])
def test_one_across_two_pieces_of_a_file_is_found(tmp_path: Path, size: int) -> None:
    (tmp_path / "a.log").write_bytes(b"a\n" * (size // 2) + token().encode() + b"\n")
    (found,) = scan_file(tmp_path, "a.log")
    assert found.line == size // 2 + 1
