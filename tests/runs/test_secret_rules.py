"""Which names hold secrets, and which only speak of them."""

from __future__ import annotations

import pytest

from reportgen.runs.secret_rules import SHAPES, certainty


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("password", "sure"),
        ("dbPassword", "sure"),
        ("SMTP_PASSWD", "sure"),
        ("apiKey", "sure"),
        ("API-KEY", "sure"),
        ("wandb_api_key", "sure"),
        ("aws_secret_access_key", "sure"),
        ("private_key_id", "sure"),
        ("hf_token", "sure"),
        ("token", "bare"),
        ("eos_token", "likely"),
        ("tokens", None),
        ("max_tokens", None),
        ("tokenizer", None),
        ("token_embedding", None),
        ("key", None),
        ("primary_key", None),
        ("password_file", None),
        ("pwd", None),
        ("db_pwd", "sure"),
        ("", None),
        ("123", None),
    ],
)
def test_names_are_taken_apart_by_words(name: str, expected: str | None) -> None:
    assert certainty(name) == expected


def test_every_shape_can_begin_where_it_is_looked_for() -> None:
    for shape in SHAPES:
        assert shape.starts
        assert all(start == start.lower() for start in shape.starts), shape.name
        assert shape.pattern.groups <= 1
