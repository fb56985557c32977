"""What is kept of an earlier attempt, and how a change of the configuration is put."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.logger.attempts import changed_keys, forget_unchanged


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({}, {}, None),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 2]}}, None),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b 1 -> 2"),
        ({"a": 1}, {"b": None}, "a 1 -> absent, b absent -> None"),
        (
            {},
            {f"k{number}": number for number in range(7)},
            "k0 absent -> 0, k1 absent -> 1, k2 absent -> 2, k3 absent -> 3, k4 absent -> 4"
            " and 2 more",
        ),
    ],
)
def test_changes_in_words(before: dict[str, object], now: dict[str, object], said: str) -> None:
    assert changed_keys(before, now) == said


def test_only_what_changed_is_kept(tmp_path: Path) -> None:
    kept = tmp_path / "attempts" / "1"
    (kept / "config").mkdir(parents=True)
    (kept / "lock").mkdir()
    for place, old, new in (
        ("config.yaml", "lr: 1", "lr: 2"),
        ("config/mlp.yaml", "same", "same"),
        ("git_info.yaml", "same", "same"),
        ("lock/uv.lock", "gone since", None),
    ):
        (kept / place).write_text(old)
        if new is not None:
            (tmp_path / place).parent.mkdir(exist_ok=True)
            (tmp_path / place).write_text(new)
    forget_unchanged(tmp_path, 1)
    left = [path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file()]
    assert sorted(left) == ["config.yaml", "lock/uv.lock"]
    assert not (kept / "config").exists()
    assert (tmp_path / "config.yaml").read_text() == "lr: 2"


def test_a_folder_of_which_nothing_is_left_goes(tmp_path: Path) -> None:
    (tmp_path / "attempts" / "1").mkdir(parents=True)
    (tmp_path / "attempts" / "1" / "data.yaml").write_text("x")
    (tmp_path / "data.yaml").write_text("x")
    forget_unchanged(tmp_path, 1)
    assert not (tmp_path / "attempts" / "1").exists()
